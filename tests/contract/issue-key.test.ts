import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { IssuedApiKey } from "../../provider/backends/definition";
import { type WritableConnection, createConnections } from "../../provider/connections/connections";
import {
  AmbiguousCreateError,
  ConflictError,
  PermissionDeniedError,
  ProviderError,
  RateLimitError,
  ServerError,
} from "../../provider/errors";
import type { Clock } from "../../provider/http/waiting";
import { createApiKeyProvider } from "../../provider/resources/api-key/resource";
import { createContext } from "../../provider/resources/context";
import { issueKey } from "../../provider/resources/key/issue-key";
import { observeKey, revokeKey } from "../../provider/resources/key/key-on-service";
import { usualNames } from "../../provider/resources/identity/names";
import { createServiceAccountProvider } from "../../provider/resources/service-account/resource";
import { type EmulatorFault, startEmulator, type TestEmulator } from "../../testing";
import { OneResource } from "../../testing/one-resource";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startEmulator({ limits: { pulsely: null, novavms: null } });
});
afterAll(() => emulator.close());

const origin = "acme/billing/dev/export";
const vendors = ["pulsely", "novavms"] as const;
type Vendor = (typeof vendors)[number];
const scopesOf = { pulsely: ["read:checks"], novavms: ["cameras:read"] } as const;

/** Nothing is repeated and nothing is waited for, unless a test says so. */
function connect(
  vendor: Vendor,
  fields: Readonly<Record<string, unknown>> = {},
  token = emulator.services[vendor].adminToken,
): WritableConnection {
  const connections = {
    default: {
      backend: vendor,
      url: emulator.services[vendor].url,
      tokenEnv: "TOKEN",
      allowUndocumentedEndpoints: true,
      retryBudget: "0s",
      ...fields,
    },
  };
  const { allowUndocumentedEndpoints: _consent, ...bare } = connections.default;
  const settings = vendor === "novavms" ? connections.default : bare;
  return createConnections(
    { get: (key) => (key === "apikeys:connections" ? JSON.stringify({ default: settings }) : undefined) },
    { TOKEN: token },
  ).openForWrite("default");
}

const waits: number[] = [];
const clock: Clock = { nowMs: () => 0, sleep: (ms) => Promise.resolve(void waits.push(ms)) };

interface Scene {
  readonly vendor: Vendor;
  readonly connection: WritableConnection;
  readonly parent: { readonly serviceAccountId?: string };
  readonly issue: (options?: { readonly exactName?: string; readonly clock?: Clock }) => Promise<IssuedApiKey>;
  /** The faults of the calls that make, list and revoke keys. */
  readonly fault: (call: "create" | "list" | "revoke", fault: EmulatorFault) => Promise<void>;
  readonly living: () => Promise<string[]>;
  /** How often each call has arrived. */
  readonly creates: () => Promise<number>;
}

async function open(vendor: Vendor, fields: Readonly<Record<string, unknown>> = {}): Promise<Scene> {
  const connection = connect(vendor, fields);
  const account = await connection.client.createServiceAccount?.({ name: "exporters", role: "viewer" });
  const parent = account ? { serviceAccountId: account.id } : {};
  const calls = {
    pulsely: {
      create: { method: "POST", path: "/api-keys$" },
      list: { method: "GET", path: "/api-keys$" },
      revoke: { method: "DELETE", path: "/api-keys/" },
    },
    novavms: {
      create: { method: "POST", path: "/keys$" },
      list: { method: "GET", path: "/keys$" },
      revoke: { method: "POST", path: "/revoke$" },
    },
  }[vendor];
  return {
    vendor,
    connection,
    parent,
    issue: ({ exactName, clock: own = clock } = {}) =>
      issueKey(
        connection,
        { ...parent, scopes: scopesOf[vendor] },
        { draw: () => exactName ?? usualNames.physicalName("export", origin), exact: exactName !== undefined },
        own,
      ),
    fault: (call, fault) => emulator.faults.add({ service: vendor, ...calls[call], ...fault }),
    living: async () =>
      (await emulator.keys.list(vendor)).filter(({ state }) => state === "active").map(({ id }) => id),
    creates: async () =>
      (await emulator.requests(vendor)).filter(
        ({ method, path }) => method === calls.create.method && new RegExp(calls.create.path).test(path),
      ).length,
  };
}

async function ambiguous(call: Promise<unknown>): Promise<AmbiguousCreateError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AmbiguousCreateError);
  return error as AmbiguousCreateError;
}

beforeEach(async () => {
  await emulator.reset();
  waits.length = 0;
});

describe.each(vendors)("a create at %s", (vendor) => {
  test("that is answered makes one key with one request", async () => {
    const scene = await open(vendor);
    const key = await scene.issue();
    expect(await scene.living()).toEqual([key.id]);
    expect(await scene.creates()).toBe(1);
  });

  const committed: readonly EmulatorFault[] = [
    { kind: "drop-after-commit" },
    { kind: "truncate" },
    { kind: "garbage" },
    { kind: "garbage", status: 502 },
    { kind: "garbage", status: 201, body: { id: "half of it" } },
  ];
  test.each(committed)(
    "that happened although its answer is lost (%j) is found, revoked and made again",
    async (fault) => {
      const scene = await open(vendor);
      await scene.fault("create", fault);
      const key = await scene.issue();
      expect(await scene.living()).toEqual([key.id]);
      expect(await scene.creates()).toBe(2);
      expect((await emulator.keys.list(vendor)).map(({ state }) => state).sort()).toEqual(["active", "revoked"]);
      expect(waits).toEqual([]);
    },
  );

  const nothing: readonly EmulatorFault[] = [
    { kind: "drop-before" },
    { kind: "status", status: 500 },
    { kind: "status", status: 503, body: "<html>busy</html>" },
  ];
  test.each(nothing)(
    "of which nothing is found (%j) is looked for twice, not sent again, and told as unclear with the name to look for",
    async (fault) => {
      const scene = await open(vendor);
      await scene.fault("create", fault);
      const error = await ambiguous(scene.issue());
      expect(error.candidates).toEqual([]);
      expect(error.marker).toMatch(/^export-[0-9a-f]{10}$/);
      expect(error.message).toContain(`it is unclear whether a key named "${error.marker}" was made: `);
      expect(error.message).toContain(
        "No such key is on the service now; it may still appear: run again, which looks for that name first and revokes what it finds.",
      );
      expect(waits).toEqual([1_000]);
      expect(await scene.creates()).toBe(1);
      expect(await scene.living()).toEqual([]);
    },
  );

  test("that fails again and again leaves no key, and is given up", async () => {
    const scene = await open(vendor);
    await scene.fault("create", { kind: "drop-after-commit", times: 9 });
    const error = await ambiguous(scene.issue());
    expect(error.message).toContain("3 keys were made, and revoked again because their secrets never arrived.");
    expect(await scene.creates()).toBe(3);
    expect(await scene.living()).toEqual([]);
  });

  test("whose key can be found and not revoked names it", async () => {
    const scene = await open(vendor);
    await scene.fault("create", { kind: "drop-after-commit" });
    await scene.fault("revoke", { kind: "status", status: 403, times: 9 });
    const error = await ambiguous(scene.issue());
    expect(error.candidates).toEqual(await scene.living());
    expect(error.candidates).toHaveLength(1);
    expect(error.message).toContain(
      `The key ${error.candidates[0]} was made, its secret is lost, and it could not be revoked (`,
    );
  });

  test("that cannot be looked for says so, and names what to look for", async () => {
    const scene = await open(vendor);
    await scene.fault("create", { kind: "drop-after-commit" });
    await scene.fault("list", { kind: "status", status: 503, times: 9 });
    const error = await ambiguous(scene.issue());
    const [lost] = (await emulator.keys.list(vendor)).filter(({ state }) => state === "active");
    expect(error.marker).toBe(lost?.name);
    expect(error.message).toContain("The service could not be searched for it (GET ");
    expect(error.message).toContain(": look for that name, revoke what you find, and run again.");
  });

  test("of an exact name names what bears it, and revokes nothing: it may be somebody else's", async () => {
    const scene = await open(vendor);
    await scene.fault("create", { kind: "drop-after-commit" });
    const error = await ambiguous(scene.issue({ exactName: "export" }));
    expect(error.candidates).toEqual(await scene.living());
    expect(error.message).toContain(
      `A key of that exact name may or may not be this call's: compare ${error.candidates.join(", ")} on the service, delete what is not in use, and run again.`,
    );
  });

  test("that is limited is sent again, because nothing was made", async () => {
    const scene = await open(vendor, { retryBudget: "10s" });
    await scene.fault("create", { kind: "status", status: 429, headers: { "retry-after": "0" } });
    const key = await scene.issue();
    expect(await scene.living()).toEqual([key.id]);
    expect(await scene.creates()).toBe(2);
  });

  test("that is limited for longer than the budget is told as such, and nothing is looked for", async () => {
    const scene = await open(vendor);
    await scene.fault("create", { kind: "status", status: 429, headers: { "retry-after": "60" } });
    await expect(scene.issue()).rejects.toBeInstanceOf(RateLimitError);
    expect(waits).toEqual([]);
  });

  test("that gets no answer in time and happens a moment later is found at the second look", async () => {
    const scene = await open(vendor, { timeout: "1s" });
    await scene.fault("create", { kind: "delay", delayMs: 1_300 });
    const untilItIsThere = async () => {
      while ((await scene.living()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    const key = await scene.issue({ clock: { nowMs: () => 0, sleep: untilItIsThere } });
    expect(await scene.living()).toEqual([key.id]);
    expect(await scene.creates()).toBe(2);
  });

  test("leaves neither two keys nor one that nobody knows of, whatever goes wrong", async () => {
    const fault = fc.constantFrom<EmulatorFault["kind"]>(
      "drop-before",
      "drop-after-commit",
      "truncate",
      "garbage",
      "status",
    );
    const faults = fc.array(
      fc.tuple(
        fc.constantFrom("create" as const, "list" as const, "revoke" as const),
        fault,
        fc.integer({ min: 1, max: 3 }),
      ),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(faults, async (list) => {
        await emulator.reset();
        const scene = await open(vendor);
        for (const [call, kind, times] of list) await scene.fault(call, { kind, times });
        const outcome: unknown = await scene.issue().catch((error: unknown) => error);
        const living = (await emulator.keys.list(vendor)).filter(({ state }) => state === "active");
        if (outcome instanceof Error) {
          if (!(outcome instanceof AmbiguousCreateError)) throw outcome;
          const { marker, candidates } = outcome;
          expect(living.length).toBeLessThanOrEqual(1);
          for (const key of living) expect(candidates.includes(key.id) || key.name === marker).toBe(true);
        } else {
          expect(living.map(({ id }) => id)).toEqual([(outcome as IssuedApiKey).id]);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe.each(vendors)("a revocation at %s", (vendor) => {
  async function revoking() {
    const scene = await open(vendor);
    const { id, name } = await scene.issue();
    return { ...scene, id, ref: { id, name, ...scene.parent } };
  }

  test("ends the key, and is a success again", async () => {
    const { connection, ref, living } = await revoking();
    await revokeKey(connection, ref);
    expect(await living()).toEqual([]);
    await revokeKey(connection, ref);
  });

  test("of a key that the service knows no more is a success", async () => {
    const { connection, ref, id } = await revoking();
    await emulator.keys.remove(vendor, id);
    await revokeKey(connection, ref);
    expect(await observeKey(connection, ref, Date.now())).toEqual({ status: "missing" });
  });

  test.each([
    [{ kind: "status", status: 401 }],
    [{ kind: "status", status: 403 }],
    [{ kind: "status", status: 409 }],
    [{ kind: "status", status: 500 }],
    [{ kind: "drop-before" }],
    [{ kind: "garbage", status: 200 }],
  ] as const)("that is not confirmed (%j) is an error", async (fault) => {
    const { connection, ref, fault: break_ } = await revoking();
    await break_("revoke", { ...fault, times: 3 });
    await expect(revokeKey(connection, ref)).rejects.toBeInstanceOf(ProviderError);
  });

  test("is repeated after an outage, because it has one effect", async () => {
    const { ref, fault, living } = await revoking();
    await fault("revoke", { kind: "drop-before" });
    await revokeKey(connect(vendor, { retryBudget: "10s" }), ref);
    expect(await living()).toEqual([]);
  });

  test("by a credential that may not do it is an error, and the key lives on", async () => {
    const { ref, id, living } = await revoking();
    const token =
      vendor === "novavms" ? emulator.services.novavms.operatorToken : emulator.services.pulsely.nonManagerToken;
    await expect(revokeKey(connect(vendor, {}, token), ref)).rejects.toBeInstanceOf(PermissionDeniedError);
    expect(await living()).toEqual([id]);
  });
});

describe("at NovaVMS, where 404 proves nothing", () => {
  async function scene() {
    const opened = await open("novavms");
    const { id, name } = await opened.issue();
    return { ...opened, id, ref: { id, name, ...opened.parent } };
  }

  test("a key is not gone because its revocation answers 404, while the account's list has it", async () => {
    const { connection, ref, id, fault, living } = await scene();
    await fault("revoke", { kind: "status", status: 404 });
    await expect(revokeKey(connection, ref)).rejects.toThrow(
      `the service says that key ${id} does not exist, but lists it as active`,
    );
    expect(await living()).toEqual([id]);
  });

  test("a key is not gone because its account answers 404, while the account is listed", async () => {
    const { connection, ref, id, fault, living } = await scene();
    await fault("revoke", { kind: "status", status: 404 });
    await fault("list", { kind: "status", status: 404, times: 9 });
    await expect(revokeKey(connection, ref)).rejects.toThrow(`it cannot be told whether key ${id} is gone`);
    await expect(observeKey(connection, ref, Date.now())).rejects.toThrow(
      `it cannot be told whether key ${id} is gone`,
    );
    expect(await living()).toEqual([id]);
  });

  test("a key is not gone because neither its account nor the list of accounts can be had", async () => {
    const { connection, ref, fault } = await scene();
    await fault("revoke", { kind: "status", status: 404 });
    await fault("list", { kind: "status", status: 404, times: 9 });
    await emulator.faults.add({
      service: "novavms",
      method: "GET",
      path: "/service-accounts$",
      kind: "status",
      status: 503,
    });
    await expect(revokeKey(connection, ref)).rejects.toBeInstanceOf(ServerError);
  });

  test("a key is gone with its account", async () => {
    const { connection, ref, parent } = await scene();
    await connection.client.deleteServiceAccount?.(parent.serviceAccountId ?? "");
    await revokeKey(connection, ref);
    expect(await observeKey(connection, ref, Date.now())).toEqual({ status: "missing" });
  });

  test("a gateway's key cannot be revoked, and stays in the state", async () => {
    const { connection, ref, id, living } = await scene();
    await emulator.keys.edit("novavms", id, { owner: "gateway" });
    await expect(revokeKey(connection, ref)).rejects.toBeInstanceOf(ConflictError);
    expect(await living()).toEqual([id]);
  });
});

describe("a service account at NovaVMS", () => {
  const program = { role: "viewer", origin, __provider: "code" };
  const account = () => {
    const connection = connect("novavms");
    return new OneResource(
      createServiceAccountProvider({
        ...createContext({
          describe: () => connection,
          open: () => connection,
          openForRefresh: () => connection,
          openForWrite: () => connection,
        }),
        clock,
      }),
    );
  };
  const fault = (kind: EmulatorFault["kind"], times = 1) =>
    emulator.faults.add({ service: "novavms", method: "POST", path: "/service-accounts$", kind, times });
  const all = async () => (await connect("novavms").client.listServiceAccounts?.({})) ?? [];

  test.each(["drop-after-commit", "truncate", "garbage"] as const)(
    "that was made although its answer is lost (%s) is adopted",
    async (kind) => {
      await fault(kind);
      const resource = account();
      expect((await resource.up(program)).op).toBe("create");
      expect((await all()).map(({ id }) => id)).toEqual([resource.state?.id]);
      expect(await resource.refresh()).toEqual([]);
      await resource.destroy();
      expect(await all()).toEqual([]);
    },
  );

  test.each(["drop-before", "status"] as const)(
    "of which nothing is found (%s) is told as unclear, with the name to look for",
    async (kind) => {
      await fault(kind);
      const error = await ambiguous(account().up(program));
      expect(error.candidates).toEqual([]);
      expect(error.message).toContain(
        `None of that name is there now; it may still appear: look for it, delete what is not in use, and run again.`,
      );
      expect(waits).toEqual([1_000]);
      expect(await all()).toEqual([]);
    },
  );

  test("of an exact name is not adopted: it may be somebody else's", async () => {
    await fault("drop-after-commit");
    const error = await ambiguous(account().up({ ...program, name: "exporters", exactName: true }));
    expect(error.candidates).toEqual((await all()).map(({ id }) => id));
  });
});

describe("an exact name that is taken, perhaps by what a killed run has made", () => {
  const context = (connection: WritableConnection) =>
    createContext({
      describe: () => connection,
      open: () => connection,
      openForRefresh: () => connection,
      openForWrite: () => connection,
    });
  const program = { origin, exactName: true, name: "ci", __provider: "code" };

  test("tells the key that has it, when it was made, and the way out; nothing is revoked", async () => {
    const connection = connect("pulsely");
    const { id, createdAt } = await connection.client.createKey({ name: "ci", scopes: ["read:checks"] });
    const key = new OneResource(createApiKeyProvider(context(connection)));
    await expect(key.up({ ...program, scopes: ["read:checks"] })).rejects.toThrow(
      new RegExp(
        `answered 409: .* The name belongs to the key ${id} \\(made at ${createdAt}\\)\\. A run that was cut short may have made it, and an exact name does not prove that, so it was left alone\\. If nobody uses it, revoke it on the service and run again; else choose another name, or leave exactName out\\.`,
      ),
    );
    expect((await connection.client.listKeys({}))?.map((each) => each.status)).toEqual(["active"]);
    await connection.client.revokeKey({ id, name: "ci" });
    expect((await key.up({ ...program, scopes: ["read:checks"] })).op).toBe("create");
  });

  test("tells the account that has it, and how many keys it has; nothing is taken over", async () => {
    const connection = connect("novavms");
    const { client } = connection;
    const made = await client.createServiceAccount?.({ name: "ci", role: "viewer" });
    const id = made?.id ?? "";
    await client.createKey({ name: "in-use", serviceAccountId: id, scopes: ["cameras:read"] });
    const account = new OneResource(createServiceAccountProvider(context(connection)));
    await expect(account.up({ ...program, role: "viewer" })).rejects.toThrow(
      new RegExp(
        `answered 409: .* The name belongs to the account ${id} \\(made at ${made?.createdAt}, role "viewer", 1 key\\)\\. .*delete it on the service and run again`,
      ),
    );
    expect(account.state).toBeUndefined();
    await client.deleteServiceAccount?.(id);
    expect((await account.up({ ...program, role: "viewer" })).op).toBe("create");
  });

  test("stays the service's own refusal where nothing of that name is shown, or the search fails", async () => {
    const connection = connect("pulsely");
    await connection.client.createKey({ name: "ci", scopes: ["read:checks"] });
    await emulator.faults.add({ service: "pulsely", method: "GET", path: "/api-keys$", kind: "status", status: 503 });
    const key = new OneResource(createApiKeyProvider(context(connection)));
    await expect(key.up({ ...program, scopes: ["read:checks"] })).rejects.toThrow(ConflictError);
  });
});
