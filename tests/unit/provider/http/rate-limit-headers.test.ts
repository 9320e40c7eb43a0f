import { describe, expect, test } from "@jest/globals";
import { readQuota } from "../../../../provider/http/rate-limit-headers";

const wallMs = Date.parse("2026-06-15T12:00:00Z");
const inAMinute = wallMs / 1_000 + 60;

describe("what a service says of its limit", () => {
  test.each([
    ["IETF draft 10", { ratelimit: '"default";r=50;t=30', "ratelimit-policy": '"default";q=100;w=60' }, 50, 30_000],
    ["two policies: the one that leaves less", { ratelimit: '"minute";r=50;t=30, "day";r=10;t=3600' }, 10, 3_600_000],
    ["IETF draft 7", { ratelimit: "limit=100, remaining=50, reset=5" }, 50, 5_000],
    ["three fields", { "ratelimit-limit": "100", "ratelimit-remaining": "7", "ratelimit-reset": "20" }, 7, 20_000],
    [
      "three fields with a point in time",
      { "ratelimit-remaining": "7", "ratelimit-reset": String(inAMinute) },
      7,
      60_000,
    ],
    ["X-RateLimit with seconds", { "x-ratelimit-remaining": "7", "x-ratelimit-reset": "12.5" }, 7, 12_500],
    [
      "X-RateLimit with milliseconds",
      { "x-ratelimit-remaining": "7", "x-ratelimit-reset": String(inAMinute * 1_000) },
      7,
      60_000,
    ],
    ["X-Rate-Limit", { "x-rate-limit-remaining": "7", "x-rate-limit-reset": String(inAMinute) }, 7, 60_000],
    [
      "a point in time by the service's own clock",
      {
        "x-ratelimit-remaining": "7",
        "x-ratelimit-reset": String(inAMinute + 3_600),
        date: "Mon, 15 Jun 2026 13:00:00 GMT",
      },
      7,
      60_000,
    ],
    [
      "a point in time that has passed",
      { "x-ratelimit-remaining": "7", "x-ratelimit-reset": String(inAMinute - 90) },
      7,
      0,
    ],
  ] satisfies readonly [string, Record<string, string>, number, number][])(
    "in the form of %s",
    (_form, headers, remaining, resetInMs) => {
      expect(readQuota(headers, wallMs)).toEqual({ remaining, resetInMs });
    },
  );

  test("is nothing where there is none", () => {
    expect(readQuota({ "content-type": "application/json" }, wallMs)).toBeUndefined();
  });
});
