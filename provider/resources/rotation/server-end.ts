/** The end of the previous key on its service: which one to request, and how to record the one that was given. Pure. */
import { secondMs } from "../../values/durations";
import { formatTime } from "../../values/times";
import { endedAt, type Previous } from "./key-ring";

/**
 * The end to request: the promised one, rounded up to the service's own step (a service may round down), and counted by
 * the service's clock if that is ahead of ours. Never beyond the key's own end, and never earlier than promised,
 * whatever the service says about its time.
 */
export function endToAsk({ until, expiresAt }: Previous, granularityMs: number, aheadMs: number): string {
  const stepMs = Math.max(granularityMs, secondMs);
  const promisedMs = Date.parse(until);
  const ownEndMs = expiresAt === undefined ? Infinity : Math.max(Date.parse(expiresAt), promisedMs);
  const wantedMs = Math.ceil((promisedMs + Math.max(0, aheadMs)) / stepMs) * stepMs;
  return formatTime(Math.min(wantedMs, ownEndMs));
}

/** The previous key after the service has set its end. If that is earlier, the outputs promise no more than it. */
export function withServerEnd(previous: Previous, given: string | undefined): Previous {
  const { serverEnd: _before, ...rest } = previous;
  const lateMs = Date.parse(given ?? previous.until) - Date.parse(previous.until);
  if (lateMs < 0) return endedAt(previous, Date.parse(previous.until) + lateMs);
  return given === undefined || lateMs < secondMs
    ? { ...rest, endsOnService: true }
    : { ...rest, endsOnService: false, serverEnd: given };
}
