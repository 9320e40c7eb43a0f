/**
 * What a service says of its limit on requests: `Retry-After`, and a quota in the forms that are in use, `RateLimit` with
 * `r` and `t` (IETF draft 08 and later), `RateLimit: limit=…, remaining=…, reset=…` (draft 07), `RateLimit-Remaining` and
 * `-Reset` (before), and `X-RateLimit-…`, also written `X-Rate-Limit-…`.
 */
import { dayMs, secondMs } from "../values/durations";

/** A longer wait may as well be endless. */
export const longestRetryAfterMs = dayMs;

/** `Retry-After` in milliseconds: seconds or an HTTP date, never negative, and never more than a day. */
export function readRetryAfter(header: string | undefined, wallMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (header.length > 64) return undefined;
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Math.min(Number(header) * 1000, longestRetryAfterMs);
  // Every form of an HTTP date begins with the weekday; `Date.parse` would make a year of "-5".
  const at = /^\s*[A-Za-z]{3,9},? /.test(header) ? Date.parse(header) : NaN;
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - wallMs), longestRetryAfterMs);
}

/** How many more requests a service takes, and until when. */
export interface Quota {
  readonly remaining: number;
  /** Milliseconds until the full number is available again. */
  readonly resetInMs: number;
}

type Headers = Readonly<Record<string, string | undefined>>;

/** A larger number is a point in time (2001 or later), because no limit lasts thirty years. */
const leastEpochS = 1_000_000_000;
/** The longest time that is believed. */
const longestMs = 366 * dayMs;

/**
 * The tightest of the reported quotas; undefined if none is plausible.
 *
 * @param wallMs - the time by this machine's clock, for a service that reports a point in time and no `Date`
 */
export function readQuota(headers: Headers, wallMs: number): Quota | undefined {
  const nowMs = serviceTime(headers, wallMs);
  const told = [
    ...listed(headers.ratelimit),
    { remaining: headers["ratelimit-remaining"], reset: headers["ratelimit-reset"] },
    { remaining: headers["x-ratelimit-remaining"], reset: headers["x-ratelimit-reset"] },
    { remaining: headers["x-rate-limit-remaining"], reset: headers["x-rate-limit-reset"] },
  ].flatMap((each) => quotaOf(each, nowMs));
  return told.sort((a, b) => a.remaining / (a.resetInMs + 1) - b.remaining / (b.resetInMs + 1))[0];
}

/** The service's own time, if it reports that. */
function serviceTime({ date }: Headers, wallMs: number): number {
  const told = date === undefined ? NaN : Date.parse(date);
  return Number.isNaN(told) ? wallMs : told;
}

interface Told {
  readonly remaining: string | undefined;
  readonly reset: string | undefined;
}

/** `"default";r=50;t=30, "daily";r=…` and `limit=100, remaining=50, reset=5`. */
function listed(header: string | undefined): Told[] {
  if (header === undefined || header.length > 2_000) return [];
  if (/\bremaining\s*=/i.test(header))
    return [{ remaining: parameter(header, "remaining"), reset: parameter(header, "reset") }];
  return header.split(",").map((item) => ({ remaining: parameter(item, "r"), reset: parameter(item, "t") }));
}

function parameter(text: string, name: string): string | undefined {
  return new RegExp(`(?:^|[;,\\s])${name}\\s*=\\s*"?([^;,"\\s]+)`, "i").exec(text)?.[1];
}

function quotaOf({ remaining, reset }: Told, nowMs: number): Quota[] {
  const left = countOf(remaining);
  const resetInMs = left === undefined ? undefined : untilReset(reset, nowMs);
  return left === undefined || resetInMs === undefined ? [] : [{ remaining: Math.floor(left), resetInMs }];
}

function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : undefined;
}

/** Seconds from now, or a point in time in seconds or milliseconds. */
function untilReset(text: string | undefined, nowMs: number): number | undefined {
  const told = countOf(text);
  if (told === undefined) return undefined;
  const atMs = told > leastEpochS * 1_000 ? told : told * secondMs;
  const inMs = told > leastEpochS ? atMs - nowMs : atMs;
  return inMs > longestMs ? undefined : Math.max(0, inMs);
}
