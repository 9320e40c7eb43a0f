/** When a key ends: worked out at its issue, by the service's clock, and compared afterwards. */
import type { Connection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { dayMs, formatSpan, minuteMs, parseDuration, secondMs } from "../../values/durations";
import { formatTime, parseTime } from "../../values/times";
import type { ResourceContext } from "../context";
import { tellOnce } from "../context";

/** What the user asked for: a time, a life, or neither. */
export interface AskedExpiry {
  readonly expiresAt?: string | undefined;
  readonly expiresIn?: string | undefined;
}

/** What the record says about a key's end. */
export interface RecordedExpiry {
  readonly createdAt?: string | undefined;
  readonly expiresAt?: string | undefined;
  readonly expiresIn?: string | undefined;
  /** The service set the end by itself. */
  readonly expiryImposed?: boolean | undefined;
  /** The agreed end, if `read` found another one on the service. */
  readonly agreedExpiresAt?: string | undefined;
  /** The requested end, if the service gave an earlier one. */
  readonly askedExpiresAt?: string | undefined;
  /** The end that the service gave, if that is later. */
  readonly serverExpiresAt?: string | undefined;
}

/**
 * The end to record: the earlier one of the requested and the given end. So the record never promises more than the
 * service keeps, or than the program asked for.
 */
export function recordedEnd(
  asked: string | undefined,
  given: string | undefined,
): { readonly expiresAt?: string; readonly askedExpiresAt?: string; readonly serverExpiresAt?: string } {
  // The user's own spelling of the same instant is kept, so that the record reads as the program does.
  if (given === undefined || (asked !== undefined && sameInstant(asked, given, 0)))
    return defined({ expiresAt: asked });
  if (asked === undefined) return { expiresAt: given };
  return millis(given) < millis(asked)
    ? { expiresAt: given, askedExpiresAt: asked }
    : { expiresAt: asked, serverExpiresAt: given };
}

/**
 * The end of a key that is issued at `issuedAtMs`: whole seconds, rounded down, so that no key lives longer than asked.
 * RFC 3339 UTC.
 */
export function resolveExpiry(asked: AskedExpiry, issuedAtMs: number): string | undefined {
  if (asked.expiresAt !== undefined) return formatTime(Math.floor(millis(asked.expiresAt) / 1000) * 1000);
  if (asked.expiresIn === undefined) return undefined;
  return formatTime(Math.floor((issuedAtMs + lifetimeMs(asked.expiresIn)) / 1000) * 1000);
}

/** A requested end, as a time and as a life. */
export interface End {
  readonly expiresAt?: string;
  readonly livesForMs?: number;
}

/** The end of a key that is issued now. */
function endAt(asked: AskedExpiry, issuedAtMs: number): End {
  const expiresAt = resolveExpiry(asked, issuedAtMs);
  if (expiresAt === undefined) return {};
  const livesForMs = asked.expiresIn === undefined ? millis(expiresAt) - issuedAtMs : lifetimeMs(asked.expiresIn);
  return { expiresAt, livesForMs };
}

/**
 * The requested end, as the issue has settled it: a life counts from the issue by the service's clock, not by ours.
 */
export function agreedEnd(
  sent: string | undefined,
  { expiresIn }: AskedExpiry,
  { issued, granularityMs }: { readonly issued: RecordedExpiry; readonly granularityMs: number },
): string | undefined {
  if (sent === undefined || expiresIn === undefined || issued.createdAt === undefined) return sent;
  const counted = resolveExpiry({ expiresIn }, millis(issued.createdAt));
  const { expiresAt } = issued;
  const isCounted = sameInstant(expiresAt, counted, granularityMs) && !sameInstant(expiresAt, sent, granularityMs);
  return expiresAt !== undefined && isCounted ? counted : sent;
}

/** The end to record after a read. `moved`: somebody has changed it since the issue. */
export function compareEnd(
  onService: string | undefined,
  { expiresAt, agreedExpiresAt = expiresAt, askedExpiresAt, serverExpiresAt }: Omit<RecordedExpiry, "expiresIn">,
  granularityMs: number,
): { readonly moved: boolean; readonly end: Omit<RecordedExpiry, "expiresIn"> } {
  const asked = askedExpiresAt ?? agreedExpiresAt;
  const isSame = (end: string | undefined) => sameInstant(onService, end, granularityMs);
  if (isSame(serverExpiresAt ?? agreedExpiresAt)) {
    const isEarlier =
      onService !== undefined && agreedExpiresAt !== undefined && millis(onService) < millis(agreedExpiresAt);
    const kept = defined({ expiresAt: agreedExpiresAt, askedExpiresAt, serverExpiresAt });
    return { moved: false, end: isEarlier ? recordedEnd(asked, onService) : kept };
  }
  // The service gave another end at first, and now has the requested one.
  if (isSame(asked)) return { moved: false, end: recordedEnd(asked, onService) };
  return { moved: true, end: defined({ expiresAt: onService, agreedExpiresAt, askedExpiresAt, serverExpiresAt }) };
}

/** Equal within the service's own time step. */
export function sameInstant(
  a: string | null | undefined,
  b: string | null | undefined,
  granularityMs: number,
): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? undefined) === (b ?? undefined);
  return Math.abs(millis(a) - millis(b)) < Math.max(granularityMs, 1_000);
}

/** `24h` and `1d` are the same life. */
export function sameLife(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined ? a === b : lifetimeMs(a) === lifetimeMs(b);
}

/** A duration that `check` has accepted. */
export function lifetimeMs(duration: string): number {
  const ms = parseDuration(duration);
  return typeof ms === "number" ? ms : NaN;
}

export function millis(time: string): number {
  const ms = parseTime(time);
  return typeof ms === "number" ? ms : NaN;
}

/** Smaller differences are not reported: answers take time, and clocks drift. */
const leastMs = minuteMs;
/** Larger differences are no clock error. A service's time never moves an end by more than this. */
const mostMs = dayMs;
type Told = Pick<ResourceContext, "nowMs" | "warn" | "heedsServiceClock">;
/** The end of a key that is issued now. The service gets a life only if the decision clock is not set. */
export function endByService(
  context: Told,
  connection: Pick<Connection, "clock" | "name">,
  { asked, nowMs }: { readonly asked: AskedExpiry; readonly nowMs: number },
): End {
  const { livesForMs, ...end } = endAt(asked, nowMs + serviceAheadMs(context, connection));
  return defined({ ...end, livesForMs: context.heedsServiceClock?.() === true ? livesForMs : undefined });
}

/**
 * How far the service's clock is ahead of ours (negative: behind), as far as that is plausible; 0 if it does not
 * matter. Tells the user once per connection.
 */
export function serviceAheadMs(context: Told, { clock, name }: Pick<Connection, "clock" | "name">): number {
  const { nowMs, heedsServiceClock } = context;
  const serviceMs = heedsServiceClock?.() === true ? clock?.nowMs() : undefined;
  if (serviceMs === undefined) return 0;
  const aheadMs = serviceMs - nowMs();
  const offMs = Math.abs(aheadMs);
  if (offMs <= leastMs) return 0;
  const isBelieved = offMs <= mostMs;
  const effect = isBelieved
    ? "the lives of keys are counted in its time"
    : "that is too much to be believed, so the lives of keys are counted in this machine's time";
  tellOnce(
    context,
    `clock of ${name}`,
    `the service of the connection "${name}" says that it is ${formatTime(serviceMs)}, ${formatSpan(offMs + secondMs)} ${aheadMs > 0 ? "ahead of" : "behind"} this machine's clock: ${effect}. Set the clock that is wrong`,
  );
  return isBelieved ? aheadMs : 0;
}
