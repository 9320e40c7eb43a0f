import fc from "fast-check";
import { dayMs, hourMs, minuteMs } from "../../../provider/values/durations";
import { type Product, productFacts } from "../../contract/support/rotation-bench";
import type { FaultOrder, RotationRun, Schedule } from "./rotation-run";

/** The commands need no model of their own: what must hold is asked of the services and the state. */
type Model = Record<string, never>;

class Step implements fc.AsyncCommand<Model, RotationRun> {
  readonly #words: string;
  readonly #act: (run: RotationRun) => Promise<void> | void;

  constructor(words: string, act: (run: RotationRun) => Promise<void> | void) {
    this.#words = words;
    this.#act = act;
  }

  check(): boolean {
    return true;
  }

  async run(_model: Model, run: RotationRun): Promise<void> {
    try {
      await this.#act(run);
    } catch (error) {
      // The report of a shrunk failure is read by people.
      throw new Error(
        `at "${this.#words}": ${error instanceof Error ? error.message : String(error)}\n${run.describe()}`,
        { cause: error },
      );
    }
  }

  toString(): string {
    return this.#words;
  }
}

/** A 404 is a lie only where it proves nothing. */
function faultsOf(product: Product): fc.Arbitrary<readonly FaultOrder[]> {
  const fault: fc.Arbitrary<FaultOrder> = fc.record({
    kind: fc.constantFrom("status", "drop-before", "drop-after-commit", "truncate", "garbage"),
    method: fc.constantFrom("POST", "GET", "DELETE", "PATCH"),
    after: fc.constantFrom(0, 0, 0, 1, 2),
    times: fc.constantFrom(1, 1, 2, 5),
    status: product === "novavms" ? fc.constantFrom(403, 500, 503, 404) : fc.constantFrom(403, 500, 503),
  });
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.array(fault, { minLength: 1, maxLength: 3 }) },
  );
}

const wordsOf = (orders: readonly FaultOrder[]) =>
  orders.length === 0
    ? ""
    : `, while ${orders.map(({ kind, method, after, times, status }) => `${method} ${kind === "status" ? String(status) : kind} x${times}${after > 0 ? ` after ${after}` : ""}`).join(" and ")}`;

export const schedules: readonly Schedule[] = [
  { rotateEvery: "30d" },
  { rotateEvery: "30d", overlap: "3d" },
  { rotateEvery: "30d", overlap: "2d", retire: "whenUnused", maxOverlap: "10d" },
  { rotateEvery: "14d", retire: "whenUnused", jitter: "2d" },
  { rotateEvery: "30d", retire: "immediately" },
  { rotateEvery: "90d", overlap: "0s" },
  { rotateEvery: "1d" },
  { rotateEvery: "12h", overlap: "2h" },
];
const livesToo: readonly Schedule[] = [
  { rotateEvery: "30d", expiresIn: "40d" },
  { rotateEvery: "30d", expiresIn: "37d", overlap: "7d" },
  { rotateEvery: "20d", expiresIn: "60d", retire: "whenUnused" },
  { rotateEvery: "6h", expiresIn: "24h" },
];

export const schedulesOf = (product: Product): readonly Schedule[] =>
  productFacts[product].expires ? [...schedules, ...livesToo] : schedules;

/** What can happen, as often as it is worth. */
export function rotationSteps(product: Product): fc.Arbitrary<fc.AsyncCommand<Model, RotationRun>>[] {
  const step = (words: string, act: (run: RotationRun) => Promise<void> | void) => fc.constant(new Step(words, act));
  const { scopes } = productFacts[product];
  const faults = faultsOf(product);
  const up = faults.map((orders) => new Step(`up${wordsOf(orders)}`, (run) => run.up(orders)));
  const spans = fc.constantFrom(
    [5, hourMs, "h"] as const,
    [1, dayMs, "d"] as const,
    [3, dayMs, "d"] as const,
    [8, dayMs, "d"] as const,
    [29, dayMs, "d"] as const,
    [31, dayMs, "d"] as const,
    [31, dayMs, "d"] as const,
    [95, dayMs, "d"] as const,
  );
  const pass = spans.map(
    ([count, unitMs, unit]) => new Step(`pass ${count}${unit}`, (run) => run.pass(count * unitMs + 7 * minuteMs)),
  );
  /** What a CI does: it comes back after a while. */
  const later = fc.tuple(spans, faults).map(
    ([[count, unitMs, unit], orders]) =>
      new Step(`up ${count}${unit} later${wordsOf(orders)}`, async (run) => {
        await run.pass(count * unitMs + 7 * minuteMs);
        await run.up(orders);
      }),
  );
  return [
    ...[up, up, up, up, up],
    ...[later, later, later, later, later, later, later, later],
    pass,
    faults.map((orders) => new Step(`refresh${wordsOf(orders)}`, (run) => run.refresh(orders))),
    fc
      .subarray([...scopes], { minLength: 1 })
      .map((list) => new Step(`scopes ${list.join(" ")}`, (run) => run.set({ scopes: [...list].sort() }))),
    step("another keeper", (run) => run.newKeeper()),
    step("emergency", (run) => run.newEmergency()),
    step("no emergency", (run) => run.set({ emergency: undefined })),
    fc
      .constantFrom(...schedulesOf(product))
      .map((schedule) => new Step(`schedule ${JSON.stringify(schedule)}`, (run) => run.reschedule(schedule))),
    fc.constantFrom("app", "renamed").map((name) => new Step(`name ${name}`, (run) => run.set({ name }))),
    fc
      .constantFrom("team-a", "team-b")
      .map((owner) => new Step(`owner ${owner}`, (run) => run.set({ labels: { owner } }))),
    ...(product === "pulsely"
      ? [
          fc
            .constantFrom("live", "test")
            .map((environment) => new Step(`environment ${environment}`, (run) => run.set({ environment }))),
        ]
      : []),
    step("use the current key", (run) => run.use("secret")),
    step("use the previous key", (run) => run.use("previousSecret")),
    step("the current key is revoked by hand", (run) => run.revokeByHand("secret")),
    step("the previous key is revoked by hand", (run) => run.revokeByHand("previousSecret")),
    ...(productFacts[product].expires
      ? [
          fc
            .tuple(
              fc.constantFrom("secret" as const, "previousSecret" as const),
              fc.constantFrom(
                ["in 1h", hourMs] as const,
                ["in 2d", 2 * dayMs] as const,
                ["in 60d", 60 * dayMs] as const,
                ["never", undefined] as const,
              ),
            )
            .map(
              ([which, [words, ms]]) =>
                new Step(`by hand the ${which === "secret" ? "current" : "previous"} key ends ${words}`, (run) =>
                  run.moveEndByHand(which, ms),
                ),
            ),
        ]
      : []),
    faults.map(
      (orders) =>
        new Step(`up by a machine that is an hour behind${wordsOf(orders)}`, (run) => run.upBehind(hourMs, orders)),
    ),
    step("up, killed before its state is kept", (run) => run.upKilled()),
    fc.constantFrom(0, 5, 40).map((days) => new Step(`preview in ${days}d`, (run) => run.preview(days * dayMs, []))),
    fc
      .subarray(["scopes", "keepers", "rotateEvery", "overlap", "emergency", "connection", "labels"], { minLength: 1 })
      .map((fields) => new Step(`preview without ${fields.join(" ")}`, (run) => run.preview(0, fields))),
    fc
      .constantFrom(product, `${product}-too`)
      .map((connection) => new Step(`connection ${connection}`, (run) => run.set({ connection }))),
    ...(product === "novavms" ? [step("another account", (run) => run.newAccount())] : []),
    step("the current key is rotated by hand", (run) => run.rotateByHand()),
    step("the current key's scopes are changed by hand", (run) => run.rescopeByHand()),
    step("the other stack runs", (run) => run.othersUp()),
    faults.map((orders) => new Step(`up --target-replace${wordsOf(orders)}`, (run) => run.targetReplace(orders))),
    faults.map((orders) => new Step(`destroy${wordsOf(orders)}`, (run) => run.destroy(orders))),
  ];
}

/** Every sequence ends well: a refresh, an update and a destroy put all right again. */
export const theEnd: fc.AsyncCommand<Model, RotationRun> = new Step("the end", (run) => run.end());
