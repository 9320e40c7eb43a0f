/**
 * Kills real updates of the real engine at chosen moments, repairs each by one plain `pulumi up`, and compares what lives on
 * the services with what the state names. The sum is printed at the end.
 *
 *   APIKEYS_CRASH_CASES   how many resource cases at least (default 200)
 *   APIKEYS_SEED          repeats the draws of a run
 */
import { afterAll, expect, test } from "@jest/globals";
import { Fleet, type Wish } from "./support/fleet";
import { Matrix } from "./support/matrix";
import { type Kill, type KillPoint, killPoints, type Victim, victims } from "./support/killed-update";
import { seed } from "../support/seed";
import { createRandom } from "../support/seeded-random";

const wanted = Number(process.env.APIKEYS_CRASH_CASES ?? 200);
const random = createRandom(seed);

interface Operation {
  readonly name: string;
  readonly requests: { readonly method: string; readonly path: RegExp; readonly count: number };
  /** The wish that the killed update asks for. */
  readonly next: (wish: Wish, round: number) => Wish;
}

const all = "p1 p2 p3 p4 a1 a2 n1 n2 pr1 pr2 pr3 ar1 ar2 nr1 nr2".split(" ");
const keyCreates = /(api-keys|keys)$/;

const day = 86_400_000;
const later = (wish: Wish, days: number): Wish => ({
  ...wish,
  now: new Date(Date.parse(wish.now) + days * day).toISOString().replace(".000Z", "Z"),
});

const operations: readonly Operation[] = [
  {
    name: "create",
    requests: { method: "POST", path: keyCreates, count: 10 },
    next: (wish) => ({ ...wish, keys: all }),
  },
  {
    name: "replace",
    requests: { method: "POST", path: keyCreates, count: 8 },
    next: (wish) => ({ ...wish, wide: !wish.wide }),
  },
  { name: "rotate", requests: { method: "POST", path: keyCreates, count: 7 }, next: (wish) => later(wish, 31) },
  { name: "retire", requests: { method: "DELETE", path: /./, count: 4 }, next: (wish) => later(wish, 8) },
  {
    name: "emergency",
    requests: { method: "POST", path: keyCreates, count: 7 },
    next: (wish, round) => ({ ...wish, emergency: `incident ${round}` }),
  },
  {
    name: "emergency, at a revocation",
    requests: { method: "DELETE", path: /./, count: 4 },
    next: (wish, round) => ({ ...wish, emergency: `incident ${round}` }),
  },
  {
    name: "delete",
    requests: { method: "DELETE", path: /./, count: 4 },
    next: (wish) => ({ ...wish, keys: ["n1", "n2", "nr1", "nr2"] }),
  },
];

const first: Wish = { keys: [], wide: false, now: "2027-01-01T00:00:00Z" };
let cases = 0;
let runs = 0;
let missed = 0;
const matrix = new Matrix();

afterAll(() => {
  const sum = `seed ${seed}: ${runs} killed updates, ${cases} cases; ${missed} more updates ended before their moment.`;
  console.log(`Orphans of cases after one plain update. ${sum}\n\n${matrix.text()}`);
});

/** Every pair of a moment and a victim once, in a drawn order, before any comes again. */
const pairs: { readonly point: KillPoint; readonly victim: Victim }[] = [];

function drawKill(): Kill {
  if (pairs.length === 0)
    pairs.push(...random.shuffled(killPoints.flatMap((point) => victims.map((victim) => ({ point, victim })))));
  const pair = pairs.pop();
  if (!pair) throw new Error("there is nothing to kill");
  return { ...pair, afterMs: random.below(60) + 0.5 };
}

test(
  "after one plain update the services hold exactly the keys that the state names, whatever was killed and when",
  async () => {
    while (cases < wanted) {
      const fleet = await Fleet.open();
      try {
        let wish = first;
        for (const [round, operation] of operations.entries()) {
          wish = operation.next(wish, round);
          fleet.write(wish);
          await fleet.setClock(wish.now);
          const kill = drawKill();
          const wreck = await fleet.killed(operation.requests, kill);
          const label = `${operation.name}, ${kill.point}, ${kill.victim}${wreck.missed ? " (missed)" : ""}`;
          const text = await fleet
            .recover()
            .catch((error: unknown) => {
              throw new Error(`seed ${seed}, ${label}: ${String(error)}`);
            })
            .finally(() => wreck.clear());
          const broken = await fleet.broken();
          const { count } = operation.requests;
          if (wreck.missed) missed += 1;
          else {
            runs += 1;
            cases += count;
            const orphans = broken.filter((words) => words.startsWith("an orphan lives")).length;
            matrix.add(operation.name, kill, { cases: count, orphans });
          }
          if (broken.length > 0)
            throw new Error(
              `seed ${seed}, ${label}:\n${broken.join("\n")}\n--- killed:\n${wreck.output}\n--- repaired by:\n${text}`,
            );
        }
        await fleet.close();
      } finally {
        await fleet.discard();
      }
    }
    expect(cases).toBeGreaterThanOrEqual(wanted);
  },
  30 * 60_000,
);
