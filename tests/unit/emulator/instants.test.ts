import { describe, expect, test } from "@jest/globals";
import { parseDurationMs, parseInstantMs, rfc3339 } from "../../../emulator/http/instants";

describe("durations", () => {
  test.each([
    ["30s", 30_000],
    ["15m", 900_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["12w", 7_257_600_000],
    ["0s", 0],
  ])("%s is %d ms", (text, expectedMs) => expect(parseDurationMs(text)).toBe(expectedMs));

  test.each(["", "7", "d", "-7d", "1.5h", "7 d", "7D", "1y", "1d12h"])("%j is no duration", (text) =>
    expect(parseDurationMs(text)).toBeUndefined(),
  );
});

describe("instants", () => {
  test.each([
    ["2027-02-01T00:00:00Z", Date.UTC(2027, 1, 1)],
    ["2027-02-01t00:00:00z", Date.UTC(2027, 1, 1)],
    ["2027-02-01T02:00:00+02:00", Date.UTC(2027, 1, 1)],
    ["2027-02-01T00:00:00.250Z", Date.UTC(2027, 1, 1) + 250],
    ["2028-02-29T00:00:00Z", Date.UTC(2028, 1, 29)],
  ])("%s is read", (text, expectedMs) => expect(parseInstantMs(text)).toBe(expectedMs));

  test.each(["2027-02-01", "2027-02-30T00:00:00Z", "2027-13-01T00:00:00Z", "2027-02-01T00:00:00", "tomorrow", "1"])(
    "%j is no RFC 3339 time",
    (text) => expect(parseInstantMs(text)).toBeUndefined(),
  );

  test("are written in UTC, without a fraction that is zero", () => {
    expect(rfc3339(Date.UTC(2027, 1, 1))).toBe("2027-02-01T00:00:00Z");
    expect(rfc3339(Date.UTC(2027, 1, 1) + 250)).toBe("2027-02-01T00:00:00.250Z");
    expect(rfc3339(null)).toBeNull();
  });
});
