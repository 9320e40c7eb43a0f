import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiKey, Backend, BackendClient, Capabilities } from "../../provider/backends/definition";
import { novavms } from "../../provider/backends/novavms";
import { pulsely } from "../../provider/backends/pulsely";
import { AuthenticationError } from "../../provider/errors";
import { startEmulator, type TestEmulator } from "../../testing";
import { contractOf, keep } from "../../testing/describe-backend";
import { openService } from "../../testing/workbench";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startEmulator({ limits: { pulsely: null, novavms: null } });
});
afterAll(() => emulator.close());

/** The same backend with a mistake in it. */
function withMistake(backend: Backend, mistake: Mistake): Backend {
  return {
    ...backend,
    ...(mistake.capabilities && { capabilities: { ...backend.capabilities, ...mistake.capabilities } }),
    connect: (context) => {
      const client = backend.connect(context);
      return { ...client, ...mistake.client?.(client) };
    },
  };
}

interface Mistake {
  readonly capabilities?: Partial<Capabilities>;
  readonly client?: (client: BackendClient) => Partial<BackendClient>;
}

/** The titles of those promises that a backend breaks. */
async function broken(backend: Backend, titled = /./): Promise<string[]> {
  await emulator.reset();
  const service = emulator.services[backend.name === "pulsely" ? "pulsely" : "novavms"];
  const opened = openService(
    { backend, fields: backend.name === "novavms" ? { allowUndocumentedEndpoints: true } : {} },
    {
      url: service.url,
      token: service.adminToken,
      scopes:
        backend.name === "pulsely"
          ? [["read:checks"], ["read:checks", "write:checks"]]
          : [["cameras:read"], ["cameras:read", "events:read"]],
      serviceAccount: { role: "viewer" },
      manyKeys: backend.name === "pulsely" ? 25 : 5,
      works: async ({ secret }) =>
        (
          await fetch(`${service.url}/${backend.name === "pulsely" ? "checks" : "cameras"}`, {
            headers: { authorization: `Bearer ${secret}` },
          })
        ).ok,
      advance: (ms) => emulator.clock.advance(`${Math.ceil(ms / 1000)}s`),
      close: () => Promise.resolve(),
    },
  );
  const titles: string[] = [];
  for (const contract of Object.values(contractOf(backend.capabilities))) {
    for (const [title, promise] of Object.entries(contract)) {
      if (titled.test(title)) await keep(promise, opened).catch(() => titles.push(title));
    }
  }
  return titles;
}

const withFirst = (keys: readonly ApiKey[] | undefined, change: (key: ApiKey) => object) =>
  keys?.map((key) => ({ ...key, ...change(key) }));

const mistakes: Readonly<Record<string, readonly [Backend, Mistake, RegExp]>> = {
  "shows the secret again": [
    pulsely,
    {
      client: (client) => ({
        createKey: async (key) => remember(await client.createKey(key)),
        getKey: async (ref) => shown(await client.getKey(ref)),
      }),
    },
    /secret is told once/,
  ],
  "takes a refused credential for an absent key": [
    pulsely,
    {
      client: (client) => ({
        getKey: (ref) =>
          client
            .getKey(ref)
            .catch((error: unknown) =>
              error instanceof AuthenticationError ? undefined : Promise.reject(error as Error),
            ),
      }),
    },
    /makes no key look gone/,
  ],
  "takes any error for an absent key": [
    pulsely,
    { client: (client) => ({ revokeKey: (ref) => client.revokeKey(ref).catch(() => "absent" as const) }) },
    /pages for people/,
  ],
  "lists the first page only": [
    pulsely,
    { client: (client) => ({ listKeys: async (parent) => (await client.listKeys(parent))?.slice(-20) }) },
    /more keys than fit on one page/,
  ],
  "numbers its ids": [
    pulsely,
    { client: (client) => ({ getKey: async (ref) => asKey({ ...(await client.getKey(ref)), id: 5 }) }) },
    /secret is told once/,
  ],
  "leaves the vendor's own times": [
    novavms,
    {
      client: (client) => ({
        listKeys: async (parent) =>
          withFirst(await client.listKeys(parent), () => ({ createdAt: "2026-01-01 10:00:00" })),
      }),
    },
    /more keys than fit|revoked key is dead/,
  ],
  "tells null for what is absent": [
    pulsely,
    { client: (client) => ({ getKey: async (ref) => asKey(null, await client.getKey(ref)) }) },
    /secret is told once/,
  ],
  "drops a scope": [
    novavms,
    {
      client: (client) => ({
        createKey: (key) => client.createKey({ ...key, scopes: (key.scopes ?? []).slice(0, 1) }),
      }),
    },
    /has all the scopes/,
  ],
  "forgets the end": [
    novavms,
    { client: (client) => ({ createKey: ({ expiresAt: _end, ...key }) => client.createKey(key) }) },
    /ends when it was asked to/,
  ],
  "does not move the end": [
    novavms,
    { client: (client) => ({ updateKey: async (ref) => asKey(await client.getKey(ref)) }) },
    /end is moved in place/,
  ],
  "revokes nothing": [
    pulsely,
    { client: () => ({ revokeKey: () => Promise.resolve("revoked" as const) }) },
    /revoked key is dead/,
  ],
  "fails on the second revoke": [pulsely, { client: failingOnSecond }, /revoking it again is no error/],
  "changes the name on the way": [
    pulsely,
    { client: (client) => ({ createKey: (key) => client.createKey({ ...key, name: key.name.toUpperCase() }) }) },
    /secret is told once/,
  ],
  "looks under every account": [novavms, { client: lookingEverywhere }, /under another account/],
  "finds accounts by the beginning of their names": [
    novavms,
    {
      client: (client) => ({
        listServiceAccounts: async ({ name = "" }) =>
          ((await client.listServiceAccounts?.({})) ?? []).filter((account) => account.name.startsWith(name)),
      }),
    },
    /exactly its name/,
  ],
  "fails on the second deletion of an account": [
    novavms,
    {
      client: (client) => ({
        deleteServiceAccount: async (id) =>
          (await client.deleteServiceAccount?.(id)) === "absent" ? Promise.reject(new Error("gone")) : "deleted",
      }),
    },
    /deleting it again/,
  ],
  "claims that names may repeat": [pulsely, { capabilities: { uniqueNames: false } }, /may bear one name/],
  "claims that names are unique": [novavms, { capabilities: { uniqueNames: true } }, /cannot bear one name/],
  "claims a native rotation": [
    pulsely,
    {
      capabilities: { nativeRotate: { id: "same", maxGraceMs: 0, graceChosen: false } },
      client: (client) => ({
        rotateKey: async (ref) => ({ ...asKey(await client.getKey(ref)), secret: "no other than before" }),
      }),
    },
    /native rotation/,
  ],
  "claims to tell no use": [
    pulsely,
    { capabilities: withoutLastUsed(pulsely.capabilities) },
    /does not tell when it was used/,
  ],
  "keeps quiet about a use": [
    pulsely,
    { client: (client) => ({ getKey: async (ref) => withoutUse(await client.getKey(ref)) }) },
    /tells when it was used/,
  ],
  "claims descriptions": [pulsely, { capabilities: { description: "update" } }, /description/],
  "claims that keys cannot end": [
    novavms,
    { capabilities: { expiry: { support: "none", update: false, granularityMs: 1000 } } },
    /no other/,
  ],
  "revokes the newest key instead of the one that is meant": [
    pulsely,
    {
      client: (client) => ({
        revokeKey: async (ref) => client.revokeKey({ ...ref, id: newestId(await client.listKeys(ref)) ?? ref.id }),
      }),
    },
    /a RotatingApiKey gets/,
  ],
  "revokes every key whose name begins alike": [novavms, { client: revokingAllAlike }, /a RotatingApiKey gets/],
  "sets the end of another key than the previous one": [
    novavms,
    {
      client: (client) => ({
        updateKey: async (ref, changes) => {
          const id = newestId(await client.listKeys(ref)) ?? ref.id;
          return (await client.updateKey?.({ ...ref, id }, changes)) as ApiKey;
        },
      }),
    },
    /a RotatingApiKey gets/,
  ],
  "tells the use of one key for that of every other": [
    pulsely,
    {
      client: (client) => ({
        getKey: async (ref) => {
          const key = await client.getKey(ref);
          const used = (await client.listKeys(ref))?.find(({ lastUsedAt }) => lastUsedAt !== undefined)?.lastUsedAt;
          return key && { ...key, ...(used && { lastUsedAt: used }) };
        },
      }),
    },
    /goes when it is not used any more/,
  ],
  "offers a method of which no capability speaks": [
    pulsely,
    { client: () => ({ revokePrevious: () => Promise.resolve("absent" as const) }) },
    /no other/,
  ],
};

let remembered = "";
function remember<T extends { readonly secret: string }>(key: T): T {
  remembered = key.secret;
  return key;
}

function shown(key: ApiKey | undefined): ApiKey | undefined {
  return key && { ...key, hint: remembered };
}

function asKey(told: object | null | undefined, key?: ApiKey): ApiKey {
  return (told === null ? { ...key, expiresAt: null } : told) as unknown as ApiKey;
}

function withoutUse(key: ApiKey | undefined): ApiKey | undefined {
  if (!key) return undefined;
  const { lastUsedAt: _used, ...rest } = key;
  return rest;
}

function withoutLastUsed(capabilities: Capabilities): Partial<Capabilities> {
  return { ...capabilities, lastUsed: undefined } as unknown as Partial<Capabilities>;
}

function failingOnSecond(client: BackendClient): Partial<BackendClient> {
  const revoked = new Set<string>();
  return {
    revokeKey: (ref) => {
      if (revoked.has(ref.id)) return Promise.reject(new Error("it is revoked already"));
      revoked.add(ref.id);
      return client.revokeKey(ref);
    },
  };
}

function newestId(keys: readonly ApiKey[] | undefined): string | undefined {
  return keys
    ?.filter(({ status }) => status === "active")
    .sort((a, b) => (a.createdAt ?? "").localeCompare(b.createdAt ?? ""))
    .at(-1)?.id;
}

function revokingAllAlike(client: BackendClient): Partial<BackendClient> {
  return {
    revokeKey: async (ref) => {
      const prefix = ref.name.slice(0, -6);
      for (const { id, name } of (await client.listKeys(ref)) ?? [])
        if (name.startsWith(prefix)) await client.revokeKey({ ...ref, id, name });
      return "revoked";
    },
  };
}

function lookingEverywhere(client: BackendClient): Partial<BackendClient> {
  const keys = new Map<string, ApiKey>();
  return {
    createKey: async (key) => {
      const made = await client.createKey(key);
      keys.set(made.id, made);
      return made;
    },
    getKey: (ref) => Promise.resolve(keys.get(ref.id)),
  };
}

describe("describeBackend finds the mistake of a backend that", () => {
  test.each(Object.entries(mistakes))("%s", async (_title, [backend, mistake, promise]) => {
    expect(await broken(withMistake(backend, mistake), promise)).not.toEqual([]);
  });

  test("makes none: then no promise is broken", async () => {
    expect(await broken(pulsely)).toEqual([]);
    expect(await broken(novavms)).toEqual([]);
  });
});
