import { knownWindows } from "./known-secrets";
import { findShapes } from "./secret-shapes";
import { SecretWindows } from "./secret-windows";
import { isUnseen, viewsOf } from "./redact-view";

/** A vendor's words beyond this say nothing more. */
const maxRead = 4_096;
const maxWords = 300;
/** Our own sentences, with the vendor's in them. */
const maxSentences = 16_384;

/**
 * Vendor text made safe to print: at most 300 characters in one line, control and invisible characters
 * spelt out, and `[redacted]` in place of whatever eight characters or more it shares with a secret that
 * this process knows, or with the ones given, in any usual encoding; and of what looks like a credential.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  const safe = masked(text.slice(0, maxRead), secrets, true).trim();
  return safe.length > maxWords || text.length > maxRead ? `${safe.slice(0, maxWords)}…` : safe;
}

/** The same for our own sentences, which may be longer, and in which nothing is guessed. */
export function withoutSecrets(text: string, secrets: readonly string[] = []): string {
  const safe = masked(text.slice(0, maxSentences), secrets, false);
  return text.length > maxSentences ? `${safe}…` : safe;
}

/** For readers that load no backend: what looks like a credential, or has one of these shapes, is taken out. */
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
  knownWindows().find(text, mark);
  if (guess)
    for (const { bytes, starts, ends } of viewsOf(text))
      findShapes(bytes, (start, end) => mark(starts[start] ?? 0, ends[end - 1] ?? 0));
  return written(text, marks);
}

/** The text with a word in place of what is marked, and what nobody sees spelt out. */
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

/** What a value is, for messages that must not quote it: "a number", "a list of 2", "text of 12 characters". */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "string")
    return value === "" ? "an empty text" : `a text of ${value.length} character${value.length === 1 ? "" : "s"}`;
  if (typeof value === "object") return "an object";
  return `a ${typeof value}`;
}
