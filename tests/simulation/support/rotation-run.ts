/** One sequence of the rotation model: a key's program, its state, what others do to it, and what must hold. */
import { plainSecret, unknownValue } from "../../../provider/values/wire";
import { dayMs, parseDuration } from "../../../provider/values/durations";
import { fingerprintOf } from "../../../provider/values/fingerprint";
import { stackMark } from "../../../provider/resources/identity/names";
import type { PreviousKey, RotatingOutputs } from "../../../provider/resources/rotation/key-ring";
import type { EngineDouble, Outcome, StateEntry } from "../../../testing/engine-double";
import { type LivingKey, type Product, type RotationBench, productFacts } from "../../contract/support/rotation-bench";

export interface FaultOrder {
  readonly kind: "status" | "drop-before" | "drop-after-commit" | "truncate" | "garbage";
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** How many requests of that method go through first. */
  readonly after: number;
  readonly times: number;
  readonly status?: number;
}

export type Schedule = Readonly<Record<string, string>>;

const mineOrigin = "acme/app/dev/app";
const othersOrigin = "acme/app/prod/app";
/** Two clocks that are read one after the other differ by less. */
const blurMs = 5_000;

/** A promise of the outputs: this secret works until then. */
interface Promised {
  readonly fingerprint: string;
  readonly untilMs: number;
}

export class RotationRun {
  readonly mine: EngineDouble;
  readonly others: EngineDouble;
  inputs: Record<string, unknown>;
  /** The resource is in the program. */
  wanted = true;
  readonly #foreign: string[] = [];
  /** Fingerprints of keys that somebody changed by hand since the last refresh. */
  #tampered = new Set<string>();
  /** Keys whose end somebody has put off, or that a killed update has made: they may outlive their resource. */
  #putOff = new Set<string>();
  #promised: Promised[] = [];
  #emergencies = 0;
  #keepers = 0;

  private constructor(
    readonly bench: RotationBench,
    readonly product: Product,
    schedule: Schedule,
  ) {
    this.mine = bench.key();
    this.others = bench.key();
    this.inputs = { ...schedule };
  }

  static async start(bench: RotationBench, product: Product, schedule: Schedule): Promise<RotationRun> {
    await bench.reset("2027-01-04T09:17:00Z");
    const run = new RotationRun(bench, product, schedule);
    run.#foreign.push(await bench.foreignKey(product, "app"), await bench.foreignKey(product, "app-0123456789"));
    const { failures } = await run.others.up(run.#othersProgram());
    if (failures.length > 0) throw new Error(`the other stack failed: ${failures.join(" ")}`);
    return run;
  }

  program(): Record<string, unknown> {
    return this.bench.program(this.product, mineOrigin, this.inputs);
  }

  // What the user does

  async up(faults: readonly FaultOrder[]): Promise<void> {
    const before = this.mine.state;
    const outcome = await this.#under(faults, () => (this.wanted ? this.mine.up(this.program()) : this.mine.destroy()));
    if (outcome.op === "refused") throw new Error(`refused: ${outcome.failures.join(" ")}`);
    if (!this.wanted) return this.#afterDestroy(outcome, faults.length === 0);
    if (outcome.op === "replace") this.#promised = [];
    await this.#afterUp(outcome, faults.length === 0, before);
  }

  async targetReplace(faults: readonly FaultOrder[]): Promise<void> {
    if (!this.mine.state || !this.wanted) return;
    this.#promised = [];
    const before = this.mine.state;
    await this.#afterUp(
      await this.#under(faults, () => this.mine.targetReplace(this.program())),
      faults.length === 0,
      before,
    );
  }

  async refresh(faults: readonly FaultOrder[]): Promise<void> {
    const before = this.mine.state;
    const { failures } = await this.#under(faults, () => this.mine.refresh());
    if (faults.length === 0 && failures.length > 0) throw new Error(`the refresh failed: ${failures.join(" ")}`);
    // Under faults it may have read lies.
    if (failures.length === 0 && faults.length === 0) {
      this.#tampered = new Set();
      for (const id of [this.#outputs()?.keyId, this.#outputs()?.previousKeyId]) this.#putOff.delete(id ?? "");
    }
    if (failures.length > 0 && this.mine.state !== before) throw new Error("a refresh that failed changed the state");
    await this.#holds();
  }

  async destroy(faults: readonly FaultOrder[]): Promise<void> {
    await this.#afterDestroy(await this.#under(faults, () => this.mine.destroy()), faults.length === 0);
  }

  newEmergency(): void {
    this.inputs = { ...this.inputs, emergency: `INC-${(this.#emergencies += 1)}` };
  }

  newKeeper(): void {
    this.inputs = { ...this.inputs, keepers: { build: String((this.#keepers += 1)) } };
  }

  reschedule(schedule: Schedule): void {
    const { scopes, keepers, emergency, name, labels, environment, connection, serviceAccountId } = this.inputs;
    const kept = { scopes, keepers, emergency, name, labels, environment, connection, serviceAccountId };
    this.inputs = Object.fromEntries(
      Object.entries({ ...kept, ...schedule }).filter(([, value]) => value !== undefined),
    );
  }

  async newAccount(): Promise<void> {
    this.set({ serviceAccountId: await this.bench.newAccount() });
  }

  /** The machine of this update is behind. */
  async upBehind(ms: number, faults: readonly FaultOrder[]): Promise<void> {
    this.bench.skewMs = -ms;
    await this.up(faults);
    this.bench.skewMs = 0;
  }

  /** The machine dies before the engine has kept anything of the update. */
  async upKilled(): Promise<void> {
    const { state, pendingDeletes } = this.mine;
    await this.mine.up(this.program());
    this.mine.state = state;
    this.mine.pendingDeletes = pendingDeletes;
    this.#promised = [];
    // Nobody knows what it has made and ended: a refresh tells of what is recorded.
    const recorded = [state?.outs.keyId, state?.outs.previousKeyId];
    for (const { id, fingerprint } of await this.#living()) {
      this.#tampered.add(fingerprint);
      if (!recorded.includes(id)) this.#putOff.add(id);
    }
    for (const which of ["secret", "previousSecret"])
      this.#tampered.add(fingerprintOf(plainSecret(state?.outs[which]) ?? ""));
  }

  /** A preview asks nobody and changes nothing, whenever it is for, and whatever it does not know yet. */
  async preview(aheadMs: number, unknown: readonly string[]): Promise<void> {
    const [before, mark] = [this.mine.state, await this.bench.mark()];
    this.bench.skewMs = aheadMs;
    const inputs = Object.fromEntries(unknown.map((field) => [field, unknownValue]));
    const { op, failures } = await this.mine.preview({ ...this.program(), ...inputs });
    this.bench.skewMs = 0;
    if (op === "refused") throw new Error(`the preview is refused: ${failures.join(" ")}`);
    if (this.mine.state !== before || (await this.bench.requestsSince(mark)).length > 0)
      throw new Error("a preview has changed or asked something");
  }

  set(change: Record<string, unknown>): void {
    this.inputs = Object.fromEntries(
      Object.entries({ ...this.inputs, ...change }).filter(([, value]) => value !== undefined),
    );
  }

  async pass(ms: number): Promise<void> {
    await this.bench.pass(ms);
    await this.#holds();
  }

  // What others do

  /** A consumer calls with the current or the previous secret. */
  async use(which: "secret" | "previousSecret"): Promise<void> {
    const secret = this.mine.state?.outs[which];
    if (secret !== undefined) await this.bench.use(this.product, secret);
  }

  async othersUp(): Promise<void> {
    const { failures } = await this.others.up(this.#othersProgram());
    if (failures.length > 0) throw new Error(`the other stack failed: ${failures.join(" ")}`);
    await this.#holds();
  }

  async revokeByHand(which: "secret" | "previousSecret"): Promise<void> {
    const key = await this.#tamper(which);
    if (key) await this.bench.services.keys.edit(this.product, key.id, { state: "revoked" });
  }

  async moveEndByHand(which: "secret" | "previousSecret", fromNowMs: number | undefined): Promise<void> {
    if (!productFacts[this.product].expires) return;
    const key = await this.#tamper(which);
    if (!key) return;
    this.#putOff.add(key.id);
    await this.bench.services.keys.edit(this.product, key.id, {
      expiresAt: fromNowMs === undefined ? null : new Date(this.bench.nowMs() + fromNowMs).toISOString(),
    });
  }

  async rescopeByHand(): Promise<void> {
    const key = await this.#livingKey("secret");
    if (key)
      await this.bench.services.keys.edit(this.product, key.id, {
        scopes: [productFacts[this.product].scopes[2] ?? ""],
      });
  }

  async rotateByHand(): Promise<void> {
    if (this.product !== "pulseapi") return;
    const key = await this.#tamper("secret");
    if (key) await this.bench.admin("pulseapi", "POST", `/api-keys/${key.id}/rotate`);
  }

  /** Whatever happened before: one more update puts everything right, and a destroy leaves nothing. */
  async end(): Promise<void> {
    await this.refresh([]);
    await this.up([]);
    await this.destroy([]);
  }

  /** The state in words, for a failure's report. */
  describe(): string {
    const { outs } = this.mine.state ?? { outs: {} };
    const shown = Object.entries(outs).filter(
      ([name]) => !/secret$|origin|target|__provider|service|connection/i.test(name),
    );
    return [
      `now ${new Date(this.bench.nowMs()).toISOString()} on ${this.product}`,
      ...shown.map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`),
      `  pending deletes: ${this.mine.pendingDeletes.length}`,
    ].join("\n");
  }

  // What must hold

  async #afterUp(outcome: Outcome, clean: boolean, before: StateEntry | undefined): Promise<void> {
    if (clean && outcome.failures.length > 0)
      throw new Error(`the update failed although the service is well: ${outcome.failures.join(" ")}`);
    const outs = this.#outputs();
    // The reason has told that older keys end now, even where that has to be tried again.
    if (outs?.keyId !== before?.outs.keyId && /emergency|ends .* early/.test(outs?.rotationReason ?? ""))
      this.#promised = [];
    this.#checkPromises(before);
    await this.#checkWhy(before);
    await this.#holds();
    await this.#checkKeptPromises();
    if (outcome.failures.length > 0 || !outs) return;
    const living = await this.#living();
    this.#checkKnown(outs, living);
    this.#checkRecorded(outs);
    this.#checkEmergency(outs, living, before);
    this.#checkDue(outs);
    await this.#checkQuiet();
  }

  /** After an update that succeeded, the state knows what lives, and nothing waits. */
  #checkKnown(outs: RotatingOutputs, living: readonly LivingKey[]): void {
    const pending = outs.pendingRevocations ?? [];
    const strays = outs.strayKeys ?? [];
    const known = [outs.keyId, outs.previousKey?.keyId, ...[...pending, ...strays].map(({ keyId }) => keyId)];
    const lost = living.filter(({ id }) => !known.includes(id) && !this.#putOff.has(id));
    if (lost.length > 0)
      throw new Error(
        `after an update that succeeded the state does not know ${lost.map(({ id, name }) => `${id} (${name})`).join(", ")}`,
      );
    if (pending.length > 0) throw new Error("an update succeeded, and revocations are still pending");
    if (living.length > 2 + strays.length + this.#putOff.size)
      throw new Error(`${living.length} generations live after an update that succeeded: ${outs.rotationReason}`);
  }

  #checkRecorded(outs: RotatingOutputs): void {
    if (JSON.stringify(outs.scopes) !== JSON.stringify(this.program().scopes))
      throw new Error(`the key has the scopes ${String(outs.scopes)}`);
    if (JSON.stringify(outs.keepers) !== JSON.stringify(this.inputs.keepers))
      throw new Error("the keepers are not recorded");
    if (outs.emergency !== this.inputs.emergency) throw new Error("the emergency text is not recorded");
  }

  #checkEmergency(outs: RotatingOutputs, living: readonly LivingKey[], before: StateEntry | undefined): void {
    const mayLive = living.filter(({ id }) => id === outs.keyId || !this.#putOff.has(id));
    if (outs.emergency !== undefined && before && before.outs.emergency !== outs.emergency && mayLive.length > 1)
      throw new Error(`an emergency left older keys alive: ${living.map(({ id }) => id).join(", ")}`);
  }

  #checkDue(outs: RotatingOutputs): void {
    const now = this.bench.decisionMs();
    const runs = outs.previousKey !== undefined && Date.parse(outs.previousValidUntil ?? "") > now;
    // PulseAPI refuses a key as long as it is disabled, and then its rotation waits: the next update looks again.
    if (outs.status === "disabled") return;
    if (!runs && Date.parse(outs.nextRotationAt ?? "") <= now)
      throw new Error(`the key is due since ${outs.nextRotationAt}, and nothing was done`);
  }

  /** A run with nothing to do shows no diff and sends nothing. */
  async #checkQuiet(): Promise<void> {
    const mark = await this.bench.mark();
    const { op } = await this.mine.up(this.program());
    const sent = await this.bench.requestsSince(mark);
    if (op !== "same") throw new Error(`a second update is not quiet: ${op}`);
    if (sent.length > 0)
      throw new Error(`a second update sent ${sent.map(({ method, path }) => `${method} ${path}`).join(", ")}`);
  }

  async #afterDestroy({ failures }: Outcome, clean: boolean): Promise<void> {
    if (clean && failures.length > 0)
      throw new Error(`the destroy failed although the service is well: ${failures.join(" ")}`);
    this.#promised = [];
    if (failures.length > 0) {
      // Half of it may be gone: whoever goes on from here refreshes first.
      for (const { fingerprint } of await this.bench.keys(this.product)) this.#tampered.add(fingerprint);
      return;
    }
    const living = (await this.#living()).filter(({ id }) => !this.#putOff.has(id));
    if (living.length > 0)
      throw new Error(`the destroy left ${living.map(({ id, name }) => `${id} (${name})`).join(", ")}`);
    await this.#holds();
  }

  /** What holds at every moment, whatever went wrong. */
  async #holds(): Promise<void> {
    const keys = await this.bench.keys(this.product);
    for (const id of this.#foreign) {
      if (keys.find((key) => key.id === id)?.state !== "active") throw new Error(`the foreign key ${id} was touched`);
      const path = (await this.bench.services.requests(this.product)).find(
        (request) => request.path.endsWith(`/${id}`) || request.path.includes(`/${id}/`),
      );
      if (path) throw new Error(`a request addressed the foreign key: ${path.method} ${path.path}`);
    }
    this.#works("the other stack's current key", keys, this.others.outs.secret, undefined);
    const outs = this.#outputs();
    if (!outs) return;
    const now = this.bench.nowMs();
    if (
      outs.keyId !== undefined &&
      outs.status === "active" &&
      (outs.expiresAt === undefined || Date.parse(outs.expiresAt) > now + blurMs)
    )
      this.#works("the current key", keys, outs.secret, outs.keyId);
    if (
      outs.previousKeyId !== undefined &&
      Date.parse(outs.previousValidUntil ?? "") > now + blurMs &&
      outs.previousSecret !== undefined
    )
      this.#works("the previous key", keys, outs.previousSecret, outs.previousKeyId);
  }

  #works(what: string, keys: readonly LivingKey[], secret: unknown, id: string | undefined): void {
    const fingerprint = fingerprintOf(String(secret));
    if (this.#tampered.has(fingerprint)) return;
    const key = keys.find((candidate) => candidate.fingerprint === fingerprint);
    if (key?.state !== "active")
      throw new Error(
        `${what} (${id ?? ""}) is called valid, and does not work: it is ${key?.state ?? "unknown to the service"}`,
      );
    if (id !== undefined && key.id !== id) throw new Error(`${what} has the id ${key.id}, and the record says ${id}`);
  }

  /** The clock never mints inside an overlap, and nobody takes a key for unused that is in use. */
  async #checkWhy(state: StateEntry | undefined): Promise<void> {
    const before = state?.outs as RotatingOutputs | undefined;
    const after = this.#outputs();
    const now = this.bench.nowMs();
    if (!after || !before?.previousKey || isOver(before, now)) return;
    const keys = await this.bench.keys(this.product);
    const timed = after.keyId !== before.keyId && /^(due|expires in)/.test(after.rotationReason);
    // Unless the overlap is over by then, because nobody uses the older key any more.
    const retired = keys.find(({ id }) => id === before.previousKeyId)?.state === "revoked";
    if (timed && !(retired && before.previousKey.retire === "whenUnused"))
      throw new Error(`inside an overlap the clock made a key: ${after.rotationReason}`);
    // Somebody else has ended it.
    if (this.#tampered.has(fingerprintOf(plainSecret(before.previousSecret) ?? ""))) return;
    if (timed || wasFoundUnused(before, after)) this.#checkUse(before, keys);
  }

  /** The key that went was not used for a day, and the one after it was. */
  #checkUse(before: RotatingOutputs, keys: readonly LivingKey[]): void {
    const now = this.bench.nowMs();
    const usedAt = (id: string | undefined) => keys.find((key) => key.id === id)?.lastUsedAt ?? undefined;
    const lastUse = usedAt(before.previousKeyId);
    if (usedAt(before.keyId) === undefined)
      throw new Error("the previous key went although the new one was never used");
    if (lastUse !== undefined && now - Date.parse(lastUse) < dayMs)
      throw new Error(`the previous key went although it was used at ${lastUse}`);
  }

  /** A new previous key is promised at least the overlap that was asked for, or the reason says otherwise. */
  #checkPromises(before: StateEntry | undefined): void {
    const outs = this.#outputs();
    if (!outs?.previousKey || outs.previousSecret === undefined || outs.previousKeyId === before?.outs.previousKeyId)
      return;
    const previous: PreviousKey = outs.previousKey;
    const untilMs = Date.parse(previous.retireAfter);
    const fingerprint = fingerprintOf(plainSecret(outs.previousSecret) ?? "");
    if (!this.#tampered.has(fingerprint)) this.#promised = [...this.#promised, { fingerprint, untilMs }];
    const asked = parseDuration(this.inputs.overlap ?? "0s");
    const early = /ends .* early/.test(outs.rotationReason);
    if (typeof asked === "number" && untilMs + blurMs < Date.parse(outs.rotatedAt ?? "") + asked && !early)
      throw new Error(
        `the overlap ends at ${previous.retireAfter}, ${String(this.inputs.overlap)} after ${outs.rotatedAt ?? ""} were asked for`,
      );
  }

  async #checkKeptPromises(): Promise<void> {
    const keys = await this.bench.keys(this.product);
    const now = this.bench.nowMs();
    this.#promised = this.#promised.filter(({ untilMs }) => untilMs > now + blurMs);
    for (const { fingerprint, untilMs } of this.#promised) {
      if (keys.find((key) => key.fingerprint === fingerprint)?.state === "active") continue;
      throw new Error(
        `the previous key ended before ${new Date(untilMs).toISOString()}, and the reason is "${this.#outputs()?.rotationReason ?? ""}"`,
      );
    }
  }

  #outputs(): RotatingOutputs | undefined {
    return this.mine.state?.outs as RotatingOutputs | undefined;
  }

  async #living(): Promise<readonly LivingKey[]> {
    const mark = new RegExp(`-${stackMark(mineOrigin)}[0-9a-f]{6}$`);
    return (await this.bench.keys(this.product)).filter(({ name, state }) => state === "active" && mark.test(name));
  }

  async #livingKey(which: "secret" | "previousSecret"): Promise<LivingKey | undefined> {
    const secret = this.mine.state?.outs[which];
    return secret === undefined ? undefined : this.bench.holder(this.product, secret);
  }

  async #tamper(which: "secret" | "previousSecret"): Promise<LivingKey | undefined> {
    const key = await this.#livingKey(which);
    if (!key) return undefined;
    this.#tampered.add(key.fingerprint);
    this.#promised = this.#promised.filter(({ fingerprint }) => fingerprint !== key.fingerprint);
    return key;
  }

  #othersProgram(): Record<string, unknown> {
    return this.bench.program(this.product, othersOrigin, { rotateEvery: "30d" });
  }

  async #under(faults: readonly FaultOrder[], run: () => Promise<Outcome>): Promise<Outcome> {
    const service = this.product;
    const add = (fault: Parameters<typeof this.bench.services.faults.add>[0]) => this.bench.services.faults.add(fault);
    for (const { kind, method, after, times, status } of faults) {
      // A delay of nothing lets a request through.
      if (after > 0) await add({ service, kind: "delay", delayMs: 0, method, times: after });
      await add({ service, kind, method, times, ...(kind === "status" ? { status: status ?? 503 } : {}) });
    }
    const outcome = await run();
    await this.bench.services.faults.clear();
    return outcome;
  }
}

/** The previous key went between the two, because nobody used it any more. */
function wasFoundUnused(before: RotatingOutputs, after: RotatingOutputs): boolean {
  const went = after.keyId === before.keyId && after.previousKeyId !== before.previousKeyId;
  return went && /retired$/.test(after.retireStatus ?? "");
}

/** The overlap is over by that time. */
function isOver({ previousValidUntil }: RotatingOutputs, nowMs: number): boolean {
  return Date.parse(previousValidUntil ?? "") <= nowMs;
}
