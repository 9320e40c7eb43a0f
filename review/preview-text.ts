import { isRecord } from "./preview-form";

/**
 * Finds the JSON objects in the bytes that `pulumi preview --json` wrote to a file. There may be lines of text around
 * the JSON (policy packs and "Update plan written to …" print to the same stream), and PowerShell writes UTF-16.
 * Anything uncertain is refused: bytes that are not text, a brace outside the JSON, an object that never ends.
 * Everything here is limited before anything is parsed, because the text may come from a hostile program.
 */

/** The largest preview that is read. One with 1,000 keys has about 5 MB. */
export const maxPreviewBytes = 32 * 1024 * 1024;
/** The engine's own JSON has about ten levels; values of the program may use the rest. */
const maxDepth = 200;
/** Limit on values of any kind: each takes many times the memory of its text. */
const maxValues = 4_000_000;
/** Limit on objects: an event stream has about two per resource. */
const maxObjects = 200_000;

export interface JsonObject {
  readonly text: string;
  /** The line on which it begins, counted from 1. */
  readonly line: number;
  /** Its value, if it is parsed already. */
  readonly value?: unknown;
}

/** The objects in the order of the text. If the last one is cut off, `cut` is the line on which it begins. */
export type PreviewText =
  { readonly objects: readonly JsonObject[]; readonly cut?: number } | { readonly problem: string };

/** The top-level JSON objects of a text, or why they cannot be determined. */
export function previewText(input: string | Uint8Array): PreviewText {
  if (input.length > maxPreviewBytes)
    return {
      problem: `The preview has more than ${maxPreviewBytes / 1024 / 1024} MB, and a review reads no more than that. Look for what makes it so large: a key has kilobytes.`,
    };
  const text = typeof input === "string" ? input : decode(input);
  if (text === undefined)
    return { problem: "The preview is neither UTF-8 nor UTF-16 text: a byte in it belongs to neither." };
  if (text.trim() === "" || text === "\ufeff")
    return { problem: "The preview is empty: `pulumi preview` failed before it printed anything." };
  return onlyObject(text) ?? split(text);
}

/**
 * The value of a JSON text; undefined if it is not well-formed, or has a name twice: the parser takes the last of them,
 * other readers the first, and the engine writes neither.
 */
export function parseJson(text: string): unknown {
  try {
    const value = JSON.parse(text) as unknown;
    return namesIn(value) === colonsIn(text) ? value : undefined;
  } catch {
    // The parser's message quotes the text, which may contain a secret; the caller says what matters.
    return undefined;
  }
}

function namesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner: readonly unknown[] = Object.values(value);
  return inner.reduce<number>((sum, each) => sum + namesIn(each), Array.isArray(value) ? 0 : inner.length);
}

/** Colons outside of strings: one for each name. */
function colonsIn(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length;) {
    const open = text.indexOf('"', at);
    const end = open < 0 ? text.length : open;
    for (; at < end; at += 1) if (text.charCodeAt(at) === colon) count += 1;
    if (open < 0) break;
    const close = endOfString(text, open);
    if (close < 0) break;
    at = close + 1;
  }
  return count;
}

/** Every value takes more than one character, so this limits their number before anything is parsed. */
const maxParsedAtOnce = 3 * maxValues;

/**
 * The usual case, a text with one object: the parser finds its end much faster than `split`. Undefined if anything is
 * unusual: `split` says what.
 */
function onlyObject(text: string): PreviewText | undefined {
  const open = text.indexOf("{");
  const end = text.lastIndexOf("}") + 1;
  const isAlone = open >= 0 && open < text.indexOf("}") && !text.includes("{", end);
  if (!isAlone || end - open > maxParsedAtOnce) return undefined;
  const object = text.slice(open, end);
  const value = parseJson(object);
  if (!isRecord(value) || isInside(text, open, end) || holdsAnother(object)) return undefined;
  return isWithin(value, { values: 0 }, 1)
    ? { objects: [{ text: object, line: lineCounter(text)(open), value }] }
    : undefined;
}

/** True if a parsed value keeps the limits, counted as in `endOfObject`: each opening and each comma is a value. */
function isWithin(value: object, spent: { values: number }, depth: number): boolean {
  if (depth > maxDepth) return false;
  const isInnerWithin = (inner: unknown): boolean =>
    typeof inner !== "object" || inner === null || isWithin(inner, spent, depth + 1);
  if (Array.isArray(value)) {
    spent.values += Math.max(1, value.length);
    return spent.values <= maxValues && value.every(isInnerWithin);
  }
  let names = 0;
  for (const name in value) {
    names += 1;
    if (!isInnerWithin((value as Readonly<Record<string, unknown>>)[name])) return false;
  }
  spent.values += Math.max(1, names);
  return spent.values <= maxValues;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    // The decoder's message names only the encoding; the caller says what matters.
    return undefined;
  }
}

/** Uses the byte order mark, or else the zero bytes that every ASCII character has in UTF-16. */
function encodingOf([first, second]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return "utf-16be";
  return "utf-8";
}

/** One pass over the text. Outside objects only braces count; inside them strings are skipped. */
function split(text: string): PreviewText {
  const lines = lineCounter(text);
  const objects: JsonObject[] = [];
  const spent = { values: 0 };
  for (let at = 0; ;) {
    const open = text.indexOf("{", at);
    const stray = text.indexOf("}", at);
    if (stray >= 0 && (open < 0 || stray < open))
      return {
        problem: `Line ${lines(stray)} of the preview has a brace that belongs to no JSON object, so nothing says where the preview's own JSON ends.`,
      };
    if (open < 0) return { objects };
    const end = endOfObject(text, open, spent);
    if (end === "cut") return { objects, cut: lines(open) };
    if (typeof end !== "number") return { problem: `The preview's JSON in line ${lines(open)} ${end.problem}.` };
    const object = text.slice(open, end);
    if (isInside(text, open, end) || holdsAnother(object))
      return {
        problem: `The JSON object in line ${lines(open)} of the preview is part of something else, or holds a whole preview itself; the engine prints neither.`,
      };
    if (objects.length === maxObjects) return { problem: `The preview has more than ${maxObjects} JSON objects.` };
    objects.push({ text: object, line: lines(open) });
    at = end;
  }
}

/** True if it is an item of a list. */
function isInside(text: string, open: number, end: number): boolean {
  return /[[,]\s*$/.test(text.slice(Math.max(0, open - 100), open)) || /^\s*[\],]/.test(text.slice(end, end + 100));
}

/**
 * True if the object was written around another one. In the engine's output, on one line or indented, a brace begins a
 * line only at the very end of an object, so nobody can hide it inside another object.
 */
function holdsAnother(object: string): boolean {
  const closing = object.indexOf("\n}");
  return closing >= 0 && closing < object.length - 2;
}

/** The end of the object that begins at `open`; `spent` counts over all objects. */
function endOfObject(
  text: string,
  open: number,
  spent: { values: number },
): number | "cut" | { readonly problem: string } {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote: {
        at = endOfString(text, at);
        if (at < 0) return "cut";
        break;
      }
      case comma:
        spent.values += 1;
        break;
      case openBrace:
      case openBracket:
        depth += 1;
        spent.values += 1;
        if (depth > maxDepth) return { problem: `is nested more than ${maxDepth} levels deep` };
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        if (depth === 0) return at + 1;
        break;
    }
    if (spent.values > maxValues) return { problem: `has more than ${maxValues} values` };
  }
  return "cut";
}

const [quote, comma, openBrace, closeBrace, openBracket, closeBracket] = [0x22, 0x2c, 0x7b, 0x7d, 0x5b, 0x5d] as const;
const [backslash, colon] = [0x5c, 0x3a] as const;

/** The closing quote of the string that opens at `open`; -1 if it has none. */
function endOfString(text: string, open: number): number {
  let from = open + 1;
  for (;;) {
    const close = text.indexOf('"', from);
    if (close < 0) return -1;
    let escapes = close;
    while (escapes > from && text.charCodeAt(escapes - 1) === backslash) escapes -= 1;
    if ((close - escapes) % 2 === 0) return close;
    from = close + 1;
  }
}

/** The line of an offset, counted from 1. Offsets must be given in rising order, so the text is scanned once. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let next = text.indexOf("\n");
  return (offset) => {
    for (; next >= 0 && next < offset; next = text.indexOf("\n", next + 1)) line += 1;
    return line;
  };
}
