/**
 * Keycloak (https://www.keycloak.org/docs-api/latest/rest-api/): service account = confidential client
 * of one realm, key = its client secret. The connection's `url` is the server's own, its credential is
 * `<user>:<password>` of an administrator, whose session lasts a minute.
 *
 * Oddities:
 * - a client has one secret and never none: a revoke puts one there that nobody knows. Whose the secret
 *   is stands in the client's attributes; a key's id is the client's, so one id has many owners in time
 * - secrets can be read for ever by whoever may view clients; nothing here reads one back
 * - a PUT with part of a client changes that part, and adds to the attributes (an empty one goes)
 * - the grace of a rotation, and the end of a secret, is the realm's policy (feature
 *   client-secret-rotation): tell the connection its `rotationGrace`
 * - under such a policy a PUT to a client whose secret has expired makes a new one and revives the old,
 *   and a PUT without attributes answers 500: attributes always go along, and a fresh secret where it expired
 * - a create answers 201 without a body, its id in Location, and leaves out scopes that do not exist
 * - a default scope that is optional already is not made default, and answers 204
 * - what is too long answers 500: a clientId beyond 239 (its user is `service-account-<clientId>`),
 *   a description or secret beyond 255
 * - access tokens outlive the secret that they were got with, 5 minutes by default
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { keycloakCatalogue } from "../catalogues/keycloak";
import { defined } from "../defined";
import { formatDuration, parseDuration, secondMs } from "../durations";
import { ConfigError, InputError, ProviderError, ResponseShapeError } from "../errors";
import { fingerprintOf } from "../fingerprint";
import { path } from "../http/client";
import { nearestWord } from "../scopes";
import { formatTime } from "../times";
import { connectionFields } from "./connection-fields";
import { type ApiKey, type BackendContext, type BackendSession, type Capabilities, defineBackend, type KeyRef, type ServiceAccount } from "./definition";
import { parseAnswer } from "./parse-answer";

const options = connectionFields("keycloak", {
  realm: { schema: z.string().min(1), takes: "the name of the realm in which service accounts are made" },
  adminRealm: { schema: z.string().min(1).default("master"), takes: "the name of the administrator's realm (default: master)" },
  rotationGrace: {
    schema: z.string().optional().transform((text, problems) => (text === undefined ? 0 : asMs(text) ?? problems.addIssue({ code: "custom" }) ?? z.NEVER)),
    takes: "the rotated-expiration-period of the realm's policy on client secrets, such as 24h; left out = the realm has none",
  },
});
type Options = ReturnType<typeof options>;
type Client = z.infer<typeof clientSchema>;

const clientSchema = z.object({
  id: z.string().min(1),
  clientId: z.string(),
  description: z.string().nullish(),
  enabled: z.boolean(),
  serviceAccountsEnabled: z.boolean().nullish(),
  secret: z.string().nullish(),
  attributes: z.record(z.string(), z.string()).nullish(),
  defaultClientScopes: z.array(z.string()).nullish(),
});
const scopesSchema = z.array(z.object({ id: z.string(), name: z.string(), protocol: z.string().nullish() }));
const secretSchema = z.object({ value: z.string().min(1) });
const policySchema = z.object({ profiles: z.array(z.object({ executors: z.array(z.object({ executor: z.string(), configuration: z.record(z.string(), z.unknown()).nullish() })).nullish() })) });
const loginSchema = z.object({ access_token: z.string().min(1), expires_in: z.number() });

/** Our attributes of a client. `account`: its secret is ours to change. `key`: whose the secret is. */
const own = { account: "pulumi-apikeys.account", key: "pulumi-apikeys.key", chosen: "pulumi-apikeys.key-chosen", keyLabels: "pulumi-apikeys.key-labels", accountLabels: "pulumi-apikeys.account-labels" } as const;
/** The server adds it to every account. */
const addedScope = "service_account";

const capabilities: Capabilities = {
  parent: "serviceAccount",
  serviceAccounts: { name: "replace", description: "update", role: "none", scopes: "update", uniqueNames: true },
  scopes: "account",
  rename: false,
  description: "none",
  expiry: { support: "none", update: false, granularityMs: secondMs },
  secret: { shown: "always", callerChosen: true, significantBytes: 255, form: "pair" },
  nativeRotate: { id: "same", maxGraceMs: 0, graceChosen: false },
  delayedRevoke: false,
  uniqueNames: false,
  maxActiveKeys: 1,
  marker: "metadata",
  idsReused: true,
  absence: "list",
  revokeProves: true,
  idempotentCreate: false,
  activationLagMs: 0,
  revocationLagMs: 0,
  limits: { nameLength: 239, descriptionLength: 255 },
};

export const keycloak = defineBackend<Options>({
  name: "keycloak",
  catalogue: keycloakCatalogue,
  capabilities,
  options,
  adapt: ({ realm, rotationGrace }) => ({
    tenant: `realms/${realm}`,
    // A policy that gives old secrets a grace also ends current ones.
    ...(rotationGrace > 0 && { capabilities: { ...capabilities, expiry: { ...capabilities.expiry, support: "imposed" }, nativeRotate: { id: "same", maxGraceMs: rotationGrace, graceChosen: false } } }),
  }),
  authenticate: logIn,
  connect: ({ http, options: { realm } }: BackendContext<Options>) => {
    const realmAt = path`/admin/realms/${realm}`;
    const clientsAt = `${realmAt}/clients`;
    const clientAt = (id: string) => clientsAt + path`/${id}`;
    const read = async <Schema extends z.ZodType>(at: string, schema: Schema, query: Record<string, string | undefined> = {}): Promise<z.infer<Schema>> =>
      parseAnswer("GET", at, schema, (await http.request({ method: "GET", path: at, query })).body);
    const findClient = async (id: string): Promise<Client | undefined> => {
      const { absent, body } = await http.request({ method: "GET", path: clientAt(id), absent: [404] });
      return absent ? undefined : parseAnswer("GET", clientAt(id), clientSchema, body);
    };
    const change = async (id: string, json: { readonly secret?: string; readonly attributes: Readonly<Record<string, string>>; readonly description?: string }) =>
      http.request({ method: "PUT", path: clientAt(id), json, absent: [404], secrets: [json.secret ?? ""] });
    /** The client, if its secret is the key that is meant. */
    const findHolder = async ({ id, serviceAccountId = id, name }: KeyRef): Promise<Client | undefined> => {
      const client = serviceAccountId === id ? await findClient(id) : undefined;
      return client?.attributes?.[own.key] === name ? client : undefined;
    };
    const needHolder = async (ref: KeyRef): Promise<Client> => {
      const client = await findHolder(ref);
      if (client) return client;
      throw new ProviderError(`the client ${ref.id} of realm "${realm}" does not carry the key "${ref.name}" any more; run pulumi refresh.`);
    };

    /** What is done to one client at a time, so that two keys cannot both find it free. */
    const busy = new Map<string, Promise<unknown>>();
    const inTurn = <Result>(id: string, run: () => Promise<Result>): Promise<Result> => {
      const turn = (busy.get(id) ?? Promise.resolve()).catch(() => undefined).then(run);
      busy.set(id, turn);
      return turn;
    };

    const policyGraceMs = async () => {
      const { profiles } = await read(`${realmAt}/client-policies/profiles`, policySchema);
      const periods = profiles.flatMap(({ executors }) => executors ?? []).filter(({ executor }) => executor === "secret-rotation");
      return Math.max(0, ...periods.map(({ configuration }) => Number(configuration?.["rotated-expiration-period"]) || 0)) * secondMs;
    };
    const unknownScopes = async (names: readonly string[]): Promise<InputError> => {
      const known = (await read(`${realmAt}/client-scopes`, scopesSchema)).filter(({ protocol }) => protocol === "openid-connect").map(({ name }) => name);
      const hints = names.map((name) => [name, nearestWord(name, known)] as const).map(([name, near]) => `"${name}"${near ? ` (did you mean "${near}"?)` : ""}`);
      return new InputError("scopes", `the realm "${realm}" has no client scope ${hints.join(", ")}, and Keycloak would leave it out in silence. Nothing was changed. Its client scopes: ${known.sort().join(", ")}.`);
    };
    const setScopes = async (id: string, wanted: readonly string[]) => {
      const all = (await read(`${realmAt}/client-scopes`, scopesSchema)).filter(({ protocol }) => protocol === "openid-connect");
      const missing = wanted.filter((name) => !all.some((scope) => scope.name === name));
      if (missing.length > 0) throw await unknownScopes(missing);
      const held = await read(`${clientAt(id)}/default-client-scopes`, scopesSchema);
      const optional = await read(`${clientAt(id)}/optional-client-scopes`, scopesSchema);
      // Optional scopes are granted to whoever asks for them, so they are beyond the list that was asked for.
      for (const scope of optional) await http.request({ method: "DELETE", path: `${clientAt(id)}/optional-client-scopes` + path`/${scope.id}` });
      for (const { id: scopeId, name } of all) {
        const [has, wants] = [held.some((scope) => scope.id === scopeId), name === addedScope || wanted.includes(name)];
        if (has !== wants) await http.request({ method: wants ? "PUT" : "DELETE", path: `${clientAt(id)}/default-client-scopes` + path`/${scopeId}` });
      }
    };

    return {
      createKey: ({ serviceAccountId = "", name, secretValue, labels }) =>
        inTurn(serviceAccountId, async () => {
          const { clientId, attributes } = await read(clientAt(serviceAccountId), clientSchema);
          const holder = attributes?.[own.key];
          if (holder) throw new ProviderError(`the service account "${clientId}" carries the key "${holder}" already, and Keycloak keeps one secret per client; the key "${name}" was not made. Give each key a ServiceAccount of its own, or remove the other key first.`);
          if (!attributes?.[own.account]) throw new ProviderError(`the client "${clientId}" was not made by a ServiceAccount. Making a key would replace its secret, which may be in use, so nothing was done. Make the key for a ServiceAccount, or hand the client over: set its attribute ${own.account} to true.`);
          const secret = secretValue ?? draw();
          const change1 = freshSecret(secret, { [own.key]: name, [own.chosen]: secretValue === undefined ? "" : "true", [own.keyLabels]: JSON.stringify(labels ?? {}) });
          await change(serviceAccountId, change1);
          const after = await read(clientAt(serviceAccountId), clientSchema);
          if (after.attributes?.[own.key] === name) return { ...toKey(after), secret };
          throw new ProviderError(`another run gave the service account "${clientId}" the key "${after.attributes?.[own.key] ?? "unknown"}" at the same moment, so the key "${name}" was not kept. Give each key a ServiceAccount of its own.`);
        }),
      async getKey({ id, serviceAccountId = id }) {
        const client = serviceAccountId === id ? await findClient(id) : undefined;
        return client?.attributes?.[own.key] ? toKey(client) : undefined;
      },
      async listKeys({ serviceAccountId = "" }) {
        const client = await findClient(serviceAccountId);
        return client && (client.attributes?.[own.key] ? [toKey(client)] : []);
      },
      async updateKey(ref, { labels }) {
        const client = await needHolder(ref);
        if (hasExpired(client)) throw new ProviderError(`the secret of "${client.clientId}" has expired by the realm's policy, and any change would revive it; replace the key.`);
        if (labels) await change(ref.id, { attributes: { [own.keyLabels]: JSON.stringify(labels) } });
        return toKey(client);
      },
      revokeKey: (ref) =>
        inTurn(ref.id, async () => {
          if (!(await findHolder(ref))) return "absent";
          const { absent } = await change(ref.id, freshSecret(draw(), noKey));
          return absent ? "absent" : "revoked";
        }),
      async rotateKey(ref, { graceMs }) {
        const client = await needHolder(ref);
        // The server's own rotation would revive an expired secret.
        if (graceMs === 0 || hasExpired(client)) {
          const secret = draw();
          await change(ref.id, freshSecret(secret, {}));
          return { ...toKey(await needHolder(ref)), secret };
        }
        const realGraceMs = await policyGraceMs();
        if (realGraceMs < graceMs) throw new ConfigError(`the realm "${realm}" ${realGraceMs > 0 ? `lets an old secret work for ${formatDuration(realGraceMs)} only` : "has no policy that lets an old secret work on"}, and ${formatDuration(graceMs)} were asked for; nothing was rotated. Set the connection's rotationGrace to the policy's rotated-expiration-period, and the overlap within it.`);
        const at = `${clientAt(ref.id)}/client-secret`;
        const { value } = parseAnswer("POST", at, secretSchema, (await http.request({ method: "POST", path: at })).body);
        // A secret that exists must not be lost because its times cannot be read.
        const after = await findHolder(ref).catch(() => undefined);
        const until = timeIn(after ?? client, "client.secret.rotated.expiration.time") ?? formatTime(Date.now() + realGraceMs);
        return { ...toKey({ ...(after ?? client), secret: value }), secret: value, previousValidUntil: until };
      },
      async revokePrevious({ id }) {
        const { absent } = await http.request({ method: "DELETE", path: `${clientAt(id)}/client-secret/rotated`, absent: [404] });
        return absent ? "absent" : "revoked";
      },
      async createServiceAccount({ name, description, scopes, labels }) {
        const attributes = { [own.account]: "true", [own.accountLabels]: JSON.stringify(labels ?? {}) };
        const kind = { publicClient: false, serviceAccountsEnabled: true, standardFlowEnabled: false, directAccessGrantsEnabled: false };
        const wanted = scopes && { defaultClientScopes: scopes, optionalClientScopes: [] };
        const { headers } = await http.request({ method: "POST", path: clientsAt, json: { clientId: name, description, ...kind, attributes, ...wanted } });
        const id = headers.location?.split("/").pop();
        if (!id) throw new ResponseShapeError(`POST ${clientsAt} was answered without the new client's Location. Check the connection's url and the service's version.`);
        const account = toAccount(await read(clientAt(id), clientSchema));
        const missing = (scopes ?? []).filter((scope) => !account.scopes?.includes(scope));
        if (missing.length === 0) return account;
        await http.request({ method: "DELETE", path: clientAt(id), absent: [404] });
        throw await unknownScopes(missing);
      },
      async getServiceAccount(id) {
        const client = await findClient(id);
        return client && toAccount(client);
      },
      async listServiceAccounts({ name }) {
        const clients = await read(clientsAt, z.array(clientSchema), { clientId: name });
        return clients.filter((client) => client.serviceAccountsEnabled === true && (name === undefined || client.clientId === name)).map(toAccount);
      },
      async updateServiceAccount(id, { description, scopes, labels }) {
        const client = await read(clientAt(id), clientSchema);
        if (scopes) await setScopes(id, scopes);
        const attributes = labels ? { [own.accountLabels]: JSON.stringify(labels) } : {};
        // An expired secret is of no use to anybody, and any other change would revive it.
        const fresh = hasExpired(client) ? freshSecret(draw(), { ...noKey, ...attributes }) : { attributes };
        if (labels || description !== undefined) await change(id, { ...fresh, ...(description === undefined ? {} : { description }) });
        return toAccount(await read(clientAt(id), clientSchema));
      },
      async deleteServiceAccount(id) {
        const { absent } = await http.request({ method: "DELETE", path: clientAt(id), absent: [404] });
        return absent ? "absent" : "deleted";
      },
    };
  },
});
