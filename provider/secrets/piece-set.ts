/**
 * A set of pieces of eight bytes. A process compares every text that it stores or prints with a million of them, so each is kept
 * as two numbers of four bytes, and no text is cut out to look for it.
 */
import { randomBytes } from "node:crypto";

/** How long a piece is. */
export const pieceLength = 8;
/** Read once: this runs a hundred times for each text that is stored. */
const { imul } = Math;
/** Nobody who chooses secrets can choose pieces that fall on one slot. */
const seed = randomBytes(4).readUInt32LE();
/** Slots at the beginning; always a power of two. */
const fewestSlots = 64;

export class PieceSet {
  /** Each slot is two numbers. At most half of the slots are taken, which keeps the search short. */
  #slots = new Uint32Array(2 * fewestSlots);
  #taken = 0;
  /** Nothing but zeros is what an empty slot has. */
  #hasZeros = false;

  get isEmpty(): boolean {
    return this.#taken === 0 && !this.#hasZeros;
  }

  /** Adds pieces, each given as two numbers of four bytes. */
  add(pieces: Uint32Array): void {
    this.#reserve(this.#taken + pieces.length / 2);
    for (let at = 0; at < pieces.length; at += 2) this.#put(pieces[at] as number, pieces[at + 1] as number);
  }

  has(low: number, high: number): boolean {
    if ((low | high) === 0) return this.#hasZeros;
    const at = slotOf(this.#slots, low, high);
    return this.#slots[at] !== 0 || this.#slots[at + 1] !== 0;
  }

  #put(low: number, high: number): void {
    if ((low | high) === 0) {
      this.#hasZeros = true;
      return;
    }
    const at = slotOf(this.#slots, low, high);
    if (this.#slots[at] !== 0 || this.#slots[at + 1] !== 0) return;
    this.#slots[at] = low;
    this.#slots[at + 1] = high;
    this.#taken += 1;
  }

  /** Makes room for so many in all. */
  #reserve(count: number): void {
    let length = this.#slots.length;
    while (length < 4 * count) length *= 2;
    if (length === this.#slots.length) return;
    const before = this.#slots;
    this.#slots = new Uint32Array(length);
    this.#taken = 0;
    for (let at = 0; at < before.length; at += 2) {
      const [low, high] = [before[at] as number, before[at + 1] as number];
      if ((low | high) !== 0) this.#put(low, high);
    }
  }
}

/** Where the piece is, or the empty slot where it belongs. */
function slotOf(slots: Uint32Array, low: number, high: number): number {
  const last = slots.length - 1;
  const wantedLow = low >>> 0;
  const wantedHigh = high >>> 0;
  for (let at = (spread(low, high) << 1) & last; ; at = (at + 2) & last) {
    const foundLow = slots[at] as number;
    const foundHigh = slots[at + 1] as number;
    if ((foundLow === wantedLow && foundHigh === wantedHigh) || (foundLow | foundHigh) === 0) return at;
  }
}

/** A number whose bits all depend on all bits of the piece: texts have few letters, and pieces that crowd are found slowly. */
export function spread(low: number, high: number): number {
  let mixed = imul(low ^ seed, 0x9e3779b1);
  mixed = imul((mixed ^ (mixed >>> 15)) + high, 0x85ebca6b);
  mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Calls back with each piece of a text whose characters are bytes, and where it begins, until that returns true. */
export function eachPiece(bytes: string, found: (low: number, high: number, at: number) => boolean): boolean {
  let [low, high] = [0, 0];
  for (let at = 0; at < bytes.length; at += 1) {
    low = (low >>> 8) | ((high & 0xff) << 24);
    high = (high >>> 8) | (bytes.charCodeAt(at) << 24);
    if (at >= pieceLength - 1 && found(low, high, at - pieceLength + 1)) return true;
  }
  return false;
}

/** The pieces of these texts, except those of the set. */
export function piecesOf(texts: readonly string[], except?: PieceSet): Uint32Array {
  const most = texts.reduce((sum, { length }) => sum + Math.max(0, length - pieceLength + 1), 0);
  const pieces = new Uint32Array(2 * most);
  let end = 0;
  for (const text of texts)
    eachPiece(text, (low, high) => {
      if (except?.has(low, high)) return false;
      pieces[end] = low;
      pieces[end + 1] = high;
      end += 2;
      return false;
    });
  return pieces.subarray(0, end);
}
