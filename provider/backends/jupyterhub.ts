/**
 * JupyterHub (https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html): service account = user, key = API
 * token. The connection's `url` ends in `/hub/api`. Its credential is the token of a service or an admin with the
 * scopes admin:users, groups and tokens.
 *
 * Oddities:
 * - a token created without `scopes` gets everything its owner has, so they are always sent
 * - a token has no scope that its owner lacks. Owners get theirs by group: a ServiceAccount's `role` is the name of the
 *   one group it is a member of. When it leaves the group, its tokens lose the scopes
 * - scopes come back expanded, unordered, with implied ones added
 * - an expiry is sent as seconds from now and reported as a time; nothing of a token can be changed
 * - ids are row numbers and reused, even for other users' tokens: the note is our marker
 * - a user's id is its name, and the hub folds names to lower case
 * - listing a user's tokens deletes the expired ones
 * - a wrong credential gets a 403. A 404 proves that a thing is gone only with the words "No such …": a credential
 *   whose scopes are limited by a filter gets a 404 for everything it may not see
 */
import { z } from "zod";
import { defined } from "../values/defined";
import { BadRequestError, isUnclear, NotFoundError, ProviderError } from "../errors";
import { path } from "../http/request";
import { normaliseTime } from "../values/times";
import { jupyterhub as vendor } from "../vendors/jupyterhub";
import { defineBackend } from "./define-backend";
import type { ApiKey, ServiceAccount } from "./definition";
import { halfMade } from "./half-made";
import { parseAnswer } from "./parse-answer";
import { secondsToLive } from "./seconds-to-live";
import { unlessGone } from "./unless-gone";

const tokenSchema = z.object({
  id: z.string().min(1),
  note: z.string(),
  scopes: z.array(z.string()),
  created: z.string().nullish(),
  expires_at: z.string().nullish(),
  last_activity: z.string().nullish(),
});
const issuedSchema = tokenSchema.extend({ token: z.string().min(1) });
const tokensSchema = z.object({ api_tokens: z.array(tokenSchema) });
const userSchema = z.object({
  name: z.string().min(1),
  groups: z.array(z.string()).nullish(),
  created: z.string().nullish(),
});
const ownerSchema = z.object({ name: z.string().min(1) });
const callerSchema = ownerSchema.extend({ kind: z.string().nullish(), token_id: z.string().min(1).nullish() });
const usersSchema = z.object({
  items: z.array(userSchema),
  _pagination: z.object({ next: z.object({ offset: z.number() }).nullish() }),
});

export const jupyterhub = defineBackend({
  ...vendor,
  connect: ({ http }) => {
    const listTokens = (owner: string | undefined): Promise<ApiKey[] | undefined> =>
      unlessAbsent(async () => {
        const at = tokensOf(owner);
        const { body } = await http.request({ method: "GET", path: at });
        return parseAnswer("GET", at, tokensSchema, body).api_tokens.map(toKey);
      });
    // Only the list of a user's tokens says in words that the user does not exist.
    const unlessUserGone = async <Found>(name: string, run: () => Promise<Found>): Promise<Found | undefined> => {
      try {
        return await run();
      } catch (error) {
        if (error instanceof NotFoundError && (await listTokens(name)) === undefined) return undefined;
        throw error;
      }
    };
    const getUser = (name: string) =>
      unlessUserGone(name, async () => {
        const { body } = await http.request({ method: "GET", path: userAt(name) });
        return parseAnswer("GET", userAt(name), userSchema, body);
      });
    const changeGroup = async (method: "POST" | "DELETE", group: string, user: string) => {
      try {
        await http.request({ method, path: path`/groups/${group}/users`, json: { users: [user] }, idempotent: true });
      } catch (error) {
        throw error instanceof NotFoundError
          ? new NotFoundError(
              error,
              `The account's role is the name of a group of the hub: make the group "${group}" there, or correct the role.`,
            )
          : error;
      }
    };
    const deleteServiceAccount = async (name: string) => {
      const deleted = await unlessUserGone(name, () => http.request({ method: "DELETE", path: userAt(name) }));
      return deleted ? "deleted" : "absent";
    };
    return {
      async createKey({ serviceAccountId, name, scopes = [], expiresAt, livesForMs }) {
        const at = tokensOf(serviceAccountId);
        const json = { note: name, scopes, expires_in: secondsToLive({ expiresAt, livesForMs }) };
        const { body } = await http.request({ method: "POST", path: at, json }).catch(explainScopes);
        const issued = parseAnswer("POST", at, issuedSchema, body);
        return { ...toKey(issued), secret: issued.token };
      },
      getKey: ({ id, serviceAccountId }) =>
        unlessAbsent(async () => {
          const at = tokensOf(serviceAccountId) + path`/${id}`;
          const { body } = await http.request({ method: "GET", path: at });
          return toKey(parseAnswer("GET", at, tokenSchema, body));
        }),
      listKeys: ({ serviceAccountId }) => listTokens(serviceAccountId),
      // A token reports its owner, even after an administrator has renamed that user.
      async probe({ secret }) {
        const own = { headers: { authorization: `token ${secret}` }, authenticated: false, secrets: [secret] };
        const { absent, body } = await http.request({ method: "GET", path: "/user", ...own, absent: [403] });
        return absent
          ? { works: false }
          : { works: true, serviceAccountId: parseAnswer("GET", "/user", ownerSchema, body).name };
      },
      async whoAmI() {
        const { body } = await http.request({ method: "GET", path: "/user" });
        const { name, kind, token_id } = parseAnswer("GET", "/user", callerSchema, body);
        // Services have tokens as well, and are no accounts of ours.
        return defined({ keyId: token_id ?? undefined, serviceAccountId: kind === "user" ? name : undefined });
      },
      async revokeKey({ id, serviceAccountId }) {
        const revoked = await unlessAbsent(() =>
          http.request({ method: "DELETE", path: tokensOf(serviceAccountId) + path`/${id}` }),
        );
        return revoked ? "revoked" : "absent";
      },
      async createServiceAccount({ name, role }) {
        const at = userAt(name.toLowerCase());
        const { body } = await http.request({ method: "POST", path: at });
        const user = parseAnswer("POST", at, userSchema, body);
        if (role === undefined) return toAccount(user);
        try {
          await changeGroup("POST", role, user.name);
        } catch (error) {
          // Otherwise nobody would know of this user. After an unclear answer the lifecycle looks for it and repairs
          // its group.
          if (!isUnclear(error)) await halfMade(() => deleteServiceAccount(user.name));
          throw error;
        }
        return toAccount({ ...user, groups: [role] });
      },
      async getServiceAccount(name) {
        const user = await getUser(name);
        return user && toAccount(user);
      },
      async listServiceAccounts({ name }) {
        if (name !== undefined)
          return [await getUser(name.toLowerCase())].filter((user) => user !== undefined).map(toAccount);
        const found: ServiceAccount[] = [];
        for (let offset: number | undefined = 0; offset !== undefined;) {
          const { body } = await http.request({
            method: "GET",
            path: "/users",
            query: { offset, limit: 200 },
            headers: { accept: "application/jupyterhub-pagination+json" },
          });
          const page: z.infer<typeof usersSchema> = parseAnswer("GET", "/users", usersSchema, body);
          found.push(...page.items.map(toAccount));
          offset = page._pagination.next?.offset;
        }
        return found;
      },
      async updateServiceAccount(name, { role }) {
        const at = userAt(name);
        const { body } = await http.request({ method: "GET", path: at });
        const user = parseAnswer("GET", at, userSchema, body);
        const wanted = role ? [role] : [];
        const present = user.groups ?? [];
        // Join first, so that tokens keep the scopes that both groups give.
        for (const group of wanted) if (!present.includes(group)) await changeGroup("POST", group, name);
        for (const group of present) if (!wanted.includes(group)) await changeGroup("DELETE", group, name);
        return toAccount({ ...user, groups: wanted });
      },
      deleteServiceAccount,
    };
  },
});

function userAt(name: string): string {
  return path`/users/${name}`;
}

function tokensOf(owner: string | undefined): string {
  // `check` requires serviceAccountId, so someone edited this state by hand.
  if (owner === undefined)
    throw new ProviderError("The key's record names no service account; JupyterHub's tokens belong to a user.");
  return `${userAt(owner)}/tokens`;
}

/** The result; undefined if the hub says in these words that there is no such user or token. */
function unlessAbsent<Result>(run: () => Promise<Result>): Promise<Result | undefined> {
  return unlessGone(
    run,
    /^No such (user|token)/,
    "The connection's url must end in /hub/api, and its credential's scopes must not be limited by a filter (such as tokens!group=…) that leaves this user out.",
  );
}

function explainScopes(error: unknown): never {
  if (!(error instanceof BadRequestError) || !/ not held by /.test(error.detail ?? "")) throw error;
  throw new BadRequestError(
    error,
    "A key can have no scope that its account lacks: give it to the role of the account's group, or take it out of the key's scopes.",
  );
}

function toKey(wire: z.infer<typeof tokenSchema>): ApiKey {
  return defined({
    id: wire.id,
    name: wire.note,
    status: "active",
    scopes: wire.scopes,
    createdAt: normaliseTime(wire.created),
    expiresAt: normaliseTime(wire.expires_at),
    lastUsedAt: normaliseTime(wire.last_activity),
    // Precise to the microsecond: tells tokens with the same id and note apart.
    secretVersion: wire.created ?? undefined,
  } as const);
}

function toAccount({ name, groups, created }: z.infer<typeof userSchema>): ServiceAccount {
  return defined({
    id: name,
    name,
    status: "active",
    role: groups?.length ? [...groups].sort().join(", ") : undefined,
    createdAt: normaliseTime(created),
  } as const);
}
