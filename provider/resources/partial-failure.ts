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

/** Keeps a record in the state although its operation failed. Without `__provider` it could never be deleted. */
export function keptAfterFailure(error: unknown, id: string, outs: object, inputs: object): PartialFailure {
  const reason = error instanceof Error ? error.message : String(error);
  return new PartialFailure(reason, id, { ...outs, __provider: (inputs as { __provider?: unknown }).__provider });
}
