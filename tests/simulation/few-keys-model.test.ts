import { describe, test } from "@jest/globals";
import fc from "fast-check";
import { defineBackend } from "../../provider/backend";
import type { BackendClient, Capabilities } from "../../provider/backends/definition";
import { createConnections } from "../../provider/connections/connections";
import { dayMs, hourMs } from "../../provider/values/durations";
import { BadRequestError, ServerError, TimeoutError } from "../../provider/errors";
import { createRotatingApiKeyProvider } from "../../provider/resources/rotation/resource";
import { EngineDouble, type Outcome } from "../../testing/engine-double";
import { everyday, origin } from "../unit/provider/support/fake-service";
import { FewKeysService, type Trouble } from "../unit/provider/support/few-keys-service";
import { plainMarking } from "../../provider/resources/identity/marking";
import { seed } from "../support/seed";

const numRuns = Number(process.env.APIKEYS_RUNS ?? 200);

const none = { scopes: "none", expiry: { support: "none", update: false, granularityMs: 1_000 } } as const;
const native = (maxGraceMs: number, graceChosen: boolean): Partial<Capabilities> => ({
  ...none,
  maxActiveKeys: 1,
  nativeRotate: { id: "same", maxGraceMs, graceChosen },
});
const services: Readonly<Record<string, readonly [Partial<Capabilities>, object]>> = {
  "keeps one key, and gives an old secret the grace that is asked for": [native(3 * dayMs, true), { overlap: "2d" }],
  "keeps one key, and gives an old secret the grace of its policy": [native(3 * dayMs, false), {}],
  "keeps one key, and gives an old secret no grace": [native(0, false), { allowOutage: true }],
  "keeps two keys": [{ ...none, maxActiveKeys: 2 }, { overlap: "2d" }],
};

type Go = (run: Run) => Promise<void> | void;
interface Order {
  readonly method: keyof BackendClient;
  readonly kind: "refused" | "down" | "lost";
  readonly times: number;
}

/** One key, its service in memory, and what must hold. */
class Run {
  readonly service: FewKeysService;
  readonly key: EngineDouble;
  inputs: Record<string, unknown>;
  /** Somebody has changed a key, and nobody has refreshed since. */
  #touched = false;
  /** Secrets that somebody has ended: an update that comes before a refresh cannot know. */
  readonly #ended = new Set<unknown>();
  #count = 0;

  constructor(capabilities: Partial<Capabilities>, inputs: object) {
    const service = new FewKeysService({ ...everyday, ...capabilities });
    this.service = service;
    this.inputs = { origin, rotateEvery: "30d", onDisabled: "replace", ...inputs };
    const backend = defineBackend({
      name: "few",
      capabilities: service.capabilities,
      connect: () => service.client(),
    });
    const settings = JSON.stringify({ default: { backend: "few", url: "http://127.0.0.1:4010/v1", tokenEnv: "T" } });
    const config = { get: (name: string) => (name === "apikeys:connections" ? settings : undefined) };
    this.key = new EngineDouble(
      createRotatingApiKeyProvider({
        connections: createConnections(config, {}, { load: () => backend }),
        nowMs: () => service.nowMs,
        warn: () => undefined,
        marking: plainMarking,
        clock: { nowMs: () => 0, sleep: () => Promise.resolve() },
      }),
    );
  }

  async up(orders: readonly Order[]): Promise<void> {
    const outcome = await this.#under(orders, () => this.key.up(this.inputs));
    const failures = outcome.failures.filter((failure) => !/^the answer to the rotation of key/.test(failure));
    if (orders.length === 0 && !this.#touched && failures.length > 0)
      throw new Error(`the update failed although the service is well: ${failures.join(" ")}`);
    // A retire whose answer was lost may have happened.
    if (
      outcome.failures.length > 0 &&
      orders.some(({ method, kind }) => kind === "lost" && method.startsWith("revoke"))
    )
      this.#touched = true;
    this.#holds();
    if (outcome.failures.length > 0 || this.#touched) return;
    const {
      keyId,
      previousKeyId,
      strayKeys = [],
    } = this.key.outs as { [name: string]: never } & {
      strayKeys?: { keyId: string }[];
    };
    const known: (string | undefined)[] = [keyId, previousKeyId, ...strayKeys.map((stray) => stray.keyId)];
    const lost = this.service.living().filter((id) => !known.includes(id));
    if (lost.length > 0) throw new Error(`the state does not know ${lost.join(", ")}`);
    const calls = this.service.calls.length;
    const { op } = await this.key.up(this.inputs);
    if (op !== "same" || this.service.calls.length > calls) throw new Error(`a second update is not quiet: ${op}`);
  }

  async refresh(): Promise<void> {
    const { failures } = await this.key.refresh();
    if (failures.length > 0) throw new Error(`the refresh failed: ${failures.join(" ")}`);
    this.#touched = false;
    this.#holds();
  }

  async destroy(orders: readonly Order[]): Promise<void> {
    const { failures } = await this.#under(orders, () => this.key.destroy());
    if (failures.length > 0) {
      if (orders.length === 0)
        throw new Error(`the destroy failed although the service is well: ${failures.join(" ")}`);
      this.#touched = true;
      return;
    }
    if (this.service.living().length > 0) throw new Error(`the destroy left ${this.service.living().join(", ")}`);
  }

  change(field: "keepers" | "emergency"): void {
    const text = String((this.#count += 1));
    this.inputs = { ...this.inputs, [field]: field === "keepers" ? { build: text } : text };
  }

  byHand(which: "keyId" | "previousKeyId", act: "rotate" | "revoked" | "disabled" | "active"): void {
    const id = this.key.state?.outs[which];
    if (typeof id !== "string") return;
    const status = this.service.held.get(id)?.key.status;
    if (act === "rotate" ? status !== "active" || !this.service.capabilities.nativeRotate : status === "revoked")
      return;
    // A service with one key has no other way out of that than to enable it again.
    if (act === "disabled" && this.service.capabilities.maxActiveKeys === 1) return;
    this.#touched = true;
    for (const name of ["secret", "previousSecret"]) this.#ended.add(this.key.state?.outs[name]);
    if (act === "rotate") this.service.rotate(id, 0);
    else this.service.edit(id, { status: act });
  }

  pass(ms: number): void {
    this.service.nowMs += ms;
    this.#holds();
  }

  /** What the outputs call valid works. */
  #holds(): void {
    const outs = this.key.state?.outs;
    if (!outs || this.#touched || outs.rotateBlockedUntil !== undefined) return;
    if (outs.keyId !== undefined && outs.status === "active" && !this.service.works(outs.secret))
      throw new Error("the current key is called active, and does not work");
    const runs =
      Date.parse(typeof outs.previousValidUntil === "string" ? outs.previousValidUntil : "") > this.service.nowMs;
    const id = outs.previousKeyId;
    const disabled = typeof id === "string" && this.service.held.get(id)?.key.status === "disabled";
    if (runs && !disabled && !this.#ended.has(outs.previousSecret) && !this.service.works(outs.previousSecret))
      throw new Error("the previous key is called valid, and does not work");
  }

  async #under(orders: readonly Order[], act: () => Promise<Outcome>): Promise<Outcome> {
    for (const { method, kind, times } of orders)
      for (let time = 0; time < times; time += 1) this.service.fail(method, troubles[kind]);
    const outcome = await act();
    this.service.calm();
    return outcome;
  }
}

const troubles: Readonly<Record<Order["kind"], Trouble>> = {
  refused: { error: new BadRequestError({ status: 400, method: "POST", path: "/keys" }) },
  down: { error: new ServerError({ status: 503, method: "GET", path: "/keys" }) },
  lost: { error: new TimeoutError("no answer"), after: true },
};

class Step implements fc.AsyncCommand<object, Run> {
  readonly #words: string;
  readonly #go: Go;

  constructor(words: string, go: Go) {
    this.#words = words;
    this.#go = go;
  }
  check(): boolean {
    return true;
  }
  async run(_model: object, run: Run): Promise<void> {
    try {
      await this.#go(run);
    } catch (error) {
      throw new Error(`at "${this.#words}": ${String(error)}\n${JSON.stringify(run.key.state?.outs, undefined, 1)}`, {
        cause: error,
      });
    }
  }
  toString(): string {
    return this.#words;
  }
}

const orders: fc.Arbitrary<readonly Order[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  {
    weight: 2,
    arbitrary: fc.array(
      fc.record({
        method: fc.constantFrom("createKey", "getKey", "listKeys", "revokeKey", "rotateKey", "revokePrevious"),
        kind: fc.constantFrom("refused", "down", "lost"),
        times: fc.constantFrom(1, 2, 5),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  },
);
const wordsOf = (list: readonly Order[]) =>
  list.map(({ method, kind, times }) => ` ${method} ${kind} x${times}`).join();
const step = (words: string, go: Go) => fc.constant(new Step(words, go));
const passing = fc.constantFrom(5 * hourMs, dayMs, 3 * dayMs, 29 * dayMs, 31 * dayMs, 31 * dayMs);
const up = orders.map((list) => new Step(`up${wordsOf(list)}`, (run) => run.up(list)));
const later = fc.tuple(passing, orders).map(
  ([ms, list]) =>
    new Step(`up ${ms / hourMs}h later${wordsOf(list)}`, async (run) => {
      run.pass(ms);
      await run.up(list);
    }),
);
const steps: fc.Arbitrary<fc.AsyncCommand<object, Run>>[] = [
  ...[up, up, up, later, later, later, later],
  passing.map((ms) => new Step(`pass ${ms / hourMs}h`, (run) => run.pass(ms))),
  step("an hour back", (run) => run.pass(-hourMs)),
  step("refresh", (run) => (run.key.state ? run.refresh() : undefined)),
  step("another keeper", (run) => run.change("keepers")),
  step("emergency", (run) => run.change("emergency")),
  fc
    .tuple(
      fc.constantFrom("keyId" as const, "previousKeyId" as const),
      fc.constantFrom("rotate" as const, "revoked" as const, "disabled" as const, "active" as const),
    )
    .map(([which, act]) => new Step(`by hand ${which} ${act}`, (run) => run.byHand(which, act))),
  orders.map((list) => new Step(`destroy${wordsOf(list)}`, (run) => run.destroy(list))),
];

/** What was unclear is over, and one more update puts everything right. */
const theEnd = new Step("the end", async (run) => {
  run.pass(31 * dayMs);
  if (run.key.state) await run.refresh();
  await run.up([]);
  await run.destroy([]);
});

describe("A rotating key, whatever happens in whatever order, on a service that", () => {
  test.each(Object.entries(services))(
    `%s (APIKEYS_SEED=${seed})`,
    async (_title, [capabilities, inputs]) => {
      const replay = process.env.APIKEYS_REPLAY === undefined ? {} : { replayPath: process.env.APIKEYS_REPLAY };
      const sequence = fc.commands(steps, { maxCommands: 25, size: "max", ...replay });
      await fc.assert(
        fc.asyncProperty(sequence, async (list) =>
          fc.asyncModelRun(() => ({ model: {}, real: new Run(capabilities, inputs) }), [...list, theEnd]),
        ),
        { numRuns, seed },
      );
    },
    600_000,
  );
});
