/**
 * Keeps V8 from taking stack traces while a resource registers itself. The Pulumi SDK takes four for
 * every property, for its report on leaked promises alone, and maps each through source maps: that was
 * a sixth of the time of an update with 200 keys. Where the SDK reads its caller's position (the line of
 * the user's `new ApiKey(`) it sets the limit itself.
 */
export class PausedTraces {
  readonly #limit = Error.stackTraceLimit;

  constructor() {
    Error.stackTraceLimit = 0;
  }

  resume(): void {
    Error.stackTraceLimit = this.#limit;
  }

  /** An error of the pause, with the trace that leads to the user's line after all. */
  retaken(error: unknown): unknown {
    this.resume();
    if (error instanceof Error) Error.captureStackTrace(error);
    return error;
  }
}
