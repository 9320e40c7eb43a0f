import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dayMs, hourMs, minuteMs } from "../../../../provider/values/durations";
import { AnswersClock } from "../../../../provider/http/service-clock";
import { serviceAheadMs } from "../../../../provider/resources/key/expiry";
import { formatTime } from "../../../../provider/values/times";
import { seed } from "../../../support/seed";

const nowMs = Date.parse("2026-06-15T12:00:00Z");
const at = (ms: number) => new Date(ms).toUTCString();

/** A clock that has heard these answers, at a monotonic time of one hour. */
function heard(...answers: readonly (Readonly<Record<string, string>> & { readonly tookMs?: never })[]): AnswersClock {
  const clock = new AnswersClock(() => hourMs);
  for (const headers of answers) clock.note(headers, { sentAtMs: hourMs, cameAtMs: hourMs });
  return clock;
}

describe("The clock of a service", () => {
  test("is read from the Date of its answers, and runs on", () => {
    let monotonicMs = 0;
    const clock = new AnswersClock(() => monotonicMs);
    expect(clock.nowMs()).toBeUndefined();
    clock.note({ date: at(nowMs) }, { sentAtMs: 0, cameAtMs: 0 });
    monotonicMs = 5 * minuteMs;
    expect(clock.nowMs()).toBe(nowMs + 5 * minuteMs);
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["no Date", {}],
    ["a Date that is none", { date: "yesterday" }],
    ["another form", { date: "2026-06-15T12:00:00Z" }],
    ["a number", { date: "0" }],
    ["an answer of a cache", { date: at(nowMs - hourMs), age: "3600" }],
  ])("is not told by %s", (_what, headers) => {
    expect(heard(headers).nowMs()).toBeUndefined();
  });

  test("is not told by an answer that took its time", () => {
    const clock = new AnswersClock(() => hourMs);
    clock.note({ date: at(nowMs) }, { sentAtMs: 0, cameAtMs: hourMs });
    expect(clock.nowMs()).toBeUndefined();
  });

  test("is that of the newest answer where a cache keeps an older one without saying so", () => {
    expect(heard({ date: at(nowMs) }, { date: at(nowMs - hourMs) }).nowMs()).toBe(nowMs);
  });
});

describe("The time in which lives are counted", () => {
  const ask = (date: string, heeds = true) => {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const context = { nowMs: () => nowMs, warn, heedsServiceClock: () => heeds };
    const asked = [1, 2].map(() => serviceAheadMs(context, { name: "vms", clock: heard({ date }) }));
    expect(asked[0]).toBe(asked[1]);
    return { aheadMs: asked[0], warnings };
  };

  test.each([
    [30_000, 0, []],
    [
      10 * minuteMs,
      10 * minuteMs,
      ["12:10:00Z, 10 min ahead of this machine's clock: the lives of keys are counted in its time."],
    ],
    [
      -2 * hourMs,
      -2 * hourMs,
      ["10:00:00Z, 2 h behind this machine's clock: the lives of keys are counted in its time."],
    ],
    [
      3650 * dayMs,
      0,
      ["12:00:00Z, 3650 d ahead of this machine's clock: that is too much to be believed, so the lives of keys"],
    ],
  ])("is the service's where it differs by %d ms, and that is told once", (offMs, aheadMs, told) => {
    expect(ask(at(nowMs + offMs))).toEqual({
      aheadMs,
      warnings: told.map((words) => expect.stringContaining(words)),
    });
  });

  test("is never the service's where somebody has set the clock", () => {
    expect(ask(at(nowMs + hourMs), false)).toEqual({ aheadMs: 0, warnings: [] });
  });

  test("is moved by a day at the most, whatever a service says", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (date) => {
          const { aheadMs = 0 } = ask(date);
          expect(Math.abs(aheadMs)).toBeLessThanOrEqual(dayMs);
          expect(formatTime(nowMs + aheadMs)).toMatch(/^2026-06-1/);
        },
      ),
      { seed },
    );
  });
});
