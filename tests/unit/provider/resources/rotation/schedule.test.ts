import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Capabilities } from "../../../../../provider/backends/definition";
import type { ConnectionFacts } from "../../../../../provider/connections/connections";
import { dayMs, formatDuration, hourMs, minuteMs, secondMs } from "../../../../../provider/values/durations";
import { Failures } from "../../../../../provider/resources/checks/failures";
import { idleTimeMs, Schedule, type ScheduleInputs } from "../../../../../provider/resources/rotation/schedule";
import { checkSchedule } from "../../../../../provider/resources/rotation/schedule-check";
import { unknownValue } from "../../../../../provider/values/wire";
import { everyday, origin } from "../../support/fake-service";

const facts = (abilities: Partial<Capabilities> = {}): ConnectionFacts => ({
  name: "default",
  backend: "fake",
  origin: "http://127.0.0.1:4010",
  capabilities: { ...everyday, ...abilities },
  assumeGone: [],
  movedFrom: [],
  movedFromAddresses: [],
});
const lastUsed = { lastUsed: { lagMs: 0, granularityMs: 0 } };
const oneKey = (maxGraceMs: number, graceChosen = false): Partial<Capabilities> => ({
  maxActiveKeys: 1,
  nativeRotate: { id: "same", maxGraceMs, graceChosen },
});
const at = (time: string) => Date.parse(time);

/** What is refused: field and reason. */
function refusals(inputs: object, abilities: Partial<Capabilities> = {}): [string, string][] {
  const failures = new Failures();
  checkSchedule({ news: { origin, ...inputs }, facts: facts(abilities), failures });
  return failures.list.map(({ property, reason }) => [property, reason]);
}

describe("The defaults of a schedule", () => {
  const overlapOf = (inputs: ScheduleInputs, abilities: Partial<Capabilities> = {}) =>
    formatDuration(new Schedule({ origin, ...inputs }, facts(abilities)).overlapMs);

  test.each<[string, ScheduleInputs, Partial<Capabilities>, string]>([
    ["7d at most", { rotateEvery: "90d" }, {}, "7d"],
    ["a third of rotateEvery", { rotateEvery: "15d" }, {}, "5d"],
    ["a third of a short rotateEvery", { rotateEvery: "15m" }, {}, "5m"],
    ["what the key's life leaves", { rotateEvery: "87d", expiresIn: "90d" }, {}, "3d"],
    ["nothing, where the life leaves nothing", { rotateEvery: "90d", expiresIn: "90d" }, {}, "0s"],
    ["what the user says", { rotateEvery: "90d", overlap: "1d" }, {}, "1d"],
    ["the grace of a service with one key", { rotateEvery: "90d" }, oneKey(hourMs), "1h"],
    [
      "the grace of a service with one key, within reason where it can be chosen",
      { rotateEvery: "90d" },
      oneKey(60 * dayMs, true),
      "7d",
    ],
  ])("overlap is %s", (_name, inputs, abilities, expected) => {
    expect(overlapOf(inputs, abilities)).toBe(expected);
  });

  test.each<[ScheduleInputs, string]>([
    [{ rotateEvery: "90d" }, "30d"],
    [{ rotateEvery: "30d" }, "20d"],
    [{ rotateEvery: "90d", overlap: "40d" }, "40d"],
    [{ rotateEvery: "90d", maxOverlap: "50d" }, "50d"],
  ])("maxOverlap of %j is %s", (inputs, expected) => {
    expect(
      formatDuration(new Schedule({ origin, ...inputs, retire: "whenUnused" }, facts(lastUsed)).maxOverlapMs),
    ).toBe(expected);
  });

  test.each<[string, string]>([
    ["90d", "7d"],
    ["9d", "3d"],
    ["1h", "20m"],
  ])("rotateBefore for a life of %s is %s", (life, expected) => {
    const schedule = new Schedule({ origin, rotateEvery: "1m", expiresIn: life }, facts());
    expect(formatDuration(schedule.rotateBeforeMs(Number.parseInt(life) * (life.endsWith("d") ? dayMs : hourMs)))).toBe(
      expected,
    );
  });

  test("never refuse themselves", () => {
    const span = (minMs: number, maxMs: number) =>
      fc.integer({ min: minMs / secondMs, max: maxMs / secondMs }).map((seconds) => formatDuration(seconds * secondMs));
    const inputs = fc.record(
      {
        rotateEvery: span(15 * minuteMs, 364 * dayMs),
        expiresIn: span(hourMs, 800 * dayMs),
        retire: fc.constantFrom("afterOverlap", "whenUnused", "immediately"),
      },
      { requiredKeys: ["rotateEvery"] },
    );
    fc.assert(
      fc.property(inputs, (given) => {
        const schedule = new Schedule({ origin, ...given }, facts(lastUsed));
        const lifeMs =
          given.expiresIn === undefined
            ? Infinity
            : new Schedule({ origin, rotateEvery: given.expiresIn }, facts()).rotateEveryMs;
        // Two durations that the user gave may contradict each other.
        fc.pre(schedule.rotateEveryMs <= lifeMs);
        expect(refusals(given, lastUsed)).toEqual([]);
        expect(schedule.overlapMs).toBeLessThan(schedule.rotateEveryMs);
        expect(schedule.maxOverlapMs).toBeLessThan(schedule.rotateEveryMs);
        expect(schedule.maxOverlapMs).toBeGreaterThanOrEqual(schedule.overlapMs);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("What cannot be kept is refused with the arithmetic", () => {
  test.each<[string, object, Partial<Capabilities>, [string, string][]]>([
    [
      "no rotateEvery",
      {},
      {},
      [["rotateEvery", '"rotateEvery" is missing; say at what age a new key is made, such as 90d']],
    ],
    [
      "no duration",
      { rotateEvery: "3 months" },
      {},
      [
        [
          "rotateEvery",
          '"rotateEvery" is "3 months", not a duration; write a whole number and a unit: 30s, 15m, 24h, 7d or 12w; did you mean "90d"?',
        ],
      ],
    ],
    ["a blink", { rotateEvery: "30s" }, {}, [["rotateEvery", '"rotateEvery" is 30s; the shortest is 1m']]],
    [
      "an unknown mode",
      { rotateEvery: "90d", retire: "later" },
      {},
      [["retire", '"retire" is "later"; write one of afterOverlap, whenUnused, immediately']],
    ],
    [
      "rotateEvery + overlap over the life",
      { rotateEvery: "85d", overlap: "6d", expiresIn: "90d" },
      {},
      [
        [
          "overlap",
          "rotateEvery (85d) + overlap (6d) = 91d is over the key's life, expiresIn (90d): the old key would end before its overlap does; lengthen expiresIn or shorten one of the others",
        ],
      ],
    ],
    [
      "rotateEvery over the life",
      { rotateEvery: "100d", expiresIn: "90d" },
      {},
      [
        [
          "rotateEvery",
          "rotateEvery (100d) + overlap (0s) = 100d is over the key's life, expiresIn (90d): the old key would end before its overlap does; lengthen expiresIn or shorten one of the others",
        ],
      ],
    ],
    [
      "rotateBefore not below the life",
      { rotateEvery: "30d", rotateBefore: "90d", expiresIn: "90d" },
      {},
      [
        [
          "rotateBefore",
          '"rotateBefore" (90d) is not shorter than the key\'s life, expiresIn (90d): every key would be due at its issue; shorten it',
        ],
      ],
    ],
    [
      "overlap not below rotateEvery",
      { rotateEvery: "7d", overlap: "7d" },
      {},
      [
        [
          "overlap",
          '"overlap" (7d) is not shorter than rotateEvery (7d): a third key would be made while the first still lives; shorten it',
        ],
      ],
    ],
    [
      "maxOverlap below overlap, in any mode",
      { rotateEvery: "90d", overlap: "7d", maxOverlap: "5d" },
      {},
      [["maxOverlap", '"maxOverlap" (5d) is shorter than overlap (7d); lengthen it']],
    ],
    [
      "maxOverlap below the default overlap",
      { rotateEvery: "90d", maxOverlap: "5d", retire: "whenUnused" },
      lastUsed,
      [["maxOverlap", '"maxOverlap" (5d) is shorter than overlap (7d); lengthen it']],
    ],
    [
      "maxOverlap not below rotateEvery, with whenUnused",
      { rotateEvery: "30d", maxOverlap: "30d", retire: "whenUnused" },
      lastUsed,
      [
        [
          "maxOverlap",
          '"maxOverlap" (30d) is not shorter than rotateEvery (30d): a third key would be made while the first still lives; shorten it',
        ],
      ],
    ],
    [
      "whenUnused where nobody tells",
      { rotateEvery: "30d", retire: "whenUnused" },
      {},
      [
        [
          "retire",
          '"retire: whenUnused" needs to know when a key was last used, and fake does not tell; use afterOverlap',
        ],
      ],
    ],
    [
      "overlap beyond the grace of a service with one key",
      { rotateEvery: "30d", overlap: "2d" },
      oneKey(dayMs),
      [
        [
          "overlap",
          '"overlap" (2d) is longer than the grace that fake gives an old secret, rotationGrace (1d); shorten it, or raise the grace on the service',
        ],
      ],
    ],
    [
      "another overlap than a policy gives",
      { rotateEvery: "30d", overlap: "12h" },
      oneKey(dayMs),
      [["overlap", '"overlap" (12h) cannot be chosen: fake gives an old secret 1d; leave "overlap" out']],
    ],
    [
      "no grace, and no consent to an outage",
      { rotateEvery: "30d" },
      oneKey(0),
      [
        [
          "allowOutage",
          "fake keeps one key per account, and its old secret dies when the new one is made: between the two there is an outage; set allowOutage: true if that is acceptable, or let the service give a grace (rotationGrace)",
        ],
      ],
    ],
    [
      "one key that cannot be rotated",
      { rotateEvery: "30d", allowOutage: true },
      { maxActiveKeys: 1 },
      [
        [
          "rotateEvery",
          "fake keeps one key per account and cannot rotate it: an old and a new key never live together; use ApiKey with allowOutage: true",
        ],
      ],
    ],
    [
      "jitter that reaches into the overlap",
      { rotateEvery: "30d", overlap: "7d", jitter: "23d" },
      {},
      [
        [
          "jitter",
          "jitter (23d) + overlap (7d) = 30d is not shorter than rotateEvery (30d): a key could be due while its predecessor still lives; shorten one of them",
        ],
      ],
    ],
  ])("%s", (_name, inputs, abilities, expected) => {
    expect(refusals(inputs, abilities)).toEqual(expected);
  });

  test.each<[string, object, Partial<Capabilities>]>([
    ["a consent to an outage", { rotateEvery: "30d", allowOutage: true }, oneKey(0)],
    ["a grace", { rotateEvery: "30d" }, oneKey(dayMs)],
    ["a chosen grace", { rotateEvery: "30d", overlap: "3h" }, oneKey(dayMs, true)],
    ["maxOverlap in another mode", { rotateEvery: "90d", maxOverlap: "90d" }, {}],
    ["what is not known yet", { rotateEvery: unknownValue, overlap: "100d" }, {}],
    ["an overlap and a life that just fit", { rotateEvery: "83d", overlap: "7d", expiresIn: "90d" }, {}],
  ])("%s is not", (_name, inputs, abilities) => {
    expect(refusals(inputs, abilities)).toEqual([]);
  });
});

describe("When a key is due", () => {
  const schedule = (inputs: ScheduleInputs, name = "export") =>
    new Schedule({ origin: `acme/billing/dev/${name}`, ...inputs }, facts());

  test.each([
    ["away from midnight, whatever the minute", ["03:05", "03:00", "03:09", "03:02", "03:07"], 4],
    ["at midnight, once before and once after it", ["23:59", "23:59", "00:01", "23:59", "23:59"], 3],
  ])("of 1d rotates once for each UTC day in which a daily job runs: %s", (_when, times, rotations) => {
    const daily = schedule({ rotateEvery: "1d" });
    let issuedOn: string | undefined;
    let made = 0;
    for (const [day, time] of times.entries()) {
      // A job that is late runs after midnight: on the next day, by the calendar.
      const nowMs = at(`2027-01-0${day + 1}T${time}:00Z`) + (time < "03:00" ? dayMs : 0);
      if (issuedOn !== undefined && daily.dueReason({ issuedOn }, nowMs) === undefined) continue;
      if (issuedOn !== undefined) made += 1;
      issuedOn = daily.issuedOn(nowMs);
    }
    expect(made).toBe(rotations);
  });

  test.each<[string, ScheduleInputs, string, string | undefined, string, string | undefined]>([
    [
      "not on the day before",
      { rotateEvery: "90d" },
      "2027-01-01T00:00:00Z",
      undefined,
      "2027-03-31T23:59:59Z",
      undefined,
    ],
    [
      "on the day",
      { rotateEvery: "90d" },
      "2027-01-01T00:00:00Z",
      undefined,
      "2027-04-01T00:00:00Z",
      "due: age 90 d of 90 d",
    ],
    [
      "later, in whole days",
      { rotateEvery: "90d" },
      "2027-01-01T00:00:00Z",
      undefined,
      "2027-04-02T23:00:00Z",
      "due: age 91 d of 90 d",
    ],
    [
      "after missed periods, once",
      { rotateEvery: "90d" },
      "2027-01-01T00:00:00Z",
      undefined,
      "2028-01-01T00:00:00Z",
      "due: age 365 d of 90 d",
    ],
    [
      "on the minute where the period is short",
      { rotateEvery: "15m" },
      "2027-01-01T10:00:00Z",
      undefined,
      "2027-01-01T10:15:00Z",
      "due: age 15 min of 15 min",
    ],
    [
      "not a second earlier",
      { rotateEvery: "15m" },
      "2027-01-01T10:00:00Z",
      undefined,
      "2027-01-01T10:14:59Z",
      undefined,
    ],
    [
      "before its own end",
      { rotateEvery: "90d" },
      "2027-01-01T00:00:00Z",
      "2027-01-31T12:00:00Z",
      "2027-01-26T00:00:00Z",
      "expires in 5 d",
    ],
    [
      "a third of a short life before its end",
      { rotateEvery: "12h" },
      "2027-01-01T00:00:00Z",
      "2027-01-01T06:00:00Z",
      "2027-01-01T04:00:00Z",
      "expires in 2 h",
    ],
    [
      "a chosen time before its end",
      { rotateEvery: "90d", rotateBefore: "1d" },
      "2027-01-01T00:00:00Z",
      "2027-01-31T00:00:00Z",
      "2027-01-29T23:00:00Z",
      undefined,
    ],
    [
      "after its end",
      { rotateEvery: "90d" },
      "2027-01-01T00:00:00Z",
      "2027-01-31T00:00:00Z",
      "2027-02-03T05:00:00Z",
      "expired 3 d ago",
    ],
  ])("%s", (_name, inputs, issued, expires, now, expected) => {
    expect(schedule(inputs).dueReason({ issuedOn: issued, expiresAt: expires }, at(now))).toBe(expected);
  });

  test("jitter makes it earlier, never later, evenly over many names, and always the same for one", () => {
    const inputs = { rotateEvery: "30d", jitter: "10d" };
    const names = Array.from({ length: 300 }, (_, index) => `key-${index}`);
    const early = names.map((name) => schedule(inputs, name).earlierMs / dayMs);
    expect(early).toEqual(names.map((name) => schedule(inputs, name).earlierMs / dayMs));
    expect(Math.min(...early)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...early)).toBeLessThan(10);
    for (let day = 0; day < 10; day += 1)
      expect(early.filter((days) => Math.floor(days) === day).length).toBeGreaterThan(15);
    const life = { issuedOn: "2027-01-01T00:00:00Z" };
    const name = names.find((candidate) => Math.floor(schedule(inputs, candidate).earlierMs / dayMs) === 4) ?? "";
    const due = schedule(inputs, name).due(life).atMs;
    expect(new Date(due).toISOString()).toBe("2027-01-26T00:00:00.000Z");
    for (const hour of [0, 9, 23])
      expect(schedule(inputs, name).dueReason(life, due + hour * hourMs)).toBe(
        "due: age 25 d of 30 d, 5 d early by jitter",
      );
  });

  test("the day of an issue counts, or its second where the period is short", () => {
    const now = at("2027-01-01T18:30:10.5Z");
    expect(schedule({ rotateEvery: "1d" }).issuedOn(now)).toBe("2027-01-01T00:00:00Z");
    expect(schedule({ rotateEvery: "23h" }).issuedOn(now)).toBe("2027-01-01T18:30:10Z");
  });
});

describe("When a previous key goes", () => {
  const never = Infinity;
  const endsOf = (inputs: ScheduleInputs, now: string, nextDueMs = never) => {
    const ends = new Schedule({ origin, ...inputs }, facts(lastUsed)).overlapEnds(at(now), nextDueMs);
    return ends && [ends.retireAfterMs, ends.endMs].map((ms) => new Date(ms).toISOString().replace(".000Z", "Z"));
  };

  test.each<[string, ScheduleInputs, string, string[] | undefined]>([
    [
      "rounded up to a day",
      { rotateEvery: "90d" },
      "2027-01-01T10:00:00Z",
      ["2027-01-09T00:00:00Z", "2027-01-09T00:00:00Z"],
    ],
    [
      "at midnight when it is midnight",
      { rotateEvery: "90d" },
      "2027-01-01T00:00:00Z",
      ["2027-01-08T00:00:00Z", "2027-01-08T00:00:00Z"],
    ],
    [
      "to the second where the period is short",
      { rotateEvery: "3h" },
      "2027-01-01T10:00:00.4Z",
      ["2027-01-01T11:00:01Z", "2027-01-01T11:00:01Z"],
    ],
    [
      "at the latest at maxOverlap",
      { rotateEvery: "90d", overlap: "2d", maxOverlap: "9d", retire: "whenUnused" },
      "2027-01-01T10:00:00Z",
      ["2027-01-04T00:00:00Z", "2027-01-11T00:00:00Z"],
    ],
    ["at once with an overlap of nothing", { rotateEvery: "90d", overlap: "0s" }, "2027-01-01T10:00:00Z", undefined],
    ["at once with immediately", { rotateEvery: "90d", retire: "immediately" }, "2027-01-01T10:00:00Z", undefined],
  ])("%s", (_name, inputs, now, expected) => {
    expect(endsOf(inputs, now)).toEqual(expected);
  });

  test("before the next key is due, if only rounding would make that wait", () => {
    const due = at("2027-01-02T00:00:00Z");
    expect(endsOf({ rotateEvery: "1d" }, "2027-01-01T18:00:00Z", due)).toEqual([
      "2027-01-02T02:00:00Z",
      "2027-01-02T02:00:00Z",
    ]);
    expect(endsOf({ rotateEvery: "1d" }, "2027-01-01T06:00:00Z", due)).toEqual([
      "2027-01-02T00:00:00Z",
      "2027-01-02T00:00:00Z",
    ]);
  });

  test("never before the overlap that was asked for, and never after the next key is due plus the overlap's rest", () => {
    const seconds = (maxMs: number) => fc.integer({ min: 60, max: maxMs / secondMs });
    fc.assert(
      fc.property(
        seconds(100 * dayMs),
        seconds(99 * dayMs),
        fc.integer({ min: 0, max: 400 * dayMs }),
        (every, overlap, offset) => {
          fc.pre(overlap < every);
          const schedule = new Schedule({ origin, rotateEvery: `${every}s`, overlap: `${overlap}s` }, facts());
          const now = at("2027-01-01T00:00:00Z") + offset;
          const dueMs = schedule.due({ issuedOn: schedule.issuedOn(now) }).atMs;
          const ends = schedule.overlapEnds(now, dueMs);
          expect(ends?.endMs).toBeGreaterThanOrEqual(now + overlap * secondMs);
          expect(ends?.endMs).toBeLessThanOrEqual(Math.max(dueMs, now + overlap * secondMs + secondMs));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("only when it has been idle for a day for certain, whatever the vendor's lag and steps", () => {
    expect(
      [{}, { lagMs: minuteMs, granularityMs: 0 }, { lagMs: 0, granularityMs: dayMs }].map(
        (told) =>
          idleTimeMs({ capabilities: { ...everyday, lastUsed: { lagMs: 0, granularityMs: 0, ...told } } }) / hourMs,
      ),
    ).toEqual([24, 24 + 1 / 60, 48]);
  });
});
