/**
 * Characters that control a terminal (including a carriage return, which overwrites the line), reorder a line, or are
 * invisible. Joiners stay: many scripts need them.
 */
const acting =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\r(?!\n)|[\u{e0000}-\u{e007f}]/gu;

/**
 * Replaces such a character in a command's output with `\u001b`. What a command prints may come from programs, states
 * and services. In JSON the escape means the same text, because these characters occur only inside strings.
 */
export function printable(text: string): string {
  return text.replace(acting, (character) =>
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
