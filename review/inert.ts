import { withoutShapes } from "../provider/redact";
import { vendors } from "../provider/vendors";
import type { Vendor } from "../provider/vendors/vendor";

/**
 * Everything that a program wrote (names, labels, scopes, reasons) is hostile until it has passed
 * here: no character that hides, reorders or breaks a line, no piece that opens or closes a comment,
 * and nothing that looks like a credential. What was taken out stays visible as `⟨U+202E⟩`.
 */

/** Longest piece of program text in a report: names stay recognisable, a 10 kB description does not flood it. */
const maxPiece = 120;

/**
 * Characters without a glyph of their own: controls, format characters (bidi, zero width, tags), line separators,
 * surrogates, private use, unusual spaces, and the letters and marks that draw nothing.
 */
const invisible =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|\p{Variation_Selector}|\u034f|\u17b4|\u17b5|(?! )\p{Zs}/gu;
/** More than two marks on one letter draw over the lines around it. */
const stackedMarks = /(\p{M}{2})\p{M}+/gu;
const plain = /^[\x20-\x5f\x61-\x7e]*$/;

/** Program text as one harmless line without backticks. Doing it twice changes nothing. */
export function inert(text: string, max = maxPiece): string {
  // A credential has at least 12 characters in every shape; most names are shorter.
  const bounded = text.length > 4 * max ? text.slice(0, 4 * max) : text;
  const checked = bounded.length >= 12 && looksSecret(bounded) ? withoutShapes(bounded, shapes) : bounded;
  if (plain.test(checked) && checked.length <= max && !opensSomething.test(checked)) return checked;
  const shown = checked
    .replace(stackedMarks, "$1…")
    .replace(invisible, codePoint)
    .replace(/`/g, codePoint)
    // Even inside code, a naive reader of comments or of logs acts on these.
    .replace(/<(?=!--)|(?<=--!?)>|(?<=##)\[/g, codePoint);
  return cut(shown, max);
}

const opensSomething = /<!--|--!?>|##\[/;

/** True where a piece of the text has the shape of a credential. */
export function looksSecret(text: string): boolean {
  if (!partOfEveryCredential.test(text)) return false;
  const unmasked = text.replaceAll("[redacted]", "");
  return withoutShapes(unmasked, shapes) !== unmasked;
}

const builtIn: readonly Vendor[] = Object.values(vendors);
const shapes = builtIn.map(({ capabilities }) => capabilities.secret?.shape).filter((shape) => shape !== undefined);
/** Every shape has one of these; ids, times and URNs have none, and are most of a stack's texts. */
const partOfEveryCredential = /[_|$.\s]/;

/** At most `max` characters, never half a surrogate pair nor half an escape. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const head = text.slice(0, max - 1);
  const escape = head.lastIndexOf("⟨");
  const whole = escape >= 0 && !head.includes("⟩", escape) ? head.slice(0, escape) : head;
  return `${whole.replace(/[\ud800-\udbff]$/, "")}…`;
}

function codePoint(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** Program text inside one of our sentences: marked, so that every format can set it apart (see `splitMessage`). */
export function quoted(text: string, max = maxPiece): string {
  const safe = inert(text, max);
  return `\`${safe.trim() === "" ? "(empty)" : safe}\``;
}

/** Several of them, with a bound on how many. */
export function quotedList(texts: readonly string[], max = 8): string {
  const shown = texts.slice(0, max).map((text) => quoted(text));
  const rest = texts.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}

/** A message in our words (`quoted: false`) and the program's (`quoted: true`). */
export function splitMessage(message: string): { readonly text: string; readonly quoted: boolean }[] {
  return message.split("`").map((text, index) => ({ text, quoted: index % 2 === 1 }));
}

/** A message for formats without code spans. */
export function plainMessage(message: string): string {
  return splitMessage(message)
    .map((piece) => (piece.quoted ? `"${inert(piece.text, 1_000)}"` : inert(piece.text, 4_000)))
    .join("");
}
