import { describe, expect, test } from "@jest/globals";
import { defineBackend } from "../../../../provider/backend";
import type { BackendClient, Capabilities } from "../../../../provider/backends/definition";
import { BadRequestError, ConnectionError, PermissionDeniedError, ServerError } from "../../../../provider/errors";
import { fingerprintOf } from "../../../../provider/values/fingerprint";
import { type ApiKeyInputs, createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { PartialFailure } from "../../../../provider/resources/lifecycle";
import { withSecretBoundary } from "../../../../provider/secret-boundary";
import { asSecret } from "../../../../provider/values/wire";
import { OneResource } from "../../../../testing/one-resource";
import { EngineDouble } from "../../../../testing/engine-double";
import { catalogue, connectionsTo, FakeService } from "../support/fake-service";
import { idOf, keyProgram, madeKey, succeeded } from "../support/resources";

const movable: Partial<Capabilities> = { expiry: { support: "optional", update: true, granularityMs: 1_000 } };
const chosen: Partial<Capabilities> = { secret: { shown: "once", callerChosen: true, form: "token" } };
const facts = { method: "POST", path: "/keys" };

describe("a new key's record", () => {
  test("holds what its issue brought, and the secret once", async () => {
    const { service, key } = await madeKey({ expiresIn: "90d", labels: { owner: "team-a" } });
    const { secret, ...rest } = key.outs;
    expect(secret).toBe("fake_secret_1_0123456789");
    expect(rest).toEqual({
      __provider: "code",
      connection: "default",
      origin: "acme/billing/dev/export",
      target: {
        backend: "fake",
        origin: "http://127.0.0.1:4010",
        credential: "environment variable FAKE_TOKEN",
        route: "path /v1",
      },
      labels: { owner: "team-a" },
      scopes: ["read:checks"],
      expiresIn: "90d",
      status: "active",
      keyId: "key-1",
      physicalName: expect.stringMatching(/^export-[0-9a-f]{10}$/),
      createdAt: "2026-06-15T12:00:00Z",
      expiresAt: "2026-09-13T12:00:00Z",
      hint: "…1",
      fingerprint: fingerprintOf("fake_secret_1_0123456789"),
      service: "http://127.0.0.1:4010",
    });
    expect(service.calls).toHaveLength(1);
  });

  test("marks the secret for the engine, and nothing else", async () => {
    const service = new FakeService();
    const provider = withSecretBoundary(createApiKeyProvider(service.context()));
    const checked = await provider.check?.({} as ApiKeyInputs, { ...keyProgram } as unknown as ApiKeyInputs);
    const { outs } = await provider.create(checked?.inputs as ApiKeyInputs);
    expect(outs?.secret).toEqual(asSecret("fake_secret_1_0123456789"));
    expect(JSON.stringify({ ...outs, secret: undefined })).not.toContain("fake_secret_1");
  });

  test("holds a chosen secret once, and no fingerprint of it: short choices could be guessed", async () => {
    const { service, key } = await madeKey({ secretValue: "chosen-by-the-caller" }, chosen);
    expect(key.outs.secret).toBe("chosen-by-the-caller");
    expect(JSON.stringify({ ...key.outs, secret: undefined })).not.toContain("chosen-by-the-caller");
    expect(key.outs.fingerprint).toBeUndefined();
    expect(service.calls[0]?.[1]).toMatchObject({ secretValue: "chosen-by-the-caller" });
  });

  test("asks the service for exactly what the user wrote", async () => {
    const { service } = await madeKey(
      {
        scopes: ["write:checks", "read:checks"],
        name: "import",
        description: "nightly",
        labels: { owner: "a" },
        expiresAt: "2027-02-01T01:00:00+01:00",
        environment: "test",
      },
      { description: "update", environments: ["live", "test"] },
    );
    expect(service.calls).toEqual([
      [
        "createKey",
        {
          name: expect.stringMatching(/^import-[0-9a-f]{10}$/),
          scopes: ["read:checks", "write:checks"],
          description: "nightly",
          labels: { owner: "a" },
          expiresAt: "2027-02-01T00:00:00Z",
          environment: "test",
        },
      ],
    ]);
  });

  test("bears an exact name verbatim", async () => {
    const { key } = await madeKey({ name: "import", exactName: true });
    expect(key.outs.physicalName).toBe("import");
  });
});

describe("a key that could not be made", () => {
  const create = async (service: FakeService, program = keyProgram): Promise<unknown> => {
    const key = new OneResource(createApiKeyProvider(service.context()));
    return key.up(program).then(
      () => undefined,
      (error: unknown) => error,
    );
  };

  test("because the service refuses leaves nothing behind, and is not tried again", async () => {
    const service = new FakeService();
    const refusal = new BadRequestError({ ...facts, status: 422 });
    service.fail("createKey", refusal);
    expect(await create(service)).toBe(refusal);
    expect(service.calls.map(([method]) => method)).toEqual(["createKey"]);
  });

  test("because the connection may not write sends nothing", async () => {
    const service = new FakeService();
    const openForWrite = () => {
      throw new Error("no consent");
    };
    const connections = { ...service.connections(), openForWrite };
    const key = new OneResource(createApiKeyProvider({ ...service.context(), connections }));
    await expect(key.up(keyProgram)).rejects.toThrow("no consent");
    expect(service.calls).toEqual([]);
  });

  test("and was made nevertheless, and cannot be revoked, is recorded without a secret: the next update revokes it and makes another", async () => {
    const service = new FakeService();
    service.fail("createKey", new ConnectionError("the answer was lost", true), { after: true });
    service.fail("revokeKey", new PermissionDeniedError({ ...facts, status: 403 }));
    const failure = await create(service);
    expect(failure).toBeInstanceOf(PartialFailure);
    const { id, properties, reasons } = failure as PartialFailure;
    expect(id).toBe("key-1");
    expect(properties).toMatchObject({
      keyId: "key-1",
      status: "active",
      __provider: "code",
      physicalName: service.keys.get("key-1")?.name,
    });
    expect(properties.secret).toBeUndefined();
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain(
      "The key key-1 was made, its secret is lost, and it could not be revoked (POST /keys answered 403): the next run revokes it.",
    );

    const key = new OneResource(createApiKeyProvider(service.context()));
    const inputs = { ...keyProgram, connection: "default", status: "active", target: properties.target };
    key.state = { id, inputs, outs: properties };
    expect(await key.up(keyProgram)).toMatchObject({ op: "replace", replaces: ["secret"] });
    expect(service.living()).toEqual([idOf(key)]);
    expect(typeof key.outs.secret).toBe("string");
  });

  test("and is recorded without a secret keeps its end: a refresh sees nothing moved", async () => {
    const service = new FakeService();
    service.fail("createKey", new ConnectionError("the answer was lost", true), { after: true });
    service.fail("revokeKey", new PermissionDeniedError({ ...facts, status: 403 }));
    const key = new EngineDouble(createApiKeyProvider(service.context()));
    expect((await key.up({ ...keyProgram, expiresIn: "90d" })).failures).toHaveLength(1);
    expect(key.outs.expiresAt).toBe("2026-09-13T12:00:00Z");
    expect((await key.refresh()).listed).toEqual([]);
  });
});

describe("an update", () => {
  test("moves the end, and tells the service nothing else", async () => {
    const { service, key, program } = await madeKey({ expiresIn: "90d" }, movable);
    const { secret, createdAt } = key.outs;
    succeeded(await key.up({ ...program, expiresIn: "180d" }));
    expect(service.calls.at(-1)).toEqual(["updateKey", { id: "key-1", name: key.outs.physicalName }]);
    expect(service.keys.get("key-1")?.expiresAt).toBe("2026-12-12T12:00:00Z");
    expect(key.outs).toMatchObject({
      expiresIn: "180d",
      expiresAt: "2026-12-12T12:00:00Z",
      secret,
      createdAt,
      status: "active",
    });
  });

  test("takes the end away", async () => {
    const { service, key, program } = await madeKey({ expiresAt: "2027-02-01T00:00:00Z" }, movable);
    succeeded(await key.up({ ...program, expiresAt: undefined }));
    expect(service.keys.get("key-1")?.expiresAt).toBeUndefined();
    expect(key.outs).not.toHaveProperty("expiresAt");
  });

  test("renames, and keeps the marker", async () => {
    const { service, key, program } = await madeKey({}, { rename: true });
    const suffix = String(key.outs.physicalName).slice("export".length);
    succeeded(await key.up({ ...program, name: "import" }));
    expect(service.keys.get("key-1")?.name).toBe(`import${suffix}`);
    expect(key.outs.physicalName).toBe(`import${suffix}`);
    succeeded(await key.up({ ...program, name: undefined }));
    expect(service.keys.get("key-1")?.name).toBe(`export${suffix}`);
  });

  test("renames an exact name verbatim, although it looks like a drawn one", async () => {
    const { service, key, program } = await madeKey({ name: "import-0123456789", exactName: true }, { rename: true });
    succeeded(await key.up({ ...program, name: "export" }));
    expect(service.keys.get("key-1")?.name).toBe("export");
  });

  test("changes and empties a description", async () => {
    const { service, key, program } = await madeKey({ description: "a" }, { description: "update" });
    succeeded(await key.up({ ...program, description: "b" }));
    expect(service.keys.get("key-1")?.description).toBe("b");
    succeeded(await key.up({ ...program, description: undefined }));
    expect(service.keys.get("key-1")?.description).toBe("");
    expect(key.outs).not.toHaveProperty("description");
  });

  test.each([
    ["labels", { labels: { owner: "b" } }],
    ["a description that the service does not keep", { description: "b" }],
  ])("of %s changes the record, and sends nothing", async (_title, change) => {
    const { service, key, program } = await madeKey();
    expect(await key.up({ ...program, ...change })).toMatchObject({ op: "update" });
    expect(service.calls.map(([method]) => method)).toEqual(["createKey"]);
    expect(key.outs).toMatchObject(change);
  });

  test("that fails leaves the record as it was", async () => {
    const { service, key, program } = await madeKey({ expiresIn: "90d" }, movable);
    const before = key.state;
    const failure = new ServerError({ ...facts, status: 500 });
    service.fail("updateKey", failure);
    await expect(key.up({ ...program, expiresIn: "180d" })).rejects.toBe(failure);
    expect(key.state).toBe(before);
    expect(await key.preview({ ...program, expiresIn: "180d" })).toMatchObject({ op: "update" });
  });
});

describe("a deletion", () => {
  test("revokes the key, and again is no error", async () => {
    const { service, key } = await madeKey();
    const state = key.state;
    await key.destroy();
    expect(service.living()).toEqual([]);
    if (!state) throw new Error("there was no key");
    await key.remove(state);
    service.keys.clear();
    await key.remove(state);
  });

  const troubles: readonly (readonly [string, Error])[] = [
    ["a refusal", new PermissionDeniedError({ ...facts, status: 403 })],
    ["an outage", new ServerError({ ...facts, status: 503 })],
    ["a broken connection", new ConnectionError("broke", true)],
  ];
  test.each(troubles)("that meets %s is an error, and the key stays in the state", async (_title, error) => {
    const { service, key } = await madeKey();
    service.fail("revokeKey", error);
    await expect(key.destroy()).rejects.toBe(error);
    expect(key.state).toBeDefined();
  });

  test("of a key whose id another one bears by now touches nothing", async () => {
    const { service, key } = await madeKey({}, { idsReused: true });
    service.edit(idOf(key), { name: "somebody-elses" });
    await key.destroy();
    expect(service.count("revokeKey")).toBe(0);
    expect(service.living()).toEqual(["key-1"]);
  });

  test("that the service acknowledges and does not carry out is an error", async () => {
    const { service, key } = await madeKey({}, { revokeProves: false });
    const connection = service.connection();
    const lying = {
      ...connection,
      client: { ...connection.client, revokeKey: () => Promise.resolve("revoked" as const) },
    };
    const other = new OneResource(createApiKeyProvider({ ...service.context(), connections: connectionsTo(lying) }));
    other.state = key.state;
    await expect(other.destroy()).rejects.toThrow(
      "the service acknowledged the revocation of key key-1, but still lists it as active; run again",
    );
    await key.destroy();
  });
});

describe("a create whose answer was lost, and that no search explains", () => {
  async function lostKey(after: boolean): Promise<{ service: FakeService; key: EngineDouble }> {
    const service = new FakeService();
    const key = new EngineDouble(createApiKeyProvider(service.context()));
    service.fail("createKey", new ConnectionError("POST /keys: the connection broke.", true), { after });
    service.fail("listKeys", new ServerError({ ...facts, status: 503, detail: "busy" }));
    expect((await key.up(keyProgram)).failures).toEqual([expect.stringMatching(/it is unclear whether a key named/)]);
    return { service, key };
  }

  test("stays in the state, so that the next update revokes what appeared, and issues the key", async () => {
    const { service, key } = await lostKey(true);
    expect(service.living()).toEqual(["key-1"]);
    expect(key.outs).toMatchObject({ status: "missing", lostCreate: true });
    expect((await key.up(keyProgram)).op).toBe("replace");
    expect(service.living()).toEqual(["key-2"]);
    expect(key.outs).toMatchObject({ keyId: "key-2", status: "active" });
    expect(key.outs.lostCreate).toBeUndefined();
  });

  test("is looked for by a destroy as well", async () => {
    const { service, key } = await lostKey(true);
    await key.destroy();
    expect(service.living()).toEqual([]);
  });

  test("that made nothing leaves nothing to revoke, and a refresh does not call the key gone from the state", async () => {
    const { service, key } = await lostKey(false);
    await key.refresh();
    expect(key.outs).toMatchObject({ status: "missing", lostCreate: true });
    await key.up(keyProgram);
    expect(service.living()).toEqual(["key-1"]);
    expect(service.count("revokeKey")).toBe(0);
  });
});

describe("a create whose key has an id that holds a part of its secret", () => {
  /** A service that names its first key by its secret, and goes by such a name only if a test says so. */
  function exposing(goesByIt: boolean): FakeService {
    const service = new FakeService();
    const real = service.connection().client;
    const idOf = (id: string) => (id.startsWith("fake_secret_") ? `key-${id.split("_")[2]}` : id);
    const client: BackendClient = {
      ...real,
      createKey: async (asked) => {
        const issued = await real.createKey(asked);
        return issued.id === "key-1" ? { ...issued, id: issued.secret } : issued;
      },
      revokeKey: (ref) => real.revokeKey({ ...ref, id: goesByIt ? idOf(ref.id) : ref.id }),
    };
    service.backend = () =>
      defineBackend({ name: "fake", capabilities: service.capabilities, catalogue, connect: () => client });
    return service;
  }
  const secret = "fake_secret_1_0123456789";

  test.each([true, false])("is refused, and the key revoked: by its id %p, else by its marker", async (goesByIt) => {
    const service = exposing(goesByIt);
    const key = new EngineDouble(createApiKeyProvider(service.context()));
    const { failures } = await key.up(keyProgram);
    expect(failures).toEqual([
      expect.stringMatching(/whose id holds a part of a secret.* was revoked, and no other was made/),
    ]);
    expect(service.living()).toEqual([]);
    expect(service.count("createKey")).toBe(1);
    expect(JSON.stringify([failures, key.state ?? null])).not.toContain(secret.slice(0, 20));
  });

  test("and that cannot be revoked is kept by its marker: the next run, or a destroy, revokes it", async () => {
    for (const end of ["up", "destroy"] as const) {
      const service = exposing(false);
      const key = new EngineDouble(createApiKeyProvider(service.context()));
      service.fail("revokeKey", new ServerError({ ...facts, status: 503, detail: "busy" }));
      const { failures } = await key.up(keyProgram);
      expect(failures).toEqual([expect.stringMatching(/it is unclear .* could not be revoked/)]);
      expect(service.living()).toEqual(["key-1"]);
      expect(key.outs).toMatchObject({ status: "missing", lostCreate: true });
      expect(JSON.stringify([failures, key.state])).not.toContain(secret.slice(0, 20));
      if (end === "destroy") await key.destroy();
      else expect((await key.up(keyProgram)).op).toBe("replace");
      expect(service.living()).toEqual(end === "destroy" ? [] : ["key-2"]);
    }
  });
});
