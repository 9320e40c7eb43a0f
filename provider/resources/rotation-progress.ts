import type { KeyRef } from "../backends/definition";
import type { Connection } from "../connections";
import { defined } from "../defined";
import { ProviderError } from "../errors";
import { formatTime } from "../times";
import type { ResourceContext } from "./context";
import type { Credential, RotatingOutputs } from "./rotation-plan";

/** An update of a rotating key under way: the record as far as it is true by now, and what could not be done. */
export class Progress {
  /** In sentences. Empty = all is well. */
  readonly problems: string[] = [];
  /** Keys that could not be revoked: once per update is enough. */
  readonly refused = new Set<string>();

  constructor(
    readonly connection: Connection,
    public outs: RotatingOutputs,
    readonly nowMs: number,
    readonly tools: Pick<ResourceContext, "clock" | "marking">,
  ) {}

  get now(): string {
    return formatTime(this.nowMs);
  }

  /** The current key; undefined while none could be issued yet. */
  get current(): Credential | undefined {
    const { keyId, physicalName, fingerprint, secretVersion } = this.outs;
    return keyId === undefined || physicalName === undefined
      ? undefined
      : defined({ keyId, physicalName, fingerprint, secretVersion });
  }

  refOf({ keyId, physicalName, secretVersion }: Credential): KeyRef & { secretVersion?: string } {
    return defined({ id: keyId, name: physicalName, serviceAccountId: this.outs.serviceAccountId, secretVersion });
  }

  change(changes: Partial<RotatingOutputs>): void {
    this.outs = { ...this.outs, ...changes };
  }

  drop(...names: readonly (keyof RotatingOutputs)[]): void {
    const left = Object.entries(this.outs).filter(([name]) => !names.includes(name as keyof RotatingOutputs));
    this.outs = Object.fromEntries(left) as unknown as RotatingOutputs;
  }

  /** Does what may fail without harm to the rest. */
  async tryTo<Value>(run: () => Promise<Value>): Promise<{ readonly value: Value } | { readonly problem: string }> {
    try {
      return { value: await run() };
    } catch (error) {
      // Also a mistake in a backend: a key that was made must not be lost over it.
      return {
        problem:
          error instanceof ProviderError
            ? error.message
            : `unexpected ${error instanceof Error ? `${error.name}: ${error.message}` : "error"}.`,
      };
    }
  }

  /** Notes a failure and leaves it for the next update. @returns nothing where it failed */
  async attempt<Value>(what: string, run: () => Promise<Value>): Promise<{ readonly value: Value } | undefined> {
    const result = await this.tryTo(run);
    if ("value" in result) return result;
    this.problems.push(`${what}: ${result.problem}`);
    return undefined;
  }

  /** Says why there is no new key; what was done before stands in the record. */
  unfinished(problem: string): UnfinishedRotation {
    return new UnfinishedRotation([...this.problems, problem].join(" "), this.outs);
  }
}

/** The new key could not be made; what was done before stands in `outs`. */
export class UnfinishedRotation extends ProviderError {
  constructor(
    message: string,
    readonly outs: RotatingOutputs,
  ) {
    super(message);
  }
}
