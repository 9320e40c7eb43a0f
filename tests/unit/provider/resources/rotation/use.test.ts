import { describe, expect, test } from "@jest/globals";
import type { Capabilities } from "../../../../../provider/backends/definition";
import { judgeUse } from "../../../../../provider/resources/rotation/use";
import { everyday } from "../../support/fake-service";

const facts = (abilities: Partial<Capabilities>) => ({ capabilities: { ...everyday, ...abilities } });

describe("Whether a previous key is still in use", () => {
  const now = Date.parse("2027-04-20T12:00:00Z");

  test.each<[string, string | undefined, string | undefined, Partial<Capabilities>, boolean, string]>([
    ["the new one is not used yet", undefined, undefined, {}, false, "the new key has not been used yet; deferred"],
    [
      "the old one was used just now",
      "2027-04-20T11:00:00Z",
      "2027-04-20T11:56:00Z",
      {},
      false,
      "used 4 min ago; deferred",
    ],
    [
      "the old one is idle for almost a day",
      "2027-04-20T11:00:00Z",
      "2027-04-19T12:00:01Z",
      {},
      false,
      "used 23 h ago; deferred",
    ],
    [
      "the old one is idle for a day",
      "2027-04-20T11:00:00Z",
      "2027-04-19T12:00:00Z",
      {},
      true,
      "unused for 1 d; retired",
    ],
    ["the old one was never used", "2027-04-20T11:00:00Z", undefined, {}, true, "never used; retired"],
    [
      "the vendor tells days only, and it was used late on that day perhaps",
      "2027-04-20T00:00:00Z",
      "2027-04-19T00:00:00Z",
      { lastUsed: { lagMs: 0, granularityMs: 86_400_000 } },
      false,
      "used 1 d ago; deferred",
    ],
    [
      "the vendor tells days only, and two have passed",
      "2027-04-20T00:00:00Z",
      "2027-04-18T00:00:00Z",
      { lastUsed: { lagMs: 0, granularityMs: 86_400_000 } },
      true,
      "unused for 2 d; retired",
    ],
    [
      "the vendor tells late",
      "2027-04-20T00:00:00Z",
      "2027-04-19T11:00:00Z",
      { lastUsed: { lagMs: 7_200_000, granularityMs: 0 } },
      false,
      "used 1 d ago; deferred",
    ],
  ])("%s", (_name, currentLastUsedAt, previousLastUsedAt, abilities, retire, status) => {
    expect(judgeUse({ currentLastUsedAt, previousLastUsedAt }, { facts: facts(abilities), nowMs: now })).toEqual({
      retire,
      status,
    });
  });
});
