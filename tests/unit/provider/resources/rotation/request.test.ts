import { describe, expect, test } from "@jest/globals";
import type { RotatingInputs } from "../../../../../provider/resources/rotation/fields";
import { requestRotation } from "../../../../../provider/resources/rotation/request";
import { Schedule } from "../../../../../provider/resources/rotation/schedule";
import { unknownValue } from "../../../../../provider/values/wire";
import { catalogue, everyday, origin } from "../../support/fake-service";

const facts = { capabilities: { ...everyday, lastUsed: { lagMs: 0, granularityMs: 0 } } };
const first = { generation: 1, issuedOn: "2027-01-01T00:00:00Z", rotationReason: "first issue" };
const base = { connection: "default", origin, scopes: ["read:checks"], rotateEvery: "90d", status: "active" } as const;

type Given = Partial<RotatingInputs>;

/** What `check` asks for, from the old inputs and the new ones. */
function ask(olds: Given, news: Given, now: string) {
  const inputs = { ...base, ...news } as RotatingInputs;
  const schedule = new Schedule(inputs, facts);
  return requestRotation({ ...base, ...olds }, inputs, { schedule, facts: { catalogue }, nowMs: Date.parse(now) });
}

/** The overlap of the second key runs until the 9th of April. */
const running = {
  generation: 2,
  issuedOn: "2027-04-01T00:00:00Z",
  rotationReason: "due: age 90 d of 90 d",
  retireAfter: "2027-04-09T00:00:00Z",
};
const unused = { ...running, retireUntil: "2027-05-02T00:00:00Z" };

describe("The request of a rotating key", () => {
  test("begins with the first issue, on the day of the issue", () => {
    expect(
      requestRotation({}, base as unknown as RotatingInputs, {
        schedule: new Schedule(base, facts),
        facts: { catalogue },
        nowMs: Date.parse("2027-01-01T17:30:00Z"),
      }),
    ).toEqual(first);
    expect(ask({}, { emergency: "already there" }, "2027-01-01T17:30:00Z")).toEqual(first);
  });

  test.each<[string, Given, Given, string, object]>([
    ["nothing happens before its time", first, {}, "2027-03-31T23:00:00Z", first],
    [
      "a key is due by its age",
      first,
      {},
      "2027-04-02T10:00:00Z",
      {
        generation: 2,
        issuedOn: "2027-04-02T00:00:00Z",
        rotationReason: "due: age 91 d of 90 d",
        retireAfter: "2027-04-10T00:00:00Z",
      },
    ],
    [
      "a key is due before its end",
      { ...first, expiresIn: "40d" },
      { expiresIn: "40d" },
      "2027-02-05T10:00:00Z",
      { generation: 2, issuedOn: "2027-02-05T00:00:00Z", rotationReason: "expires in 4 d" },
    ],
    ["an overlap runs", running, {}, "2027-04-05T00:00:00Z", running],
    [
      "an overlap is over",
      running,
      {},
      "2027-04-09T00:00:00Z",
      { generation: 2, issuedOn: running.issuedOn, rotationReason: "previous key retired after overlap" },
    ],
    [
      "the clock never mints inside an overlap",
      { ...running, retireAfter: "2027-08-01T00:00:00Z" },
      {},
      "2027-07-10T00:00:00Z",
      { ...running, retireAfter: "2027-08-01T00:00:00Z" },
    ],
    [
      "its use is asked for once a day",
      unused,
      { retire: "whenUnused" },
      "2027-04-10T08:00:00Z",
      { ...unused, retireAskedOn: "2027-04-10" },
    ],
    [
      "its use is not asked for before the overlap ends",
      unused,
      { retire: "whenUnused" },
      "2027-04-08T08:00:00Z",
      unused,
    ],
    [
      "the hard stop is over",
      { ...unused, retireAskedOn: "2027-05-01" },
      { retire: "whenUnused" },
      "2027-05-02T08:00:00Z",
      { generation: 2, issuedOn: running.issuedOn, rotationReason: "previous key retired after overlap" },
    ],
    [
      "scopes change",
      first,
      { scopes: ["read:alerts", "write:checks"] },
      "2027-01-05T10:00:00Z",
      {
        generation: 2,
        issuedOn: "2027-01-05T00:00:00Z",
        rotationReason: "scopes changed: +read:alerts +write:checks -read:checks",
        retireAfter: "2027-01-13T00:00:00Z",
      },
    ],
    [
      "scopes change inside an overlap",
      running,
      { scopes: ["read:checks", "write:checks"] },
      "2027-04-02T10:00:00Z",
      {
        generation: 3,
        issuedOn: "2027-04-02T00:00:00Z",
        rotationReason: "scopes changed: +write:checks; previous key ends 6 d early",
        retireAfter: "2027-04-10T00:00:00Z",
      },
    ],
    [
      "scopes change before the hard stop",
      unused,
      { scopes: ["read:checks", "write:checks"], retire: "whenUnused" },
      "2027-04-20T10:00:00Z",
      {
        generation: 3,
        issuedOn: "2027-04-20T00:00:00Z",
        rotationReason: "scopes changed: +write:checks; previous key ends 11 d early",
        retireAfter: "2027-04-28T00:00:00Z",
        retireUntil: "2027-05-21T00:00:00Z",
      },
    ],
    [
      "scopes mean the same",
      { ...first, scopes: ["orders:manage"] },
      { scopes: ["orders:manage", "orders:read"] },
      "2027-01-05T10:00:00Z",
      first,
    ],
    [
      "keepers change",
      { ...first, keepers: { a: "1", b: "1", c: "1" } },
      { keepers: { a: "2", c: "1", d: "1" } },
      "2027-01-05T10:00:00Z",
      {
        generation: 2,
        issuedOn: "2027-01-05T00:00:00Z",
        rotationReason: "keepers changed: a, b, d",
        retireAfter: "2027-01-13T00:00:00Z",
      },
    ],
    [
      "the life changes",
      first,
      { expiresIn: "120d" },
      "2027-01-05T10:00:00Z",
      {
        generation: 2,
        issuedOn: "2027-01-05T00:00:00Z",
        rotationReason: "expiresIn changed: none => 120d",
        retireAfter: "2027-01-13T00:00:00Z",
      },
    ],
    [
      "a life is written in other units",
      { ...first, expiresIn: "100d" },
      { expiresIn: "2400h" },
      "2027-01-05T10:00:00Z",
      first,
    ],
    [
      "an emergency has no overlap",
      running,
      { emergency: "INC-1" },
      "2027-04-02T10:00:00Z",
      { generation: 3, issuedOn: "2027-04-02T00:00:00Z", rotationReason: "emergency: INC-1" },
    ],
    [
      "another emergency",
      { ...first, emergency: "INC-1" },
      { emergency: "INC-2" },
      "2027-04-02T10:00:00Z",
      { generation: 2, issuedOn: "2027-04-02T00:00:00Z", rotationReason: "emergency: INC-2" },
    ],
    ["the same emergency", { ...first, emergency: "INC-1" }, { emergency: "INC-1" }, "2027-01-05T10:00:00Z", first],
    ["an emergency is taken out", { ...first, emergency: "INC-1" }, {}, "2027-01-05T10:00:00Z", first],
    [
      "several reasons at once",
      first,
      { emergency: "INC-1", scopes: ["read:alerts"] },
      "2027-01-05T10:00:00Z",
      {
        generation: 2,
        issuedOn: "2027-01-05T00:00:00Z",
        rotationReason: "emergency: INC-1; scopes changed: +read:alerts -read:checks",
      },
    ],
    [
      "a key is revoked outside",
      { ...first, status: "revoked" },
      {},
      "2027-01-05T10:00:00Z",
      { generation: 2, issuedOn: "2027-01-05T00:00:00Z", rotationReason: "revoked on the service" },
    ],
    [
      "a key is gone",
      { ...first, status: "missing" },
      {},
      "2027-01-05T10:00:00Z",
      { generation: 2, issuedOn: "2027-01-05T00:00:00Z", rotationReason: "gone from the service" },
    ],
    [
      "a key has expired",
      { ...first, status: "expired" },
      {},
      "2027-01-05T10:00:00Z",
      { generation: 2, issuedOn: "2027-01-05T00:00:00Z", rotationReason: "expired" },
    ],
    [
      "a key is disabled, and the program wants it replaced then",
      { ...first, status: "disabled" },
      { onDisabled: "replace" },
      "2027-01-05T10:00:00Z",
      {
        generation: 2,
        issuedOn: "2027-01-05T00:00:00Z",
        rotationReason: "disabled on the service",
      },
    ],
    [
      "nothing is asked for by itself while a key is disabled, however old it is",
      { ...first, status: "disabled" },
      {},
      "2027-01-05T10:00:00Z",
      first,
    ],
    [
      "a dead key leaves its predecessor's overlap alone",
      { ...running, status: "revoked" },
      {},
      "2027-04-05T10:00:00Z",
      { ...running, generation: 3, issuedOn: "2027-04-05T00:00:00Z", rotationReason: "revoked on the service" },
    ],
    [
      "the schedule alone changes",
      running,
      { rotateEvery: "180d", overlap: "1d", retire: "immediately" },
      "2027-04-05T10:00:00Z",
      running,
    ],
    [
      "a shorter schedule makes it due",
      first,
      { rotateEvery: "3d", overlap: "1d" },
      "2027-01-05T10:00:00Z",
      {
        generation: 2,
        issuedOn: "2027-01-05T00:00:00Z",
        rotationReason: "due: age 4 d of 3 d",
        retireAfter: "2027-01-07T00:00:00Z",
      },
    ],
  ])("%s", (_name, olds, news, now, expected) => {
    expect(ask(olds, news, now)).toEqual(expected);
  });

  test.each(["scopes", "keepers", "expiresIn", "emergency"])(
    "is carried forward unchanged while %s is not known",
    (field) => {
      expect(
        ask(running, { [field]: field === "scopes" ? [unknownValue] : unknownValue }, "2028-01-01T00:00:00Z"),
      ).toEqual(running);
    },
  );

  test("of a short schedule counts in seconds", () => {
    const olds = { ...first, rotateEvery: "15m", issuedOn: "2027-01-01T10:00:00Z" };
    expect(ask(olds, { rotateEvery: "15m" }, "2027-01-01T10:16:30.7Z")).toEqual({
      generation: 2,
      issuedOn: "2027-01-01T10:16:30Z",
      rotationReason: "due: age 16 min of 15 min",
      retireAfter: "2027-01-01T10:21:31Z",
    });
  });
});
