import fc from "fast-check";

/** Always the same in CI, so that a change is judged there and not a draw. */
const seedOfCi = 20_270_101;

/**
 * The seed of every generated test of this run: `APIKEYS_SEED`, or a drawn one where that is absent or `random`. CI
 * draws for `random` only. A failure prints it.
 */
export const seed = ((): number => {
  const given = process.env.APIKEYS_SEED;
  if (given !== undefined && given !== "random") return Number(given);
  if (given === undefined && process.env.CI) return seedOfCi;
  return Math.floor(Math.random() * 2 ** 31);
})();

fc.configureGlobal({ seed });
