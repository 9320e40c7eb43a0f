import { describe, expect, test } from "@jest/globals";
import type { ApiKey, Capabilities } from "../../../../provider/backends/definition";
import { AuthenticationError, ConnectionError, PermissionDeniedError, ServerError } from "../../../../provider/errors";
import { createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { OneResource } from "../../../../testing/one-resource";
import { accounts, connectionsTo, FakeService } from "../support/fake-service";
import { idOf, keyProgram, madeKey, succeeded } from "../support/resources";

const movable: Partial<Capabilities> = { expiry: { support: "optional", update: true, granularityMs: 1_000 } };
const facts = { method: "GET", path: "/keys/1" };

describe("a refresh of a key that nobody touched", () => {
  test.each([
    ["the least of a key", {}, {}],
    ["scopes that imply each other", { scopes: ["orders:read", "orders:manage"] }, {}],
    ["a life", { expiresIn: "90d" }, {}],
    ["a date in another zone", { expiresAt: "2027-02-01T01:00:00+01:00" }, {}],
    [
      "labels, keepers and consents",
      { labels: { owner: "team-a" }, keepers: { reason: "leak" }, fullAccess: true, allowOutage: true },
      {},
    ],
    ["a name and a description", { name: "import", description: "nightly" }, { description: "update", rename: true }],
    ["an exact name", { name: "import", exactName: true }, {}],
    [
      "a chosen secret",
      { secretValue: "chosen-by-the-caller" },
      { secret: { shown: "once", callerChosen: true, form: "token" } },
    ],
    ["an environment", { environment: "test" }, { environments: ["live", "test"] }],
  ] as const)("reports nothing: %s", async (_title, program, abilities) => {
    const { key, program: whole } = await madeKey(program, abilities);
    const before = key.state;
    expect(await key.refresh()).toEqual([]);
    expect(key.state).toEqual(before);
    expect(await key.preview(whole)).toMatchObject({ op: "same" });
  });

  test("reports nothing after an update either", async () => {
    const { key, program } = await madeKey({ expiresIn: "90d", labels: { owner: "a" } }, movable);
    succeeded(await key.up({ ...program, expiresIn: "180d", labels: { owner: "b" } }));
    expect(await key.refresh()).toEqual([]);
  });

  test("sends one request", async () => {
    const { service, key } = await madeKey();
    await key.refresh();
    expect(service.calls.map(([method]) => method)).toEqual(["createKey", "getKey"]);
  });
});

describe("a key whose state has changed by hand", () => {
  test.each([
    ["revoked", { status: "revoked" }, "revoked"],
    ["disabled", { status: "disabled" }, "disabled"],
    ["expired, as its service says", { status: "expired" }, "expired"],
    ["expired, although its service calls it active", { expiresAt: "2026-06-15T12:00:00Z" }, "expired"],
  ] as const)("is reported as %s, and replaced by the next update", async (_title, edit, status) => {
    const { service, key, program } = await madeKey({ onDisabled: "replace" });
    const { secret } = key.outs;
    service.edit(idOf(key), edit);
    expect(await key.refresh()).toContain("status");
    expect(key.outs.status).toBe(status);
    expect(key.state?.inputs.status).toBe(status);
    expect(key.outs.secret).toBe(secret);
    const step = await key.up(program);
    expect(step).toMatchObject({ op: "replace" });
    expect(step.replaces).toContain("status");
    expect(key.outs.status).toBe("active");
  });

  test("is reported as missing where the service knows it no more", async () => {
    const { service, key, program } = await madeKey();
    const { secret } = key.outs;
    service.keys.clear();
    expect(await key.refresh()).toEqual(["status"]);
    expect(key.outs).toMatchObject({ status: "missing", secret });
    expect(await key.preview(program)).toMatchObject({ op: "replace", replaces: ["status"] });
  });

  test("is no drift any more once it is as it was", async () => {
    const { service, key, program } = await madeKey();
    service.edit(idOf(key), { status: "disabled" });
    await key.refresh();
    service.edit(idOf(key), { status: "active" });
    expect(await key.refresh()).toEqual(["status"]);
    expect(await key.preview(program)).toMatchObject({ op: "same" });
  });

  test("is missing where another key bears its id by now", async () => {
    const { service, key } = await madeKey({}, { idsReused: true });
    service.edit(idOf(key), { name: "somebody-elses" });
    expect(await key.refresh()).toEqual(["status"]);
    expect(key.outs.status).toBe("missing");
  });

  test("is revoked where its secret is another one by now", async () => {
    const { service, key } = await madeKey();
    const state = key.state;
    if (!state) throw new Error("there is no key");
    key.state = { ...state, outs: { ...state.outs, secretVersion: "1" } };
    service.edit(idOf(key), { secretVersion: "2" });
    expect(await key.refresh()).toEqual(["status"]);
    expect(key.outs.status).toBe("revoked");
  });
});

describe("scopes on the service", () => {
  const wide = { scopes: ["orders:read", "write:checks"] };
  const quiet: readonly (readonly [string, readonly string[]])[] = [
    ["in another order", ["write:checks", "orders:read"]],
    ["twice", ["orders:read", "write:checks", "write:checks"]],
  ];
  test.each(quiet)("that stand there %s are no drift", async (_title, scopes) => {
    const { service, key, program } = await madeKey(wide);
    service.edit(idOf(key), { scopes });
    expect(await key.refresh()).toEqual([]);
    expect(await key.preview(program)).toMatchObject({ op: "same" });
  });

  test("that are implied by others are no drift", async () => {
    const { service, key } = await madeKey({ scopes: ["orders:manage"] });
    service.edit(idOf(key), { scopes: ["orders:read", "orders:manage"] });
    expect(await key.refresh()).toEqual([]);
  });

  test("that the service has added at the issue are no drift, whether they come or go", async () => {
    const service = new FakeService();
    service.imposed = { scopes: ["read:alerts"] };
    const key = new OneResource(createApiKeyProvider(service.context()));
    succeeded(await key.up(keyProgram));
    expect(key.outs).toMatchObject({ scopes: ["read:checks"], serverScopes: ["read:alerts", "read:checks"] });
    expect(await key.refresh()).toEqual([]);
    service.edit(idOf(key), { scopes: ["read:checks"] });
    expect(await key.refresh()).toEqual([]);
    expect(await key.preview(keyProgram)).toMatchObject({ op: "same" });
    service.edit(idOf(key), { scopes: ["read:checks", "read:alerts", "write:checks"] });
    expect(await key.refresh()).toEqual(["scopes"]);
    expect(key.state?.inputs.scopes).toEqual(["read:checks", "write:checks"]);
    service.edit(idOf(key), { scopes: ["read:alerts"] });
    await key.refresh();
    expect(key.state?.inputs.scopes).toEqual([]);
    expect(await key.preview(keyProgram)).toMatchObject({ op: "replace", replaces: ["scopes"] });
  });

  const drifted: readonly (readonly [string, readonly string[]])[] = [
    ["fewer", ["orders:read"]],
    ["none", []],
    ["more", ["orders:read", "write:checks", "admin:*"]],
    ["others", ["read:alerts"]],
    ["stronger ones", ["orders:manage", "write:checks"]],
  ];
  test.each(drifted)("that are %s by hand are drift, and the next update makes another key", async (_title, scopes) => {
    const { service, key, program } = await madeKey(wide);
    service.edit(idOf(key), { scopes });
    expect(await key.refresh()).toEqual(["scopes"]);
    expect(key.state?.inputs.scopes).toEqual([...scopes].sort());
    expect(await key.refresh()).toEqual([]);
    expect(await key.up(program)).toMatchObject({ op: "replace", replaces: ["scopes"] });
    expect(key.outs.scopes).toEqual(wide.scopes);
    expect(await key.refresh()).toEqual([]);
  });

  test("that are as they were again are no drift any more", async () => {
    const { service, key, program } = await madeKey(wide);
    service.edit(idOf(key), { scopes: ["orders:read"] });
    await key.refresh();
    service.edit(idOf(key), { scopes: wide.scopes });
    expect(await key.refresh()).toEqual(["scopes"]);
    expect(key.state?.inputs.scopes).toEqual(wide.scopes);
    expect(await key.preview(program)).toMatchObject({ op: "same" });
  });

  test("that the service does not tell are no drift", async () => {
    const { service, key } = await madeKey(wide);
    service.edit(idOf(key), { scopes: undefined });
    expect(await key.refresh()).toEqual([]);
  });
});

describe("an end that was moved by hand", () => {
  const ends: readonly (readonly [string, Partial<ApiKey> | { expiresAt: undefined }])[] = [
    ["later", { expiresAt: "2026-12-01T00:00:00Z" }],
    ["earlier", { expiresAt: "2026-07-01T00:00:00Z" }],
    ["to never", { expiresAt: undefined }],
  ];
  const programs = [
    ["a life", { expiresIn: "90d" }, "2026-09-13T12:00:00Z", "expiresIn"],
    ["a date", { expiresAt: "2026-10-01T00:00:00Z" }, "2026-10-01T00:00:00Z", "expiresAt"],
  ] as const;
  for (const [kind, program, agreed, field] of programs) {
    test.each(ends)(`%s, of a key with ${kind}, is drift, and the next update moves it back`, async (title, edit) => {
      const { service, key, program: whole } = await madeKey(program, movable);
      service.edit(idOf(key), edit);
      // The program's own date is kept beside a moved one, for the day on which it has passed.
      const kept = kind === "a date" ? ["agreedExpiresAt"] : [];
      expect(await key.refresh()).toEqual([...kept, title === "to never" ? field : "expiresAt"]);
      expect(key.outs.expiresAt).toBe(edit.expiresAt);
      expect(await key.refresh()).toEqual([]);
      expect(await key.up(whole)).toMatchObject({ op: "update" });
      expect(service.keys.get(idOf(key))?.expiresAt).toBe(agreed);
      expect(key.outs.expiresAt).toBe(agreed);
      expect(key.outs.agreedExpiresAt).toBeUndefined();
      expect(await key.refresh()).toEqual([]);
      expect(await key.preview(whole)).toMatchObject({ op: "same" });
    });

    test.each(ends)(
      `%s, of a key with ${kind}, makes another key where an end cannot be moved`,
      async (_title, edit) => {
        const { service, key, program: whole } = await madeKey(program);
        service.edit(idOf(key), edit);
        await key.refresh();
        expect(await key.up(whole)).toMatchObject({ op: "replace" });
        expect(key.outs.expiresAt).toBe(agreed);
        expect(await key.refresh()).toEqual([]);
      },
    );
  }

  test("and moved back again is no drift any more", async () => {
    const { service, key, program } = await madeKey({ expiresIn: "90d" }, movable);
    service.edit(idOf(key), { expiresAt: "2026-12-01T00:00:00Z" });
    await key.refresh();
    service.edit(idOf(key), { expiresAt: "2026-09-13T12:00:00Z" });
    expect(await key.refresh()).toEqual(["expiresAt"]);
    expect(await key.preview(program)).toMatchObject({ op: "same" });
  });

  describe("of a key whose own date passes afterwards", () => {
    const program = { expiresAt: "2026-10-01T00:00:00Z" };
    const afterwards = Date.parse("2026-10-02T00:00:00Z");

    test.each([movable, {}])("to earlier, leaves the key expired, without a word of a new date (%j)", async (can) => {
      const { service, key, program: whole } = await madeKey(program, can);
      service.edit(idOf(key), { expiresAt: "2026-07-01T00:00:00Z" });
      await key.refresh();
      service.nowMs = afterwards;
      for (let runs = 0; runs < 2; runs += 1) {
        expect(await key.up(whole)).toMatchObject({ op: "same", failures: [] });
        expect(service.warnings.pop()).toBe(
          'the key "export" expired at 2026-10-01T00:00:00Z; it stays so until expiresAt is changed',
        );
        await key.refresh();
      }
      expect(service.count("createKey")).toBe(1);
    });

    test.each([{ expiresAt: "2027-01-01T00:00:00Z" }, { expiresAt: undefined }])(
      "to %j, is drift still: the key lives on beyond its date",
      async (edit) => {
        const { service, key, program: whole } = await madeKey(program, movable);
        service.edit(idOf(key), edit);
        await key.refresh();
        service.nowMs = afterwards;
        expect(await key.up(whole)).toMatchObject({ op: "update" });
        expect(service.keys.get(idOf(key))?.expiresAt).toBe("2026-10-01T00:00:00Z");
        expect(await key.up(whole)).toMatchObject({ op: "same" });
      },
    );
  });

  test("by less than the service's own step is no drift", async () => {
    const { service, key } = await madeKey(
      { expiresIn: "90d" },
      { expiry: { support: "optional", update: true, granularityMs: 60_000 } },
    );
    service.edit(idOf(key), { expiresAt: "2026-09-13T12:00:40Z" });
    expect(await key.refresh()).toEqual([]);
  });
});

describe("a service that does not say how a key is", () => {
  const troubles: readonly (readonly [string, Error])[] = [
    ["refuses the credential", new AuthenticationError({ ...facts, status: 401 })],
    ["refuses the request", new PermissionDeniedError({ ...facts, status: 403 })],
    ["fails", new ServerError({ ...facts, status: 503 })],
    ["cannot be reached", new ConnectionError("refused", false)],
  ];
  test.each(troubles)(
    "keeps what the state knows, with a warning, and never means a missing key: it %s",
    async (_title, error) => {
      const { service, key } = await madeKey();
      const before = key.state;
      service.fail("getKey", error);
      expect(await key.refresh()).toEqual([]);
      expect(key.state).toEqual(before);
      expect(service.warnings).toEqual([expect.stringContaining(error.message)]);
    },
  );

  const byList: Partial<Capabilities> = { absence: "list", parent: "serviceAccount", serviceAccounts: accounts };
  async function underAccount() {
    const service = new FakeService(byList);
    const account = await service.connection().client.createServiceAccount?.({ name: "sa" });
    const key = new OneResource(createApiKeyProvider(service.context()));
    succeeded(await key.up({ ...keyProgram, serviceAccountId: account?.id ?? "" }));
    const forget = () => service.keys.delete(idOf(key));
    return { service, key, forget, accountId: account?.id ?? "" };
  }

  test("proves a key's absence by its account's list, where 404 proves nothing", async () => {
    const { service, key, forget } = await underAccount();
    forget();
    expect(await key.refresh()).toEqual(["status"]);
    expect(key.outs.status).toBe("missing");
    expect(service.count("listKeys")).toBe(1);
  });

  test("does not prove it where that list still has the key", async () => {
    const { service, key } = await underAccount();
    const connection = service.connection();
    const blind = { ...connection, client: { ...connection.client, getKey: () => Promise.resolve(undefined) } };
    const other = new OneResource(createApiKeyProvider({ ...service.context(), connections: connectionsTo(blind) }));
    other.state = key.state;
    expect(await other.refresh()).toEqual([]);
    expect(service.warnings).toEqual([
      `the key "export" could not be read, so what the state says of it stands, unproven: the service says that key ${idOf(key)} does not exist, but lists it as active (connection "default"); check that the admin credential belongs to the right organisation`,
    ]);
  });

  test("proves it by the account's absence from the list of accounts", async () => {
    const { service, key, forget } = await underAccount();
    forget();
    service.accounts.clear();
    await key.refresh();
    expect(key.outs.status).toBe("missing");
    expect(service.count("listServiceAccounts")).toBe(1);
  });

  test("does not prove it where that list fails", async () => {
    const { service, key, forget } = await underAccount();
    forget();
    service.accounts.clear();
    const error = new PermissionDeniedError({ ...facts, status: 403 });
    service.fail("listServiceAccounts", error);
    expect(await key.refresh()).toEqual([]);
    expect(service.warnings).toEqual([expect.stringContaining(error.message)]);
  });

  test("does not prove it where the account is listed, although its keys cannot be", async () => {
    const { service, key, forget } = await underAccount();
    forget();
    const connection = service.connection();
    const blind = { ...connection, client: { ...connection.client, listKeys: () => Promise.resolve(undefined) } };
    const other = new OneResource(createApiKeyProvider({ ...service.context(), connections: connectionsTo(blind) }));
    other.state = key.state;
    expect(await other.refresh()).toEqual([]);
    expect(service.warnings).toEqual([expect.stringContaining(`it cannot be told whether key ${idOf(key)} is gone`)]);
  });
});

test("a key cannot be read by its id alone", async () => {
  const provider = createApiKeyProvider(new FakeService().context());
  await expect(provider.read?.("key-1", undefined)).rejects.toThrow("a key cannot be read by its id alone");
});
