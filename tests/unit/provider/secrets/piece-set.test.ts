import { expect, test } from "@jest/globals";
import { eachPiece, pieceLength, piecesOf, PieceSet, spread } from "../../../../provider/secrets/piece-set";
import { createRandom } from "../../../support/seeded-random";

/** The pieces of a text that the set has. */
function heldIn(set: PieceSet, text: string): string[] {
  const held: string[] = [];
  eachPiece(text, (low, high, at) => {
    if (set.has(low, high)) held.push(text.slice(at, at + pieceLength));
    return false;
  });
  return held;
}

test("has exactly the pieces that were added, however many they are and whatever bytes they consist of", () => {
  const random = createRandom(20_260_615);
  const text = (length: number, letters: number) =>
    String.fromCharCode(...Array.from({ length }, () => random.below(letters)));
  const set = new PieceSet();
  const expected = new Set<string>();
  for (let count = 0; count < 300; count += 1) {
    const added = text(random.below(60), count % 2 === 0 ? 256 : 3);
    set.add(piecesOf([added]));
    for (let at = 0; at + pieceLength <= added.length; at += 1) expected.add(added.slice(at, at + pieceLength));
    const asked = text(200, 3) + added + text(50, 256);
    const pieces = Array.from({ length: asked.length - pieceLength + 1 }, (_, at) => asked.slice(at, at + pieceLength));
    expect(heldIn(set, asked)).toEqual(pieces.filter((piece) => expected.has(piece)));
  }
});

test("leaves out the pieces of another set, and knows a piece of zeros", () => {
  const [open, set] = [new PieceSet(), new PieceSet()];
  expect(set.isEmpty).toBe(true);
  open.add(piecesOf(["acme_live"]));
  set.add(piecesOf(["acme_live_4711", "\0".repeat(8), "short"], open));
  expect(heldIn(set, `acme_live_4711 ${"\0".repeat(9)} acme_live`)).toEqual([
    "me_live_",
    "e_live_4",
    "_live_47",
    "live_471",
    "ive_4711",
    "\0".repeat(8),
    "\0".repeat(8),
  ]);
  expect(set.isEmpty).toBe(false);
});

/** How many slots are looked at to place all pieces, among twice as many and more. */
function searchedFor(pieces: readonly (readonly [number, number])[]): number {
  const last = 2 ** Math.ceil(Math.log2(2 * pieces.length)) - 1;
  const taken = new Set<number>();
  let searched = 0;
  for (const [low, high] of pieces) {
    let slot = spread(low, high) & last;
    for (searched += 1; taken.has(slot); searched += 1) slot = (slot + 1) & last;
    taken.add(slot);
  }
  return searched;
}

test("finds a piece at once, also among pieces that someone has chosen to crowd", () => {
  const random = createRandom(20_260_615);
  const hex = Array.from({ length: 20_000 }, () => "0123456789abcdef"[random.below(16)]).join("");
  const ordinary = [...piecesOf([hex])];
  const pairs = Array.from({ length: 4_000 }, (_, at) => [ordinary[2 * at] ?? 0, ordinary[2 * at + 1] ?? 0] as const);
  expect(searchedFor(pairs)).toBeLessThan(2 * pairs.length);
  // They are all the same to a product without a number of this process's own.
  const chosen = pairs.map(([, high]) => [Math.imul(high, 0x9e3779b1) ^ 4_711, high] as const);
  expect(searchedFor(chosen)).toBeLessThan(2 * chosen.length);
});
