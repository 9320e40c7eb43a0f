/**
 * JSON whose text is as harmless as it is exact: whatever could hide, reorder or close something is
 * written as an escape, which every parser reads back as the same text.
 */
export function safeJson(value: unknown): string {
  // `##[` makes a GitHub runner that prints the file look for a command.
  return `${JSON.stringify(value, null, 2).replace(special, escape).replaceAll("##[", "#\\u0023[")}\n`;
}

/** Outside ASCII, these are the characters that draw nothing or change what is drawn; `<>&` can close a script or a comment. */
const special =
  /[<>&\u007f-\u009f\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|\p{Variation_Selector}|\u034f/gu;

function escape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
}
