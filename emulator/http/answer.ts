/** The answer of a route; the HTTP layer writes it. Without `body` it is empty. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Thrown by a route that refuses. Contains the vendor's own answer. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(readonly answer: Answer) {
    super(`refused with ${answer.status}`);
  }
}
