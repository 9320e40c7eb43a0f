/** The time by which a service counts the lives of its keys, where its clock is not ours. */
import type { Connection } from "../connections";
import { defined } from "../defined";
import { dayMs, formatSpan, minuteMs, secondMs } from "../durations";
import { formatTime } from "../times";
import type { ResourceContext } from "./context";
import { type AskedExpiry, type End, endAt } from "./expiry";
import { tellOnce } from "./tell-once";

/** Below this nobody need know: answers take their time, and clocks drift. */
const leastMs = minuteMs;
/** Beyond this it is no clock that is wrong. What a service says of its time moves an end by no more than that. */
const mostMs = dayMs;

type Told = Pick<ResourceContext, "nowMs" | "warn" | "heedsServiceClock">;

/** The end of a key that is issued now. A life is told to the service as one only where nobody has set the decision clock. */
export function endByService(
  context: Told,
  connection: Pick<Connection, "clock" | "name">,
  { asked, nowMs }: { readonly asked: AskedExpiry; readonly nowMs: number },
): End {
  const { livesForMs, ...end } = endAt(asked, nowMs + serviceAheadMs(context, connection));
  return defined({ ...end, livesForMs: context.heedsServiceClock?.() === true ? livesForMs : undefined });
}

/**
 * How far the service's clock is ahead of ours (negative: behind), as far as that is believed; 0 where it does not matter.
 * The user is told once for each connection.
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
