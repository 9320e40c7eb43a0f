import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { CheckFailure, ResourceProvider } from "@pulumi/pulumi/dynamic";
import { defined } from "../provider/defined";
import { sameValue } from "../provider/resources/field-table";
import { plainSecret } from "../provider/wire";

/** What an update did with a resource. */
export interface Step {
  readonly op: "create" | "same" | "update" | "replace" | "refused";
  /** Why it was replaced. */
  readonly replaces: readonly string[];
  readonly failures: readonly CheckFailure[];
  /** The old object went before the new one came. */
  readonly deletedFirst: boolean;
}

/** What the engine's state keeps of a resource. Secrets are in clear here, as the provider gets to see them. */
export interface Recorded {
  readonly id: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outs: Readonly<Record<string, unknown>>;
}

type Properties = Record<string, unknown>;
type Provider = Required<
  Pick<ResourceProvider<Properties, Properties>, "check" | "diff" | "create" | "read" | "update" | "delete">
>;

/**
 * One resource and its provider, run through the engine's protocol without an engine: what reaches
 * each method, and what is made of its answer, is as the real one has it.
 */
export class OneResource {
  state: Recorded | undefined;
  private readonly provider: Provider;

  constructor(provider: object) {
    this.provider = provider as Provider;
  }

  /** `pulumi preview`: what an update would do. */
  async preview(program: object): Promise<Step> {
    const { inputs, failures } = await this.check(this.state?.inputs ?? {}, program);
    const nothing = { replaces: [], failures, deletedFirst: false };
    if (failures.length > 0) return { op: "refused", ...nothing };
    if (!this.state) return { op: "create", ...nothing };
    const {
      changes,
      replaces = [],
      deleteBeforeReplace = false,
    } = await this.provider.diff(this.state.id, copy(this.state.outs), inputs);
    const differs = changes ?? !sameValue(this.state.inputs, inputs);
    if (!differs) return { op: "same", ...nothing };
    return { op: replaces.length > 0 ? "replace" : "update", replaces, failures, deletedFirst: deleteBeforeReplace };
  }

  /** `pulumi up`. A replacement's old object is deleted last, unless it has to go first. */
  async up(program: object): Promise<Step> {
    const step = await this.preview(program);
    const old = this.state;
    if (step.op === "refused") return step;
    if (step.op === "replace" && step.deletedFirst && old) await this.remove(old);
    if (step.op === "create" || step.op === "replace") await this.make(program);
    if (step.op === "replace" && !step.deletedFirst && old) await this.remove(old);
    if (old && (step.op === "update" || step.op === "same")) {
      const { inputs } = await this.check(old.inputs, program);
      const outs =
        step.op === "update"
          ? asProperties((await this.provider.update(old.id, copy(old.outs), inputs)).outs)
          : old.outs;
      this.state = { id: old.id, inputs, outs };
    }
    return step;
  }

  /** `pulumi refresh`. @returns the inputs that drifted. */
  async refresh(): Promise<string[]> {
    const { id, inputs, outs } = this.known();
    const answer = await this.provider.read(id, copy(outs));
    assert.equal(answer.id, id, "a refresh must not lose the resource");
    this.state = {
      id,
      inputs: { ...asProperties(answer.inputs), __provider: inputs.__provider },
      outs: asProperties(answer.props),
    };
    const names = new Set([...Object.keys(inputs), ...Object.keys(this.state.inputs)]);
    return [...names].filter((name) => !sameValue(inputs[name], this.state?.inputs[name])).sort();
  }

  /** `pulumi destroy`. */
  async destroy(): Promise<void> {
    await this.remove(this.known());
    this.state = undefined;
  }

  /** The resource's outputs. */
  get outs(): Readonly<Record<string, unknown>> {
    return this.known().outs;
  }

  async remove({ id, outs }: Recorded): Promise<void> {
    await this.provider.delete(id, copy(outs));
  }

  private async make(program: object): Promise<void> {
    const { inputs } = await this.check({}, program);
    const { id, outs } = await this.provider.create(copy(inputs));
    assert.ok(typeof id === "string" && id !== "", "the engine takes text for an id and nothing else");
    this.state = { id, inputs, outs: asProperties(outs) };
  }

  private async check(
    olds: Readonly<Properties>,
    program: object,
  ): Promise<{ inputs: Properties; failures: readonly CheckFailure[] }> {
    const { inputs = {}, failures = [] } = await this.provider.check(copy(olds), copy(defined({ ...program })));
    return { inputs: asProperties(inputs), failures };
  }

  private known(): Recorded {
    assert.ok(this.state, "there is no resource yet");
    return this.state;
  }
}

/** What the engine keeps of an answer: plain data. It fails on `undefined`, and makes `{}` of a date. */
function asProperties(answer: unknown): Properties {
  assertPlain(answer, "the answer");
  return unwrapSecrets(answer) as Properties;
}

function assertPlain(value: unknown, at: string): void {
  assert.ok(value !== undefined, `${at} is undefined, which the engine refuses`);
  if (Array.isArray(value)) value.forEach((item, index) => assertPlain(item, `${at}[${index}]`));
  else if (typeof value === "object" && value !== null) {
    assert.ok(
      Object.getPrototypeOf(Object.getPrototypeOf(value) as object | null) === null,
      `${at} is ${inspect(value)}, which the engine cannot keep`,
    );
    for (const [name, item] of Object.entries(value)) assertPlain(item, `${at}.${name}`);
  }
}

/** The engine takes the marks off before it hands values to a provider. */
function unwrapSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapSecrets);
  if (typeof value !== "object" || value === null) return value;
  if (
    Object.keys(value).length === 2 &&
    "value" in value &&
    Object.values(value).includes("1b47061264138c4ac30d75fd1eb44270")
  )
    return plainSecret(value);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unwrapSecrets(item)]));
}

function copy<T extends object>(value: T): T {
  return unwrapSecrets(value) as T;
}
