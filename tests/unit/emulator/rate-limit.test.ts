import { describe, expect, test } from "@jest/globals";
import { RateLimiter, rateLimitHeaders } from "../../../emulator/http/rate-limit";

function limiterAt(limit: { perMinute: number; burst?: number }) {
  const time = { ms: 0 };
  return { time, limiter: new RateLimiter(limit, undefined, () => time.ms) };
}

describe("a window of a minute", () => {
  test("opens with the first request and refuses until it has passed", () => {
    const { time, limiter } = limiterAt({ perMinute: 2 });
    expect(limiter.take("a")).toMatchObject({ allowed: true, limit: 2, remaining: 1, retryAfterS: 0 });
    time.ms = 59_000;
    expect(limiter.take("a")).toMatchObject({ allowed: true, remaining: 0 });
    expect(limiter.take("a")).toMatchObject({ allowed: false, remaining: 0, retryAfterS: 1 });
    time.ms = 60_000;
    expect(limiter.take("a")).toMatchObject({ allowed: true, remaining: 1 });
  });

  test("is each caller's own", () => {
    const { limiter } = limiterAt({ perMinute: 1 });
    expect(limiter.take("a").allowed).toBe(true);
    expect(limiter.take("b").allowed).toBe(true);
    expect(limiter.take("a").allowed).toBe(false);
  });
});

describe("a token bucket", () => {
  test("lets a burst through and then what flows back", () => {
    const { time, limiter } = limiterAt({ perMinute: 60, burst: 3 });
    expect([1, 2, 3, 4].map(() => limiter.take("a").allowed)).toEqual([true, true, true, false]);
    time.ms = 1_000;
    expect(limiter.take("a")).toMatchObject({ allowed: true, remaining: 0 });
    expect(limiter.take("a")).toMatchObject({ allowed: false, retryAfterS: 1, resetAfterS: 3 });
  });

  test("never holds more than the burst", () => {
    const { time, limiter } = limiterAt({ perMinute: 60, burst: 2 });
    limiter.take("a");
    time.ms = 3_600_000;
    expect(limiter.take("a").remaining).toBe(1);
  });
});

describe("a limit", () => {
  test("can be lifted, lowered and restored", () => {
    const { limiter } = limiterAt({ perMinute: 1 });
    limiter.limit = null;
    expect([1, 2, 3].map(() => limiter.take("a").allowed)).toEqual([true, true, true]);
    limiter.restore();
    expect([1, 2].map(() => limiter.take("a").allowed)).toEqual([true, false]);
  });

  test("is told in the three usual headers", () => {
    const verdict = { allowed: true, limit: 5, remaining: 4, retryAfterS: 0, resetAfterS: 0 };
    const headers = rateLimitHeaders(verdict, Date.now());
    expect(headers).toMatchObject({ "X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "4" });
    expect(headers["X-RateLimit-Reset"]).toMatch(/^\d{10}$/);
  });
});
