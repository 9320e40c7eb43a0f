import { shownOf } from "../secrets/redact";

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
/** A day is 24 hours: durations ignore calendars and daylight saving time. */
export const dayMs = 24 * hourMs;

const unitMs: Readonly<Record<string, number>> = { s: secondMs, m: minuteMs, h: hourMs, d: dayMs, w: 7 * dayMs };
const form = /^(\d{1,9})(s|m|h|d|w)$/;
const longestMs = 100 * 365 * dayMs;

/** The milliseconds of `30s`, `15m`, `24h`, `7d` or `12w`, or a sentence that says what is wrong. */
export function parseDuration(value: unknown): number | { readonly problem: string } {
  const match = typeof value === "string" ? form.exec(value) : null;
  if (!match)
    return {
      problem: `is ${shownOf(value)}, not a duration; write a whole number and a unit: 30s, 15m, 24h, 7d or 12w${meantDuration(value)}`,
    };
  const ms = Number(match[1]) * (unitMs[match[2] ?? ""] ?? 0);
  if (ms > longestMs) return { problem: "is longer than 100 years; write a shorter duration" };
  return ms;
}

/** Units as people write them, and what each is here. */
const otherUnits: readonly (readonly [RegExp, number, string])[] = [
  [/^(?:s|secs?|seconds?)$/i, 1, "s"],
  [/^(?:m|mins?|minutes?)$/i, 1, "m"],
  [/^(?:h|hrs?|hours?)$/i, 1, "h"],
  [/^(?:d|days?)$/i, 1, "d"],
  [/^(?:w|wks?|weeks?)$/i, 1, "w"],
  [/^(?:mo|months?)$/i, 30, "d"],
  [/^(?:y|yrs?|years?)$/i, 365, "d"],
];

/** `; did you mean "365d"?` of `1y`; empty if nobody can tell. */
function meantDuration(value: unknown): string {
  const [, number = "", word = ""] = (typeof value === "string" && /^ *(\d{1,6}) *([a-z]+) *$/i.exec(value)) || [];
  const [, factor = 1, unit] = otherUnits.find(([names]) => names.test(word)) ?? [];
  return unit === undefined ? "" : `; did you mean "${Number(number) * factor}${unit}"?`;
}

/** A duration in the largest unit that divides it: `7d`, `36h`, `90m`, `0s`. */
export function formatDuration(ms: number): string {
  for (const [unit, size] of [
    ["d", dayMs],
    ["h", hourMs],
    ["m", minuteMs],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms / secondMs)}s`;
}

/** A span for people, rounded down: `6 d`, `4 h`, `12 min`, `40 s`. */
export function formatSpan(ms: number): string {
  const span = Math.max(0, ms);
  if (span >= dayMs) return `${Math.floor(span / dayMs)} d`;
  if (span >= hourMs) return `${Math.floor(span / hourMs)} h`;
  if (span >= minuteMs) return `${Math.floor(span / minuteMs)} min`;
  return `${Math.floor(span / secondMs)} s`;
}
