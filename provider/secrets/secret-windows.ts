import { eachPiece, piecesOf, PieceSet } from "./piece-set";
import { formsOf, readingsOf, windowLength } from "./redact-readings";
import { type View, viewOf, viewsOf } from "./redact-view";
import { publishedPrefix } from "./secret-shapes";

/** A header could not carry a longer secret. */
const longestSecret = 16 * 1024;

/** A set of pieces, and how many characters in a row count. */
export interface Sought {
  readonly windows: SecretWindows;
  readonly least: number;
}

/** Pieces of secrets in the forms in which someone may write them, in lower case. */
export class SecretWindows {
  readonly #windows = new PieceSet();
  /** Secrets, or parts of one, that are shorter than a window. They are searched as a whole. */
  readonly #short = new Set<string>();

  get isEmpty(): boolean {
    return this.#windows.isEmpty && this.#short.size === 0;
  }

  /**
   * Adds all pieces of a secret, except the prefix that all keys of its service share and that may be the service's
   * name.
   */
  add(secret: string): void {
    const bounded = secret.slice(0, longestSecret);
    const lower = viewOf(bounded).bytes.toLowerCase();
    if (lower.length > 0 && lower.length < windowLength) this.#short.add(lower);
    this.#windows.add(piecesOfSecret(bounded));
  }

  /** Calls back with each part of the text that a secret shares with it, as character offsets. */
  find(text: string, found: (start: number, end: number) => void): void {
    if (this.isEmpty) return;
    for (const reading of readingsOf(text)) this.#findWindows(reading, found);
    this.#findShort(text, found);
  }

  /**
   * True if the text contains a part of a secret.
   *
   * @param least - how many characters in a row. Use more for many secrets: an id of 32 hex digits shares eight with
   * one of a thousand secrets by chance
   */
  isHeldBy(text: string, least = windowLength): boolean {
    return SecretWindows.areHeldBy(text, [{ windows: this, least }]);
  }

  /** The same for several sets at once: each piece of the text is cut out once for all of them. */
  static areHeldBy(text: string, among: readonly Sought[]): boolean {
    const sought = among.filter(({ windows }) => !windows.isEmpty);
    if (sought.length === 0) return false;
    if (readingsOf(text).some(({ bytes }) => SecretWindows.#hasRun(bytes, sought))) return true;
    return sought.some(({ windows }) => {
      let held = false;
      windows.#findShort(text, () => (held = true));
      return held;
    });
  }

  /** True if as many characters in a row as one of the sets asks for are pieces of it. */
  static #hasRun(lower: string, sought: readonly Sought[]): boolean {
    const rows = new Uint32Array(sought.length);
    return eachPiece(lower, (low, high) => {
      for (let index = 0; index < sought.length; index += 1) {
        const { windows, least } = sought[index] as Sought;
        const row = windows.#windows.has(low, high) ? (rows[index] ?? 0) + 1 : 0;
        rows[index] = row;
        if (row > 0 && row + windowLength - 1 >= least) return true;
      }
      return false;
    });
  }

  #findWindows({ bytes, starts, ends }: View, found: (start: number, end: number) => void): void {
    eachPiece(bytes, (low, high, at) => {
      if (this.#windows.has(low, high)) found(starts[at] ?? 0, ends[at + windowLength - 1] ?? 0);
      return false;
    });
  }

  #findShort(text: string, found: (start: number, end: number) => void): void {
    if (this.#short.size === 0) return;
    for (const { bytes, starts, ends } of viewsOf(text)) {
      const lower = bytes.toLowerCase();
      for (const secret of this.#short)
        for (let at = lower.indexOf(secret); at >= 0; at = lower.indexOf(secret, at + 1)) {
          const end = at + secret.length;
          // A very short one appears inside other words by chance.
          if (secret.length < 4 && (isWordByte(lower[at - 1]) || isWordByte(lower[end]))) continue;
          found(starts[at] ?? 0, ends[end - 1] ?? 0);
        }
    }
  }
}

const mostRecent = 32;
const longestRecent = 512;
/** The pieces of the last few secrets: one message after another is compared with the same ones. */
const recent = new Map<string, Uint32Array>();

function piecesOfSecret(secret: string): Uint32Array {
  const prefix = publishedPrefix(secret);
  const known = JSON.stringify([prefix, secret]);
  const pieces = recent.get(known) ?? piecesWithout(prefix, secret);
  recent.delete(known);
  if (secret.length <= longestRecent) recent.set(known, pieces);
  if (recent.size > mostRecent)
    for (const [oldest] of recent) {
      recent.delete(oldest);
      break;
    }
  return pieces;
}

function piecesWithout(prefix: string, secret: string): Uint32Array {
  const open = new PieceSet();
  open.add(piecesOf(formsOfSecret(prefix)));
  return piecesOf(formsOfSecret(secret), open);
}

/** Each form in which the text may be written, in lower case. */
function formsOfSecret(text: string): readonly string[] {
  if (text === "") return [];
  const bytes = Buffer.from(text);
  const backwards = Array.from(text).reverse().join("");
  return [
    ...[text, backwards].flatMap((each) => formsOf(viewOf(each))).map((view) => view.bytes.toLowerCase()),
    bytes.toString("hex"),
    ...[0, 1, 2].map((before) => base64Of(bytes, before)),
  ];
}

function isWordByte(byte: string | undefined): boolean {
  return byte !== undefined && /[a-z0-9\x80-\xff]/.test(byte);
}

/** The base64 characters that depend only on the secret, wherever it begins in a longer text. */
function base64Of(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString("base64")
    .replace(/=+$/, "");
  const first = Math.ceil((before * 4) / 3);
  const last = Math.floor(((before + bytes.length) * 4) / 3);
  return text
    .slice(first, last)
    .replace(/[^A-Za-z0-9]/g, "")
    .toLowerCase();
}
