export const FAULT_KINDS = ["status", "drop-before", "drop-after-commit", "delay", "truncate", "garbage"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What goes wrong with the next requests that match. */
export interface Fault {
  readonly kind: FaultKind;
  readonly service?: string;
  readonly method?: string;
  /** Searched in the whole path, the service's base included, the query excluded. */
  readonly path?: RegExp;
  /** Matching requests still to be hit. */
  times: number;
  /** What is sent: instead of doing anything (`status`, there 500 unless given), or after it (`garbage`). */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** How long the request waits before anything else; a second for `delay`, nothing for the others. */
  readonly delayMs: number;
}

/** The faults that tests have ordered; the first that matches a request takes it. */
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

  /** The fault that hits this request, counted down. */
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
