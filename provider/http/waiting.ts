/** Time and waiting: the clock of deadlines and retries, and the end of all waits. */
import { setTimeout as wait } from "node:timers/promises";

/** Monotonic time and waiting. Tests replace it; `APIKEYS_NOW` never moves it. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export const realClock: Clock = { nowMs: () => performance.now(), sleep: waitFor };

const waits = new AbortController();
const listeners = new Set<() => void>();

/** Ends every wait of this process, now and later, because the user has cancelled the run. Requests under way continue. */
export function endWaits(): void {
  waits.abort();
  for (const listener of listeners) listener();
}

/** True after a cancellation: what would be tried again is reported as it is. */
export function waitsAreOver(): boolean {
  return waits.signal.aborted;
}

/** Calls back at a cancellation. */
export function onWaitsOver(listener: () => void): void {
  listeners.add(listener);
}

/** Waits, unless waits are over. */
async function waitFor(ms: number): Promise<void> {
  try {
    await wait(ms, undefined, { signal: waits.signal });
  } catch (error) {
    if (!waits.signal.aborted) throw error;
  }
}
