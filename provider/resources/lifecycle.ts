/** What a resource can do in addition to a dynamic provider's methods, and how it fails without losing what exists. */
import type { ReadResult, ResourceProvider } from "@pulumi/pulumi/dynamic";
import type { Origin } from "./identity/names";

/** What an import is about. */
export interface ImportRequest {
  /** `connection/id`, and `connection/account/id` for a key that lives under an account. */
  readonly id: string;
  readonly origin: Origin;
  /** The key's secret, if somebody still has it. */
  readonly secret?: string;
  /** True if the program only reads it (`get`): it belongs to another state. */
  readonly looksUp?: boolean;
}

export type Lifecycle<Inputs, Outputs> = ResourceProvider<Inputs, Outputs> & {
  /**
   * The outputs after the update. What only the service decides is unknown; what the update leaves alone stays known, so
   * that the resources that use it do not look changed. Sends nothing.
   */
  planned(id: string, olds: Outputs, news: Inputs): Promise<object>;
  /**
   * Takes an object on a service into the state as it is, and changes nothing there. An empty id means that there is no
   * such object.
   */
  imported(request: ImportRequest): Promise<ReadResult<Outputs>>;
};

/** An error that makes the engine keep what exists: id and properties go into the state, encrypted. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** What the user reads; the engine drops the message. */
  readonly reasons: string[];

  constructor(reason: string, id: string, properties: Readonly<Record<string, unknown>>) {
    super(reason);
    this.name = "PartialFailure";
    this.id = id;
    this.properties = properties;
    this.reasons = [reason];
  }
}

/** What exists although its operation failed, and the inputs that asked for it. */
interface Kept {
  readonly id: string;
  readonly outs: object;
  readonly inputs: object;
}

/** Keeps a record in the state although its operation failed. Without `__provider` it could never be deleted. */
export function keptAfterFailure(error: unknown, { id, outs, inputs }: Kept): PartialFailure {
  const reason = error instanceof Error ? error.message : String(error);
  return new PartialFailure(reason, id, { ...outs, __provider: (inputs as { __provider?: unknown }).__provider });
}
