import { describe, expect, test } from "@jest/globals";
import type { Capabilities } from "../../../../provider/backends/definition";
import type { ConnectionFacts } from "../../../../provider/connections";
import {
  isIdle,
  judgeUse,
  planRotation,
  type PreviousKey,
  type RotatingOutputs,
  type RotationPlan,
} from "../../../../provider/resources/rotation-plan";
import type { RotatingInputs } from "../../../../provider/resources/rotation-request";
import { scheduleOf } from "../../../../provider/resources/rotation-schedule";
import { unknownValue } from "../../../../provider/wire";
import { catalogue, everyday, origin } from "../support/fake-service";

const facts = (abilities: Partial<Capabilities> = {}): ConnectionFacts => ({
  name: "default",
  backend: "fake",
  origin: "http://127.0.0.1:4010",
  capabilities: { ...everyday, ...abilities },
  catalogue,
  movedFrom: [],
});
const given = { connection: "default", origin, scopes: ["read:checks"], rotateEvery: "90d" } as const;
const outputs: RotatingOutputs = {
  ...given,
  status: "active",
  keyId: "key-2",
  secret: "a secret of the second key",
  physicalName: "export-0123456789",
  createdAt: "2027-04-01T10:00:00Z",
  service: "http://127.0.0.1:4010",
  generation: 2,
  issuedOn: "2027-04-01T00:00:00Z",
  rotationReason: "due: age 90 d of 90 d",
};
const previousKey: PreviousKey = {
  keyId: "key-1",
  physicalName: "export-9876543210",
  retireAfter: "2027-04-09T00:00:00Z",
  retire: "afterOverlap",
  endsOnService: false,
};
const overlap = {
  previousKeyId: "key-1",
  previousSecret: "a secret of the first key",
  previousValidUntil: "2027-04-09T00:00:00Z",
  previousKey,
};
const unused = {
  ...overlap,
  previousValidUntil: "2027-05-02T00:00:00Z",
  previousKey: { ...previousKey, retire: "whenUnused" as const },
};

function plan(
  outs: Partial<Record<keyof RotatingOutputs, unknown>>,
  news: Partial<RotatingInputs>,
  now: string,
  abilities: Partial<Capabilities> = {},
): RotationPlan {
  const inputs = {
    ...given,
    status: "active",
    generation: 2,
    issuedOn: outputs.issuedOn,
    rotationReason: "",
    ...news,
  } as RotatingInputs;
  const record = Object.fromEntries(
    Object.entries({ ...outputs, ...outs }).filter(([, value]) => value !== undefined),
  ) as unknown as RotatingOutputs;
  return planRotation(
    record,
    inputs,
    facts(abilities),
    scheduleOf(inputs, facts(abilities), "export"),
    Date.parse(now),
  );
}

const idle: RotationPlan = { previous: "none", pending: false, recordChanges: [], replaces: [] };
const mint = (reason: string, more: object = {}) => ({
  mint: { reason, emergency: false, currentIsDead: false, ...more },
});

describe("What a rotating key needs", () => {
  test.each<
    [string, Partial<Record<keyof RotatingOutputs, unknown>>, Partial<RotatingInputs>, string, Partial<RotationPlan>]
  >([
    ["nothing, within its time", {}, {}, "2027-05-01T00:00:00Z", {}],
    ["nothing, while an overlap runs", overlap, {}, "2027-04-08T23:59:59Z", { previous: "keep" }],
    ["a retire, when it is over", overlap, {}, "2027-04-09T00:00:00Z", { previous: "end" }],
    ["a question, once a day", unused, {}, "2027-04-09T10:00:00Z", { previous: "ask" }],
    [
      "no question where it makes way in any case",
      unused,
      { scopes: ["read:alerts"] },
      "2027-04-09T10:00:00Z",
      { previous: "keep", ...mint("scopes changed: +read:alerts -read:checks") },
    ],
    [
      "no second question on that day",
      { ...unused, retireAskedOn: "2027-04-09" },
      {},
      "2027-04-09T20:00:00Z",
      { previous: "keep" },
    ],
    [
      "a retire at the hard stop",
      { ...unused, retireAskedOn: "2027-05-02" },
      {},
      "2027-05-02T00:00:00Z",
      { previous: "end" },
    ],
    ["a key, by its age", {}, {}, "2027-06-30T00:00:00Z", mint("due: age 90 d of 90 d")],
    [
      "a key by the age that was done, whatever number the request has",
      {},
      { generation: 7, rotationReason: "due: age 90 d of 90 d" },
      "2027-05-01T00:00:00Z",
      {},
    ],
    [
      "no key by the clock inside an overlap",
      { ...overlap, previousValidUntil: "2027-08-01T00:00:00Z" },
      {},
      "2027-07-10T00:00:00Z",
      { previous: "keep" },
    ],
    [
      "a key inside an overlap where the current one has expired",
      { ...overlap, previousValidUntil: "2027-08-01T00:00:00Z", expiresAt: "2027-07-01T00:00:00Z" },
      {},
      "2027-07-10T00:00:00Z",
      { previous: "keep", ...mint("expired 9 d ago", { currentIsDead: true }) },
    ],
    [
      "a key before an end that the service has set",
      { expiresAt: "2027-05-01T10:00:00Z", expiryImposed: true },
      {},
      "2027-04-24T10:00:00Z",
      mint("expires in 7 d"),
    ],
    [
      "the first key, where none could be made yet",
      { keyId: undefined, secret: undefined, physicalName: undefined, status: "missing" },
      {},
      "2027-05-01T00:00:00Z",
      mint("first issue", { currentIsDead: true }),
    ],
    [
      "a key for other scopes",
      {},
      { scopes: ["read:alerts"] },
      "2027-05-01T00:00:00Z",
      mint("scopes changed: +read:alerts -read:checks"),
    ],
    [
      "a key for other keepers",
      { keepers: { a: "1" } },
      { keepers: { a: "2" } },
      "2027-05-01T00:00:00Z",
      mint("keepers changed: a"),
    ],
    [
      "no key for what was done already",
      { scopes: ["read:alerts"], keepers: { a: "2" }, emergency: "INC-1" },
      { scopes: ["read:alerts"], keepers: { a: "2" }, emergency: "INC-1" },
      "2027-05-01T00:00:00Z",
      {},
    ],
    [
      "a key in an emergency",
      { emergency: "INC-1" },
      { emergency: "INC-2" },
      "2027-05-01T00:00:00Z",
      mint("emergency: INC-2", { emergency: true }),
    ],
    [
      "a record without an emergency that was taken out",
      { emergency: "INC-1" },
      {},
      "2027-05-01T00:00:00Z",
      { recordChanges: ["emergency"] },
    ],
    [
      "a key instead of a revoked one",
      { status: "revoked" },
      {},
      "2027-05-01T00:00:00Z",
      mint("revoked outside", { currentIsDead: true }),
    ],
    [
      "a key instead of a disabled one",
      { status: "disabled" },
      {},
      "2027-05-01T00:00:00Z",
      mint("disabled outside", { currentIsDead: true }),
    ],
    [
      "a key for other scopes instead of an expired one",
      { expiresAt: "2027-04-30T00:00:00Z" },
      { scopes: ["read:alerts"] },
      "2027-05-01T00:00:00Z",
      mint("scopes changed: +read:alerts -read:checks", { currentIsDead: true }),
    ],
    [
      "a key in preview, while its scopes are not known",
      {},
      { scopes: [unknownValue] },
      "2027-05-01T00:00:00Z",
      mint("inputs not known yet"),
    ],
    [
      "another schedule in the record",
      { overlap: "7d" },
      { overlap: "9d", rotateEvery: "80d", jitter: "1d" },
      "2027-05-01T00:00:00Z",
      { recordChanges: ["rotateEvery", "overlap", "jitter"] },
    ],
    [
      "other words in the record",
      {},
      { name: "exporter", description: "nightly", labels: { owner: "team-a" } },
      "2027-05-01T00:00:00Z",
      { recordChanges: ["labels", "name", "description"] },
    ],
    ["nothing, for a consent", {}, { fullAccess: true, allowOutage: true }, "2027-05-01T00:00:00Z", {}],
    [
      "another identity",
      { environment: "live" },
      { environment: "test" },
      "2027-05-01T00:00:00Z",
      { replaces: ["environment"] },
    ],
    [
      "another identity, in preview",
      { serviceAccountId: "a-1" },
      { serviceAccountId: unknownValue },
      "2027-05-01T00:00:00Z",
      { replaces: ["serviceAccountId"] },
    ],
    [
      "what waits to be revoked",
      { pendingRevocations: [{ keyId: "key-1", physicalName: "export-9876543210", end: "2027-04-01T00:00:00Z" }] },
      {},
      "2027-05-01T00:00:00Z",
      { pending: true },
    ],
    [
      "a look for what may have been made",
      { lostCreates: ["export-9876543210"] },
      {},
      "2027-05-01T00:00:00Z",
      { pending: true },
    ],
    [
      "nothing, for a key that is left alone",
      { strayKeys: [{ keyId: "key-1", physicalName: "export-9876543210" }] },
      {},
      "2027-05-01T00:00:00Z",
      {},
    ],
  ])("%s", (_name, outs, news, now, expected) => {
    const planned = plan(outs, news, now);
    expect(planned).toEqual({ ...idle, ...expected });
    expect(isIdle(planned)).toBe(
      Object.keys(expected).every((name) => name === "previous" && expected.previous === "keep"),
    );
  });

  test("the end of the previous key on the service, where that can be set and is not", () => {
    expect(plan(overlap, {}, "2027-04-05T00:00:00Z", { delayedRevoke: true }).previous).toBe("setEnd");
    expect(
      plan({ ...overlap, previousKey: { ...previousKey, endsOnService: true } }, {}, "2027-04-05T00:00:00Z", {
        delayedRevoke: true,
      }).previous,
    ).toBe("keep");
  });

  test("no question about the older secret of the current key", () => {
    expect(
      plan(
        {
          ...unused,
          previousKeyId: "key-2",
          previousKey: { ...unused.previousKey, keyId: "key-2", endsOnService: true },
        },
        {},
        "2027-04-20T00:00:00Z",
      ).previous,
    ).toBe("keep");
  });
});

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
    expect(judgeUse({ currentLastUsedAt, previousLastUsedAt }, facts(abilities), now)).toEqual({ retire, status });
  });
});
