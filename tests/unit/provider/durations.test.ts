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
} from "../../../provider/durations";

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

  test.each(["7 d", "7", "d", "-1d", "1.5h", "7D", "1d12h", "P7D", "1y", " 7d", "7d\n", "9999999999s"])(
    "is not %j, and the refusal says how to write one",
    (text) => {
      expect(parseDuration(text)).toEqual({
        problem: `is a text of ${text.length} character${text.length === 1 ? "" : "s"}, not a duration; write a whole number and a unit: 30s, 15m, 24h, 7d or 12w`,
      });
    },
  );

  test.each([
    [undefined, "nothing"],
    [null, "null"],
    [7, "a number"],
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
