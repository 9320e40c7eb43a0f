import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { loadBackend } from "../../provider/connections/backend-loading";
import type {
  ApiKey,
  Backend,
  BackendClient,
  Capabilities,
  HttpClient,
  IssuedApiKey,
  KeyRef,
  ServiceAccount,
} from "../../provider/backends/definition";
import { fieldsOf } from "../../provider/backends/fields-of";
import { halfMade } from "../../provider/backends/half-made";
import { novavms } from "../../provider/backends/novavms";
import { pulsely } from "../../provider/backends/pulsely";
import { hourMs } from "../../provider/values/durations";
import {
  AuthenticationError,
  PermissionDeniedError,
  ProviderError,
  ResponseShapeError,
  ServerError,
} from "../../provider/errors";
import type { HttpRequest, HttpResponse } from "../../provider/http/request";
import { type BackendHarness, startEmulator, type TestEmulator } from "../../testing";
import { contractOf, keep } from "../../testing/describe-backend";
import { openService } from "../../testing/workbench";
import { examplesDir, type Parcels, startParcels } from "../engine/support/example-bench";
import { startOkFalse } from "./support/ok-false-service";

const parcels = loadBackend("parcels", "./backends/parcels.js", join(examplesDir, "own-backend"));

let emulator: TestEmulator;
let parcelsService: Parcels;
let okFalse: Awaited<ReturnType<typeof startOkFalse>>;
beforeAll(async () => {
  emulator = await startEmulator({ limits: { pulsely: null, novavms: null } });
  parcelsService = await startParcels();
  okFalse = await startOkFalse(parcelsService.url);
});
afterAll(() => Promise.all([emulator.close(), okFalse.close(), parcelsService.close()]));

/** The same backend with a mistake in it. */
function withMistake(backend: Backend, mistake: Mistake): Backend {
  return {
    ...backend,
    ...(mistake.capabilities && { capabilities: { ...backend.capabilities, ...mistake.capabilities } }),
    connect: (context) => {
      const client = backend.connect({ ...context, http: mistake.http?.(context.http) ?? context.http });
      return { ...client, ...mistake.client?.(client) };
    },
  };
}

interface Mistake {
  readonly capabilities?: Partial<Capabilities>;
  readonly client?: (client: BackendClient) => Partial<BackendClient>;
  /** How the backend speaks HTTP. */
  readonly http?: (http: HttpClient) => HttpClient;
}

/** Parcels, had it only one status. */
const okFalseParcels = withMistake(
  { ...parcels, name: "parcels-ok-false" },
  { http: asking((request) => ({ ...request, statusOf: statusOfRefusal })) },
);

function statusOfRefusal(body: unknown): number | undefined {
  const { ok, status } = fieldsOf(body, { ok: "boolean", status: "number?" });
  return ok ? undefined : status;
}

const authorised = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });

/** The service that a backend speaks to. */
function harnessOf({ name }: Backend): BackendHarness {
  const close = () => Promise.resolve();
  if (name.startsWith("parcels")) {
    const { adminToken: token } = parcelsService;
    const { url } = name === "parcels" ? parcelsService : okFalse;
    return {
      url,
      token,
      scopes: [["parcels.read"], ["parcels.read", "labels.print"]],
      manyKeys: "no pages",
      manyAccounts: "no pages",
      works: async ({ secret }) => (await fetch(`${parcelsService.url}/parcels`, authorised(secret))).ok,
      close,
    };
  }
  const { url, adminToken: token } = emulator.services[name === "pulsely" ? "pulsely" : "novavms"];
  const advance = (ms: number) => emulator.clock.advance(`${Math.ceil(ms / 1000)}s`);
  const works =
    (door: string) =>
    async ({ secret }: IssuedApiKey) =>
      (await fetch(`${url}/${door}`, authorised(secret))).ok;
  return name === "pulsely"
    ? {
        url,
        token,
        scopes: [["read:checks"], ["read:checks", "write:checks"]],
        manyKeys: 120,
        works: works("checks"),
        advance,
        close,
      }
    : {
        url,
        token,
        scopes: [["cameras:read"], ["cameras:read", "events:read"]],
        serviceAccount: { role: "viewer" },
        otherRole: "operator",
        manyKeys: 60,
        manyAccounts: 60,
        works: works("cameras"),
        disableAccount: async (id) => {
          const headers = { ...authorised(token).headers, "content-type": "application/json" };
          await fetch(`${url}/service-accounts/${id}`, { method: "PATCH", headers, body: '{"enabled":false}' });
        },
        advance,
        close,
      };
}

/** The titles of those promises that a backend breaks. */
async function broken(
  backend: Backend,
  titled = /./,
  tell = (_title: string, _error: unknown): void => undefined,
): Promise<string[]> {
  await emulator.reset();
  const fields = backend.name === "novavms" ? { allowUndocumentedEndpoints: true } : {};
  const opened = openService({ backend, fields }, harnessOf(backend));
  const titles: string[] = [];
  for (const contract of Object.values(contractOf(backend.capabilities, backend))) {
    for (const [title, promise] of Object.entries(contract)) {
      if (titled.test(title))
        await keep(promise, opened).catch((error: unknown) => {
          titles.push(title);
          tell(title, error);
        });
    }
  }
  return titles;
}

const withFirst = (keys: readonly ApiKey[] | undefined, change: (key: ApiKey) => object) =>
  keys?.map((key) => ({ ...key, ...change(key) }));

const mistakes: Readonly<Record<string, readonly [Backend, Mistake, RegExp]>> = {
  "calls every secret a living one": [
    novavms,
    { client: () => ({ probe: () => Promise.resolve({ works: true }) }) },
    /own secret shows/,
  ],
  "says that its keys tell of a disabled account, and they do not": [
    novavms,
    {
      capabilities: {
        serviceAccounts: { ...(novavms.capabilities.serviceAccounts as object), disabling: "keys" } as never,
      },
    },
    /account was disabled/,
  ],
  "says that it has enabled an account, and has not": [
    novavms,
    { client: () => ({ enableServiceAccount: () => Promise.resolve() }) },
    /account is enabled in place/,
  ],
  "enables an account, and gives its keys an end": [
    novavms,
    {
      client: (client) => ({
        enableServiceAccount: async (id) => {
          await client.enableServiceAccount?.(id);
          for (const key of (await client.listKeys({ serviceAccountId: id })) ?? [])
            await client.updateKey?.({ ...key, serviceAccountId: id }, { expiresAt: "2100-01-01T00:00:00Z" });
        },
      }),
    },
    /account is enabled in place/,
  ],
  "loses a key to the refusal of its second request": [
    pulsely,
    {
      client: (client) => ({
        createKey: async (key) => {
          const issued = await client.createKey(key);
          await client.listKeys({});
          return issued;
        },
      }),
    },
    /refused half-way/,
  ],
  "says that a key is ready, and the call that makes it so was refused": [
    pulsely,
    {
      client: (client) => ({
        createKey: async (key) => {
          const made = await client.createKey({ ...key, name: `draft-${key.name.slice(-10)}` });
          await client.updateKey?.({ id: made.id, name: made.name }, { name: key.name }).catch(() => undefined);
          return { ...made, name: key.name };
        },
      }),
    },
    /refused half-way/,
  ],
  "hides a half-made key from its lists": [
    pulsely,
    {
      client: (client) => ({
        createKey: async (key) => {
          const made = await client.createKey(key);
          await halfMade(() => client.getKey(made));
          ready.add(made.id);
          return made;
        },
        listKeys: async (parent) => (await client.listKeys(parent))?.filter(({ id }) => ready.has(id)),
      }),
    },
    /refused half-way/,
  ],
  "takes the status of a delete for its success, where the service says in the body that it refuses": [
    okFalseParcels,
    {
      http: asking((request) => {
        const { statusOf: _statusOf, ...believing } = request;
        return request.method === "DELETE" ? believing : request;
      }),
    },
    /refusal in the middle/,
  ],
  "declares another shape than its secrets have": [
    pulsely,
    { capabilities: { secret: { ...pulsely.capabilities.secret, shape: "ply_[0-9]{64}" } } },
    /only its creation returns its secret/,
  ],
  "gives every key a day, if it is told the end and not the life": [
    pulsely,
    {
      client: (client) => ({
        createKey: (key) =>
          client.createKey(
            key.expiresAt === undefined || key.livesForMs !== undefined
              ? key
              : { ...key, expiresAt: new Date(Date.now() + 24 * hourMs).toISOString() },
          ),
      }),
    },
    /ends when it was asked to/,
  ],
  "says that a revoke removes the record of an ended key, and it stays": [
    pulsely,
    { capabilities: { endedRecords: "removable" } },
    /leaves a record, and a revoke removes it/,
  ],
  "says that the record of a revoked key stays, and it is gone": [
    parcels,
    { capabilities: { endedRecords: "kept" } },
    /record of a revoked key stays/,
  ],
  "shows the secret again": [
    pulsely,
    {
      client: (client) => ({
        createKey: async (key) => remember(await client.createKey(key)),
        getKey: async (ref) => shown(await client.getKey(ref)),
      }),
    },
    /only its creation returns its secret/,
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
  "lists keys without what a read of one key tells": [
    pulsely,
    {
      client: (client) => ({
        listKeys: async (parent) => (await client.listKeys(parent))?.map(({ expiresAt: _end, ...key }) => key),
      }),
    },
    /list reports everything about a key/,
  ],
  "lists accounts that it cannot tell from disabled ones": [
    novavms,
    {
      client: (client) => ({
        listServiceAccounts: async (filter) =>
          ((await client.listServiceAccounts?.(filter)) ?? []).map((account) => ({ ...account, status: "active" })),
      }),
    },
    /list of service accounts reports everything/,
  ],
  "lists accounts without what a read of one account tells": [
    novavms,
    {
      client: (client) => ({
        listServiceAccounts: async (filter) =>
          ((await client.listServiceAccounts?.(filter)) ?? []).map(({ role: _role, ...account }) => account),
      }),
    },
    /list of service accounts reports everything/,
  ],
  "lists the first page only": [
    pulsely,
    { client: (client) => ({ listKeys: async (parent) => (await client.listKeys(parent))?.slice(-20) }) },
    /more keys than fit on one page/,
  ],
  "numbers its ids": [
    pulsely,
    { client: (client) => ({ getKey: async (ref) => asKey({ ...(await client.getKey(ref)), id: 5 }) }) },
    /only its creation returns its secret/,
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
    /only its creation returns its secret/,
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
    /only its creation returns its secret/,
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
  "claims that names may repeat": [pulsely, { capabilities: { uniqueNames: false } }, /may have the same name/],
  "claims that names are unique": [novavms, { capabilities: { uniqueNames: true } }, /cannot have the same name/],
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
    /does not report when it was used/,
  ],
  "keeps quiet about a use": [
    pulsely,
    { client: (client) => ({ getKey: async (ref) => withoutUse(await client.getKey(ref)) }) },
    /reports when it was used/,
  ],
  "claims descriptions": [pulsely, { capabilities: { description: "update" } }, /description/],
  "claims that keys cannot end": [
    novavms,
    { capabilities: { expiry: { support: "none", update: false, granularityMs: 1000 } } },
    /no other/,
  ],
  "takes an answer without a body for an absent key": [
    parcels,
    {
      http: answering((answer, { method }) =>
        method === "GET" && answer.body === undefined ? { ...answer, absent: true } : answer,
      ),
    },
    /^an answer that is empty/,
  ],
  "takes an answer without an id for an absent key": [
    parcels,
    {
      http: answering((answer, { method }) =>
        method === "GET" && !isOfParcels(answer.body) ? { ...answer, absent: true } : answer,
      ),
    },
    /^an answer of another form/,
  ],
  "takes a list in another form for an empty one": [
    parcels,
    {
      http: answering((answer, { path, method }) =>
        method === "GET" && path.endsWith("/keys") && !isOfParcels(answer.body)
          ? { ...answer, body: { keys: [] } }
          : answer,
      ),
    },
    /^an answer of another form/,
  ],
  "makes up a key from an answer that holds none": [
    parcels,
    {
      client: (client) => ({
        createKey: (key) =>
          client.createKey(key).catch((error: unknown) => {
            if (!(error instanceof ResponseShapeError)) throw error;
            return { id: "undefined", name: key.name, status: "active", secret: "undefined" };
          }),
      }),
    },
    /^an answer that is empty/,
  ],
  "keeps a chosen secret out of no message": [
    parcels,
    { http: asking(({ secrets: _secrets, ...request }) => request) },
    /^a refusal that quotes the request/,
  ],
  "sends the secret of a key with its revoke": [
    parcels,
    { client: revokingBySecret, http: asking((request) => ({ ...request, headers: { "x-proof": bySecret } })) },
    /^a refusal that quotes the request/,
  ],
  "takes a refused revoke for an absent key": [
    novavms,
    { client: (client) => ({ revokeKey: (ref) => client.revokeKey(ref).catch(absentWhere(PermissionDeniedError)) }) },
    /^a refusal in the middle/,
  ],
  "takes an outage for an absent key": [
    novavms,
    { client: (client) => ({ revokeKey: (ref) => client.revokeKey(ref).catch(absentWhere(ServerError)) }) },
    /^an outage in the middle/,
  ],
  "takes an outage for an absent account": [
    novavms,
    {
      client: (client) => ({
        getServiceAccount: async (id) =>
          client.getServiceAccount?.(id).catch((error: unknown) => {
            if (!(error instanceof ServerError)) throw error;
            return undefined;
          }),
      }),
    },
    /^an outage in the middle/,
  ],
  "loses the status of an error": [
    pulsely,
    {
      client: (client) => ({
        getKey: (ref) =>
          client.getKey(ref).catch((error: unknown) => {
            throw new Error(`cannot read the key: ${String(error)}`);
          }),
      }),
    },
    /^an outage in the middle/,
  ],
  "lists the pages before the one that fails": [pulsely, { http: endingPages }, /more keys than fit on one page/],
  "asks for a key once more when the answer is lost": [
    pulsely,
    { client: (client) => ({ createKey: (key) => client.createKey(key).catch(() => client.createKey(key)) }) },
    /is not sent again/,
  ],
  "says that a create may be repeated": [
    pulsely,
    { http: asking((request) => ({ ...request, idempotent: true })) },
    /is not sent again/,
  ],
  "hides that it is unclear whether a key was made": [
    pulsely,
    {
      client: (client) => ({
        createKey: (key) =>
          client.createKey(key).catch((error: unknown) => {
            throw new ProviderError(`no key: ${String(error)}`);
          }),
      }),
    },
    /is unclear/,
  ],
  "tells the first key for every id": [
    pulsely,
    { client: (client) => ({ getKey: async () => (await client.listKeys({}))?.[0] }) },
    /never was is absent/,
  ],
  "finds keys by their names alone": [
    pulsely,
    {
      client: (client) => ({
        getKey: async ({ name }) => (await client.listKeys({}))?.find((key) => key.name === name),
      }),
    },
    /never was is absent/,
  ],
  "revokes by the name alone": [novavms, { client: revokingByName }, /never was is absent/],
  "puts ids into paths as they are": [
    parcels,
    {
      http: (http) => ({ request: (request) => http.request({ ...request, path: decodeURIComponent(request.path) }) }),
    },
    /one part of a path/,
  ],
  "stumbles over one missing field": [
    parcels,
    {
      http: (http) => ({
        async request(request) {
          const answer = await http.request(request);
          const told = answer.body as Readonly<Record<string, unknown>> | undefined;
          if (told && "label" in told && !("depot" in told)) throw new TypeError("undefined is no depot");
          return answer;
        },
      }),
    },
    /own answer, or of another kind/,
  ],
  "sends no options": [
    parcels,
    { client: (client) => ({ createKey: ({ options: _options, ...key }) => client.createKey(key) }) },
    /options that were asked for/,
  ],
  "tells options by its list alone": [
    parcels,
    { client: (client) => ({ createKey: async (key) => ({ ...(await client.createKey(key)), options: {} }) }) },
    /options that were asked for/,
  ],
  "revokes every key of that name": [parcels, { client: revokingByName }, /may have the same name/],
  "tells local times as if they were UTC": [
    novavms,
    {
      client: (client) => ({
        createKey: async (key) => {
          const made = await client.createKey(key);
          const later = new Date(Date.parse(made.createdAt ?? "") + 2 * hourMs);
          return { ...made, createdAt: later.toISOString() };
        },
      }),
    },
    /only its creation returns its secret/,
  ],
  "tells times without a zone": [
    novavms,
    {
      client: (client) => ({
        getKey: async (ref) => {
          const key = await client.getKey(ref);
          return key && { ...key, createdAt: (key.createdAt ?? "").replace("Z", "") };
        },
      }),
    },
    /only its creation returns its secret/,
  ],
  "tells the number of a new key": [
    pulsely,
    { client: (client) => ({ createKey: async (key) => ({ ...(await client.createKey(key)), id: 5 as never }) }) },
    /only its creation returns its secret/,
  ],
  "tells every key as active": [novavms, { client: rememberingKeys }, /revoked key is dead/],
  "keeps the line end after the secret": [
    pulsely,
    {
      client: (client) => ({
        createKey: async (key) => {
          const made = await client.createKey(key);
          return { ...made, secret: `${made.secret}\n` };
        },
      }),
    },
    /only its creation returns its secret/,
  ],
  "lists the keys of all accounts": [novavms, { client: listingAll }, /under another account/],
  "lists the first page of accounts only": [
    novavms,
    {
      client: (client) => ({
        listServiceAccounts: async (filter) => (await client.listServiceAccounts?.(filter))?.slice(-50) ?? [],
      }),
    },
    /exactly its name/,
  ],
  "tells no time where its list of accounts should have one": [
    novavms,
    {
      client: (client) => ({
        listServiceAccounts: async (filter) =>
          ((await client.listServiceAccounts?.(filter)) ?? []).map((account) => ({ ...account, createdAt: "now" })),
      }),
    },
    /exactly its name/,
  ],
  "claims longer names than it keeps": [
    parcels,
    {
      client: (client) => ({ createKey: (key) => client.createKey({ ...key, name: key.name.slice(0, 64) }) }),
    },
    /name of the greatest length/,
  ],
  "mixes up keys that are made side by side": [pulsely, { client: mixingUp }, /side by side/],
  "answers a change with the key as it was": [
    novavms,
    {
      client: (client) => ({
        updateKey: async (ref, changes) => {
          const before = await client.getKey(ref);
          await client.updateKey?.(ref, changes);
          return asKey(before);
        },
      }),
    },
    /end is moved in place/,
  ],
  "forgets the role in its answer to a change": [
    novavms,
    {
      client: (client) => ({
        updateServiceAccount: async (id, changes) => {
          const { role: _role, ...account } = (await client.updateServiceAccount?.(id, changes)) as ServiceAccount;
          return account;
        },
      }),
    },
    /account is renamed/,
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
  return { ...capabilities, lastUsed: undefined };
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

/** Changes what the service has answered. */
function answering(change: (answer: HttpResponse, request: HttpRequest) => HttpResponse) {
  return (http: HttpClient): HttpClient => ({
    request: async (request) => change(await http.request(request), request),
  });
}

/** Changes what is asked. */
function asking(change: (request: HttpRequest) => HttpRequest) {
  return (http: HttpClient): HttpClient => ({ request: (request) => http.request(change(request)) });
}

function isOfParcels(body: unknown): boolean {
  return ["id", "keys", "projects"].some((field) => Object.hasOwn(body ?? {}, field));
}

const absentWhere = (refusal: new (...args: never[]) => Error) => (error: unknown) => {
  if (error instanceof refusal) return "absent" as const;
  throw error;
};

/** A page that cannot be read ends the list. */
function endingPages(http: HttpClient): HttpClient {
  return {
    request: async (request) => {
      const isPage = request.query?.cursor !== undefined;
      return http.request(request).catch((error: unknown) => {
        if (!isPage) throw error;
        return { status: 200, headers: {}, absent: false, body: { data: [], has_more: false, next_cursor: null } };
      });
    },
  };
}

/** The keys whose creation came to its end, of every connection. */
const ready = new Set<string>();

/** Of every connection: the interrupted one has not made the key. */
const secrets = new Map<string, string>();
let bySecret = "";
function revokingBySecret(client: BackendClient): Partial<BackendClient> {
  return {
    createKey: async (key) => {
      const made = await client.createKey(key);
      secrets.set(made.id, made.secret);
      return made;
    },
    revokeKey: async (ref) => {
      bySecret = secrets.get(ref.id) ?? "";
      try {
        return await client.revokeKey(ref);
      } finally {
        bySecret = "";
      }
    },
  };
}

function revokingByName(client: BackendClient): Partial<BackendClient> {
  return {
    revokeKey: async (ref) => {
      const found = ((await client.listKeys(ref)) ?? []).filter(({ name }) => name === ref.name);
      for (const { id } of found) await client.revokeKey({ ...ref, id });
      return found.length > 0 ? "revoked" : "absent";
    },
  };
}

function rememberingKeys(client: BackendClient): Partial<BackendClient> {
  return {
    getKey: async (ref) => {
      const key = await client.getKey(ref);
      return key && { ...key, status: "active" };
    },
    listKeys: async (parent) => (await client.listKeys(parent))?.map((key) => ({ ...key, status: "active" })),
  };
}

function listingAll(client: BackendClient): Partial<BackendClient> {
  return {
    listKeys: async () => {
      const accounts = (await client.listServiceAccounts?.({})) ?? [];
      const keys = await Promise.all(accounts.map(({ id }) => client.listKeys({ serviceAccountId: id })));
      return keys.flatMap((each) => each ?? []);
    },
  };
}

function mixingUp(client: BackendClient): Partial<BackendClient> {
  let last: IssuedApiKey | undefined;
  return {
    createKey: async (key) => {
      last = await client.createKey(key);
      await new Promise((done) => setTimeout(done, 20));
      return last;
    },
  };
}

describe("describeBackend finds the mistake of a backend that", () => {
  test.each(Object.entries(mistakes))("%s", async (_title, [backend, mistake, promise]) => {
    expect(await broken(withMistake(backend, mistake), promise)).not.toEqual([]);
  });

  test("forgets that names are unique, and says which capability declares it", async () => {
    const told: unknown[] = [];
    const forgetful = withMistake(pulsely, { capabilities: { uniqueNames: false } });
    await broken(forgetful, /may have the same name/, (_title, error) => told.push(error));
    expect(told).toEqual([
      expect.objectContaining({ message: expect.stringContaining("`uniqueNames: true`") as unknown }),
    ]);
  });

  test("makes none: then no promise is broken", async () => {
    expect(await broken(pulsely)).toEqual([]);
    expect(await broken(novavms)).toEqual([]);
    expect(await broken(parcels)).toEqual([]);
  }, 400_000);

  test("says in the body alone that the service refuses: that is no mistake", async () => {
    expect(await broken(okFalseParcels)).toEqual([]);
  }, 200_000);

  test("tells scopes in another order: that is no mistake", async () => {
    const reversed = (key: ApiKey | undefined) => key && { ...key, scopes: [...(key.scopes ?? [])].reverse() };
    const client = (its: BackendClient) => ({ getKey: async (ref: KeyRef) => reversed(await its.getKey(ref)) });
    expect(await broken(withMistake(novavms, { client }))).toEqual([]);
  }, 120_000);
});
