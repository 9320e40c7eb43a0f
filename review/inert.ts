import { withoutShapes } from "../provider/secrets/redact";
import { vendors } from "../provider/vendors";
import type { Vendor } from "../provider/vendors/vendor";

/**
 * Every text that a program wrote (names, labels, scopes, reasons) is hostile until it has passed through here: no
 * character that hides, reorders or breaks a line, nothing that opens or closes a comment, and nothing that looks like
 * a credential. Removed characters stay visible as `⟨U+202E⟩`.
 */

/**
 * Longest piece of program text in a report: names stay recognizable, and a description of 10 kB does not flood the
 * report.
 */
const maxPiece = 120;

/**
 * Invisible characters: controls, format characters (bidi, zero width, tags), line separators, surrogates, private use,
 * unusual spaces, and letters and marks that draw nothing.
 */
const invisible =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|\p{Variation_Selector}|\u034f|\u17b4|\u17b5|(?! )\p{Zs}/gu;
/** More than two marks on one letter cover the lines around it. */
const stackedMarks = /(\p{M}{2})\p{M}+/gu;
const plain = /^[\x20-\x5f\x61-\x7e]*$/;

/** Letters of other alphabets, and signs, of which many look like Latin letters. Chinese or Thai ones do not. */
const lookalike =
  /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}\u0251\u0261\u01c0\u2160-\u217f\uff21-\uff3a\uff41-\uff5a\u{1d400}-\u{1d7ff}]/gu;
const word = /[\p{L}\p{N}]+/gu;

/** Turns program text into one harmless line without backticks. A second pass changes nothing. */
export function inert(text: string, max = maxPiece): string {
  return ascii.test(text) ? visible(text, max) : cut(withoutDoubles(visible(text, 4 * max)), max);
}

const ascii = /^[\0-\x7f]*$/;

/** In a word with Latin letters, those that may only look like one; a name in one alphabet stays as it is. */
function withoutDoubles(text: string): string {
  return text.replace(word, (found) => (/[A-Za-z]/.test(found) ? found.replace(lookalike, codePoint) : found));
}

/** The same, and letters that look like others stay: the form of lock files, which has to stay as it was. */
export function visible(text: string, max = maxPiece): string {
  // A credential of any shape has at least 12 characters; most names are shorter.
  const bounded = text.length > 4 * max ? text.slice(0, 4 * max) : text;
  const checked = bounded.length >= 12 && looksSecret(bounded) ? withoutShapes(bounded, shapes) : bounded;
  if (plain.test(checked) && checked.length <= max && !opensSomething.test(checked)) return checked;
  const shown = checked
    .replace(stackedMarks, "$1…")
    .replace(invisible, codePoint)
    .replace(/`/g, codePoint)
    // Simple readers of comments or logs act on these even inside code.
    .replace(/<(?=!--)|(?<=--!?)>|(?<=##)\[/g, codePoint);
  return cut(shown, max);
}

const opensSomething = /<!--|--!?>|##\[/;

/** True if a part of the text has the shape of a credential. */
export function looksSecret(text: string): boolean {
  const known = judged.get(text);
  if (known !== undefined) return known;
  const unmasked = text.includes("[redacted]") ? text.replaceAll("[redacted]", "") : text;
  if (!mayHoldCredential.test(unmasked)) return false;
  const isSecret = withoutShapes(unmasked, shapes) !== unmasked;
  if (judged.size === mostJudged) judged.clear();
  judged.set(text, isSecret);
  return isSecret;
}

/** The texts of a stack repeat: origins and labels stand in every key. */
const judged = new Map<string, boolean>();
const mostJudged = 10_000;

const builtIn: readonly Vendor[] = Object.values(vendors);
const shapes = builtIn.map(({ capabilities }) => capabilities.secret?.shape).filter((shape) => shape !== undefined);
/**
 * Matches all that `withoutShapes` finds, and more: one search instead of one for each shape. It is made of the shapes
 * themselves, so that it leaves out no vendor.
 */
const mayHoldCredential = new RegExp(
  [...shapes.map((shape) => `(?:${shape.replace(/\(\?<\w+>/g, "(?:")})`), "eyJ", "Bearer", "Basic", "\\$2"].join("|"),
  "i",
);

/** Cuts to at most `max` characters, and never inside a surrogate pair or an escape. */
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

/** Marks program text inside one of our sentences, so that every format can set it apart (see `splitMessage`). */
export function quoted(text: string, max = maxPiece): string {
  const safe = inert(text, max);
  return `\`${safe.trim() === "" ? "(empty)" : safe}\``;
}

/** The same for a list, of which at most `max` texts are shown. */
export function quotedList(texts: readonly string[], max = 8): string {
  const shown = texts.slice(0, max).map((text) => quoted(text));
  const rest = texts.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}

/** Splits a message into our words (`quoted: false`) and the program's (`quoted: true`). */
export function splitMessage(message: string): { readonly text: string; readonly quoted: boolean }[] {
  return message.split("`").map((text, index) => ({ text, quoted: index % 2 === 1 }));
}

/** A message for formats without code spans. */
export function plainMessage(message: string): string {
  return splitMessage(message)
    .map((piece) => (piece.quoted ? `"${inert(piece.text, 1_000)}"` : inert(piece.text, 4_000)))
    .join("");
}
