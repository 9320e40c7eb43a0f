import { describe, expect, test } from "@jest/globals";
import { dueReport, dueTable } from "../../../cli/due-report";

const dayMs = 86_400_000;
const now = Date.parse("2027-02-01T12:00:00Z");
const inDays = (days: number) => new Date(now + days * dayMs).toISOString();
const resource = (name: string, outputs: object, type = "RotatingApiKey") => ({
  urn: `urn:pulumi:dev::p::pulumi-nodejs:dynamic/apikeys:${type}::${name}`,
  type: `pulumi-nodejs:dynamic/apikeys:${type}`,
  outputs,
});
const state = (...resources: object[]) => ({ deployment: { resources } });

describe("apikeys due", () => {
  test("tells which key rotates within the given time, and why", () => {
    const keys = dueReport(
      state(
        resource("late", {
          rotatedAt: inDays(-91),
          nextRotationAt: inDays(-1),
          connection: "default",
          status: "active",
        }),
        resource("soon", {
          rotatedAt: inDays(-85),
          nextRotationAt: inDays(5),
          connection: "novavms",
          status: "active",
        }),
        resource("calm", { rotatedAt: inDays(-1), nextRotationAt: inDays(89), status: "active" }),
        resource("plain", { createdAt: inDays(-30), status: "active" }, "ApiKey"),
      ),
      now,
      7 * dayMs,
    );
    expect(keys.map(({ name, age, reason }) => [name, age, reason])).toEqual([
      ["late", "91 d", "rotation due"],
      ["soon", "85 d", "rotates in 5 d"],
      ["calm", "1 d", undefined],
      ["plain", "30 d", undefined],
    ]);
  });

  test("names previous keys whose overlap is over, revocations that wait, and keys that are not active", () => {
    const previousKey = { retireAfter: inDays(-1), retire: "afterOverlap", endsOnService: false };
    const [retire, pending, revoked] = dueReport(
      state(
        resource("a", {
          rotatedAt: inDays(-8),
          nextRotationAt: inDays(82),
          status: "active",
          previousKey,
          previousValidUntil: inDays(-1),
        }),
        resource("b", {
          rotatedAt: inDays(-8),
          nextRotationAt: inDays(83),
          status: "active",
          pendingRevocations: [{}, {}],
        }),
        resource("c", { rotatedAt: inDays(-8), nextRotationAt: inDays(84), status: "revoked" }),
      ),
      now,
      0,
    );
    expect([retire?.reason, pending?.reason, revoked?.reason]).toEqual([
      "previous key can be retired",
      "2 older keys await revocation",
      "revoked",
    ]);
  });

  test("leaves out what is about to be deleted and what is not ours, and prints names harmlessly", () => {
    const keys = dueReport(
      state(
        { ...resource("gone", {}), delete: true },
        { urn: "urn:x", type: "aws:iam/key:Key" },
        resource("a\u001b[2Jb\u202e", { rotatedAt: inDays(0) }),
      ),
      now,
      0,
    );
    expect(dueTable(keys)).not.toMatch(/[\u001b\u202e]/);
    expect(keys.length).toBe(1);
  });

  test("says so where it is given something else", () => {
    expect(() => dueReport({ steps: [] }, now, 0)).toThrow(/not the output of `pulumi stack export`/);
  });
});
