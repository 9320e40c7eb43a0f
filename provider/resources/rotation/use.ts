/** Decides what happens to the previous key, by its end or by its use. Pure. */
import type { ConnectionFacts } from "../../connections/connections";
import { formatSpan } from "../../values/durations";
import { hasEndOnService, type KeyRing } from "./key-ring";
import { dayOf } from "./request";
import { idleTimeMs } from "./schedule";

/**
 * `end`: its time is over · `ask`: ask whether it is still in use · `setEnd`: its end is not on the service yet.
 */
export type PreviousTask = "none" | "keep" | "end" | "ask" | "setEnd";

interface Moment {
  readonly facts: Pick<ConnectionFacts, "capabilities">;
  readonly nowMs: number;
}

export function previousTask({ record, previous }: KeyRing, { facts: { capabilities }, nowMs }: Moment): PreviousTask {
  if (!previous) return "none";
  if (nowMs >= Date.parse(previous.until)) return "end";
  // It is an older secret of the current key: the service's own rotation has fixed its end.
  if (previous.keyId === record.keyId) return "keep";
  const isOver = nowMs >= Date.parse(previous.retireAfter);
  if (previous.retire === "whenUnused" && isOver && record.retireAskedOn !== dayOf(nowMs)) return "ask";
  return capabilities.delayedRevoke && !hasEndOnService(previous) ? "setEnd" : "keep";
}

/** Whether a previous key may be revoked before its latest end, from the reported use of both keys. */
export function judgeUse(
  use: { readonly currentLastUsedAt?: string | undefined; readonly previousLastUsedAt?: string | undefined },
  { facts, nowMs }: Moment,
): { readonly retire: boolean; readonly status: string } {
  if (use.currentLastUsedAt === undefined)
    return { retire: false, status: "the new key has not been used yet; deferred" };
  if (use.previousLastUsedAt === undefined) return { retire: true, status: "never used; retired" };
  const idleMs = nowMs - Date.parse(use.previousLastUsedAt);
  if (idleMs < idleTimeMs(facts)) return { retire: false, status: `used ${formatSpan(idleMs)} ago; deferred` };
  return { retire: true, status: `unused for ${formatSpan(idleMs)}; retired` };
}
