import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  dayMs,
  formatDuration,
  formatSpan,
  hourMs,
  minuteMs,
  parseDuration,
  secondMs,
} from "../../../../provider/values/durations";

describe("a duration", () => {
  test.each([
    ["30s", 30 * secondMs],
    ["15m", 15 * minuteMs],
    ["24h", dayMs],
    ["7d", 7 * dayMs],
    ["12w", 84 * dayMs],
    ["0s", 0],
    ["100w", 700 * dayMs],
  ])("%s is %d milliseconds: a day is 24 hours", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    ["7 d", '"7 d"', "7d"],
    ["7D", '"7D"', "7d"],
    ["90 days", '"90 days"', "90d"],
    ["3 months", '"3 months"', "90d"],
    ["1y", '"1y"', "365d"],
    ["7", '"7"'],
    ["d", '"d"'],
    ["never", '"never"'],
    ["1.5h", '"1.5h"'],
    ["-1d", "a text of 3 characters"],
    ["1d12h", "a text of 5 characters"],
    ["P7D", "a text of 3 characters"],
    [" 7d", "a text of 3 characters", "7d"],
    ["7d\n", "a text of 3 characters"],
    ["9999999999s", "a text of 11 characters"],
    ["pk_live_8Zw71xKp", "a text of 16 characters"],
  ])("is not %j, and the refusal says how to write one", (text, told, meant = "") => {
    const hint = meant === "" ? "" : `; did you mean "${meant}"?`;
    expect(parseDuration(text)).toEqual({
      problem: `is ${told}, not a duration; write a whole number and a unit: 30s, 15m, 24h, 7d or 12w${hint}`,
    });
  });

  test.each([
    [undefined, "nothing"],
    [null, "null"],
    [7, "the number 7"],
    [["7d"], "a list of 1"],
    [{ days: 7 }, "an object"],
    ["", "an empty text"],
  ])("is not %j: that is %s", (value, kind) => {
    expect(parseDuration(value)).toEqual({ problem: expect.stringMatching(`^is ${kind}, not a duration;`) });
  });

  test("is at most a hundred years long", () => {
    expect(parseDuration("36500d")).toBe(36_500 * dayMs);
    expect(parseDuration("36501d")).toEqual({ problem: "is longer than 100 years; write a shorter duration" });
  });

  test("is written in the largest unit that fits, and reads back as itself", () => {
    expect([7 * dayMs, 36 * hourMs, 90 * minuteMs, 45 * secondMs, 0].map(formatDuration)).toEqual([
      "7d",
      "36h",
      "90m",
      "45s",
      "0s",
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds * secondMs))).toBe(seconds * secondMs);
      }),
    );
  });
});

test("a span for people is rounded down, and never negative", () => {
  expect([91.9 * dayMs, 4.5 * hourMs, 12 * minuteMs + 59_999, 40_500, -dayMs].map(formatSpan)).toEqual([
    "91 d",
    "4 h",
    "12 min",
    "40 s",
    "0 s",
  ]);
});
