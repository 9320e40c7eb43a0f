import { describe, expect, test } from "@jest/globals";
import { clockIsSet, decisionTime } from "../../../provider/clock";
import { ConfigError } from "../../../provider/errors";

describe("APIKEYS_NOW", () => {
  test("sets the clock of every decision", () => {
    expect(decisionTime({ APIKEYS_NOW: "2027-02-01T01:00:00+01:00" })).toBe(Date.parse("2027-02-01T00:00:00Z"));
    expect(clockIsSet({ APIKEYS_NOW: "2027-02-01T00:00:00Z" })).toBe(true);
  });

  test.each([{}, { APIKEYS_NOW: "" }])("leaves the clock alone in %j", (env) => {
    const before = Date.now();
    expect(decisionTime(env)).toBeGreaterThanOrEqual(before);
    expect(decisionTime(env)).toBeLessThanOrEqual(Date.now());
    expect(clockIsSet(env)).toBe(false);
  });

  test("that is no time is refused, with how to write one", () => {
    expect(() => decisionTime({ APIKEYS_NOW: "tomorrow" })).toThrow(ConfigError);
    expect(() => decisionTime({ APIKEYS_NOW: "tomorrow" })).toThrow(
      "The environment variable APIKEYS_NOW is a text of 8 characters, not a time; write RFC 3339 with a zone: 2027-02-01T00:00:00Z.",
    );
  });
});
