import { knownWindows } from "./known-secrets";
import { findShapes } from "./secret-shapes";
import { SecretWindows } from "./secret-windows";
import { isUnseen, viewsOf } from "./redact-view";

/** Nothing useful in a vendor's text comes after this many characters. */
const maxRead = 4_096;
const maxWords = 300;
/** Limit for our own sentences, with the vendor's text in them. */
const maxSentences = 16_384;

/**
 * Makes vendor text safe to print: at most 300 characters on one line, with control and invisible characters spelled
 * out. `[redacted]` replaces eight or more characters that it shares with a known secret or a given one, in any usual
 * encoding, and everything that looks like a credential.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  const safe = masked(text.slice(0, maxRead), secrets, true).trim();
  return safe.length > maxWords || text.length > maxRead ? `${safe.slice(0, maxWords)}…` : safe;
}

/** The same for our own sentences, which may be longer. Nothing is guessed in them. */
export function withoutSecrets(text: string, secrets: readonly string[] = []): string {
  const safe = masked(text.slice(0, maxSentences), secrets, false);
  return text.length > maxSentences ? `${safe}…` : safe;
}

/** For readers that load no backend: removes what looks like a credential or has one of these shapes. */
export function withoutShapes(text: string, shapes: readonly string[]): string {
  const marks = new Uint8Array(text.length);
  findShapes(text, (start, end) => marks.fill(1, start, end), shapes);
  return written(text, marks, (character) => character);
}

function masked(text: string, secrets: readonly string[], guess: boolean): string {
  const line = text.replace(/[\r\n\t]+/g, " ");
  return maskedLine(line, secrets, guess);
}

function maskedLine(text: string, secrets: readonly string[], guess: boolean): string {
  const marks = new Uint8Array(text.length);
  const mark = (start: number, end: number) => void marks.fill(1, start, end);
  const given = new SecretWindows();
  for (const secret of secrets) given.add(secret);
  given.find(text, mark);
  for (const known of knownWindows()) known.find(text, mark);
  if (guess)
    for (const { bytes, starts, ends } of viewsOf(text))
      findShapes(bytes, (start, end) => mark(starts[start] ?? 0, ends[end - 1] ?? 0));
  return written(text, marks);
}

/** The text with a placeholder for marked parts, and with invisible characters spelled out. */
function written(text: string, marks: Uint8Array, show = shown): string {
  let safe = "";
  for (let at = 0; at < text.length;) {
    if (marks[at] === 1) {
      safe += "[redacted]";
      while (marks[at] === 1) at += 1;
      continue;
    }
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    safe += show(character);
    at += character.length;
  }
  return safe;
}

function shown(character: string): string {
  if (character >= " " && character < "\u007f") return character;
  if (/^\s$/.test(character)) return " ";
  const hidden = isUnseen(character) || /^\p{Cs}$/u.test(character);
  if (!hidden || /^\p{M}$/u.test(character)) return character;
  const code = (character.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
  return code.length > 4 ? `\\u{${code}}` : `\\u${code}`;
}

/**
 * The value itself if it can hold no secret (a number, a truth value, one to three short words, or an amount such as
 * `90 days`); otherwise its kind.
 */
export function shownOf(value: unknown): string {
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "boolean") return String(value);
  return typeof value === "string" && harmless.test(value) ? JSON.stringify(value) : kindOf(value);
}

const harmless = /^(?=.{1,20}$)(?:[\d.]{1,6} ?[a-z]{0,8}|[a-z]+(?:[ _-][a-z]+){0,2})$/i;

/** Describes a value without quoting it, for messages: "a number", "a list of 2", "text of 12 characters". */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "string")
    return value === "" ? "an empty text" : `a text of ${value.length} character${value.length === 1 ? "" : "s"}`;
  if (typeof value === "object") return "an object";
  return `a ${typeof value}`;
}
