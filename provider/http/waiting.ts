import { setTimeout as wait } from "node:timers/promises";

const waits = new AbortController();
const listeners = new Set<() => void>();

/** Ends every wait of this process, now and from now on: whoever runs it wants to be done. What is under way goes on. */
export function endWaits(): void {
  waits.abort();
  for (const listener of listeners) listener();
}

/** True once nobody shall wait any more: what would have been tried again is told as it is. */
export function waitsAreOver(): boolean {
  return waits.signal.aborted;
}

/** Calls back when nobody shall wait any more. */
export function onWaitsOver(listener: () => void): void {
  listeners.add(listener);
}

/** Waits, unless waits are over. */
export async function waitFor(ms: number): Promise<void> {
  try {
    await wait(ms, undefined, { signal: waits.signal });
  } catch (error) {
    if (!waits.signal.aborted) throw error;
  }
}
