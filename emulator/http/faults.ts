export const FAULT_KINDS = ["status", "drop-before", "drop-after-commit", "delay", "truncate", "garbage"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A failure of the next requests that match. */
export interface Fault {
  readonly kind: FaultKind;
  readonly service?: string;
  readonly method?: string;
  /** Searched in the whole path, including the service's base but not the query. */
  readonly path?: RegExp;
  /** How many matching requests it will still hit. */
  times: number;
  /** The status sent: instead of any action (`status`, 500 by default), or after it (`garbage`). */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** How long the request waits before anything else: by default a second for `delay`, and nothing for the others. */
  readonly delayMs: number;
}

/** The faults that tests have set. The first one that matches a request is used. */
export class Faults {
  #faults: Fault[] = [];

  add(fault: Fault): void {
    this.#faults.push(fault);
  }

  clear(): void {
    this.#faults = [];
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  /** The fault for this request, counted down. */
  take(service: string, method: string, path: string): Fault | undefined {
    if (this.#faults.length === 0) return undefined;
    const hit = this.#faults.find(
      (fault) =>
        (fault.service === undefined || fault.service === service) &&
        (fault.method === undefined || fault.method === method) &&
        (fault.path === undefined || fault.path.test(path)),
    );
    if (hit && --hit.times === 0) this.#faults = this.#faults.filter((fault) => fault !== hit);
    return hit;
  }
}
