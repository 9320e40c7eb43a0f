/**
 * Keeps V8 from taking stack traces while a resource registers. The Pulumi SDK takes four for every property, only for
 * its report on leaked promises, and maps each through source maps: that was a sixth of the time of an update with 200
 * keys. When the SDK reads its caller's position (the line of the user's `new ApiKey(`), it sets the limit itself.
 *
 * The engine keeps that one trace in the state of every resource: it ends with the program's own lines. The lines after
 * them only show how Pulumi and Node started the program.
 */
export class PausedTraces {
  readonly #limit = Error.stackTraceLimit;
  readonly #prepare = traces.prepareStackTrace;

  constructor() {
    const prepare = this.#prepare;
    Error.stackTraceLimit = 0;
    // If nobody formats traces, V8 does, and cannot be called from here.
    if (prepare) traces.prepareStackTrace = (error, sites) => prepare(error, untilProgram(sites));
  }

  resume(): void {
    Error.stackTraceLimit = this.#limit;
    traces.prepareStackTrace = this.#prepare;
  }

  /**
   * An error thrown during the pause, with a trace that begins at the user's line.
   *
   * @param constructor - the class whose `new` the user wrote
   */
  retaken(error: unknown, constructor: abstract new (...args: never) => unknown): unknown {
    this.resume();
    if (error instanceof Error) Error.captureStackTrace(error, constructor);
    return error;
  }
}

/** V8 calls this as a function without `this`, which Node's types do not say. */
const traces: { prepareStackTrace?: ((error: Error, sites: NodeJS.CallSite[]) => unknown) | undefined } = Error;

/** A place in the Pulumi SDK or in Node itself. */
const ofOthers = /^node:|[\\/]@pulumi[\\/]pulumi[\\/]/;

function untilProgram(sites: NodeJS.CallSite[]): NodeJS.CallSite[] {
  const ofProgram = sites.map((site) => {
    const file = site.getFileName();
    return typeof file === "string" && !ofOthers.test(file);
  });
  return sites.slice(0, ofProgram.lastIndexOf(true) + 1);
}
