import { describe, expect, test } from "@jest/globals";
import type { Capabilities } from "../../../../provider/backends/definition";
import { createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { unknownValue } from "../../../../provider/values/wire";
import { OneResource } from "../../../../testing/one-resource";
import { accounts, FakeService, today } from "../support/fake-service";
import { idOf, keyProgram, madeKey, type Program } from "../support/resources";

const movable: Partial<Capabilities> = { expiry: { support: "optional", update: true, granularityMs: 1_000 } };
const underAccounts: Partial<Capabilities> = { parent: "serviceAccount", serviceAccounts: accounts };
const withChoices: Partial<Capabilities> = {
  environments: ["live", "test"],
  secret: { shown: "once", callerChosen: true, form: "token" },
};

describe("a changed program", () => {
  const same = { op: "same", replaces: [] };
  const update = { op: "update", replaces: [] };
  const replace = (...replaces: string[]) => ({ op: "replace", replaces });

  const table: readonly (readonly [string, Program, Program, Partial<Capabilities>, object])[] = [
    // what, before, after, abilities, what happens
    ["nothing", {}, {}, {}, same],
    [
      "the order of scopes, and repeats",
      { scopes: ["read:checks", "write:checks"] },
      { scopes: ["write:checks", "read:checks", "write:checks"] },
      {},
      same,
    ],
    [
      "a scope that another one implies",
      { scopes: ["orders:manage"] },
      { scopes: ["orders:manage", "orders:read"] },
      {},
      same,
    ],
    ["a scope more", {}, { scopes: ["read:checks", "write:checks"] }, {}, replace("scopes")],
    ["a scope less", { scopes: ["read:checks", "write:checks"] }, { scopes: ["read:checks"] }, {}, replace("scopes")],
    ["all scopes for a wildcard", {}, { scopes: ["admin:*"], fullAccess: true }, {}, replace("scopes")],
    ["scopes that are not known yet", {}, { scopes: unknownValue }, {}, replace("scopes")],
    ["a consent", {}, { fullAccess: true, allowOutage: true }, {}, same],
    ["labels", {}, { labels: { owner: "team-a" } }, {}, update],
    ["labels that are not known yet", {}, { labels: { owner: unknownValue } }, {}, update],
    ["the order of labels", { labels: { a: "1", b: "2" } }, { labels: { b: "2", a: "1" } }, {}, same],
    ["the name, where keys can be renamed", {}, { name: "import" }, { rename: true }, update],
    ["the name, where they cannot", {}, { name: "import" }, {}, replace("name")],
    ["the name from none to the resource's own", {}, { name: "export" }, {}, same],
    [
      "an exact name in place of a prefix",
      { name: "export" },
      { name: "export", exactName: true },
      { rename: true },
      { ...replace("exactName"), deletedFirst: true },
    ],
    ["exactName from none to false", {}, { exactName: false }, {}, same],
    [
      "the description, where it can be changed",
      { description: "a" },
      { description: "b" },
      { description: "update" },
      update,
    ],
    [
      "the description, where it cannot",
      { description: "a" },
      { description: "b" },
      { description: "replace" },
      replace("description"),
    ],
    ["the description, where the record alone keeps it", { description: "a" }, { description: "b" }, {}, update],
    [
      "the account",
      { serviceAccountId: "account-1" },
      { serviceAccountId: "account-2" },
      underAccounts,
      replace("serviceAccountId"),
    ],
    [
      "an account that is about to be replaced",
      { serviceAccountId: "account-1" },
      { serviceAccountId: unknownValue },
      underAccounts,
      replace("serviceAccountId"),
    ],
    ["the environment", {}, { environment: "test" }, withChoices, replace("environment")],
    ["the environment from none to the default", {}, { environment: "live" }, withChoices, same],
    ["a keeper", { keepers: { reason: "a" } }, { keepers: { reason: "b" } }, {}, replace("keepers")],
    ["keepers for the first time", {}, { keepers: { reason: "leak" } }, {}, replace("keepers")],
    [
      "the chosen secret",
      { secretValue: "chosen-1" },
      { secretValue: "chosen-2" },
      withChoices,
      replace("secretValue"),
    ],
    ["nothing of a chosen secret", { secretValue: "chosen-1" }, { secretValue: "chosen-1" }, withChoices, same],
    ["a chosen secret for a drawn one", {}, { secretValue: "chosen-1" }, withChoices, replace("secretValue")],
    [
      "a drawn secret for a chosen one",
      { secretValue: "chosen-1" },
      { secretValue: undefined },
      withChoices,
      replace("secretValue"),
    ],
    ["the connection", {}, { connection: "other" }, {}, replace("connection")],
    ["a connection that is not known yet", {}, { connection: unknownValue }, {}, replace("connection")],
    ["a longer life, where it can be given", { expiresIn: "90d" }, { expiresIn: "180d" }, movable, update],
    ["a longer life, where it cannot", { expiresIn: "90d" }, { expiresIn: "180d" }, {}, replace("expiresIn")],
    ["the same life in other words", { expiresIn: "1d" }, { expiresIn: "24h" }, {}, same],
    [
      "a later date, where it can be moved",
      { expiresAt: "2027-02-01T00:00:00Z" },
      { expiresAt: "2027-03-01T00:00:00Z" },
      movable,
      update,
    ],
    [
      "a later date, where it cannot",
      { expiresAt: "2027-02-01T00:00:00Z" },
      { expiresAt: "2027-03-01T00:00:00Z" },
      {},
      replace("expiresAt"),
    ],
    [
      "the same date in another zone",
      { expiresAt: "2027-02-01T00:00:00Z" },
      { expiresAt: "2027-02-01T01:00:00+01:00" },
      {},
      same,
    ],
    ["no end in place of a date", { expiresAt: "2027-02-01T00:00:00Z" }, { expiresAt: undefined }, movable, update],
    [
      "no end in place of a life, where it cannot be moved",
      { expiresIn: "90d" },
      { expiresIn: undefined },
      {},
      replace("expiresIn"),
    ],
    [
      "a date that is not known yet, where it can be moved",
      { expiresIn: "90d" },
      { expiresIn: undefined, expiresAt: unknownValue },
      movable,
      update,
    ],
    [
      "a life that is not known yet, where it cannot",
      { expiresIn: "90d" },
      { expiresIn: unknownValue },
      {},
      replace("expiresIn"),
    ],
    [
      "several things",
      { name: "a" },
      { name: "b", scopes: ["write:checks"], labels: { owner: "b" } },
      {},
      replace("scopes", "name"),
    ],
  ];

  test.each(table)("of %s", async (_title, before, after, abilities, expected) => {
    const { service, key } = await madeKey(before, abilities);
    const calls = service.calls.length;
    expect(await key.preview({ ...keyProgram, ...before, ...after })).toMatchObject(expected);
    expect(service.calls).toHaveLength(calls);
  });
});

describe("time that passes", () => {
  test("ends a life: the next update makes another key, and says why", async () => {
    const { service, key, program } = await madeKey({ expiresIn: "90d" });
    service.nowMs = Date.parse("2026-09-13T11:59:59Z");
    expect(await key.preview(program)).toMatchObject({ op: "same" });
    service.nowMs += 1_000;
    expect(await key.preview(program)).toMatchObject({ op: "replace", replaces: ["expiresAt"] });
  });

  const before: readonly (readonly [string, Program])[] = [
    ["a date", { expiresAt: "2026-09-13T12:00:00Z" }],
    ["a longer life, which somebody had shortened to this one on the service,", { expiresIn: "120d" }],
  ];
  test.each(before)("ends a life that took the place of %s with the same end", async (_title, first) => {
    const { service, key, program } = await madeKey(first);
    if (first.expiresIn) service.edit(idOf(key), { expiresAt: "2026-09-13T12:00:00Z" });
    await key.refresh();
    const life: Program = { ...program, expiresAt: undefined, expiresIn: "90d" };
    expect(await key.up(life)).toMatchObject({ op: "update" });
    expect(await key.up(life)).toMatchObject({ op: "same" });
    expect(await key.refresh()).toEqual([]);
    expect(service.count("updateKey")).toBe(0);
    service.nowMs = Date.parse("2026-09-13T12:00:00Z");
    expect(await key.up(life)).toMatchObject({ op: "replace", replaces: ["expiresAt"] });
  });

  test("ends a date that took the place of a life: the key stays expired", async () => {
    const { service, key, program } = await madeKey({ expiresIn: "90d" });
    const dated: Program = { ...program, expiresIn: undefined, expiresAt: "2026-09-13T12:00:00Z" };
    expect(await key.up(dated)).toMatchObject({ op: "update" });
    expect(await key.refresh()).toEqual([]);
    service.nowMs = Date.parse("2026-10-01T00:00:00Z");
    expect(await key.up(dated)).toMatchObject({ op: "same", failures: [] });
  });

  test("ends a date: the key stays expired, with a warning and no change", async () => {
    const { service, key, program } = await madeKey({ expiresAt: "2026-07-01T00:00:00Z" });
    service.nowMs = Date.parse("2026-08-01T00:00:00Z");
    expect(await key.up(program)).toMatchObject({ op: "same" });
    expect(service.warnings).toHaveLength(1);
    expect(await key.refresh()).toEqual([]);
    expect(await key.up(program)).toMatchObject({ op: "same" });
    expect(await key.up({ ...program, expiresAt: "2026-10-01T00:00:00Z" })).toMatchObject({ op: "replace" });
    expect(key.outs).toMatchObject({ status: "active", expiresAt: "2026-10-01T00:00:00Z" });
  });

  test("ends an end that the service has set by itself: the key is made anew", async () => {
    const service = new FakeService({ expiry: { support: "imposed", update: false, granularityMs: 1_000 } });
    service.imposed = { expiresAt: "2026-07-01T00:00:00Z" };
    const key = new OneResource(createApiKeyProvider(service.context()));
    await key.up(keyProgram);
    expect(key.outs).toMatchObject({ expiresAt: "2026-07-01T00:00:00Z", expiryImposed: true });
    expect(await key.refresh()).toEqual([]);
    expect(await key.preview(keyProgram)).toMatchObject({ op: "same" });
    service.nowMs = Date.parse("2026-07-01T00:00:00Z");
    expect(await key.preview(keyProgram)).toMatchObject({ op: "replace", replaces: ["expiresAt"] });
  });
});

describe("a replacement", () => {
  test("stands beside the old key until that one is revoked", async () => {
    const { service, key, program } = await madeKey();
    const old = idOf(key);
    expect(await key.up({ ...program, scopes: ["write:checks"] })).toMatchObject({
      op: "replace",
      deletedFirst: false,
    });
    expect(service.living()).toEqual([idOf(key)]);
    expect(service.calls.map(([method]) => method)).toEqual(["createKey", "createKey", "revokeKey"]);
    expect(old).not.toBe(idOf(key));
  });

  test("comes after the old key has gone where both cannot stand side by side", async () => {
    const { service, key, program } = await madeKey({ allowOutage: true }, { maxActiveKeys: 1 });
    expect(await key.up({ ...program, scopes: ["write:checks"] })).toMatchObject({ op: "replace", deletedFirst: true });
    expect(service.calls.map(([method]) => method)).toEqual(["createKey", "revokeKey", "createKey"]);
  });
});

describe("a connection that leads elsewhere", () => {
  test("is refused before any request, by diff, read, update and delete", async () => {
    const { service, key, program } = await madeKey();
    const calls = service.calls.length;
    const moved = new OneResource(createApiKeyProvider(service.context({ url: "https://elsewhere.example.com/v1" })));
    moved.state = key.state;
    const words =
      "now leads to https://elsewhere.example.com, but this object was made on http://127.0.0.1:4010. Nothing was sent.";
    await expect(moved.preview(program)).rejects.toThrow(words);
    await expect(moved.refresh()).rejects.toThrow(words);
    await expect(moved.destroy()).rejects.toThrow(words);
    expect(service.calls).toHaveLength(calls);
  });

  test("is the same service where the connection says that it has moved", async () => {
    const { service, key, program } = await madeKey();
    const moved = new OneResource(
      createApiKeyProvider(
        service.context({ url: "https://elsewhere.example.com/v1", movedFrom: ["http://127.0.0.1:4010/v1"] }),
      ),
    );
    moved.state = key.state;
    expect(await moved.preview(program)).toMatchObject({ op: "same" });
    await moved.destroy();
    expect(service.living()).toEqual([]);
  });
});

test("the day of these tests is before all dates in them", () => {
  expect(today).toBeLessThan(Date.parse("2026-07-01T00:00:00Z"));
});
