import { describe, expect, test } from "@jest/globals";
import { judgeAll, keptByState, sweepRow } from "../../../cli/sweep";
import type { InventoryRow } from "../../../inventory/classify";
import type { RecordedStack } from "../../../inventory/recorded";
import type { ApiKey } from "../../../provider/backends/definition";
import { OwnCredential } from "../../../provider/connections/own-credential";
import type { WritableConnection } from "../../../provider/connections/connections";
import { hourMs } from "../../../provider/values/durations";
import { formatTime } from "../../../provider/values/times";

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
      "its service does not tell whether it was used: pass --used to revoke it anyway",
    ]);
    expect(kept([{ ...key, ...old }], { tellsUse: false, used: true })).toEqual([undefined]);
  });

  test("leaves a key whose age nobody tells, until --min-age 0s is said", () => {
    expect(kept([key])).toEqual(["its service does not tell how old it is: pass --min-age 0s to revoke it anyway"]);
    expect(kept([key], { minAge: 0 })).toEqual([undefined]);
    // By the service's clock it was made a moment after now.
    expect(kept([{ ...key, createdAt: formatTime(nowMs + 60_000) }], { minAge: 0 })).toEqual([undefined]);
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

describe("what a state names", () => {
  const recorded = (facts: object): RecordedStack[] => [
    { stack: "billing/dev", config: {}, keys: [{ ...key, ...facts }] } as unknown as RecordedStack[][number],
  ];
  const keptBy = (facts: object) => keptByState({ row: key }, recorded(facts)).kept;

  test("is left alone, by its id, and by its mark where its service had another address when it was recorded", () => {
    expect(keptBy({})).toBe("a state names it now");
    expect(keptBy({ id: "key-2" })).toBeUndefined();
    const before = { service: "https://old.example.com", physicalName: key.name };
    expect(keptBy(before)).toMatch(
      /a state names it as a key of https:\/\/old\.example\.com: has that service moved\?/,
    );
    expect(keptBy({ ...before, physicalName: "export-d0ee5mjmmcjywmshbnx" })).toBeUndefined();
    expect(keptBy({ ...before, kind: "account" })).toBeUndefined();
  });
});

describe("an account that no state names", () => {
  const sweptWith = async (keys: readonly Partial<ApiKey>[] | undefined) => {
    const ended: string[] = [];
    const client = {
      listKeys: () => Promise.resolve(keys),
      deleteServiceAccount: (id: string) => Promise.resolve(ended.push(id) && "deleted"),
    };
    const connection = { name: "default", capabilities: { parent: "serviceAccount" }, client };
    await sweepRow(connection as unknown as WritableConnection, { row: account }, {});
    return ended;
  };

  test("stays where a key of it has come since the list was read, or its keys are not shown", async () => {
    await expect(sweptWith([{ status: "disabled" }])).rejects.toThrow("it has living keys now");
    await expect(sweptWith(undefined)).rejects.toThrow("does not show its keys");
    expect(await sweptWith([{ status: "revoked" }])).toEqual(["account-1"]);
  });
});

describe("the record of an ended key", () => {
  const realMs = Date.now();
  const at = (ms: number) => formatTime(realMs + ms);

  /** Whether it goes, of a service that answers with this key when it is asked again. */
  async function goes(found: Partial<ApiKey> | undefined, serviceMs = realMs): Promise<boolean> {
    const revoked: string[] = [];
    const client = {
      getKey: () => Promise.resolve(found && { id: "key-1", name: key.name, status: "active" as const, ...found }),
      revokeKey: ({ id }: { readonly id: string }) => {
        revoked.push(id);
        return Promise.resolve("revoked" as const);
      },
    };
    const capabilities = { revokeProves: true };
    const connection = { name: "default", capabilities, assumeGone: [], clock: { nowMs: () => serviceMs }, client };
    const row = { ...key, endsAt: at(-hourMs), status: "expired" };
    const removal = sweepRow(connection as unknown as WritableConnection, { row, ended: true }, {});
    if (found && revoked.length === 0)
      await removal.catch((error: unknown) => expect(String(error)).toMatch(/it has not ended: .* (active|disabled)/));
    else await removal;
    return revoked.length > 0;
  }

  test("goes where the service still shows the key as ended, or not at all", async () => {
    expect(await goes({ status: "expired" })).toBe(true);
    expect(await goes({ status: "revoked" })).toBe(true);
    expect(await goes({ expiresAt: at(-hourMs) })).toBe(true);
    expect(await goes(undefined)).toBe(true);
  });

  test("stays where somebody has put the end off, or took it away, since the list was read", async () => {
    expect(await goes({ expiresAt: at(hourMs) })).toBe(false);
    expect(await goes({})).toBe(false);
    expect(await goes({ status: "disabled", expiresAt: at(-hourMs) })).toBe(false);
  });

  test("stays where the service's clock has not come to the end yet", async () => {
    expect(await goes({ expiresAt: at(-hourMs) }, realMs - 2 * hourMs)).toBe(false);
    // Nor does a clock that is ahead end a key.
    expect(await goes({ expiresAt: at(hourMs) }, realMs + 2 * hourMs)).toBe(false);
  });
});

describe("what the sweep's own connection runs on", () => {
  test.each([
    ["key", { keyId: "key-1" }, /it is the credential that the connection "default" itself runs on/],
    ["account", { serviceAccountId: "account-1" }, /belongs to the account account-1, and would end with it/],
  ] as const)("is not ended: the %s", async (kind, caller, words) => {
    const ended: string[] = [];
    const end = (outcome: string) => (what: unknown) => {
      ended.push(JSON.stringify(what));
      return Promise.resolve(outcome);
    };
    const client = {
      whoAmI: () => Promise.resolve(caller),
      revokeKey: end("revoked"),
      deleteServiceAccount: end("deleted"),
    };
    const own = { caller: () => client.whoAmI() };
    const connection = { name: "default", capabilities: { revokeProves: true }, assumeGone: [], client, own };
    const sweep = (row: InventoryRow) => sweepRow(connection as unknown as WritableConnection, { row }, {});
    await expect(sweep(kind === "key" ? key : account)).rejects.toThrow(words);
    expect(ended).toEqual([]);
    await sweep({ ...(kind === "key" ? key : account), id: "another" });
    expect(ended).toHaveLength(1);
  });
});

describe("on a service that does not say who calls, the credential of the connection", () => {
  const realMs = Date.now();
  const at = (ms: number) => formatTime(realMs + ms);
  const tells = { lastUsed: { lagMs: hourMs, granularityMs: hourMs } };

  /** Whether this key is ended by a connection with this credential. */
  async function goes(
    credential: string,
    row: Partial<InventoryRow>,
    abilities: { readonly lastUsed?: object; readonly secret?: object },
  ): Promise<boolean> {
    const ended: string[] = [];
    const client = {
      revokeKey: ({ id }: { readonly id: string }) => {
        ended.push(id);
        return Promise.resolve("revoked");
      },
    };
    const own = new OwnCredential({ read: () => Promise.resolve(credential), ask: () => undefined, isWhole: true });
    const capabilities = { revokeProves: true, secret: { form: "token" }, ...abilities };
    const connection = { name: "default", capabilities, assumeGone: [], client, own };
    const sweep = sweepRow(connection as unknown as WritableConnection, { row: { ...key, ...row } }, {});
    await sweep.catch((error: unknown) => expect(String(error)).toMatch(/(is|may be) the credential that the connec/));
    return ended.length > 0;
  }

  test("stays where it names the key, as some credentials do", async () => {
    const id = "ngeVfQFYQlKU0ufo8x5d1A";
    const secret = { form: "token", shape: "(?<prefix>SG\\.)(?<id>[A-Za-z0-9_-]{22})\\.[A-Za-z0-9_-]{43}" };
    const credential = `SG.${id}.${"x".repeat(43)}`;
    expect(await goes(credential, { id }, { secret })).toBe(false);
    // It names another one.
    expect(await goes(credential, { id: "abcVfQFYQlKU0ufo8x5d1A" }, { secret })).toBe(true);
    expect(await goes("KEYID1:secret-half", { id: "KEYID1" }, { secret: { form: "pair" } })).toBe(false);
    expect(await goes("KEYID1:secret-half", { id: "KEYID2" }, { secret: { form: "pair" } })).toBe(true);
  });

  test("stays where the key is in use now, as the credential of this very command is", async () => {
    expect(await goes("some-credential", { lastUsedAt: at(-hourMs) }, tells)).toBe(false);
    expect(await goes("some-credential", { lastUsedAt: at(-30 * hourMs) }, tells)).toBe(true);
    expect(await goes("some-credential", {}, tells)).toBe(true);
  });

  test("stays where nobody can tell that it is another one, unless keys look otherwise", async () => {
    expect(await goes("some-credential", {}, {})).toBe(false);
    expect(
      await goes("user-and-password", {}, { secret: { form: "token", shape: "(?<prefix>acme_)[0-9a-f]{40}" } }),
    ).toBe(true);
  });
});
