import { kindOf } from "../secrets/redact";

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** Milliseconds since the epoch of an RFC 3339 time, or a sentence that says what is wrong. */
export function parseTime(value: unknown): number | { readonly problem: string } {
  const ms = typeof value === "string" ? millisOf(value) : NaN;
  if (Number.isNaN(ms))
    return { problem: `is ${shownTime(value)}, not a time; write RFC 3339 with a zone: ${exampleOf(value)}` };
  return ms;
}

function millisOf(time: string): number {
  return rfc3339.test(time) && isCalendarDay(time) ? Date.parse(time.toUpperCase().replace(" ", "T")) : NaN;
}

/** The text itself if it is made of the digits and signs of dates, which hold no secret. */
function shownTime(value: unknown): string {
  return typeof value === "string" && /^[\d:.TZ+/ -]{1,30}$/i.test(value) ? JSON.stringify(value) : kindOf(value);
}

/** What was written, with what it lacks: a zone, or a time of the day. */
function exampleOf(value: unknown): string {
  const completed = typeof value === "string" ? [`${value}Z`, `${value}T00:00:00Z`] : [];
  return completed.find((time) => !Number.isNaN(millisOf(time))) ?? "2027-02-01T00:00:00Z";
}

/** `Date.parse` reads the 30th of February as the 2nd of March. */
function isCalendarDay(time: string): boolean {
  // Every month has 28 days, and most times need no look at the calendar.
  if (Number(time.slice(8, 10)) <= 28) return true;
  const day = new Date(`${time.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(time.slice(0, 10));
}

/** RFC 3339 in UTC, whole seconds: `2027-02-01T00:00:00Z`. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -".000Z".length)}Z`;
}

/**
 * A vendor's time as RFC 3339 UTC; undefined if it sent none. Times without a zone are UTC: that is what every service
 * that leaves out the zone means.
 */
export function normaliseTime(value: string | null | undefined): string | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  const zoned = /([Zz]|[+-]\d{2}:?\d{2})$/.test(value) ? value : `${value}Z`;
  const ms = Date.parse(zoned.replace(/(\.\d{3})\d+/, "$1"));
  return Number.isNaN(ms) ? undefined : formatTime(ms);
}

/** Whether an end has passed; nothing that has none is over. */
export function hasPassed(end: string | undefined, nowMs: number): boolean {
  return end !== undefined && Date.parse(end) <= nowMs;
}
