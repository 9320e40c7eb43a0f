/** The time by which a service counts the lives of its keys, if its clock differs from ours. */
import type { Connection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { dayMs, formatSpan, minuteMs, secondMs } from "../../values/durations";
import { formatTime } from "../../values/times";
import type { ResourceContext } from "../context";
import { type AskedExpiry, type End, endAt } from "./expiry";
import { tellOnce } from "../tell-once";

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
