/**
 * A text as a secret is looked for in it: as bytes, each of which knows the characters that it comes from.
 * Characters that nobody sees are left out, and what a JSON text, a URL or a page for people has escaped
 * is told as what it stands for.
 */
export interface View {
  /** One character (0 to 255) for each byte of UTF-8. */
  readonly bytes: string;
  /** Where in the text each byte begins, and where it ends. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Controls, format characters (bidi, zero width, soft hyphen, tags), line separators, and marks that draw over a letter. */
const unseen = /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{M}\p{Default_Ignorable_Code_Point}]$/u;

export function isUnseen(character: string): boolean {
  return unseen.test(character);
}

class ViewBuilder {
  readonly #bytes: string[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  byte(value: number, start: number, end: number): void {
    // What an escape stands for may be a control as well.
    if (value < 0x20 || value === 0x7f) return;
    this.#bytes.push(String.fromCharCode(value));
    this.#starts.push(start);
    this.#ends.push(end);
  }

  /** A character outside ASCII, as the bytes of UTF-8. */
  character(character: string, start: number, end: number): void {
    if (isUnseen(character)) return;
    for (const value of Buffer.from(character)) this.byte(value, start, end);
  }

  done(): View {
    return { bytes: this.#bytes.join(""), starts: this.#starts, ends: this.#ends };
  }
}

export function viewOf(text: string): View {
  const builder = new ViewBuilder();
  for (let at = 0; at < text.length;) {
    const code = text.codePointAt(at) ?? 0;
    const length = code > 0xffff ? 2 : 1;
    // A terminal's colours stand between the letters, and are not seen.
    const colour = code === 0x1b ? colourLength(text, at) : 0;
    if (colour > 0) at += colour;
    else {
      if (code < 0x80) builder.byte(code, at, at + 1);
      else builder.character(text.slice(at, at + length), at, at + length);
      at += length;
    }
  }
  return builder.done();
}

const longestEscape = 12;

function colourLength(text: string, at: number): number {
  return /^\u001b\[[0-9;]*[A-Za-z]/.exec(text.slice(at, at + 2 * longestEscape))?.[0].length ?? 0;
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const escape =
  /^(?:%([0-9a-f]{2})|\\u([0-9a-f]{4})|\\u\{([0-9a-f]{1,6})\}|\\x([0-9a-f]{2})|\\([^])|&#([0-9]{1,7});|&#x([0-9a-f]{1,6});|&(amp|lt|gt|quot|apos);)/i;

/** What the escapes of a view stand for: one level of them. */
export function unescaped(view: View): View {
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

function escapedCharacter([, , u, braced, x, plain, decimal, hex, name]: RegExpExecArray): string {
  const code = decimal === undefined ? parseInt(u ?? braced ?? x ?? hex ?? "", 16) : Number(decimal);
  if (!Number.isNaN(code)) return code <= 0x10ffff ? String.fromCodePoint(code) : "";
  if (name !== undefined) return named[name.toLowerCase()] ?? "";
  return plain === undefined || /[nrtbf0]/.test(plain) ? "" : plain;
}

/** Without blanks: what was spread out. */
export function spread(view: View): View {
  return translated(view, (byte) => (isBlank(byte) ? "" : byte));
}

/**
 * Without blanks and the signs that stand for one, and with both alphabets of base64 made one: what was
 * written for a form or a URL.
 */
export function compact(view: View): View {
  return translated(view, (byte) => (isBlank(byte) || byte === "+" || byte === "-" ? "" : byte === "_" ? "/" : byte));
}

function isBlank(byte: string): boolean {
  return byte === " " || byte === "\u00a0";
}

/** Each byte as another one, or left out. */
function translated(view: View, translate: (byte: string) => string): View {
  const [bytes, starts, ends]: [string[], number[], number[]] = [[], [], []];
  for (let at = 0; at < view.bytes.length; at += 1) {
    const byte = translate(view.bytes[at] ?? "");
    if (byte === "") continue;
    bytes.push(byte);
    starts.push(view.starts[at] ?? 0);
    ends.push(view.ends[at] ?? 0);
  }
  return { bytes: bytes.join(""), starts, ends };
}

/** A text as it is, and as each level of escapes in it is meant: most texts have one. */
export function viewsOf(text: string): readonly View[] {
  const views = [viewOf(text)];
  for (let level = 1; level <= 2; level += 1) {
    const last = views.at(-1) as View;
    const next = unescaped(last);
    if (next === last) break;
    views.push(next);
  }
  return views;
}
