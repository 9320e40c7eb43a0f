/**
 * With `burst`: a token bucket of that size, refilled evenly at `perMinute`. Without it: a fixed window of a minute
 * that opens with the first request.
 */
export interface RateLimit {
  readonly perMinute: number;
  readonly burst?: number;
}

export interface Verdict {
  readonly allowed: boolean;
  /** The value of `X-RateLimit-Limit`. */
  readonly limit: number;
  readonly remaining: number;
  /** Time until the next request is allowed; 0 if it is allowed now. */
  readonly retryAfterS: number;
  /** Time until the full limit is available again. */
  readonly resetAfterS: number;
}

/** `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since the epoch, by the same clock as the `Date` of the answer). */
export function rateLimitHeaders(
  { limit, remaining, resetAfterS }: Verdict,
  nowMs: number,
): Readonly<Record<string, string>> {
  return {
    "X-RateLimit-Limit": String(limit),
    "X-RateLimit-Remaining": String(remaining),
    "X-RateLimit-Reset": String(Math.floor(nowMs / 1000) + resetAfterS),
  };
}

interface Meter {
  /** Window: requests counted. Bucket: tokens left. */
  amount: number;
  /** Window: when it opened. Bucket: the time for which `amount` is correct. */
  sinceMs: number;
}

const MINUTE_MS = 60_000;

/**
 * Counts requests per credential. It uses monotonic time, never the emulator's clock: moving that by a year must not
 * allow a year of requests.
 */
export class RateLimiter {
  readonly #documented: RateLimit;
  readonly #initial: RateLimit | null;
  readonly #monotonicMs: () => number;
  readonly #meters = new Map<string, Meter>();
  #limit: RateLimit | null;

  /** @param initial - default: the documented limit; `null`: none. */
  constructor(documented: RateLimit, initial: RateLimit | null = documented, monotonicMs = () => performance.now()) {
    this.#documented = documented;
    this.#initial = initial;
    this.#limit = initial;
    this.#monotonicMs = monotonicMs;
  }

  get limit(): RateLimit | null {
    return this.#limit;
  }

  /** `null` lifts the limit. Every count starts again. */
  set limit(limit: RateLimit | null) {
    this.#limit = limit;
    this.#meters.clear();
  }

  /** Restores the initial limit. */
  restore(): void {
    this.limit = this.#initial;
  }

  /** The verdict for a caller who is not counted. */
  uncounted(): Verdict {
    const { perMinute } = this.#limit ?? this.#documented;
    return { allowed: true, limit: perMinute, remaining: perMinute, retryAfterS: 0, resetAfterS: 0 };
  }

  take(subject: string): Verdict {
    const limit = this.#limit;
    if (!limit) return this.uncounted();
    return limit.burst === undefined
      ? this.#takeFromWindow(subject, limit.perMinute)
      : this.#takeFromBucket(subject, limit.perMinute, limit.burst);
  }

  #takeFromWindow(subject: string, perMinute: number): Verdict {
    const nowMs = this.#monotonicMs();
    let meter = this.#meters.get(subject);
    if (!meter || nowMs - meter.sinceMs >= MINUTE_MS) {
      meter = { amount: 0, sinceMs: nowMs };
      this.#meters.set(subject, meter);
    }
    const allowed = meter.amount < perMinute;
    if (allowed) meter.amount += 1;
    const resetAfterS = Math.ceil((meter.sinceMs + MINUTE_MS - nowMs) / 1000);
    const remaining = perMinute - meter.amount;
    return { allowed, limit: perMinute, remaining, retryAfterS: allowed ? 0 : resetAfterS, resetAfterS };
  }

  #takeFromBucket(subject: string, perMinute: number, burst: number): Verdict {
    const nowMs = this.#monotonicMs();
    let meter = this.#meters.get(subject);
    if (!meter) {
      meter = { amount: burst, sinceMs: nowMs };
      this.#meters.set(subject, meter);
    }
    meter.amount = Math.min(burst, meter.amount + ((nowMs - meter.sinceMs) * perMinute) / MINUTE_MS);
    meter.sinceMs = nowMs;
    const allowed = meter.amount >= 1;
    if (allowed) meter.amount -= 1;
    const secondsFor = (tokens: number) => Math.ceil((tokens * 60) / perMinute);
    return {
      allowed,
      limit: perMinute,
      remaining: Math.floor(meter.amount),
      retryAfterS: allowed ? 0 : secondsFor(1 - meter.amount),
      resetAfterS: secondsFor(burst - meter.amount),
    };
  }
}
