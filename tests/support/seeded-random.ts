/** A small generator of numbers that a seed repeats (mulberry32). */
export interface SeededRandom {
  /** A whole number from 0 up to, and without, `limit`. */
  below(limit: number): number;
  /** The same items in a drawn order. */
  shuffled<Item>(items: readonly Item[]): Item[];
}

/** The same numbers in [0, 1) for the same seed. */
export function fractionsFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function createRandom(seed: number): SeededRandom {
  const next = fractionsFrom(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    shuffled: (items) =>
      items
        .map((item) => ({ item, at: next() }))
        .sort((one, other) => one.at - other.at)
        .map(({ item }) => item),
  };
}
