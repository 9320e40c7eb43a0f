/**
 * Characters that a terminal acts on (controls, and a carriage return that goes back over the line), that reorder a
 * line, or that nobody sees. Joiners are left: many scripts need them.
 */
const acting =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\r(?!\n)|[\u{e0000}-\u{e007f}]/gu;

/**
 * The output of a command with `\u001b` in place of such a character. What a command prints may come from programs,
 * states and services. In JSON the escape stands for the same text, because these characters are only inside strings.
 */
export function printable(text: string): string {
  return text.replace(acting, (character) =>
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
