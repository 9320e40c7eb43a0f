import { describe, expect, test } from "@jest/globals";
import { judgeAll } from "../../../cli/sweep";
import type { InventoryRow } from "../../../inventory/classify";
import { hourMs } from "../../../provider/durations";

const nowMs = Date.parse("2027-01-02T00:00:00Z");
const key: InventoryRow = {
  standing: "unknown",
  kind: "key",
  connection: "default",
  service: "https://keys.example.com",
  id: "key-1",
  name: "export-d0ee5mjmmcjywmshbnt",
  status: "active",
  stack: "billing/dev",
};
const old = { createdAt: "2027-01-01T00:00:00Z" };
const account: InventoryRow = { ...key, ...old, kind: "account", id: "account-1" };

/** Why each row is left alone; undefined where it is revoked. */
function kept(
  rows: readonly InventoryRow[],
  { used = false, minAge = hourMs, tellsUse = true, ended = false, keepsEnded = false } = {},
): (string | undefined)[] {
  const known = { nowMs, tellsUse: () => tellsUse, keepsEnded: () => keepsEnded };
  return judgeAll(rows, { used, minAge, ended }, known).map((verdict) => verdict.kept);
}

describe("a sweep", () => {
  test("revokes a key that is old, unknown and unused", () => {
    expect(kept([{ ...key, ...old }])).toEqual([undefined]);
  });

  test("leaves a key that may be in use, until --used is said", () => {
    const used = { ...key, ...old, lastUsedAt: "2027-01-01T12:00:00Z" };
    expect(kept([used])).toEqual([expect.stringContaining("it was used at 2027-01-01T12:00:00Z")]);
    expect(kept([used], { used: true })).toEqual([undefined]);
  });

  test("takes no key for unused where its service does not tell", () => {
    expect(kept([{ ...key, ...old }], { tellsUse: false })).toEqual([
      "its service does not tell whether it was used: say --used to revoke it anyway",
    ]);
    expect(kept([{ ...key, ...old }], { tellsUse: false, used: true })).toEqual([undefined]);
  });

  test("leaves a key whose age nobody tells, until --min-age 0s is said", () => {
    expect(kept([key])).toEqual(["its service does not tell how old it is: say --min-age 0s to revoke it anyway"]);
    expect(kept([key], { minAge: 0 })).toEqual([undefined]);
    expect(kept([key], { minAge: 0, used: true, tellsUse: false })).toEqual([undefined]);
  });

  test("removes the record of an ended key that is provably ours, where it is told to and its service can", () => {
    const past = { ...key, ...old, endsAt: "2027-01-01T12:00:00Z", lastUsedAt: "2027-01-01T11:00:00Z" };
    const expired = { ...past, status: "expired" };
    const removable = { ended: true, keepsEnded: true };
    for (const over of [past, expired]) expect(kept([over], removable)).toEqual([undefined]);
    // Nobody said so; nobody can; it is not proven ours; a state has it still; it has not ended.
    expect(kept([expired], { keepsEnded: true })).toEqual([]);
    expect(kept([expired], { ended: true })).toEqual([]);
    for (const standing of ["unproven", "other-stack", "hand-made", "recorded"] as const)
      expect(kept([{ ...expired, standing }], removable)).toEqual([]);
    expect(kept([{ ...past, endsAt: "2027-02-01T00:00:00Z" }], removable)).toEqual([
      expect.stringContaining("it was used at"),
    ]);
  });

  test("leaves what is young, what others made, and accounts with living keys", () => {
    expect(kept([{ ...key, createdAt: "2027-01-01T23:30:00Z" }])).toEqual(["it is younger than --min-age"]);
    expect(kept([{ ...key, ...old, standing: "hand-made" }])).toEqual([]);
    expect(kept([{ ...key, ...old, standing: "recorded", accountId: "account-1" }, account])).toEqual([
      "the account has living keys",
    ]);
    expect(kept([account], { tellsUse: false })).toEqual([undefined]);
  });
});
