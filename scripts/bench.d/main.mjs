import { benchCreate } from "./create.mjs";
import { benchEmulator } from "./emulator.mjs";
import { benchImports } from "./imports.mjs";
import { holds } from "./page.mjs";
import { benchReview } from "./review.mjs";
import { benchScale } from "./scale.mjs";
import { benchState } from "./state.mjs";
import { benchWords } from "./words.mjs";

const benches = {
  imports: benchImports,
  emulator: benchEmulator,
  create: benchCreate,
  review: benchReview,
  state: benchState,
  scale: benchScale,
  words: benchWords,
};
const [wanted, options] = [false, true].map((isOption) =>
  process.argv.slice(2).filter((each) => each.startsWith("--") === isOption),
);
const claims = [];
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name}`);
  claims.push(...(await bench(options)));
}
console.log("\nclaim | measured | limit | where the rest goes");
for (const claim of claims) {
  const { value, limit, atLeast, rest = "" } = claim;
  console.log(
    `${holds(claim) ? "holds" : "FAILS"} | ${claim.claim} | ${value.toFixed(2)} | ${atLeast ? "at least" : "at most"} ${limit} | ${rest}`,
  );
  if (!holds(claim)) process.exitCode = 1;
}
