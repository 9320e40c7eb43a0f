/**
 * JSON that is both exact and harmless: every character that could hide, reorder or close something is written as an
 * escape, which parsers read back as the same text.
 */
export function safeJson(value: unknown): string {
  // A GitHub runner that prints the file would look for a command after `##[`.
  return `${JSON.stringify(value, null, 2).replace(special, escape).replaceAll("##[", "#\\u0023[")}\n`;
}

/** Outside ASCII: characters that draw nothing or change what is drawn. `<>&` can close a script or a comment. */
const special =
  /[<>&\u007f-\u009f\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|\p{Variation_Selector}|\u034f/gu;

function escape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
}
