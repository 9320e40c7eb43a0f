/**
 * Keycloak (https://www.keycloak.org/docs-api/latest/rest-api/): service account = confidential client
 * of one realm, key = its client secret. The connection's `url` is the server's own, its credential is
 * `<user>:<password>` of an administrator, whose session lasts a minute.
 *
 * Oddities:
 * - a client has one secret, and never none: a revoke puts one there that nobody knows. Whose the secret
 *   is stands in the client's attributes; a key's id is the client's, so it passes from key to key
 * - whoever may view clients reads their secrets for ever; nothing here hands one back
 * - a PUT with part of a client changes that part only. Secret and attributes in one PUT are one step
 * - the grace of a rotation and the life of a secret are the realm's policy (feature
 *   client-secret-rotation); the connection's `rotationGrace` says so. Under such a policy a PUT to a
 *   client whose secret has expired rotates it and revives the old one; without attributes it is a 500
 * - a create answers 201 without a body, with the id in Location, and leaves out scopes it does not know
 * - what is too long is a 500: a clientId beyond 239 (there is a user `service-account-<clientId>`), a
 *   description or a secret beyond 255
 * - a 404 proves a client gone only in the words "Could not find client"
 * - access tokens outlive the secret that they were got with, by 5 minutes unless the realm says otherwise
 */
import { z } from "zod";
import { keycloakCatalogue } from "../catalogues/keycloak";
import { formatDuration, parseDuration, secondMs } from "../durations";
import { ConfigError, ProviderError, ResponseShapeError } from "../errors";
import { path } from "../http/client";
import { formatTime } from "../times";
import { connectionFields } from "./connection-fields";
import { type BackendContext, type BackendSession, type Capabilities, defineBackend, type KeyRef } from "./definition";
import { type Client, type ClientChange, clientSchema, drawSecret, hasExpired, keyNameOf, own, previousEndOf, replaceSecret, serviceAccountKind, toAccount, toKey, withoutKey } from "./keycloak-client";
import { RealmScopes } from "./keycloak-scopes";
import { parseAnswer } from "./parse-answer";
import { unlessGone } from "./unless-gone";

const isDuration = (text: string) => typeof parseDuration(text) === "number";
const readOptions = connectionFields("keycloak", {
  realm: { schema: z.string().min(1), takes: "the name of the realm in which service accounts are made" },
  adminRealm: { schema: z.string().min(1).default("master"), takes: "the name of the administrator's realm" },
  rotationGrace: { schema: z.string().refine(isDuration).default("0s"), takes: "the rotated-expiration-period of the realm's policy on client secrets, such as 24h; without a policy leave it out" },
});
type Options = ReturnType<typeof readOptions>;

const loginSchema = z.object({ access_token: z.string().min(1), expires_in: z.number() });
const policySchema = z.object({ profiles: z.array(z.object({ executors: z.array(z.object({ executor: z.string(), configuration: z.record(z.string(), z.unknown()).nullish() })).nullish() })) });

const capabilities: Capabilities = {
  parent: "serviceAccount",
  // Renaming a client would change what its key's holders log in with.
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
  absence: "status",
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
  options: readOptions,
  adapt: ({ realm, rotationGrace }) => {
    const maxGraceMs = Number(parseDuration(rotationGrace));
    const tenant = path`/realms/${realm}`;
    if (maxGraceMs === 0) return { tenant };
    // The policy that lets an old secret work on also ends the current one.
    return { tenant, capabilities: { ...capabilities, expiry: { ...capabilities.expiry, support: "imposed" }, nativeRotate: { id: "same", maxGraceMs, graceChosen: false } } };
  },
  authenticate: logIn,
  connect: ({ http, options: { realm } }: BackendContext<Options>) => {
    const clientsAt = path`/admin/realms/${realm}/clients`;
    const clientAt = (id: string) => clientsAt + path`/${id}`;
    const scopesOfRealm = new RealmScopes(http, realm);
    const read = async <Schema extends z.ZodType>(at: string, schema: Schema, query: { clientId?: string | undefined } = {}): Promise<z.infer<Schema>> =>
      parseAnswer("GET", at, schema, (await http.request({ method: "GET", path: at, query })).body);
    const readClient = (id: string): Promise<Client> => read(clientAt(id), clientSchema);
    const findClient = (id: string) => unlessGone(() => readClient(id), /^Could not find client$/, `Check that the connection's url and its realm "${realm}" are right.`);
    const change = (id: string, json: ClientChange) => http.request({ method: "PUT", path: clientAt(id), json, secrets: [json.secret ?? ""] });
    const remove = (at: string, proof: RegExp) => unlessGone(() => http.request({ method: "DELETE", path: at }), proof, `Check that the connection's url and its realm "${realm}" are right.`);
    /** The client, if its secret is a key; under another account's name it is none. */
    const findHolder = async ({ id, serviceAccountId = id }: Omit<KeyRef, "name">): Promise<Client | undefined> => {
      const client = serviceAccountId === id ? await findClient(id) : undefined;
      return client && keyNameOf(client) ? client : undefined;
    };
    const needHolder = async (ref: KeyRef): Promise<Client> => {
      const client = await findHolder(ref);
      if (client && keyNameOf(client) === ref.name) return client;
      throw new ProviderError(`the secret of the client ${ref.id} is not the key "${ref.name}" any more; run pulumi refresh, and the next update makes the key anew.`);
    };
    const graceOfPolicyMs = async () => {
      const { profiles } = await read(path`/admin/realms/${realm}/client-policies/profiles`, policySchema);
      const rotations = profiles.flatMap(({ executors }) => executors ?? []).filter(({ executor }) => executor === "secret-rotation");
      return Math.max(0, ...rotations.map(({ configuration }) => (Number(configuration?.["rotated-expiration-period"]) || 0) * secondMs));
    };

    return {
      createKey: ({ serviceAccountId: id = "", name, secretValue, labels }) =>
        inTurn(id, async () => {
          const client = await readClient(id);
          assertFree(client, name);
          const secret = secretValue ?? drawSecret();
          await change(id, replaceSecret(secret, { [own.key]: name, [own.keyLabels]: JSON.stringify(labels ?? {}), [own.chosen]: secretValue === undefined ? "" : "true" }));
          const after = await readClient(id);
          if (keyNameOf(after) === name) return { ...toKey(after), secret };
          throw new ProviderError(`another run took the service account "${client.clientId}" for the key "${keyNameOf(after) ?? "unknown"}" at the same moment, so the key "${name}" is not there. ${oneKeyEach}`);
        }),
      async getKey(ref) {
        const client = await findHolder(ref);
        return client && toKey(client);
      },
      async listKeys({ serviceAccountId = "" }) {
        const client = await findClient(serviceAccountId);
        return client && (keyNameOf(client) ? [toKey(client)] : []);
      },
      async updateKey(ref, { labels }) {
        const client = await needHolder(ref);
        if (hasExpired(client)) throw new ProviderError(`the secret of the client "${client.clientId}" has expired by the realm's policy, and any change would revive it; replace the key.`);
        await change(ref.id, { attributes: { [own.keyLabels]: JSON.stringify(labels ?? {}) } });
        return toKey(client);
      },
      revokeKey: (ref) =>
        inTurn(ref.id, async () => {
          const client = await findHolder(ref);
          if (!client || keyNameOf(client) !== ref.name) return "absent";
          await change(ref.id, withoutKey());
          return "revoked";
        }),
      rotateKey: (ref, { graceMs }) =>
        inTurn(ref.id, async () => {
          const client = await needHolder(ref);
          if (graceMs === 0 || hasExpired(client)) {
            const secret = drawSecret();
            await change(ref.id, replaceSecret(secret, { [own.chosen]: "" }));
            return { ...toKey(await readClient(ref.id)), secret };
          }
          const realGraceMs = await graceOfPolicyMs();
          if (realGraceMs < graceMs) throw shortGrace(realm, graceMs, realGraceMs);
          const at = `${clientAt(ref.id)}/client-secret`;
          const { value: secret } = parseAnswer("POST", at, z.object({ value: z.string().min(1) }), (await http.request({ method: "POST", path: at })).body);
          // The secret must not be lost because its times cannot be read.
          const after = (await findClient(ref.id).catch(() => undefined)) ?? { ...client, secret };
          return { ...toKey(after), secret, previousValidUntil: previousEndOf(after) ?? formatTime(Date.now() + realGraceMs) };
        }),
      async revokePrevious({ id }) {
        return (await remove(`${clientAt(id)}/client-secret/rotated`, /^Could not find client$|does not have a rotated secret/)) ? "revoked" : "absent";
      },
      async createServiceAccount({ name, description, scopes, labels }) {
        const attributes = { [own.account]: "true", [own.accountLabels]: JSON.stringify(labels ?? {}) };
        const asked = scopes && { defaultClientScopes: scopes, optionalClientScopes: [] };
        const { headers } = await http.request({ method: "POST", path: clientsAt, json: { clientId: name, description, ...serviceAccountKind, attributes, ...asked } });
        const id = headers.location?.split("/").pop();
        if (!id) throw new ResponseShapeError(`POST ${clientsAt} was answered without the new client's Location. Check the connection's url and the service's version.`);
        const account = toAccount(await readClient(id));
        const missing = (scopes ?? []).filter((scope) => !account.scopes?.includes(scope));
        if (missing.length === 0) return account;
        await http.request({ method: "DELETE", path: clientAt(id) });
        throw await scopesOfRealm.unknown(missing);
      },
      async getServiceAccount(id) {
        const client = await findClient(id);
        return client && toAccount(client);
      },
      async listServiceAccounts({ name }) {
        const clients = await read(clientsAt, z.array(clientSchema), { clientId: name });
        return clients.filter((client) => client.serviceAccountsEnabled && (name === undefined || client.clientId === name)).map(toAccount);
      },
      async updateServiceAccount(id, { description, scopes, labels }) {
        const client = await readClient(id);
        if (scopes) await scopesOfRealm.give(clientAt(id), scopes);
        const attributes = labels ? { [own.accountLabels]: JSON.stringify(labels) } : {};
        // An expired secret is of no use to anybody, and must not be revived by this.
        const dead = hasExpired(client) ? withoutKey() : { attributes: {} };
        const asked = { ...dead, attributes: { ...dead.attributes, ...attributes }, ...(description !== undefined && { description }) };
        if (labels || description !== undefined) await change(id, asked);
        return toAccount(await readClient(id));
      },
      async deleteServiceAccount(id) {
        return (await remove(clientAt(id), /^Could not find client$/)) ? "deleted" : "absent";
      },
    };
  },
});

async function logIn({ http, token, options: { adminRealm } }: BackendContext<Options>): Promise<BackendSession> {
  const [, username, password] = /^([^:]+):(.+)$/.exec(await token()) ?? [];
  if (username === undefined || password === undefined) {
    throw new ConfigError("the admin token of a keycloak connection is the name and the password of an administrator, with a colon between them: <user>:<password>. The one given has another form.");
  }
  const at = path`/realms/${adminRealm}/protocol/openid-connect/token`;
  const form = { grant_type: "password", client_id: "admin-cli", username, password };
  const { body } = await http.request({ method: "POST", path: at, form, idempotent: true, secrets: [password] });
  const { access_token, expires_in } = parseAnswer("POST", at, loginSchema, body);
  return { headers: { authorization: `Bearer ${access_token}` }, validForMs: expires_in * secondMs };
}

const oneKeyEach = "Give each key a ServiceAccount of its own.";

/** The client carries no key, and its secret is ours to change. */
function assertFree(client: Client, name: string): void {
  const holder = keyNameOf(client);
  if (holder) throw new ProviderError(`the service account "${client.clientId}" carries the key "${holder}" already, and Keycloak keeps one secret per client; the key "${name}" was not made. ${oneKeyEach}`);
  if (client.attributes?.[own.account]) return;
  throw new ProviderError(
    `the client "${client.clientId}" was not made by a ServiceAccount. Making a key would replace its secret, which may be in use, so nothing was done. Make the key for a ServiceAccount, or hand the client over: set its attribute ${own.account} to true.`,
  );
}

function shortGrace(realm: string, askedMs: number, realMs: number): ConfigError {
  const found = realMs > 0 ? `lets an old secret work for ${formatDuration(realMs)}` : "has no policy that lets an old secret work on";
  return new ConfigError(`the realm "${realm}" ${found}, and ${formatDuration(askedMs)} are wanted, so nothing was rotated. Set the connection's rotationGrace to the rotated-expiration-period of the realm's policy, and keep the overlap within it.`);
}

const lastTurns = new Map<string, Promise<unknown>>();

/** Runs what concerns one client one after the other, in the whole process, so that two keys cannot both find it free. */
function inTurn<Result>(id: string, run: () => Promise<Result>): Promise<Result> {
  const turn = (lastTurns.get(id) ?? Promise.resolve()).catch(() => undefined).then(run);
  lastTurns.set(id, turn);
  return turn;
}
