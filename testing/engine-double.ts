/**
 * A double of the engine for one resource, which drives a provider through the dynamic provider's protocol thousands of
 * times. It models what the engine keeps, and when it calls what: partial failures, saved inputs, pending deletes,
 * replacements. At every moment it holds what a run killed at that moment would leave in the state. It proves nothing
 * about what users see; tests/engine does that, on the real engine.
 */
import assert from "node:assert/strict";
import type { CheckFailure, ResourceProvider } from "@pulumi/pulumi/dynamic";
import { ProviderError } from "../provider/errors";
import { sameValue } from "../provider/resources/fields/field";
import { PartialFailure } from "../provider/resources/lifecycle";
import { asProperties, copy, type Properties } from "./engine-values";

/** What the state keeps of one resource. Secrets are in clear here, as the provider sees them. */
export interface StateEntry {
  readonly id: string;
  readonly inputs: Properties;
  readonly outs: Properties;
  /** Why the last operation on it did not finish. The next update calls `update`, whatever `diff` says. */
  readonly initErrors?: readonly string[];
}

/** How one command ended. */
export interface Outcome {
  readonly op: "create" | "same" | "update" | "replace" | "delete" | "refresh" | "refused" | "none";
  readonly replaces: readonly string[];
  /** The inputs that a preview lists, if `diff` left the comparison to the engine. */
  readonly listed: readonly string[];
  /** What the user reads if it failed. */
  readonly failures: readonly string[];
}

type Provider = Required<
  Pick<ResourceProvider<Properties, Properties>, "check" | "diff" | "create" | "read" | "update" | "delete">
>;

/** What an update will do, and with which inputs. */
export interface Plan extends Omit<Outcome, "failures"> {
  readonly inputs: Properties;
  /** Why `check` refuses the program. */
  readonly refusals: readonly CheckFailure[];
  /** In a replacement the old object goes before the new one comes. */
  readonly deletedFirst: boolean;
}

const providerText = "exports.handler=()=>undefined";

export class EngineDouble {
  state: StateEntry | undefined;
  /** Old objects whose deletion failed: every later update tries again. */
  pendingDeletes: readonly StateEntry[] = [];
  /** The errors that the provider has thrown in the last command. */
  thrown: readonly unknown[] = [];
  readonly #provider: Provider;
  readonly #code: Readonly<Record<string, string>>;

  /** @param code - what the host adds to inputs and outputs; `{}` if the program has its own `__provider`. */
  constructor(provider: object, code: Readonly<Record<string, string>> = { __provider: providerText }) {
    this.#provider = provider as Provider;
    this.#code = code;
  }

  /** The outputs. */
  get outs(): Properties {
    assert.ok(this.state, "there is no resource yet");
    return this.state.outs;
  }

  /** `pulumi preview`. */
  async preview(program: object): Promise<Outcome & { readonly inputs: Properties }> {
    const { op, replaces, listed, inputs, refusals } = await this.plan(program);
    return { op, replaces, listed, failures: refusals.map(({ reason }) => reason), inputs };
  }

  /** What `up` would do. */
  async plan(program: object): Promise<Plan> {
    const { inputs, refusals } = await this.#check(this.state?.inputs ?? {}, program);
    const nothing = { replaces: [], listed: [], inputs, refusals, deletedFirst: false };
    if (refusals.length > 0) return { op: "refused", ...nothing };
    if (!this.state) return { op: "create", ...nothing };
    const { id, outs, initErrors = [] } = this.state;
    const answer = await this.#provider.diff(id, copy(outs), copy(inputs));
    const { changes, replaces = [], deleteBeforeReplace: deletedFirst = false } = answer;
    const listed = changes === undefined ? differing(this.state.inputs, inputs) : [];
    const differs = changes ?? listed.length > 0;
    const planned = { replaces, listed, inputs, refusals, deletedFirst };
    if (!differs && initErrors.length === 0) return { op: "same", ...planned };
    // If no input differs, the engine repairs a failed operation with an update, whatever `diff` would replace.
    return { op: differs && replaces.length > 0 ? "replace" : "update", ...planned };
  }

  /** `pulumi up`. */
  async up(program: object): Promise<Outcome> {
    return this.carryOut(await this.plan(program), program);
  }

  /** The second half of `pulumi up`: what was planned. */
  async carryOut({ op, replaces, listed, inputs, refusals, deletedFirst }: Plan, program: object): Promise<Outcome> {
    this.thrown = [];
    const failures = refusals.map(({ reason }) => reason);
    if (op === "refused") return { op, replaces, listed, failures };
    const old = this.state;
    if (!old) failures.push(...(await this.#make(inputs)));
    else if (op === "same") this.state = { ...old, inputs };
    else if (op === "update") failures.push(...(await this.#change(old, inputs)));
    else failures.push(...(await this.#replace(old, program, deletedFirst)));
    if (failures.length === 0) failures.push(...(await this.#deletePending()));
    return { op, replaces, listed, failures };
  }

  /** `pulumi up --target-replace`, and what follows `pulumi state taint`: no old inputs, no `diff`. */
  async targetReplace(program: object): Promise<Outcome> {
    assert.ok(this.state, "there is no resource");
    this.thrown = [];
    const failures = await this.#replace(this.state, program, false);
    if (failures.length === 0) failures.push(...(await this.#deletePending()));
    return { op: "replace", replaces: [], listed: [], failures };
  }

  /** `pulumi refresh`. Objects that wait for their deletion are left alone. */
  async refresh(): Promise<Outcome> {
    const old = this.state;
    this.thrown = [];
    if (!old) return { op: "none", replaces: [], listed: [], failures: [] };
    try {
      const answer = await this.#provider.read(old.id, copy(old.outs));
      assert.equal(answer.id, old.id, "a refresh must not lose the resource");
      const inputs = { ...asProperties(answer.inputs), ...codeOf(old.inputs) };
      this.state = { id: old.id, inputs, outs: this.#withCode(answer.props), initErrors: [] };
      return { op: "refresh", replaces: [], listed: differing(old.inputs, inputs), failures: [] };
    } catch (error) {
      return { op: "refresh", replaces: [], listed: [], failures: [this.#messageOf(error)] };
    }
  }

  /** `pulumi destroy`. What cannot be deleted stays. */
  async destroy(): Promise<Outcome> {
    const old = this.state;
    this.thrown = [];
    const failures = await this.#deletePending();
    if (old) {
      const failed = await this.#remove(old);
      if (failed === undefined) this.state = undefined;
      else failures.push(failed);
    }
    return { op: "delete", replaces: [], listed: [], failures };
  }

  /** Makes the resource. An existing one then waits for its deletion. */
  async #make(inputs: Properties): Promise<string[]> {
    const record = (made: StateEntry): void => {
      if (this.state) this.pendingDeletes = [...this.pendingDeletes, this.state];
      this.state = made;
    };
    try {
      const { id, outs } = await this.#provider.create(copy(inputs));
      assert.ok(typeof id === "string" && id !== "", "the engine takes text for an id and nothing else");
      record({ id, inputs, outs: this.#withCode(outs), initErrors: [] });
      return [];
    } catch (error) {
      const { id, properties, reasons } = partOf(error);
      if (id === undefined) return [this.#messageOf(error)];
      this.thrown = [...this.thrown, error];
      record({ id, inputs, outs: asProperties(properties), initErrors: reasons });
      return [...reasons];
    }
  }

  /** A partial failure keeps the OLD inputs beside the NEW outputs. */
  async #change(old: StateEntry, inputs: Properties): Promise<string[]> {
    try {
      const { outs } = await this.#provider.update(old.id, copy(old.outs), copy(inputs));
      this.state = { id: old.id, inputs, outs: this.#withCode(outs), initErrors: [] };
      return [];
    } catch (error) {
      const { id, properties, reasons } = partOf(error);
      if (id === undefined) return [this.#messageOf(error)];
      this.thrown = [...this.thrown, error];
      assert.equal(id, old.id, "an update must not change the id");
      this.state = { ...old, outs: asProperties(properties), initErrors: reasons };
      return [...reasons];
    }
  }

  /** `check` is called again, without old inputs; the old object goes last, unless it must go first. */
  async #replace(old: StateEntry, program: object, deleteFirst: boolean): Promise<string[]> {
    const { inputs, refusals } = await this.#check({}, program);
    if (refusals.length > 0) return refusals.map(({ reason }) => reason);
    if (deleteFirst) {
      const failed = await this.#remove(old);
      if (failed !== undefined) return [failed];
      this.state = undefined;
    }
    return this.#make(inputs);
  }

  async #deletePending(): Promise<string[]> {
    const failures: string[] = [];
    for (const entry of this.pendingDeletes) {
      const failed = await this.#remove(entry);
      if (failed === undefined) this.pendingDeletes = this.pendingDeletes.filter((other) => other !== entry);
      else failures.push(failed);
    }
    return failures;
  }

  async #remove({ id, outs }: StateEntry): Promise<string | undefined> {
    try {
      await this.#provider.delete(id, copy(outs));
      return undefined;
    } catch (error) {
      return this.#messageOf(error);
    }
  }

  async #check(olds: Properties, program: object): Promise<{ inputs: Properties; refusals: readonly CheckFailure[] }> {
    const { inputs = {}, failures: refusals = [] } = await this.#provider.check(copy(olds), {
      ...copy({ ...program }),
      ...this.#code,
    });
    return { inputs: refusals.length > 0 ? {} : this.#withCode(inputs), refusals };
  }

  /** The host adds the provider's text to what it passes on. */
  #withCode(answer: unknown): Properties {
    return { ...asProperties(answer), ...this.#code };
  }

  /** A mistake in the provider is not a failure of a service. */
  #messageOf(error: unknown): string {
    this.thrown = [...this.thrown, error];
    if (error instanceof ProviderError || error instanceof PartialFailure) return error.message;
    throw error;
  }
}

function codeOf(inputs: Properties): Properties {
  return "__provider" in inputs ? { __provider: inputs.__provider } : {};
}

function differing(before: Properties, after: Properties): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !sameValue(before[name], after[name])).sort();
}

/** What the failed operation has left, according to its error. */
function partOf(error: unknown): {
  readonly id: string | undefined;
  readonly properties: object;
  readonly reasons: string[];
} {
  const { id, properties, reasons } = error as { id?: unknown; properties?: object; reasons?: string[] };
  if (typeof id !== "string" || properties === undefined) return { id: undefined, properties: {}, reasons: [] };
  assert.ok("__provider" in properties, "a partial failure without __provider could never be deleted");
  assert.ok(
    reasons !== undefined && reasons.length > 0,
    "the engine drops the message: a partial failure needs reasons",
  );
  return { id, properties, reasons };
}
