import { describe, expect, test } from "@jest/globals";
import type { Capabilities, NewServiceAccount } from "../../../../../provider/backends/definition";
import {
  AmbiguousCreateError,
  BadRequestError,
  ConnectionError,
  PermissionDeniedError,
  ServerError,
} from "../../../../../provider/errors";
import {
  createServiceAccountProvider,
  type ServiceAccountInputs,
} from "../../../../../provider/resources/service-account/resource";
import { unknownValue } from "../../../../../provider/values/wire";
import { OneResource } from "../../../../../testing/one-resource";
import { EngineDouble } from "../../../../../testing/engine-double";
import { accounts, connectionsTo, FakeService } from "../../support/fake-service";
import { accountProgram, idOf, madeAccount, type Program, succeeded } from "../../support/resources";

type Abilities = Partial<NonNullable<Capabilities["serviceAccounts"]>>;
const having = (abilities: Abilities = {}): Partial<Capabilities> => ({
  parent: "serviceAccount",
  serviceAccounts: { ...accounts, ...abilities },
});
const facts = { method: "POST", path: "/accounts" };

async function failuresOf(program: Program, abilities: Partial<Capabilities> = having()) {
  const service = new FakeService(abilities);
  const provider = createServiceAccountProvider(service.context());
  const answer = await provider.check?.(
    {} as ServiceAccountInputs,
    { ...accountProgram, ...program } as unknown as ServiceAccountInputs,
  );
  expect(service.calls).toEqual([]);
  return (answer?.failures ?? []).map(({ property, reason }) => [property, reason]);
}

describe("the preview refuses", () => {
  test("a ServiceAccount where there are none, and says what to do instead", async () => {
    expect(await failuresOf({}, {})).toEqual([
      [
        "connection",
        "fake has no service accounts: its keys belong to the owner of the connection's admin credential. Remove this ServiceAccount, leave serviceAccountId out of the keys, and use one connection per owner",
      ],
    ]);
  });

  test.each([
    ["an input that does not exist", { rol: "viewer" }, {}, ["rol", 'there is no input "rol"; did you mean "role"?']],
    [
      "no role where there must be one",
      {},
      { role: "required" },
      ["role", '"role" is missing; fake has no service account without one'],
    ],
    [
      "a role that the service does not have",
      { role: "veiwer" },
      { role: "required", roles: ["viewer", "operator"] },
      ["role", 'fake has no role "veiwer"; did you mean "viewer"? (roles: viewer, operator)'],
    ],
    [
      "a role where there are none",
      { role: "viewer" },
      { role: "none" },
      ["role", 'service accounts of fake have no role; leave "role" out'],
    ],
    ["an empty role", { role: "" }, {}, ["role", '"role" is an empty text; name a role, or leave it out']],
    [
      "scopes where accounts have none",
      { scopes: ["read:checks"] },
      {},
      ["scopes", 'service accounts of fake have no scopes; leave "scopes" out'],
    ],
    [
      "a scope that does not exist",
      { scopes: ["read:cheks"] },
      { scopes: "update" },
      [
        "scopes",
        'fake (connection "default") has no scope "read:cheks"; did you mean "read:checks"? (known scopes: admin:*, orders:manage, orders:read, read:alerts, read:checks, write:checks). If the service has it, add it to extraScopes of the connection',
      ],
    ],
    [
      "a control character",
      { description: "a\nb" },
      {},
      ["description", '"description" is a text of 3 characters: take the control characters out'],
    ],
    [
      "a name that is too long",
      { name: "x".repeat(50) },
      {},
      ["name", '"name" has 50 characters, but fake takes 49 (its limit of 60 less the 11 of the suffix); shorten it'],
    ],
  ] as readonly (readonly [string, Program, Abilities, readonly string[]])[])(
    "%s",
    async (_title, program, abilities, failure) => {
      expect(await failuresOf(program, having(abilities))).toEqual([failure]);
    },
  );

  test("nothing that it does not know yet", async () => {
    for (const field of ["name", "description", "role", "scopes", "labels"])
      expect(await failuresOf({ [field]: unknownValue }, having({ scopes: "update" }))).toEqual([]);
  });

  test("no wildcard among an account's scopes: they are a ceiling, and no consent is asked", async () => {
    expect(await failuresOf({ scopes: ["admin:*"] }, having({ scopes: "update" }))).toEqual([]);
  });
});

describe("a changed program", () => {
  const same = { op: "same", replaces: [] };
  const update = { op: "update", replaces: [] };
  const replace = (...replaces: string[]) => ({ op: "replace", replaces });
  const table: readonly (readonly [string, Program, Program, Abilities, object])[] = [
    ["nothing", {}, {}, {}, same],
    ["labels", {}, { labels: { owner: "a" } }, {}, update],
    ["the name, in place", {}, { name: "import" }, { name: "update" }, update],
    ["the name, by another account", {}, { name: "import" }, { name: "replace" }, replace("name")],
    ["the name from none to the resource's own", {}, { name: "export" }, { name: "replace" }, same],
    ["the description, in place", {}, { description: "weekly" }, { description: "update" }, update],
    [
      "the description, by another account",
      {},
      { description: "weekly" },
      { description: "replace" },
      replace("description"),
    ],
    ["the description, in the record alone", {}, { description: "weekly" }, { description: "none" }, update],
    ["the role, in place", { role: "viewer" }, { role: "operator" }, { role: "update" }, update],
    ["the role, by another account", { role: "viewer" }, { role: "operator" }, { role: "replace" }, replace("role")],
    ["a role that cannot be missing", { role: "viewer" }, { role: "operator" }, { role: "required" }, replace("role")],
    ["the scopes, in place", { scopes: ["read:checks"] }, { scopes: ["write:checks"] }, { scopes: "update" }, update],
    [
      "the scopes, by another account",
      { scopes: ["read:checks"] },
      { scopes: ["write:checks"] },
      { scopes: "replace" },
      replace("scopes"),
    ],
    [
      "the order of scopes",
      { scopes: ["read:checks", "write:checks"] },
      { scopes: ["write:checks", "read:checks"] },
      { scopes: "update" },
      same,
    ],
    [
      "an exact name in place of a prefix",
      {},
      { exactName: true },
      {},
      { ...replace("exactName"), deletedFirst: true },
    ],
    ["the connection", {}, { connection: "other" }, {}, replace("connection")],
  ];
  test.each(table)("of %s", async (_title, before, after, abilities, expected) => {
    const { service, account } = await madeAccount(before, having(abilities));
    const calls = service.calls.length;
    expect(await account.preview({ ...accountProgram, ...before, ...after })).toMatchObject(expected);
    expect(service.calls).toHaveLength(calls);
  });
});

describe("a change that the service acknowledges and ignores is an error, and leaves the record as it was:", () => {
  test.each<[keyof NewServiceAccount, Program, Program, RegExp]>([
    ["name", {}, { name: "import" }, /account account-1, but its name is "export-.*" instead of "import-/],
    ["description", { description: "a" }, { description: "b" }, /its description is "a" instead of "b"/],
    ["role", { role: "viewer" }, { role: "operator" }, /its role is "viewer" instead of "operator"/],
    [
      "scopes",
      { scopes: ["read:checks"] },
      { scopes: ["write:checks"] },
      /its scopes are "read:checks" instead of "write:checks"/,
    ],
  ])("%s", async (field, first, then, words) => {
    const { service, account } = await madeAccount(first, having({ [field]: "update" }));
    const before = account.state;
    const program = { ...accountProgram, ...first, ...then };
    service.ignores = [field];
    await expect(account.up(program)).rejects.toThrow(words);
    expect(account.state).toBe(before);
    service.ignores = [];
    succeeded(await account.up(program));
  });
});

describe("an account", () => {
  test("is made under a drawn name, and recorded", async () => {
    const { service, account } = await madeAccount({ role: "viewer" }, having());
    expect(account.outs).toMatchObject({
      accountId: "account-1",
      status: "active",
      role: "viewer",
      createdAt: "2026-06-15T12:00:00Z",
      service: "http://127.0.0.1:4010",
    });
    expect(service.accounts.get("account-1")?.name).toBe(account.outs.physicalName);
    expect(account.outs.physicalName).toMatch(/^export-[0-9a-f]{10}$/);
    expect(await account.refresh()).toEqual([]);
  });

  test("is changed in place, in one call", async () => {
    const { service, account, program } = await madeAccount({ role: "viewer" }, having({ role: "update" }));
    const suffix = String(account.outs.physicalName).slice("export".length);
    succeeded(await account.up({ ...program, name: "import", description: "weekly", role: "operator" }));
    expect(service.accounts.get("account-1")).toMatchObject({
      name: `import${suffix}`,
      description: "weekly",
      role: "operator",
    });
    expect(service.count("updateServiceAccount")).toBe(1);
    expect(await account.refresh()).toEqual([]);
    expect(account.outs).toMatchObject({ accountId: "account-1", createdAt: "2026-06-15T12:00:00Z" });
  });

  test("that is gone, or disabled where the program says so, is drift and is made anew", async () => {
    for (const status of ["disabled", "missing"] as const) {
      const { service, account, program } = await madeAccount({ onDisabled: "replace" }, having());
      const told = service.accounts.get("account-1");
      if (!told) throw new Error("there is no account");
      if (status === "missing") service.accounts.clear();
      else service.accounts.set("account-1", { ...told, status });
      expect(await account.refresh()).toEqual(["status"]);
      expect(account.outs.status).toBe(status);
      expect(await account.preview(program)).toMatchObject({ op: "replace", replaces: ["status"] });
    }
  });

  test("whose role or scopes were changed by hand has drifted", async () => {
    const { service, account, program } = await madeAccount(
      { role: "viewer", scopes: ["read:checks"] },
      having({ role: "update", scopes: "update" }),
    );
    const told = service.accounts.get("account-1");
    if (!told) throw new Error("there is no account");
    service.accounts.set("account-1", { ...told, role: "admin", scopes: ["write:checks", "read:checks"] });
    expect(await account.refresh()).toEqual(["role", "scopes"]);
    expect(account.state?.inputs).toMatchObject({ role: "admin", scopes: ["read:checks", "write:checks"] });
    expect(await account.up(program)).toMatchObject({ op: "update" });
    expect(service.accounts.get("account-1")).toMatchObject({ role: "viewer", scopes: ["read:checks"] });
  });

  test("is deleted, and again is no error", async () => {
    const { service, account } = await madeAccount({}, having());
    const state = account.state;
    await account.destroy();
    expect(service.accounts.size).toBe(0);
    if (state) await account.remove(state);
    expect(service.count("deleteServiceAccount")).toBe(2);
  });

  const troubles: readonly (readonly [string, Error])[] = [
    ["a refusal", new PermissionDeniedError({ ...facts, status: 403 })],
    ["an outage", new ServerError({ ...facts, status: 503 })],
  ];
  test.each(troubles)("whose deletion meets %s stays in the state", async (_title, error) => {
    const { service, account } = await madeAccount({}, having());
    service.fail("deleteServiceAccount", error);
    await expect(account.destroy()).rejects.toBe(error);
    expect(account.state).toBeDefined();
  });

  test("that the service says is not there, but lists, is not gone", async () => {
    const { service, account } = await madeAccount({}, { ...having(), absence: "list" });
    const connection = service.connection();
    const client = {
      ...connection.client,
      deleteServiceAccount: () => Promise.resolve("absent" as const),
      getServiceAccount: () => Promise.resolve(undefined),
    };
    const other = new OneResource(
      createServiceAccountProvider({
        ...service.context(),
        connections: connectionsTo({ ...connection, client }),
      }),
    );
    other.state = account.state;
    await expect(other.destroy()).rejects.toThrow(
      "the service says that account account-1 does not exist, but lists it; check that the admin credential belongs to its organisation",
    );
  });
});

describe("a create with an unclear outcome", () => {
  const lost = new ConnectionError("POST /accounts: the connection broke.", true);
  const start = (abilities: Partial<Capabilities> = having()) => {
    const service = new FakeService(abilities);
    return { service, account: new OneResource(createServiceAccountProvider(service.context())) };
  };

  test("finds the account by its own name and adopts it: it holds no secret", async () => {
    const { service, account } = start();
    service.fail("createServiceAccount", lost, { after: true });
    succeeded(await account.up(accountProgram));
    expect(idOf(account)).toBe("account-1");
    expect(service.accounts.size).toBe(1);
    expect(service.waits).toEqual([]);
  });

  test("looks once more after the service's lag, and then names what to look for", async () => {
    const { service, account } = start({ ...having(), activationLagMs: 5_000 });
    service.fail("createServiceAccount", lost);
    const error: unknown = await account.up(accountProgram).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AmbiguousCreateError);
    const { marker, candidates, message } = error as AmbiguousCreateError;
    expect(candidates).toEqual([]);
    expect(marker).toMatch(/^export-[0-9a-f]{10}$/);
    expect(message).toBe(
      `it is unclear whether the service account "${marker}" was made: POST /accounts: the connection broke. None of that name is there now; it may still appear: look for it, delete what is not in use, and run again.`,
    );
    expect(service.waits).toEqual([5_000]);
    // By its name twice, and at last among all: the service may have written the name in another way.
    expect(service.calls).toEqual([
      ["createServiceAccount", expect.anything()],
      ["listServiceAccounts", { name: marker }],
      ["listServiceAccounts", { name: marker }],
      ["listServiceAccounts", {}],
    ]);
  });

  test("finds one that the service has named in capitals", async () => {
    const { service, account } = start();
    service.fail("createServiceAccount", lost, { after: true });
    service.writes = (name) => ` ${name.toUpperCase()}`.trim();
    await account.up(accountProgram);
    expect(account.outs.physicalName).toMatch(/^EXPORT-[0-9A-F]{10}$/);
    expect(service.accounts.size).toBe(1);
    expect((await account.up(accountProgram)).op).toBe("same");
  });

  test("finds it although it appears late", async () => {
    const { service, account } = start();
    service.fail("createServiceAccount", lost, { after: true });
    const connection = service.connection();
    let looks = 0;
    const late = {
      ...connection.client,
      listServiceAccounts: async (filter: { readonly name?: string }) =>
        (looks += 1) === 1 ? [] : ((await connection.client.listServiceAccounts?.(filter)) ?? []),
    };
    const other = new OneResource(
      createServiceAccountProvider({
        ...service.context(),
        connections: connectionsTo({ ...connection, client: late }),
      }),
    );
    succeeded(await other.up(accountProgram));
    expect(idOf(other)).toBe("account-1");
    expect(account.state).toBeUndefined();
  });

  test("adopts nothing of an exact name: it may be somebody else's", async () => {
    const { service, account } = start();
    service.fail("createServiceAccount", lost, { after: true });
    const error: unknown = await account
      .up({ ...accountProgram, exactName: true, name: "import" })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ marker: "import", candidates: ["account-1"] });
    expect((error as Error).message).toContain(
      "Compare account-1 on the service, delete what is not in use, and run again.",
    );
  });

  test("names what to look for, too, where the service cannot be searched", async () => {
    const { service, account } = start();
    service.fail("createServiceAccount", lost, { after: true });
    service.fail("listServiceAccounts", new ServerError({ ...facts, status: 503 }));
    const error: unknown = await account.up(accountProgram).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AmbiguousCreateError);
    const { marker, message } = error as AmbiguousCreateError;
    expect(message).toBe(
      `it is unclear whether the service account "${marker}" was made: POST /accounts: the connection broke. The service could not be searched for it (${facts.method} ${facts.path} answered 503): look for that name, delete what is not in use, and run again.`,
    );
  });

  test("keeps an adopted account that could not be finished, and the next update gives it the rest", async () => {
    const service = new FakeService(having({ role: "update" }));
    const connection = service.connection();
    const createServiceAccount = async ({ role: _role, ...asked }: NewServiceAccount): Promise<never> => {
      await connection.client.createServiceAccount?.(asked);
      throw lost;
    };
    const losing = { ...connection, client: { ...connection.client, createServiceAccount } };
    const account = new EngineDouble(
      createServiceAccountProvider({ ...service.context(), connections: connectionsTo(losing) }),
    );
    const program = { ...accountProgram, role: "viewer" };
    service.fail("updateServiceAccount", new ServerError({ ...facts, status: 503 }));
    expect((await account.up(program)).failures).toEqual(["POST /accounts answered 503."]);
    expect(account.state?.id).toBe("account-1");
    expect((await account.up(program)).failures).toEqual([]);
    expect(service.accounts.get("account-1")).toMatchObject({ role: "viewer" });
    expect(account.outs.role).toBe("viewer");
    expect(service.count("createServiceAccount")).toBe(1);
  });

  test("is none where the service has refused", async () => {
    const { service, account } = start();
    const refusal = new BadRequestError({ ...facts, status: 400 });
    service.fail("createServiceAccount", refusal);
    await expect(account.up(accountProgram)).rejects.toBe(refusal);
    expect(service.calls).toHaveLength(1);
  });
});
