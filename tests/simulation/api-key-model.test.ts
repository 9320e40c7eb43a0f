import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { ApiKey, BackendClient } from "../../provider/backends/definition";
import { dayMs, hourMs } from "../../provider/values/durations";
import { ConnectionError, NotFoundError, ServerError } from "../../provider/errors";
import { createApiKeyProvider } from "../../provider/resources/api-key/resource";
import { formatTime } from "../../provider/values/times";
import { EngineDouble } from "../../testing/engine-double";
import { FakeService, origin, today } from "../unit/provider/support/fake-service";

const days = fc.integer({ min: 1, max: 60 });
const end = fc.oneof(
  fc.constant({}),
  days.map((count) => ({ expiresAt: formatTime(today + count * dayMs) })),
  days.map((count) => ({ expiresIn: `${count}d` })),
);
const fields = fc.record(
  {
    scopes: fc.subarray(["read:checks", "write:checks", "orders:read", "orders:manage"], { minLength: 1 }),
    name: fc.constantFrom("a", "b", "export"),
    description: fc.constantFrom("x", "y", ""),
    labels: fc.constantFrom({}, { owner: "a" }),
    exactName: fc.boolean(),
    keepers: fc.constantFrom({ a: "1" }, { a: 2 }),
  },
  { requiredKeys: ["scopes"] },
);
const programs = fc
  .tuple(end, fields)
  .map(([lives, rest]): object => ({ onDisabled: "replace", ...rest, ...lives, origin }));

type Edit = Partial<{ [Field in keyof ApiKey]: ApiKey[Field] | undefined }>;
type Event =
  | { readonly kind: "up"; readonly program?: object }
  | { readonly kind: "refresh" }
  | { readonly kind: "time"; readonly hours: number }
  | { readonly kind: "edit"; readonly change: Edit }
  | { readonly kind: "gone" }
  | { readonly kind: "failure"; readonly method: keyof BackendClient; readonly after: boolean; readonly lost: boolean };
const events: fc.Arbitrary<Event> = fc.oneof(
  programs.map((program) => ({ kind: "up" as const, program })),
  fc.constant({ kind: "up" as const }),
  fc.constant({ kind: "refresh" as const }),
  fc.integer({ min: 1, max: 30 * 24 }).map((hours) => ({ kind: "time" as const, hours })),
  fc
    .constantFrom<Edit>(
      { status: "revoked" },
      { status: "disabled" },
      { expiresAt: undefined },
      { expiresAt: formatTime(today + 3 * dayMs) },
      { expiresAt: formatTime(today + 300 * dayMs) },
      { scopes: ["read:alerts"] },
      { name: "renamed" },
    )
    .map((change) => ({ kind: "edit" as const, change })),
  fc.constant({ kind: "gone" as const }),
  fc.record({
    kind: fc.constant("failure" as const),
    method: fc.constantFrom<keyof BackendClient>("createKey", "updateKey", "revokeKey", "listKeys", "getKey"),
    after: fc.boolean(),
    lost: fc.boolean(),
  }),
);
const abilities = fc.record({
  rename: fc.boolean(),
  description: fc.constantFrom("none" as const, "update" as const, "replace" as const),
  movable: fc.boolean(),
});

/** A key, its service and its program. */
class Life {
  readonly #service: FakeService;
  readonly #key: EngineDouble;
  #program: object;
  #failed = false;

  constructor(
    { rename, description, movable }: typeof abilities extends fc.Arbitrary<infer T> ? T : never,
    first: object,
  ) {
    const expiry = { support: "optional", update: movable, granularityMs: 1_000 } as const;
    this.#service = new FakeService({ rename, description, expiry });
    this.#key = new EngineDouble(createApiKeyProvider(this.#service.context()));
    this.#program = first;
  }

  async meet(event: Event): Promise<void> {
    const id = this.#key.state?.id ?? "none";
    if (event.kind === "up") await this.up(event.program ?? this.#program);
    if (event.kind === "refresh") await this.#refresh();
    if (event.kind === "time") this.#service.nowMs += event.hours * hourMs;
    if (event.kind === "edit" && this.#service.keys.has(id)) this.#service.edit(id, event.change);
    if (event.kind === "gone" && this.#service.keys.delete(id))
      this.#service.fail("updateKey", new NotFoundError({ status: 404, method: "PATCH", path: "/keys" }), {
        times: 99,
      });
    if (event.kind === "failure") {
      const outage = new ServerError({ status: 500, method: "POST", path: "/keys" });
      const drop = new ConnectionError("the connection broke.", true);
      this.#service.fail(event.method, event.lost ? drop : outage, { after: event.after });
      this.#failed = true;
    }
  }

  /** Once an update has succeeded, the next one has nothing to do, and asks nothing of the service. */
  async up(program: object): Promise<void> {
    const outcome = await this.#key.up(program);
    if (outcome.op === "refused") {
      expect(outcome.failures).toEqual([expect.stringContaining("is in the past")]);
      expect(program).toHaveProperty("expiresAt");
      return;
    }
    this.#program = program;
    if (outcome.failures.length > 0) return;
    const calls = this.#service.calls.length;
    expect(await this.#key.up(program)).toMatchObject({ op: "same", failures: [] });
    expect(this.#service.calls).toHaveLength(calls);
  }

  /** No drift is told twice, also where the first refreshes cannot read. */
  async #refresh(): Promise<void> {
    const told: string[] = [];
    for (let times = 0; times < 4; times += 1) {
      const { listed } = await this.#key.refresh();
      if (listed.length > 0) told.push(`${listed.join()}: ${JSON.stringify(this.#key.state?.outs)}`);
    }
    expect(told).toEqual([...new Set(told)]);
    expect(told.length).toBeLessThanOrEqual(2);
  }

  /** Nothing lives on that no state knows. After a lost answer a key can: its error names the marker. */
  async end(): Promise<void> {
    for (let runs = 0; runs < 20 && (this.#key.state || this.#key.pendingDeletes.length > 0); runs += 1)
      await this.#key.destroy();
    expect(this.#key.state).toBeUndefined();
    if (!this.#failed) expect(this.#service.living()).toEqual([]);
  }
}

test("An ApiKey is quiet after every update, tells a drift once, and leaves nothing behind, whatever happens to it", async () => {
  await fc.assert(
    fc.asyncProperty(abilities, programs, fc.array(events, { maxLength: 12 }), async (can, first, happenings) => {
      const life = new Life(can, first);
      await life.up(first);
      for (const event of happenings) await life.meet(event);
      await life.end();
    }),
    { numRuns: 2_000 },
  );
}, 120_000);
