/** The end of the previous key on its service: asked for so that it keeps what was promised, and recorded as it was given. Pure. */
import { secondMs } from "../../durations";
import { formatTime } from "../../times";
import { endedAt, type Previous } from "./key-ring";

/**
 * The end to ask for: the promise, rounded up to the service's own step, so that a service which rounds down does not break
 * it, and counted by the service's clock where that is ahead of ours; never beyond the key's own end, and never sooner than
 * promised, whatever the service says of its time.
 */
export function endToAsk({ until, expiresAt }: Previous, granularityMs: number, aheadMs: number): string {
  const stepMs = Math.max(granularityMs, secondMs);
  const promisedMs = Date.parse(until);
  const ownEndMs = expiresAt === undefined ? Infinity : Math.max(Date.parse(expiresAt), promisedMs);
  const wantedMs = Math.ceil((promisedMs + Math.max(0, aheadMs)) / stepMs) * stepMs;
  return formatTime(Math.min(wantedMs, ownEndMs));
}

/** The previous key after the service has set its end: an earlier one is all that is promised from here on. */
export function withServerEnd(previous: Previous, given: string | undefined): Previous {
  const { serverEnd: _before, ...rest } = previous;
  const lateMs = Date.parse(given ?? previous.until) - Date.parse(previous.until);
  if (lateMs < 0) return endedAt(previous, Date.parse(previous.until) + lateMs);
  return given === undefined || lateMs < secondMs
    ? { ...rest, endsOnService: true }
    : { ...rest, endsOnService: false, serverEnd: given };
}
