/** What a route answers; the HTTP layer writes it. A missing `body` is an empty one. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Thrown by a route that refuses: carries the vendor's own answer. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(readonly answer: Answer) {
    super(`refused with ${answer.status}`);
  }
}
