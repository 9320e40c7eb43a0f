/**
 * Keycloak (https://www.keycloak.org/docs-api/latest/rest-api/): service account = confidential client of one realm,
 * key = its client secret. The connection's `url` is the server's own. Its credential is `<user>:<password>` of an
 * administrator, whose session lasts a minute.
 *
 * Oddities:
 * - a client always has exactly one secret: a revoke replaces it with one that nobody knows. The client's attributes
 *   say whose the secret is; a key's id is the client's, so it passes from key to key
 * - anyone who may view clients can read their secrets at any time; nothing here returns one
 * - a PUT with part of a client changes only that part. Secret and attributes in one PUT change together
 * - the grace of a rotation and the life of a secret are the realm's policy (feature client-secret-rotation); the
 *   connection's `rotationGrace` states the grace. Under such a policy a PUT to a client whose secret has expired
 *   rotates it and revives the old one; a PUT without attributes is a 500
 * - a create answers 201 without a body, with the id in Location, and silently leaves out scopes that it does not know
 * - a text that is too long is a 500: a clientId beyond 239 (there is a user `service-account-<clientId>`), a
 *   description or a secret beyond 255
 * - a 404 proves that a client is gone only with the words "Could not find client"
 * - access tokens outlive the secret that obtained them, by 5 minutes unless the realm sets another time
 */
import { z } from "zod";
import { parseDuration, secondMs } from "../values/durations";
import { ConfigError, ProviderError } from "../errors";
import { path } from "../http/request";
import { keycloak as vendor } from "../vendors/keycloak";
import { connectionFields } from "./connection-fields";
import { defineBackend } from "./define-backend";
import type { BackendContext, BackendSession, KeyRef } from "./definition";
import { KeycloakAccounts } from "./keycloak/accounts";
import {
  type Client,
  drawSecret,
  hasExpired,
  keyNameOf,
  own,
  replaceCurrentSecret,
  replaceSecret,
  toKey,
  withoutKey,
} from "./keycloak/client";
import { Realm } from "./keycloak/realm";
import { rotateByPolicy } from "./keycloak/rotation";
import { inTurn } from "./keycloak/turns";
import { parseAnswer } from "./parse-answer";

const isDuration = (text: string) => typeof parseDuration(text) === "number";
const readOptions = connectionFields("keycloak", {
  realm: { schema: z.string().min(1), takes: "the name of the realm in which service accounts are made" },
  adminRealm: { schema: z.string().min(1).default("master"), takes: "the name of the administrator's realm" },
  rotationGrace: {
    schema: z.string().refine(isDuration).default("0s"),
    takes:
      "the rotated-expiration-period of the realm's policy on client secrets, such as 24h; without a policy leave it out",
  },
});
type Options = ReturnType<typeof readOptions>;

const loginSchema = z.object({ access_token: z.string().min(1), expires_in: z.number() });

export const keycloak = defineBackend<Options>({
  ...vendor,
  options: readOptions,
  adapt: ({ realm, rotationGrace }) => {
    const maxGraceMs = Number(parseDuration(rotationGrace));
    const tenant = path`/realms/${realm}`;
    if (maxGraceMs === 0) return { tenant };
    // The policy that keeps an old secret working also ends the current one.
    return {
      tenant,
      capabilities: {
        ...vendor.capabilities,
        expiry: { support: "imposed" },
        nativeRotate: { id: "same", maxGraceMs, graceChosen: false, keepsPrevious: true },
      },
    };
  },
  authenticate: logIn,
  connect: ({ http, options }: BackendContext<Options>) => {
    const realm = new Realm(http, options.realm);
    const accounts = new KeycloakAccounts(realm);
    return {
      createKey: ({ serviceAccountId: id = "", name, secretValue, labels }) =>
        inTurn(id, async () => {
          const client = await realm.readClient(id);
          assertFree(client, name);
          assertEnabled(client);
          const secret = secretValue ?? drawSecret();
          const chosen = secretValue === undefined ? "" : "true";
          const attributes = { [own.key]: name, [own.keyLabels]: JSON.stringify(labels ?? {}), [own.chosen]: chosen };
          await realm.changeClient(id, replaceSecret(secret, attributes));
          const after = await realm.readAfterChange(id);
          if (keyNameOf(after) === name) return { ...toKey(after), secret };
          throw new ProviderError(
            `another run took the service account "${client.clientId}" for the key "${keyNameOf(after) ?? "unknown"}" at the same moment, so the key "${name}" is not there. ${oneKeyEach}`,
          );
        }),
      async getKey(ref) {
        const client = await findHolder(realm, ref);
        return client && toKey(client);
      },
      async probe({ accessId, secret }) {
        if (accessId === undefined) return undefined;
        const path = realm.tokensAt;
        const form = { grant_type: "client_credentials", client_id: accessId, client_secret: secret };
        const own = { authenticated: false, idempotent: true, secrets: [secret], absent: [400, 401] };
        return { works: !(await http.request({ method: "POST", path, form, ...own })).absent };
      },
      async listKeys({ serviceAccountId = "" }) {
        const client = await realm.findClient(serviceAccountId);
        return client && (keyNameOf(client) ? [toKey(client)] : []);
      },
      async updateKey(ref, { labels }) {
        const client = await needHolder(realm, ref);
        if (hasExpired(client))
          throw new ProviderError(
            `the secret of the client "${client.clientId}" has expired by the realm's policy, and any change would revive it; replace the key.`,
          );
        await realm.changeClient(ref.id, { attributes: { [own.keyLabels]: JSON.stringify(labels ?? {}) } });
        return toKey(client);
      },
      revokeKey: (ref) =>
        inTurn(ref.id, async () => {
          const client = await findHolder(realm, ref);
          if (!client || keyNameOf(client) !== ref.name) return "absent";
          await realm.changeClient(ref.id, withoutKey());
          return "revoked";
        }),
      rotateKey: (ref, { graceMs, keepPrevious = false }) =>
        inTurn(ref.id, async () => {
          const client = await needHolder(realm, ref);
          assertEnabled(client);
          // The server's own rotation would revive an expired secret.
          if (graceMs > 0 && !keepPrevious && !hasExpired(client)) return rotateByPolicy(realm, client, graceMs);
          const secret = drawSecret();
          const replace = keepPrevious ? replaceCurrentSecret : replaceSecret;
          await realm.changeClient(ref.id, replace(secret, { [own.chosen]: "" }));
          return { ...toKey(await realm.readAfterChange(ref.id)), secret };
        }),
      async revokePrevious({ id }) {
        return (await realm.remove(`${realm.clientAt(id)}/client-secret/rotated`)) ? "revoked" : "absent";
      },
      createServiceAccount: (account) => accounts.create(account),
      getServiceAccount: (id) => accounts.get(id),
      listServiceAccounts: (filter) => accounts.list(filter),
      updateServiceAccount: (id, changes) => accounts.update(id, changes),
      enableServiceAccount: (id) => inTurn(id, () => accounts.enable(id)),
      async deleteServiceAccount(id) {
        return (await accounts.remove(id)) ? "deleted" : "absent";
      },
    };
  },
});

/** The client, if its secret is a key of this account; undefined otherwise. */
async function findHolder(realm: Realm, { id, serviceAccountId = id }: KeyRef): Promise<Client | undefined> {
  const client = serviceAccountId === id ? await realm.findClient(id) : undefined;
  return client && keyNameOf(client) ? client : undefined;
}

async function needHolder(realm: Realm, ref: KeyRef): Promise<Client> {
  const client = await findHolder(realm, ref);
  if (client && keyNameOf(client) === ref.name) return client;
  throw new ProviderError(
    `the secret of the client ${ref.id} is not the key "${ref.name}" any more; run pulumi refresh, and the next update issues the key again.`,
  );
}

async function logIn({ http, token, options: { adminRealm } }: BackendContext<Options>): Promise<BackendSession> {
  const [, username, password] = /^([^:]+):(.+)$/.exec(await token()) ?? [];
  if (username === undefined || password === undefined) {
    throw new ConfigError(
      "the admin token of a keycloak connection is the name and the password of an administrator, with a colon between them: <user>:<password>. The one given has another form.",
    );
  }
  const at = path`/realms/${adminRealm}/protocol/openid-connect/token`;
  const form = { grant_type: "password", client_id: "admin-cli", username, password };
  const { body } = await http.request({ method: "POST", path: at, form, idempotent: true, secrets: [password] });
  const { access_token, expires_in } = parseAnswer("POST", at, loginSchema, body);
  return { headers: { authorization: `Bearer ${access_token}` }, validForMs: expires_in * secondMs };
}

const oneKeyEach = "Give each key a ServiceAccount of its own.";

/**
 * Someone disabled the client. A new secret would open nothing now, and would work once the client is enabled again.
 */
function assertEnabled({ enabled, clientId }: Client): void {
  if (!enabled)
    throw new ProviderError(
      `the client "${clientId}" is disabled, so it gets no new secret; nothing was changed. Enable it on the service, or remove its ServiceAccount and its key from the program.`,
    );
}

/** Refuses a client that already has a key, or whose secret is not ours to change. */
function assertFree(client: Client, name: string): void {
  const holder = keyNameOf(client);
  if (holder)
    throw new ProviderError(
      `the service account "${client.clientId}" carries the key "${holder}" already, made at ${toKey(client).createdAt ?? "an unknown time"}, and Keycloak keeps one secret per client; the key "${name}" was not made. ${oneKeyEach} If an interrupted run left that key and nobody uses it, remove the attribute ${own.key} of the client ${client.id}, and run again.`,
    );
  if (client.attributes?.[own.account]) return;
  throw new ProviderError(
    `the client "${client.clientId}" was not made by a ServiceAccount. Making a key would replace its secret, which may be in use, so nothing was done. Make the key for a ServiceAccount, or hand the client over: set its attribute ${own.account} to true.`,
  );
}
