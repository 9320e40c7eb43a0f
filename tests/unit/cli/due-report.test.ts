import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type DueKey, dueReport } from "../../../cli/due-report";
import { dueTable } from "../../../cli/due-table";

const dayMs = 86_400_000;
const now = Date.parse("2027-02-01T12:00:00Z");
const inDays = (days: number) => new Date(now + days * dayMs).toISOString();
const resource = (name: string, outputs: object, type = "RotatingApiKey") => ({
  urn: `urn:pulumi:dev::p::pulumi-nodejs:dynamic/apikeys:${type}::${name}`,
  type: `pulumi-nodejs:dynamic/apikeys:${type}`,
  outputs: { keyId: "key_1", status: "active", ...outputs },
});
const state = (...resources: object[]) => ({ deployment: { resources } });
const report = (withinDays: number, ...resources: object[]) => dueReport(state(...resources), now, withinDays * dayMs);
const one = (withinDays: number, outputs: object, type?: string): DueKey => {
  const [key] = report(withinDays, resource("one", outputs, type));
  if (!key) throw new Error("no key");
  return key;
};
const calm = { rotatedAt: inDays(-8), nextRotationAt: inDays(82) };

describe("apikeys due", () => {
  test("tells which keys rotate, end or have ended within the given time, the most urgent first", () => {
    const keys = report(
      7,
      resource("plain", { createdAt: inDays(-30) }, "ApiKey"),
      resource("calm", { rotatedAt: inDays(-1), nextRotationAt: inDays(89) }),
      resource("soon", { rotatedAt: inDays(-85), nextRotationAt: inDays(5), connection: "novavms" }),
      resource("ends", { createdAt: inDays(-2), expiresAt: inDays(2) }, "ApiKey"),
      resource("late", { rotatedAt: inDays(-91), nextRotationAt: inDays(-1) }),
      resource("dead", { createdAt: inDays(-33), expiresAt: inDays(-3) }, "ApiKey"),
      resource("lives", { createdAt: inDays(-2), expiresAt: inDays(20) }, "ApiKey"),
      resource("odd", { nextRotationAt: "tomorrow" }),
    );
    expect(keys.map(({ name, age, reason, problem }) => [name, age, reason ?? problem])).toEqual([
      ["odd", undefined, '"nextRotationAt" of its record cannot be read; run pulumi refresh'],
      ["dead", "33 d", 'expired 3 d ago; it stays so until "expiresAt" is changed'],
      ["late", "91 d", "rotation due since 2027-01-31"],
      ["ends", "2 d", "ends in 2 d"],
      ["soon", "85 d", "rotates in 5 d"],
      ["lives", "2 d", undefined],
      ["calm", "1 d", undefined],
      ["plain", "30 d", undefined],
    ]);
  });

  test.each<[string, object, string, string | undefined]>([
    [
      "a date that has passed",
      { expiresAt: inDays(-3) },
      "ApiKey",
      'expired 3 d ago; it stays so until "expiresAt" is changed',
    ],
    [
      "a life that is over",
      { expiresIn: "2d", expiresAt: inDays(-3) },
      "ApiKey",
      "expired 3 d ago; the next update replaces it",
    ],
    ["a life that ends", { expiresIn: "2d", expiresAt: inDays(0.5) }, "ApiKey", "ends in 12 h"],
    [
      "a date this second",
      { expiresAt: inDays(0) },
      "ApiKey",
      'expired 0 s ago; it stays so until "expiresAt" is changed',
    ],
    [
      "an end seen by a refresh",
      { status: "expired", expiresAt: inDays(-1) },
      "ApiKey",
      'expired 1 d ago; it stays so until "expiresAt" is changed',
    ],
    ["an end without a date", { status: "expired" }, "ApiKey", "expired"],
    ["a revoked key", { status: "revoked" }, "ApiKey", "revoked"],
    ["a disabled key that ends", { status: "disabled", expiresAt: inDays(0.5) }, "ApiKey", "disabled; ends in 12 h"],
    ["a key that never ends", {}, "ApiKey", undefined],
    [
      "a rotating key that makes way in time",
      { ...calm, nextRotationAt: inDays(0.2), expiresAt: inDays(0.9) },
      "RotatingApiKey",
      "rotates in 4 h",
    ],
    [
      "a rotating key whose successor is late",
      { ...calm, nextRotationAt: inDays(-1), expiresAt: inDays(0.9) },
      "RotatingApiKey",
      "ends in 21 h; rotation due since 2027-01-31",
    ],
    [
      "a rotating key that has died",
      { ...calm, nextRotationAt: inDays(-9), expiresAt: inDays(-2) },
      "RotatingApiKey",
      "expired 2 d ago; rotation due since 2027-01-23",
    ],
    [
      "a rotating key without a key",
      { keyId: undefined, status: "missing" },
      "RotatingApiKey",
      "it has no key yet: the next update issues one",
    ],
    ["one older key", { ...calm, pendingRevocations: [{}] }, "RotatingApiKey", "1 older key awaits revocation"],
    ["two older keys", { ...calm, pendingRevocations: [{}, {}] }, "RotatingApiKey", "2 older keys await revocation"],
    [
      "a lost create",
      { ...calm, lostCreates: ["x"] },
      "RotatingApiKey",
      "1 key that no record knows may exist: the next update looks for it",
    ],
  ])("names %s", (_what, outputs, type, reason) => {
    expect(one(1, outputs, type).reason).toBe(reason);
  });

  test.each<[string, object, number, string | undefined]>([
    ["still overlaps", { retireAfter: inDays(3), retire: "afterOverlap" }, 3, undefined],
    ["ends soon", { retireAfter: inDays(0.5), retire: "afterOverlap" }, 0.5, "previous key ends in 12 h"],
    [
      "has ended by itself",
      { retireAfter: inDays(-1), retire: "afterOverlap", endsOnService: true },
      -1,
      "previous key ended 1 d ago",
    ],
    [
      "is to be revoked",
      { retireAfter: inDays(-1), retire: "afterOverlap" },
      -1,
      "previous key should have ended 1 d ago: the next update revokes it",
    ],
    [
      "waits to be unused",
      { retireAfter: inDays(-1), retire: "whenUnused" },
      5,
      "previous key is revoked once it is unused, in 5 d at the latest",
    ],
  ])("of the previous key tells that it %s", (_what, previous, endDays, reason) => {
    const key = one(1, {
      ...calm,
      previousKey: { endsOnService: false, ...previous },
      previousValidUntil: inDays(endDays),
    });
    expect(key.reason).toBe(reason);
    expect(key.previousValidUntil).toBe(inDays(endDays));
  });

  test("counts an age from the issue, whatever day the schedule counts from", () => {
    const made = { issuedOn: "2027-02-01T00:00:00Z", rotatedAt: inDays(-1 / 86_400), nextRotationAt: inDays(90) };
    expect(one(0, made)).toMatchObject({ age: "1 s", issuedAt: made.rotatedAt });
    expect(one(0, { createdAt: inDays(-0.5) }, "ApiKey").age).toBe("12 h");
    expect(one(0, {}, "ApiKey")).not.toHaveProperty("age");
  });

  test("never calls the end of an ApiKey a rotation", () => {
    const key = one(7, { createdAt: inDays(-1), expiresIn: "2d", expiresAt: inDays(1) }, "ApiKey");
    expect(key).not.toHaveProperty("nextRotationAt");
    expect(key).toMatchObject({ expiresAt: inDays(1), due: [{ what: "end", at: inDays(1) }] });
  });

  test.each<[string, object, string, RegExp]>([
    [
      "an encrypted end",
      { expiresAt: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" } },
      "ApiKey",
      /"expiresAt"/,
    ],
    ["a life without an end", { expiresIn: "30d" }, "ApiKey", /no end/],
    ["no next rotation", { rotatedAt: inDays(-1) }, "RotatingApiKey", /no next rotation/],
    ["a previous key without its end", { ...calm, previousKey: {} }, "RotatingApiKey", /"previousKey"/],
  ])("says that it cannot tell, where a record has %s", (_what, outputs, type, problem) => {
    expect(one(0, outputs, type).problem).toMatch(problem);
  });

  test("an end that somebody took away on the service is no riddle", () => {
    expect(one(0, { expiresIn: "30d", agreedExpiresAt: inDays(3) }, "ApiKey")).toMatchObject({ due: [] });
  });

  test("a replaced key that is still in the state awaits its revocation", () => {
    const old = { ...resource("a", { expiresAt: inDays(9) }, "ApiKey"), delete: true };
    expect(report(0, old, resource("a", { expiresAt: inDays(9) }, "ApiKey")).map(({ reason }) => reason)).toEqual([
      "replaced, but not yet revoked: the next update revokes it",
      undefined,
    ]);
  });

  test("knows the keys of the plugin, and leaves out what is not a key", () => {
    const types = [
      "apikeys:index:RotatingApiKey",
      "apikeys:index:ApiKey",
      "apikeys:index:ServiceAccount",
      "aws:iam/key:Key",
    ];
    const keys = report(0, ...types.map((type) => ({ urn: `urn:pulumi:dev::p::${type}::x`, type, outputs: calm })));
    expect(keys.map(({ type }) => type).sort()).toEqual(["ApiKey", "RotatingApiKey"]);
  });

  test("whatever ends within the time asked for is due, and what ends later is not", () => {
    const span = fc.integer({ min: -400 * 24, max: 400 * 24 });
    fc.assert(
      fc.property(
        span,
        fc.integer({ min: 0, max: 400 * 24 }),
        fc.constantFrom("expiresAt", "both", "rotation", "previous"),
        (hours, within, form) => {
          const at = inDays(hours / 24);
          const previousKey = { retireAfter: at, retire: "afterOverlap", endsOnService: true };
          const outputs = {
            expiresAt: { expiresAt: at },
            both: { expiresIn: "9d", expiresAt: at },
            rotation: { nextRotationAt: at },
            previous: { nextRotationAt: inDays(999), previousKey, previousValidUntil: at },
          }[form];
          const key = one(within / 24, outputs, form === "expiresAt" || form === "both" ? "ApiKey" : "RotatingApiKey");
          expect(key.due.length > 0).toBe(hours <= within);
          expect(key.reason !== undefined).toBe(hours <= within);
        },
      ),
    );
  });

  test("says so where it is given something else", () => {
    expect(() => dueReport({ steps: [] }, now, 0)).toThrow(/not the output of `pulumi stack export`/);
  });
});

describe("the table", () => {
  test("shows absolute and relative times, and only the columns that somebody needs", () => {
    const keys = report(
      7,
      resource("exporter", { rotatedAt: "2027-01-04T12:30:00Z", nextRotationAt: "2027-02-06T00:00:00Z" }),
      resource("ci", { createdAt: inDays(-60), expiresAt: "2027-01-29T07:15:00Z", connection: "novavms" }, "ApiKey"),
    );
    expect(dueTable(keys, now, 7 * dayMs)).toBe(
      [
        "KEY       TYPE            CONNECTION  AGE   ROTATES              ENDS                         DUE",
        'ci        ApiKey          novavms     60 d  -                    2027-01-29 07:15Z (3 d ago)  expired 3 d ago; it stays so until "expiresAt" is changed',
        "exporter  RotatingApiKey  default     27 d  2027-02-06 (in 4 d)  -                            rotates in 4 d",
        "",
        "Due within 7 d: 2 of 2 keys.",
        "",
      ].join("\n"),
    );
  });

  test("prints names harmlessly", () => {
    const table = dueTable(report(0, resource("a\u001b[2Jb\u202e\nKEY", calm)), now, 0);
    expect(table).not.toMatch(/[\u001b\u202e]/);
    expect(table.split("\n")).toHaveLength(5);
    expect(dueTable([], now, 0)).toBe("No keys in this stack.\n");
  });
});
