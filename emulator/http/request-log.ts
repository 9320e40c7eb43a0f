import { BoundedLog } from "./bounded-log";
import type { FaultKind } from "./faults";

const CAPACITY = 100_000;

export interface RequestEntry {
  /** The time on the emulator's clock when the request was finished. */
  readonly atMs: number;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** The status sent; null if the connection was dropped instead. */
  readonly status: number | null;
  readonly keyId: string | null;
  readonly fault?: FaultKind;
}

/** Every request to a service, in the order in which they finished. Requests to the control API are not included. */
export function requestLog(): BoundedLog<RequestEntry> {
  return new BoundedLog(CAPACITY);
}
