import { BoundedLog } from "./bounded-log";
import type { FaultKind } from "./faults";

const CAPACITY = 100_000;

export interface RequestEntry {
  /** On the emulator's clock, when the request was finished. */
  readonly atMs: number;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** What was sent; null where the connection was dropped instead. */
  readonly status: number | null;
  readonly keyId: string | null;
  readonly fault?: FaultKind;
}

/** Every request to a service, in the order in which they were finished; the control API's are left out. */
export function requestLog(): BoundedLog<RequestEntry> {
  return new BoundedLog(CAPACITY);
}
