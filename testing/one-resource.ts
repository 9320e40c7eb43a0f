import assert from "node:assert/strict";
import type { CheckFailure, ResourceProvider } from "@pulumi/pulumi/dynamic";
import { sameValue } from "../provider/resources/field-table";
import { asProperties, copy, type Properties } from "./engine-values";

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
    const { inputs = {}, failures = [] } = await this.provider.check(copy(olds), copy({ ...program }));
    return { inputs: asProperties(inputs), failures };
  }

  private known(): Recorded {
    assert.ok(this.state, "there is no resource yet");
    return this.state;
  }
}
