import { describe, expect, test } from "@jest/globals";
import type { ApiKey, Capabilities, IssuedApiKey, NewKey } from "../../../../../provider/backends/definition";
import type { WritableConnection } from "../../../../../provider/connections/connections";
import {
  AmbiguousCreateError,
  BadRequestError,
  ConnectionError,
  PermissionDeniedError,
} from "../../../../../provider/errors";
import { issueKey } from "../../../../../provider/resources/key/issue-key";
import {
  observeKey,
  retireCredential,
  revokeKey,
  statusOf,
} from "../../../../../provider/resources/key/key-on-service";
import { FakeService, today } from "../../support/fake-service";

const lost = new ConnectionError("POST /keys: the connection broke.", true);
const inPlace: Partial<Capabilities> = { nativeRotate: { id: "same", maxGraceMs: 0, graceChosen: false } };

async function made(service: FakeService, key: Partial<NewKey> = {}) {
  const { id, name } = await service.connection().client.createKey({ name: "export-fedcba9876", ...key });
  return { id, name };
}

describe("issuing", () => {
  const clockOf = (waits: number[]) => ({
    nowMs: () => 0,
    sleep: (ms: number) => Promise.resolve(void waits.push(ms)),
  });
  const issue = (connection: WritableConnection, waits: number[] = []) => {
    let drawn = 0;
    return issueKey(
      connection,
      { scopes: ["read:checks"] },
      { draw: () => `export-000000000${(drawn += 1)}`, exact: false },
      clockOf(waits),
    );
  };

  test("draws a new marker for every create, so that no answer is taken for another's", async () => {
    const service = new FakeService();
    service.fail("createKey", lost, { after: true });
    expect((await issue(service.connection())).name).toBe("export-0000000002");
    expect(service.living()).toEqual(["key-2"]);
  });

  test("waits for as long as a new key may take to be listed, and a second at least", async () => {
    for (const [activationLagMs, waited] of [
      [0, 1_000],
      [30_000, 30_000],
    ] as const) {
      const service = new FakeService({ activationLagMs });
      const waits: number[] = [];
      service.fail("createKey", lost);
      await expect(issue(service.connection(), waits)).rejects.toBeInstanceOf(AmbiguousCreateError);
      expect(waits).toEqual([waited]);
    }
  });

  test.each([
    ["spread out", "s k _ l i v e _ 0 1 2 3 4 5"],
    ["like a JSON Web Token", `eyJ${"a".repeat(20)}.${"b".repeat(20)}.${"c".repeat(20)}`],
    ["longer than any id", "1".repeat(129)],
  ])("neither tells nor records the id of a lost key that may be its secret: %s", async (_title, id) => {
    const service = new FakeService();
    const connection = service.connection();
    const { client } = connection;
    const named: WritableConnection = {
      ...connection,
      client: {
        ...client,
        createKey: async (key: NewKey) => {
          await client.createKey(key);
          throw lost;
        },
        listKeys: async () => (await client.listKeys({}))?.map((key) => ({ ...key, id })),
        revokeKey: () => Promise.reject(new PermissionDeniedError({ status: 403, method: "DELETE", path: "/keys/…" })),
      },
    };
    const error: unknown = await issue(named).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AmbiguousCreateError);
    expect((error as AmbiguousCreateError).message).toContain("A key whose id must not be shown was made");
    expect((error as AmbiguousCreateError).message).not.toContain(id);
    expect((error as AmbiguousCreateError).candidates).toEqual([]);
  });

  test("names first, of several keys under its marker, the one that it could not revoke", async () => {
    const service = new FakeService();
    const connection = service.connection();
    const { client } = connection;
    let creates = 0;
    let revokes = 0;
    const unlucky: WritableConnection = {
      ...connection,
      client: {
        ...client,
        // A proxy that sent the request twice, and lost both answers.
        createKey: async (key: NewKey) => {
          creates += 1;
          await Promise.all([client.createKey(key), client.createKey(key)]);
          throw lost;
        },
        revokeKey: (ref) =>
          (revokes += 1) === 1
            ? client.revokeKey(ref)
            : Promise.reject(new PermissionDeniedError({ status: 403, method: "DELETE", path: "/keys/key-2" })),
      },
    };
    const error: unknown = await issue(unlucky).catch((thrown: unknown) => thrown);
    expect(creates).toBe(1);
    expect(error).toMatchObject({ candidates: ["key-2"], marker: "export-0000000001" });
    expect((error as Error).message).toBe(
      'it is unclear whether a key named "export-0000000001" was made: POST /keys: the connection broke. The key key-2 was made, its secret is lost, and it could not be revoked (DELETE /keys/key-2 answered 403): the next run revokes it.',
    );
  });

  test("leaves dead keys of the same name alone", async () => {
    const service = new FakeService();
    await made(service, { name: "export-0000000001" });
    service.edit("key-1", { status: "revoked" });
    service.fail("createKey", lost);
    await expect(issue(service.connection())).rejects.toMatchObject({ candidates: [] });
    expect(service.count("revokeKey")).toBe(0);
  });

  test.each([
    ["without its secret", { secret: undefined }],
    ["with an empty secret", { secret: "" }],
    ["without its id", { id: undefined }],
    ["without its name", { name: undefined }],
  ])("takes a key that the backend hands over %s for one whose answer is lost", async (_title, lack) => {
    const service = new FakeService();
    const connection = service.connection();
    let creates = 0;
    const createKey = async (key: NewKey) => {
      const issued = await connection.client.createKey(key);
      return (creates += 1) === 1 ? ({ ...issued, ...lack } as unknown as IssuedApiKey) : issued;
    };
    const { id } = await issue({ ...connection, client: { ...connection.client, createKey } });
    expect(id).toBe("key-2");
    expect(service.living()).toEqual(["key-2"]);
  });

  test("says that a secret never came where no further key may be made", async () => {
    const service = new FakeService();
    const connection = service.connection();
    const createKey = async (key: NewKey) =>
      ({ ...(await connection.client.createKey(key)), secret: undefined }) as unknown as IssuedApiKey;
    await expect(issue({ ...connection, client: { ...connection.client, createKey } })).rejects.toMatchObject({
      name: "AmbiguousCreateError",
      cause: { name: "SecretUnavailableError" },
    });
    expect(service.living()).toEqual([]);
  });

  test("loses no key because the backend stumbles over the answer", async () => {
    const service = new FakeService();
    service.fail("createKey", new TypeError("Cannot read properties of undefined (reading 'id')"), {
      after: true,
      times: 3,
    });
    const error: unknown = await issue(service.connection()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AmbiguousCreateError);
    expect((error as Error).message).toContain("Unexpected TypeError: Cannot read properties of undefined");
    expect(service.living()).toEqual([]);
  });

  test("does not look for anything after a refusal", async () => {
    const service = new FakeService();
    const refusal = new BadRequestError({ status: 400, method: "POST", path: "/keys" });
    service.fail("createKey", refusal);
    await expect(issue(service.connection())).rejects.toBe(refusal);
    expect(service.calls).toHaveLength(1);
  });
});

describe("a key's status", () => {
  const key: ApiKey = { id: "key-1", name: "export", status: "active" };
  test.each([
    [{}, "active"],
    [{ expiresAt: "2026-06-15T12:00:01Z" }, "active"],
    [{ expiresAt: "2026-06-15T12:00:00Z" }, "expired"],
    [{ status: "revoked", expiresAt: "2026-06-01T00:00:00Z" }, "revoked"],
    [{ status: "disabled" }, "disabled"],
    [{ status: "expired" }, "expired"],
  ] as const)("of %j is %s by the clock of decisions", (told, status) => {
    expect(statusOf({ ...key, ...told }, today)).toBe(status);
  });
});

describe("a key that another one may have taken the place of", () => {
  test("is looked at before it is revoked, and left alone where its id is another's by now", async () => {
    const service = new FakeService({ idsReused: true });
    const ref = await made(service);
    service.edit(ref.id, { name: "another" });
    await revokeKey(service.connection(), ref);
    expect(service.living()).toEqual([ref.id]);
    expect(await observeKey(service.connection(), ref, today)).toEqual({ status: "missing" });
  });

  test("is revoked where it is still ours", async () => {
    const service = new FakeService({ idsReused: true });
    const ref = await made(service);
    await revokeKey(service.connection(), ref);
    expect(service.living()).toEqual([]);
  });

  test("is not looked at where ids are given once", async () => {
    const service = new FakeService();
    await revokeKey(service.connection(), await made(service));
    expect(service.calls.map(([method]) => method)).toEqual(["createKey", "revokeKey"]);
  });
});

describe("a key that its service denies, and lists", () => {
  /** A connection whose service lists the key in these states, and has no answer for the key itself. */
  const listedAs = (service: FakeService, ...statuses: readonly ApiKey["status"][]): WritableConnection => {
    const connection = service.connection();
    const { client } = connection;
    const listKeys = async () => {
      const [key] = (await client.listKeys({})) ?? [];
      return statuses.map((status) => ({ ...key!, status }));
    };
    const denied = { getKey: async () => undefined, revokeKey: async () => "absent" as const };
    return { ...connection, client: { ...client, ...denied, listKeys } };
  };

  test.each<[string, readonly ApiKey["status"][], string]>([
    ["once", ["active"], "active"],
    ["twice, as its pages shift", ["revoked", "active"], "active"],
    ["as disabled", ["disabled"], "disabled"],
  ])("is neither gone nor revoked: %s", async (_how, statuses, told) => {
    const service = new FakeService();
    const ref = await made(service);
    const connection = listedAs(service, ...statuses);
    const words = `the service says that key key-1 does not exist, but lists it as ${told}`;
    await expect(observeKey(connection, ref, today)).rejects.toThrow(words);
    await expect(revokeKey(connection, ref)).rejects.toThrow(words);
    await expect(retireCredential(connection, ref)).rejects.toThrow(words);
    const ended = listedAs(service, "revoked", "expired");
    expect(await observeKey(ended, ref, today)).toEqual({ status: "missing" });
  });

  test.each(["active", "disabled"] as const)(
    "is not revoked because the service says so, where it is still %s afterwards, also under another id",
    async (status) => {
      for (const moves of [false, true]) {
        const service = new FakeService({ revokeProves: false });
        const ref = await made(service);
        service.edit(ref.id, { status });
        const connection = service.connection();
        const { client } = connection;
        if (moves) {
          const key = service.keys.get(ref.id)!;
          service.keys.clear();
          service.keys.set("key-901", { ...key, id: "key-901" });
        }
        const revoke = async ({ id }: { readonly id: string }) => (service.keys.has(id) ? "revoked" : "absent");
        const lying = { ...connection, client: { ...client, revokeKey: revoke } } as WritableConnection;
        await expect(revokeKey(lying, ref)).rejects.toThrow(
          `the service acknowledged the revocation of key ${moves ? "key-901" : ref.id}, but still lists it as ${status}`,
        );
      }
    },
  );
});

describe("a key that the service lists under another id", () => {
  /** Everything is numbered anew, as after a backup was played back. */
  const renumber = (service: FakeService) => {
    const [key] = service.keys.values();
    service.keys.clear();
    service.keys.set("key-901", { ...key!, id: "key-901" });
  };
  const services: readonly [string, Partial<Capabilities>][] = [
    ["where ids are given once", {}],
    ["where ids are given again", { idsReused: true }],
  ];

  test.each(services)("is revoked by its mark, %s", async (_where, abilities) => {
    const service = new FakeService(abilities);
    const ref = await made(service);
    renumber(service);
    if (abilities.idsReused)
      service.keys.set(ref.id, { ...service.keys.get("key-901")!, id: ref.id, name: "import-abcdef0123" });
    await revokeKey(service.connection(), ref);
    expect(service.living()).toEqual(abilities.idsReused ? [ref.id] : []);
    expect(service.keys.get("key-901")?.status).toBe("revoked");
  });

  test.each(services)("is retired by its mark, %s", async (_where, abilities) => {
    const service = new FakeService(abilities);
    const ref = await made(service);
    renumber(service);
    await retireCredential(service.connection(), ref);
    expect(service.living()).toEqual([]);
  });

  test.each(services)("is not called missing, %s", async (_where, abilities) => {
    const service = new FakeService(abilities);
    const ref = await made(service);
    renumber(service);
    if (abilities.idsReused)
      service.keys.set(ref.id, { ...service.keys.get("key-901")!, id: ref.id, name: "import-abcdef0123" });
    await expect(observeKey(service.connection(), ref, today)).rejects.toThrow(
      'key key-1 no longer exists, but the service lists a living key with the same mark (export-fedcba9876) under the id key-901 (connection "default"): was a backup restored there?',
    );
  });

  test("whose revocation is refused stays in the state", async () => {
    const service = new FakeService();
    const ref = await made(service);
    renumber(service);
    service.deniesKeys = true;
    await expect(revokeKey(service.connection(), ref)).rejects.toThrow(
      "the service says that key key-1 does not exist, and shows it in the list, under another id; run again",
    );
  });

  test.each<[string, Partial<IssuedApiKey>]>([
    ["is dead", { status: "revoked" }],
    ["has another mark", { name: "export-0123456789" }],
    ["has a name without a mark", { name: "export" }],
  ])("is left alone where that one %s", async (_what, edit) => {
    const service = new FakeService();
    const ref = await made(service, edit.name === "export" ? { name: "export" } : {});
    renumber(service);
    service.edit("key-901", edit);
    await revokeKey(service.connection(), ref);
    expect(await observeKey(service.connection(), ref, today)).toEqual({ status: "missing" });
    expect(service.keys.get("key-901")?.status).toBe(edit.status ?? "active");
  });

  test("is another generation's where a native rotation takes the mark along", async () => {
    const service = new FakeService({ nativeRotate: { id: "new", maxGraceMs: 0, graceChosen: false } });
    const ref = await made(service);
    renumber(service);
    await retireCredential(service.connection(), ref);
    expect(service.living()).toEqual(["key-901"]);
  });
});

describe("a key whose secret changes in place", () => {
  test("is revoked by a deletion although it was renamed by hand", async () => {
    const service = new FakeService(inPlace);
    const ref = await made(service);
    service.edit(ref.id, { name: "renamed by hand" });
    await revokeKey(service.connection(), ref);
    expect(service.living()).toEqual([]);
  });

  test("is left alone by a deletion where it bears another identity's marker", async () => {
    const service = new FakeService(inPlace);
    const ref = await made(service);
    service.edit(ref.id, { name: "import-abcdef0123" });
    await revokeKey(service.connection(), ref);
    expect(service.living()).toEqual([ref.id]);
  });

  test.each([
    ["carries a newer secret", { secretVersion: "2" }, ["key-1"]],
    ["bears another name", { name: "import-abcdef0123" }, ["key-1"]],
    ["is as it was", {}, []],
  ])("is retired only as that very credential: it %s", async (_title, edit, living) => {
    const service = new FakeService(inPlace);
    const ref = await made(service);
    service.edit(ref.id, { secretVersion: "1", ...edit });
    await retireCredential(service.connection(), { ...ref, secretVersion: "1" });
    expect(service.living()).toEqual(living);
  });

  test("counts as revoked once its secret is another one", async () => {
    const service = new FakeService();
    const ref = await made(service);
    service.edit(ref.id, { secretVersion: "2" });
    expect(await observeKey(service.connection(), { ...ref, secretVersion: "1" }, today)).toMatchObject({
      status: "revoked",
    });
    expect(await observeKey(service.connection(), { ...ref, secretVersion: "2" }, today)).toMatchObject({
      status: "active",
    });
    expect(await observeKey(service.connection(), ref, today)).toMatchObject({ status: "active" });
  });
});
