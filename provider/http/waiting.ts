import { setTimeout as wait } from "node:timers/promises";

const waits = new AbortController();

/** Ends every wait of this process, now and from now on: whoever runs it wants to be done. What is under way goes on. */
export function endWaits(): void {
  waits.abort();
}

/** True once nobody shall wait any more: what would have been tried again is told as it is. */
export function waitsAreOver(): boolean {
  return waits.signal.aborted;
}

/** Waits, unless waits are over. */
export async function waitFor(ms: number): Promise<void> {
  try {
    await wait(ms, undefined, { signal: waits.signal });
  } catch (error) {
    if (!waits.signal.aborted) throw error;
  }
}
