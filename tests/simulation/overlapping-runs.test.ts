/**
 * Two updates of one stack at once: somebody has removed the lock of the first one (`pulumi cancel`), and it went on. Each makes a
 * key where one was wanted, and the state has what was written last.
 *
 *   APIKEYS_OVERLAPPING_RUNS   how many pairs (default 150)
 *   APIKEYS_SEED               repeats a run
 */
import { expect, test } from "@jest/globals";
import { classify } from "../../inventory/classify";
import { forgetSecrets } from "../../provider/secrets/known-secrets";
import { dayMs } from "../../provider/values/durations";
import { seed } from "../support/seed";
import { createRandom } from "../support/seeded-random";
import { Fate } from "./support/killed/fate";
import { capabilitiesOf, kindNames } from "./support/killed/kinds";
import { identity, Stage } from "./support/killed/story";

const wanted = Number(process.env.APIKEYS_OVERLAPPING_RUNS ?? 150);
// Where there is room for two keys at most, one of the two updates has to end what the other has made, or fails.
const kinds = kindNames.filter((kind) => capabilitiesOf(kind).maxActiveKeys === undefined);
// What a run has made before the other one began, and records only after that one has looked, is still taken for a leftover: an
// emergency may take that long.
const operations = ["create", "replace", "rename", "rotate", "retire"] as const;

test("two updates at once end no key that the state names in the end, and an inventory knows all that is one too many", async () => {
  const random = createRandom(seed);
  let left = 0;
  for (let pairs = 0; pairs < wanted; pairs += 1) {
    forgetSecrets();
    const [kind = "plain"] = random.shuffled(kinds);
    const [operation = "create"] = random.shuffled([...operations]);
    const run = (slowest = 40) => new Fate({ point: "before", writes: Infinity, pace: random.below(2 ** 31), slowest });
    const stage = await Stage.open(kind);
    const wish = await stage.prepare(operation);
    stage.service.takesMs = 5_000;
    const ended = await stage.world.runBoth(wish, [run(400), run()], random.below(3_000));
    const wrong = [...stage.world.dead(), ...stage.violations()];
    const next = await stage.world.run(wish);
    wrong.push(...next.failures, ...stage.world.dead(), ...unknownToInventory(stage));
    left += stage.orphans().length;
    // The next key of a resource ends what nobody uses.
    stage.service.nowMs += 31 * dayMs;
    const again = await stage.world.run({ ...wish, round: wish.round + 10 });
    wrong.push(...again.failures, ...stage.world.dead(), ...stage.violations(), ...unknownToInventory(stage));
    const more = operation === "create" ? [] : stage.differences([...ended, next, again]);
    wrong.push(...more);
    if (wrong.length > 0)
      throw new Error(`seed ${seed}, pair ${pairs}: ${operation} on "${kind}"\n${[...new Set(wrong)].join("\n")}`);
  }
  console.log(`seed ${seed}: ${wanted} pairs of updates had left ${left} keys and accounts that no state named`);
  expect(left).toBeGreaterThan(0);
}, 300_000);

/** What lives, is named by no state, and would not be called this stack's by an inventory. */
function unknownToInventory(stage: Stage): string[] {
  const left = stage.orphans().map(({ id, name }) => ({ key: { id, name, status: "active" as const } }));
  const state = { stack: "billing/dev", identity, origin: "acme/billing/dev", config: {}, keys: [] };
  const service = "http://127.0.0.1:4010";
  const rows = classify([state], [{ connection: "default", service, accounts: [], keys: left }]);
  return rows
    .filter(({ standing }) => standing !== "unknown")
    .map(({ name, standing }) => `${name} is called ${standing} by an inventory`);
}
