/**
 * Updates that are killed, thousands of times and in-process: the same resources, marks and questions to the state as on the
 * engine, a double of it, and services of all kinds in memory.
 *
 *   APIKEYS_KILLED_RUNS   how many killed runs (default 1,000)
 *   APIKEYS_SEED          repeats a run
 */
import { expect, test } from "@jest/globals";
import { seed } from "../support/seed";
import { createRandom } from "../support/seeded-random";
import { drawCase, mayBeDead, play } from "./support/killed/story";

const wanted = Number(process.env.APIKEYS_KILLED_RUNS ?? 1_000);

test("after one plain update the services hold exactly what the state names, whatever was killed in the middle of what", async () => {
  const random = createRandom(seed);
  let cases = 0;
  let left = 0;
  let dead = 0;
  while (cases < wanted) {
    const one = drawCase(random);
    const verdict = await play(one);
    const wrong = [
      ...verdict.broken,
      ...(mayBeDead(one) ? [] : verdict.dead.map((which) => `dead until then: ${which}`)),
    ];
    if (wrong.length > 0) throw new Error(`seed ${seed}, case ${cases}: ${JSON.stringify(one)}\n${wrong.join("\n")}`);
    if (verdict.missed) continue;
    cases += 1;
    left += verdict.left;
    dead += verdict.dead.length;
  }
  console.log(
    `seed ${seed}: ${cases} killed runs had left ${left} keys and accounts that no state named, and ${dead} published secrets dead; all were well after one update`,
  );
  expect(Math.min(left, dead)).toBeGreaterThan(wanted / 10);
}, 300_000);
