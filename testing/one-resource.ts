/** One resource on the engine's double. */
import assert from "node:assert/strict";
import type { CheckFailure } from "@pulumi/pulumi/dynamic";
import { EngineDouble, type Plan, type StateEntry } from "./engine-double";

/** What an update did with a resource. */
export interface Step {
  readonly op: Plan["op"];
  /** Why it was replaced. */
  readonly replaces: readonly string[];
  readonly failures: readonly CheckFailure[];
  /** The old object was deleted before the new one was made. */
  readonly deletedFirst: boolean;
}

/** A resource whose commands must all succeed: a command throws what the provider throws. */
export class OneResource {
  readonly #engine: EngineDouble;
  readonly #provider: object;

  constructor(provider: object) {
    this.#provider = provider;
    this.#engine = new EngineDouble(provider, {});
  }

  get state(): StateEntry | undefined {
    return this.#engine.state;
  }

  set state(state: StateEntry | undefined) {
    this.#engine.state = state;
  }

  /** The resource's outputs. */
  get outs(): Readonly<Record<string, unknown>> {
    return this.#engine.outs;
  }

  /** `pulumi preview`: what an update would do. */
  async preview(program: object): Promise<Step> {
    return stepOf(await this.#engine.plan(program));
  }

  /** `pulumi up --skip-preview`. A replacement's old object is deleted last, unless it must go first. */
  async up(program: object): Promise<Step> {
    const plan = await this.#engine.plan(program);
    await this.#engine.carryOut(plan, program);
    this.#rethrow();
    return stepOf(plan);
  }

  /** `pulumi refresh`. @returns the inputs that drifted. */
  async refresh(): Promise<readonly string[]> {
    assert.ok(this.state, "there is no resource yet");
    const { listed } = await this.#engine.refresh();
    this.#rethrow();
    return listed;
  }

  /** `pulumi destroy`. */
  async destroy(): Promise<void> {
    assert.ok(this.state, "there is no resource yet");
    await this.#engine.destroy();
    this.#rethrow();
  }

  /** Deletes an object of the resource, whether the state still has it or not. */
  async remove(entry: StateEntry): Promise<void> {
    const other = new EngineDouble(this.#provider, {});
    other.state = entry;
    await other.destroy();
    for (const error of other.thrown) throw error;
  }

  #rethrow(): void {
    for (const error of this.#engine.thrown) throw error;
  }
}

function stepOf({ op, replaces, refusals, deletedFirst }: Plan): Step {
  return { op, replaces, failures: refusals, deletedFirst };
}
