import { expect, test } from "@jest/globals";
import { Refill } from "../../../../provider/http/refill";
import { fractionsFrom } from "../../../support/seeded-random";

/** What is left after each answer of a service, in the order of its answers, with the time that it tells. */
interface Told {
  readonly atMs: number;
  readonly remaining: number;
  readonly resetInMs: number;
}

/** Requests at these times to a window, all in whole seconds as services tell them. */
function windowOf(limit: number, windowMs: number, timesMs: readonly number[]): Told[] {
  const taken = new Map<number, number>();
  return timesMs.flatMap((atMs) => {
    const index = Math.floor(atMs / windowMs);
    const remaining = limit - 1 - (taken.get(index) ?? 0);
    if (remaining < 0) return [];
    taken.set(index, limit - remaining);
    return [{ atMs, remaining, resetInMs: 1_000 * Math.ceil(((index + 1) * windowMs - atMs) / 1_000) }];
  });
}

function bucketOf(perSecond: number, burst: number, timesMs: readonly number[]): Told[] {
  let [amount, sinceMs] = [burst, 0];
  return timesMs.flatMap((atMs) => {
    amount = Math.min(burst, amount + ((atMs - sinceMs) * perSecond) / 1_000);
    sinceMs = atMs;
    if (amount < 1) return [];
    amount -= 1;
    return [{ atMs, remaining: Math.floor(amount), resetInMs: 1_000 * Math.ceil((burst - amount) / perSecond) }];
  });
}

/** The answers arrive up to so many places later than they were written. */
function isBucket(told: readonly Told[], disorder: number, random: () => number): boolean {
  const arriving = told
    .map((each, index) => ({ each, place: index + disorder * random() }))
    .sort((a, b) => a.place - b.place);
  const refill = new Refill();
  for (const [index, { each }] of arriving.entries()) {
    const nowMs = Math.max(
      each.atMs,
      ...arriving.slice(Math.max(0, index - disorder), index).map((one) => one.each.atMs),
    );
    refill.accepted(
      { remaining: each.remaining, resetInMs: each.resetInMs, nowMs, tookMs: nowMs - each.atMs },
      disorder,
    );
  }
  return refill.isContinuous;
}

const every = (ms: number, count: number) => Array.from({ length: count }, (_, index) => index * ms);

test.each([
  ["of a second", 100, 1_000, 7],
  ["of a second, used up at once", 10, 1_000, 2],
  ["of ten seconds", 50, 10_000, 150],
  ["of a minute", 60, 60_000, 700],
  ["of a minute, hardly used", 1_000, 60_000, 2_500],
])("a window %s is never taken for a bucket, in whichever order its answers arrive", (_what, limit, windowMs, ms) => {
  for (const disorder of [0, 1, 4, 16])
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = fractionsFrom(seed);
      const times = every(ms, 1_000).map((atMs) => atMs + windowMs * random() * 0.05 + 333);
      expect(
        isBucket(
          windowOf(
            limit,
            windowMs,
            times.sort((a, b) => a - b),
          ),
          disorder,
          random,
        ),
      ).toBe(false);
    }
});

test.each([
  ["of 100 a second", 100, 100, 12],
  ["of 10 a second", 10, 10, 120],
  ["of 1,000 a minute and a burst of 100", 1_000 / 60, 100, 20],
  ["of one a second and a burst of 60", 1, 60, 20],
  ["of two a second and a burst of 5", 2, 5, 300],
])("a bucket %s is known within some forty answers", (_what, perSecond, burst, ms) => {
  expect(isBucket(bucketOf(perSecond, burst, every(ms, 400)).slice(0, 40), 0, fractionsFrom(1))).toBe(true);
});

test("the more a bucket has left, the sooner the next request goes, and the last ones wait", () => {
  const intervals = [100, 50, 10, 4, 3, 2, 1, 0].map((remaining) => Refill.intervalMs(remaining, 8_000));
  expect(intervals).toEqual([...intervals].sort((a, b) => a - b));
  expect(intervals.at(-1)).toBe(8_000);
});
