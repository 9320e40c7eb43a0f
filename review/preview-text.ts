/**
 * From the bytes that `pulumi preview --json` left in a file to the JSON objects in them. Around the JSON may stand
 * lines of text (policy packs and "Update plan written to …" print on the same stream), and PowerShell writes UTF-16.
 * What is not certain is refused: bytes that are not text, a brace outside of the JSON, an object that never ends.
 * Everything here is bounded before anything is parsed, because the text may come from a hostile program.
 */

/** The largest preview that is read. One with 1,000 keys has some 5 MB. */
export const maxPreviewBytes = 32 * 1024 * 1024;
/** The engine's own JSON has about ten levels; the rest is for values of the program. */
const maxDepth = 200;
/** Values of all kinds: they take many times the memory of their text. */
const maxValues = 4_000_000;
/** An event stream has about two for every resource. */
const maxObjects = 200_000;

export interface JsonObject {
  readonly text: string;
  /** The line on which it begins, from 1. */
  readonly line: number;
}

/** The objects in the order of the text. Where the last is cut off, `cut` is the line on which it begins. */
export type PreviewText =
  { readonly objects: readonly JsonObject[]; readonly cut?: number } | { readonly problem: string };

/** The top-level JSON objects of what was read, or why it cannot be known which they are. */
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
  return split(text);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    // The decoder's message names the encoding alone; the caller says what matters.
    return undefined;
  }
}

/** By its byte order mark, else by the zero bytes that every ASCII character has in UTF-16. */
function encodingOf([first, second]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return "utf-16be";
  return "utf-8";
}

/** One pass over the text. Outside of objects only braces count; inside, strings are skipped. */
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

/** True for an item of a list. */
function isInside(text: string, open: number, end: number): boolean {
  return /[[,]\s*$/.test(text.slice(Math.max(0, open - 100), open)) || /^\s*[\],]/.test(text.slice(end, end + 100));
}

/**
 * True where the object was written around another one. What the engine prints, in one line or indented, closes with a
 * brace that begins a line only at its very end, so nobody can hide it in an object of his own.
 */
function holdsAnother(object: string): boolean {
  const closing = object.indexOf("\n}");
  return closing >= 0 && closing < object.length - 2;
}

/** Where the object that begins at `open` ends; `spent` counts over all objects. */
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
const backslash = 0x5c;

/** The closing quote of the string that opens at `open`; -1 where it has none. */
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

/** The line of an offset, from 1; offsets are asked for in rising order, so the text is gone through once. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let next = text.indexOf("\n");
  return (offset) => {
    for (; next >= 0 && next < offset; next = text.indexOf("\n", next + 1)) line += 1;
    return line;
  };
}
