/**
 * The form of a text in which secrets are searched: bytes, each with the characters that it comes from. Invisible
 * characters are left out, letters in other styles become plain ones, and the escapes of JSON, URLs and HTML become
 * what they stand for.
 */
export interface View {
  /** One character (0 to 255) for each byte of UTF-8. */
  readonly bytes: string;
  /** Where each byte begins and ends in the text. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Controls, format characters (bidi, zero width, soft hyphen, tags), line separators, and marks that draw over a letter. */
const unseen = /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{M}\p{Default_Ignorable_Code_Point}]$/u;

export function isUnseen(character: string): boolean {
  return unseen.test(character);
}

export class ViewBuilder {
  readonly #bytes: string[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  byte(value: number, start: number, end: number): void {
    // An escape may also stand for a control character.
    if (value < 0x20 || value === 0x7f) return;
    this.#bytes.push(String.fromCharCode(value));
    this.#starts.push(start);
    this.#ends.push(end);
  }

  /** A character outside ASCII, as the bytes of UTF-8. */
  character(character: string, start: number, end: number): void {
    const code = character.codePointAt(0) ?? 0;
    // Plain text in invisible letters.
    if (code > 0xe0020 && code < 0xe007f) return this.byte(code - 0xe0000, start, end);
    for (const plain of code < 0x80 ? character : character.normalize("NFKC"))
      if (!isUnseen(plain)) for (const value of Buffer.from(plain)) this.byte(value, start, end);
  }

  done(): View {
    return { bytes: this.#bytes.join(""), starts: this.#starts, ends: this.#ends };
  }
}

export function viewOf(text: string): View {
  return viewWithout(text, colours);
}

/** A terminal's color codes between letters are invisible. */
const colours = /\u001b\[[0-9;]{0,24}[A-Za-z]/g;
/**
 * The same for everything that a terminal or a page does not show as text. The other view has what such a mark
 * contains.
 */
const marks =
  /\u001b\][^\u0007\u001b]{0,256}(?:\u0007|\u001b\\)|(?:\u001b\[|\u009b)[0-?]{0,24}[ -/]{0,4}[@-~]|\u001b[ -/]{0,4}[0-~]|[^\u0008]\u0008|<[^<>]{0,64}>/g;

function viewWithout(text: string, left: RegExp): View {
  const builder = new ViewBuilder();
  let at = 0;
  const addUntil = (end: number) => {
    while (at < end) {
      const code = text.codePointAt(at) ?? 0;
      const length = code > 0xffff ? 2 : 1;
      // A line break counts as a blank.
      if (code < 0x80) builder.byte(code >= 0x09 && code <= 0x0d ? 0x20 : code, at, at + 1);
      else builder.character(text.slice(at, at + length), at, at + length);
      at += length;
    }
  };
  for (const { 0: mark, index } of text.matchAll(left)) {
    addUntil(index);
    at = index + mark.length;
  }
  addUntil(text.length);
  return builder.done();
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const longestEscape = 12;
const escape =
  /^(?:%([0-9a-f]{2})|[%\\]u([0-9a-f]{4})|\\u([0-9a-f]{8})|\\u\{([0-9a-f]{1,6})\}|\\x([0-9a-f]{2})|\\(["'`\\/nrtbf0])|&#([0-9]{1,7});|&#x([0-9a-f]{1,6});|&([a-z][a-z0-9]{1,9});)/i;

/** The view with one level of escapes resolved. */
function unescaped(view: View): View {
  const { bytes, starts, ends } = view;
  if (!/[%\\&]/.test(bytes)) return view;
  const builder = new ViewBuilder();
  for (let at = 0; at < bytes.length;) {
    const found = /[%\\&]/.test(bytes[at] ?? "") ? escape.exec(bytes.slice(at, at + longestEscape)) : null;
    const length = found?.[0].length ?? 1;
    const [start, end] = [starts[at] ?? 0, ends[at + length - 1] ?? 0];
    if (!found) builder.byte(bytes.charCodeAt(at), start, end);
    else if (found[1] !== undefined) builder.byte(parseInt(found[1], 16), start, end);
    else builder.character(escapedCharacter(found), start, end);
    at += length;
  }
  return builder.done();
}

function escapedCharacter([, , u, long, braced, x, plain, decimal, hex, name]: RegExpExecArray): string {
  const code = decimal === undefined ? parseInt(u ?? long ?? braced ?? x ?? hex ?? "", 16) : Number(decimal);
  if (!Number.isNaN(code)) return code <= 0x10ffff ? String.fromCodePoint(code) : "";
  // No other named character is a letter or a digit of a secret.
  if (name !== undefined) return named[name.toLowerCase()] ?? "";
  return plain === undefined || /[nrtbf0]/.test(plain) ? "" : plain;
}

/** The view with only those bytes for which the test is true. */
export function filtered({ bytes, starts, ends }: View, isKept: (code: number, at: number) => boolean): View {
  const kept: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) if (isKept(bytes.charCodeAt(at), at)) kept.push(at);
  return {
    bytes: kept.map((at) => bytes[at]).join(""),
    starts: kept.map((at) => starts[at] ?? 0),
    ends: kept.map((at) => ends[at] ?? 0),
  };
}

/** The text as it is, and after each level of its escapes: most texts have one level. */
export function viewsOf(text: string): readonly View[] {
  const views = levelsOf(viewOf(text));
  return /[\u001b\u009b\u0008<]/.test(text) ? [...views, ...levelsOf(viewWithout(text, marks))] : views;
}

function levelsOf(view: View): View[] {
  const views = [view];
  for (let level = 1; level <= 2; level += 1) {
    const last = views.at(-1) as View;
    const next = unescaped(last);
    if (next === last) break;
    views.push(next);
  }
  return views;
}
