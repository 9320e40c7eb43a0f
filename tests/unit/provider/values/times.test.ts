import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatTime, normaliseTime, parseTime } from "../../../../provider/values/times";

describe("a user's time", () => {
  test.each([
    ["2027-02-01T00:00:00Z", "2027-02-01T00:00:00Z"],
    ["2027-02-01t00:00:00z", "2027-02-01T00:00:00Z"],
    ["2027-02-01 00:00:00Z", "2027-02-01T00:00:00Z"],
    ["2027-02-01T01:30:00+01:30", "2027-02-01T00:00:00Z"],
    ["2027-01-31T19:00:00.750-05:00", "2027-02-01T00:00:00Z"],
    ["2028-02-29T12:00:00Z", "2028-02-29T12:00:00Z"],
  ])("%s is %s", (text, utc) => {
    const ms = parseTime(text);
    expect(typeof ms === "number" ? formatTime(ms) : ms).toBe(utc);
  });

  test.each([
    ["2027-03-04", '"2027-03-04"', "2027-03-04T00:00:00Z"],
    ["2027-03-04T05:06:07", '"2027-03-04T05:06:07"', "2027-03-04T05:06:07Z"],
    ["tomorrow", "a text of 8 characters"],
    ["2027-13-01T00:00:00Z", '"2027-13-01T00:00:00Z"'],
    ["2027-02-01T25:00:00Z", '"2027-02-01T25:00:00Z"'],
    ["2027-02-01T00:00Z", '"2027-02-01T00:00Z"'],
    ["01.02.2027 00:00:00Z", '"01.02.2027 00:00:00Z"'],
    ["1801440000", '"1801440000"'],
    ["2027-02-01T00:00:00Z\n", "a text of 21 characters"],
  ])(
    "is not %j: it needs the whole date, the whole time and a zone",
    (text, told, example = "2027-02-01T00:00:00Z") => {
      expect(parseTime(text)).toEqual({ problem: `is ${told}, not a time; write RFC 3339 with a zone: ${example}` });
    },
  );

  test.each([[undefined], [null], [1_801_440_000_000], [new Date(0)]])("is not %p", (value) => {
    expect(parseTime(value)).toEqual({ problem: expect.stringContaining("not a time") });
  });

  test("that no calendar has is refused", () => {
    expect(parseTime("2027-02-30T00:00:00Z")).toEqual({ problem: expect.stringContaining("not a time") });
  });

  test("written by us reads back as the same second", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (seconds) => {
        expect(parseTime(formatTime(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });
});

describe("a vendor's time", () => {
  test.each([
    ["2026-11-21T00:38:22.783068Z", "2026-11-21T00:38:22Z"],
    ["2026-11-21T00:25:58.165830", "2026-11-21T00:25:58Z"],
    ["2030-01-01T00:00:00.000000", "2030-01-01T00:00:00Z"],
    ["2026-11-21T02:00:00+02:00", "2026-11-21T00:00:00Z"],
    ["2026-11-21T02:00:00+0200", "2026-11-21T00:00:00Z"],
    ["2026-11-21", "2026-11-21T00:00:00Z"],
  ])("%s is %s: without a zone it is UTC", (told, utc) => {
    expect(normaliseTime(told)).toBe(utc);
  });

  test.each([[undefined], [null], [""], ["never"]])("%p is absent", (told) => {
    expect(normaliseTime(told)).toBeUndefined();
  });
});
