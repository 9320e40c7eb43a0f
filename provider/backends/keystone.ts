/**
 * OpenStack Keystone (https://docs.openstack.org/api-ref/identity/v3/): service account = user with
 * roles on a project, key = application credential. The connection's `url` ends in `/v3`, its
 * credential is `<user>:<password>` of an administrator.
 *
 * Oddities:
 * - only the user itself can make its credentials, and nobody knows the password of an account made
 *   here: a create gives it a new random one and logs in with it. Living keys do not notice
 * - a token from the very second of a password change is dead: the login waits that second out
 * - an administrator reads and deletes a credential under any user's path: the owner is compared here
 * - the account's roles on its project are the most that a key can have; a key whose role is taken
 *   from the account stays listed and works again when the role comes back
 * - roles come back unordered, with the implied ones; none asked for = all of the account's
 * - a role that does not exist is a 404 of the create; nothing of a key can be changed (PATCH: 405)
 * - `?limit=` on the list of credentials answers 500: lists are read whole. Of a user that never was
 *   the list is empty
 * - 72 bytes of a secret count; names of users lose the blanks around them; times are UTC without a zone
 */
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { keystoneCatalogue } from "../catalogues/keystone";
import { defined } from "../defined";
import { secondMs } from "../durations";
import { BadRequestError, ConfigError, ConnectionError, InputError, NotFoundError, ProviderError, ServerError } from "../errors";
import { type HttpMethod, path } from "../http/client";
import { nearestWord } from "../scopes";
import { normaliseTime } from "../times";
import { connectionFields } from "./connection-fields";
import { type ApiKey, type BackendContext, type BackendSession, defineBackend, type NewKey, type ServiceAccount } from "./definition";
import { parseAnswer } from "./parse-answer";

const options = connectionFields("keystone", {
  project: { schema: z.string().min(1), takes: "the name of the project on which service accounts get their roles" },
  domainId: { schema: z.string().min(1).default("default"), takes: "the id of the domain of that project and of the accounts (default: default)" },
  adminProject: { schema: z.string().min(1).default("admin"), takes: "the name of the project to which the administrator logs in (default: admin)" },
  adminDomainId: { schema: z.string().min(1).default("default"), takes: "the id of the domain of the administrator and its project (default: default)" },
});
type Options = ReturnType<typeof options>;

const credentialSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  user_id: z.string(),
  description: z.string().nullish(),
  roles: z.array(z.object({ name: z.string() })),
  expires_at: z.string().nullish(),
});
const issuedSchema = z.object({ application_credential: credentialSchema.extend({ secret: z.string().min(1) }) });
const userSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  enabled: z.boolean(),
  description: z.string().nullish(),
  default_project_id: z.string().nullish(),
  managed_by: z.string().nullish(),
});
const namedSchema = z.object({ id: z.string().min(1), name: z.string() });
const tokenSchema = z.object({ token: z.object({ issued_at: z.string(), expires_at: z.string() }) });

/** Says on a user that its password is ours to change. */
const managedBy = "pulumi-apikeys";
/** A session can be ended by another process that makes a key of the same account. */
const mostLogins = 4;

export const keystone = defineBackend<Options>({
  name: "keystone",
  catalogue: keystoneCatalogue,
  capabilities: {
    parent: "serviceAccount",
    serviceAccounts: { name: "update", description: "update", role: "none", scopes: "update", uniqueNames: true },
    scopes: "immutable",
    rename: false,
    description: "replace",
    expiry: { support: "optional", update: false, granularityMs: secondMs },
    secret: { shown: "once", callerChosen: true, significantBytes: 72, form: "pair" },
    delayedRevoke: false,
    uniqueNames: true,
    marker: "name",
    idsReused: false,
    absence: "status",
    revokeProves: true,
    idempotentCreate: false,
    activationLagMs: 0,
    revocationLagMs: 0,
    limits: { nameLength: 255, namePattern: "^\\S(.*\\S)?$" },
  },
  options,
  authenticate: logIn,
  connect: ({ http, options: { project, domainId } }: BackendContext<Options>) => {
    const ask = async <Schema extends z.ZodType>(method: HttpMethod, at: string, schema: Schema, extra: { json?: unknown; query?: Record<string, string | undefined> } = {}): Promise<z.infer<Schema>> =>
      parseAnswer(method, at, schema, (await http.request({ method, path: at, idempotent: method !== "POST", ...extra })).body);
    const find = async <Schema extends z.ZodType>(at: string, schema: Schema): Promise<z.infer<Schema> | undefined> => {
      const { absent, body } = await http.request({ method: "GET", path: at, absent: [404] });
      return absent ? undefined : parseAnswer("GET", at, schema, body);
    };
    const remove = async (at: string) => (await http.request({ method: "DELETE", path: at, absent: [404] })).absent;

    const findUser = async (id: string) => (await find(userAt(id), z.object({ user: userSchema })))?.user;
    const findProject = async (): Promise<string> => {
      const { projects } = await ask("GET", "/projects", z.object({ projects: z.array(namedSchema) }), { query: { name: project, domain_id: domainId } });
      if (projects[0]) return projects[0].id;
      throw new ConfigError(`Keystone's domain "${domainId}" has no project "${project}", or the administrator may not see it; make it, or correct the connection's "project" or "domainId".`);
    };
    const projectOf = async ({ default_project_id }: z.infer<typeof userSchema>) => default_project_id ?? (await findProject());
    const grantsAt = (projectId: string, userId: string) => path`/projects/${projectId}/users/${userId}/roles`;
    const grantsOf = async (user: z.infer<typeof userSchema>) => (await find(grantsAt(await projectOf(user), user.id), z.object({ roles: z.array(namedSchema) })))?.roles ?? [];
    const toWholeAccount = async (user: z.infer<typeof userSchema>) => toAccount(user, await grantsOf(user));

    /** The ids of roles by name, all of them known. */
    const findRoles = async (names: readonly string[]) => {
      const { roles } = names.length > 0 ? await ask("GET", "/roles", z.object({ roles: z.array(namedSchema) })) : { roles: [] };
      return names.map((name) => {
        const role = roles.find((known) => known.name === name);
        if (role) return role;
        const near = nearestWord(name, roles.map((known) => known.name));
        throw new InputError("scopes", `this Keystone has no role "${name}"${near ? `; did you mean "${near}"?` : ""} (its roles: ${roles.map((known) => known.name).sort().join(", ")}). Nothing was changed.`);
      });
    };

    const findKey = async (id: string, accountId: string | undefined) => {
      const key = (await find(keysOf(accountId) + path`/${id}`, z.object({ application_credential: credentialSchema })))?.application_credential;
      return key?.user_id === accountId ? key : undefined;
    };

    // Logins of accounts, shared by creates that run side by side: a second new password would end the first one's session.
    const sessions = new Map<string, Promise<string | undefined>>();
    const sessionOf = (accountId: string) => {
      const open = sessions.get(accountId) ?? logInAs(accountId).catch(notYetAsked);
      sessions.set(accountId, open);
      open.catch(() => sessions.delete(accountId));
      return open;
    };
    /** A token of the account itself; undefined where its login is refused. */
    const logInAs = async (accountId: string): Promise<string | undefined> => {
      const { user } = await ask("GET", userAt(accountId), z.object({ user: userSchema }));
      if (user.managed_by !== managedBy) {
        throw new ProviderError(
          `the user "${user.name}" (${accountId}) was not made by a ServiceAccount. Making a key would give it a new password, so nothing was done. Make the key for a ServiceAccount, or hand the user over: openstack user set --property managed_by=${managedBy} ${accountId}`,
        );
      }
      if (!user.enabled) throw new ProviderError(`the service account "${user.name}" (${accountId}) is disabled, so no key can be made for it; enable it first.`);
      // Mixed on purpose: operators may ask for certain characters.
      const password = `Aa1!${randomBytes(32).toString("base64url")}`;
      await http.request({ method: "PATCH", path: userAt(accountId), json: { user: { password } }, idempotent: true, secrets: [password] });
      await wait(secondMs);
      const auth = { identity: { methods: ["password"], password: { user: { id: accountId, password } } }, scope: { project: { id: await projectOf(user) } } };
      const { absent, headers } = await http.request({ method: "POST", path: "/auth/tokens", json: { auth }, authenticated: false, idempotent: true, absent: [401], secrets: [password] });
      return absent ? undefined : headers["x-subject-token"];
    };

    return {
      async createKey(key) {
        const at = keysOf(key.serviceAccountId);
        const accountId = key.serviceAccountId ?? "";
        for (let logins = 1; logins <= mostLogins; logins += 1) {
          const session = sessionOf(accountId);
          const token = await session;
          if (token !== undefined) {
            const request = { method: "POST", path: at, json: wireKey(key), headers: { "x-auth-token": token }, secrets: [token, key.secretValue ?? ""] } as const;
            const { absent, body } = await http.request({ ...request, authenticated: false, absent: [401] }).catch(explainRoles);
            if (!absent) {
              const { application_credential: issued } = parseAnswer("POST", at, issuedSchema, body);
              return { ...toKey(issued), secret: issued.secret };
            }
          }
          if (sessions.get(accountId) === session) sessions.delete(accountId);
        }
        throw new ProviderError(`the service account ${accountId} could not log in to make its key, and nothing was made. It needs a role on its project (the ServiceAccount's scopes); if it has one, another run is making its keys just now: run again.`);
      },
      async getKey({ id, serviceAccountId }) {
        const key = await findKey(id, serviceAccountId);
        return key && toKey(key);
      },
      async listKeys({ serviceAccountId }) {
        const { application_credentials: keys } = await ask("GET", keysOf(serviceAccountId), z.object({ application_credentials: z.array(credentialSchema) }));
        // A user that never was has an empty list, too.
        if (keys.length === 0 && !(await findUser(serviceAccountId ?? ""))) return undefined;
        return keys.map(toKey);
      },
      async revokeKey({ id, serviceAccountId }) {
        if (!(await findKey(id, serviceAccountId))) return "absent";
        return (await remove(keysOf(serviceAccountId) + path`/${id}`)) ? "absent" : "revoked";
      },
      async createServiceAccount({ name, description, scopes = [] }) {
        const projectId = await findProject();
        const roles = await findRoles(scopes);
        const json = { user: { name, description, domain_id: domainId, default_project_id: projectId, enabled: true, managed_by: managedBy, options: { ignore_change_password_upon_first_use: true } } };
        const { user } = await ask("POST", "/users", z.object({ user: userSchema }), { json });
        try {
          for (const { id } of roles) await http.request({ method: "PUT", path: grantsAt(projectId, user.id) + path`/${id}` });
        } catch (cause) {
          const left = await remove(userAt(user.id)).then(() => "it was removed again", () => `delete the user ${user.id}, which is left behind`);
          throw new ProviderError(`the service account "${name}" could not be given its roles (${left}): ${cause instanceof ProviderError ? cause.message : "an unexpected error"}`, { cause });
        }
        return toAccount(user, roles);
      },
      async getServiceAccount(id) {
        const user = await findUser(id);
        return user && toWholeAccount(user);
      },
      async listServiceAccounts({ name }) {
        const { users } = await ask("GET", "/users", z.object({ users: z.array(userSchema) }), { query: { domain_id: domainId, name } });
        const accounts = users.filter((user) => user.managed_by === managedBy && (name === undefined || user.name === name));
        // Roles cost a request each: told of the one that is asked for.
        return name === undefined ? accounts.map((user) => toAccount(user)) : Promise.all(accounts.map(toWholeAccount));
      },
      async updateServiceAccount(id, { name, description, scopes }) {
        const wanted = scopes && (await findRoles(scopes));
        const { user } = await ask("PATCH", userAt(id), z.object({ user: userSchema }), { json: { user: { name, description } } });
        if (wanted) {
          const at = grantsAt(await projectOf(user), id);
          const held = await grantsOf(user);
          for (const role of wanted) if (!held.some((other) => other.id === role.id)) await http.request({ method: "PUT", path: at + path`/${role.id}` });
          for (const role of held) if (!wanted.some((other) => other.id === role.id)) await remove(at + path`/${role.id}`);
          sessions.delete(id);
        }
        return toWholeAccount(user);
      },
      async deleteServiceAccount(id) {
        return (await remove(userAt(id))) ? "absent" : "deleted";
      },
    };
  },
});

async function logIn({ http, token, options: { adminProject, adminDomainId } }: BackendContext<Options>): Promise<BackendSession> {
  const [, name, password] = /^([^:]+):(.+)$/.exec(await token()) ?? [];
  if (name === undefined || password === undefined) throw new ConfigError("the admin token of a keystone connection is an administrator's name and password with a colon between them: <user>:<password>. The one given has another form.");
  const domain = { id: adminDomainId };
  const auth = { identity: { methods: ["password"], password: { user: { name, domain, password } } }, scope: { project: { name: adminProject, domain } } };
  const { body, headers } = await http.request({ method: "POST", path: "/auth/tokens", json: { auth }, idempotent: true, secrets: [password] });
  const { issued_at, expires_at } = parseAnswer("POST", "/auth/tokens", tokenSchema, body).token;
  return { headers: { "x-auth-token": headers["x-subject-token"] ?? "" }, validForMs: Date.parse(expires_at) - Date.parse(issued_at) };
}

function userAt(id: string): string {
  return path`/users/${id}`;
}

function keysOf(accountId: string | undefined): string {
  // `check` demands serviceAccountId, so this is a state that was edited by hand.
  if (accountId === undefined) throw new ProviderError("the key's record names no service account; application credentials belong to a user.");
  return `${userAt(accountId)}/application_credentials`;
}

/** What fails before the key was asked for leaves nothing unclear. */
function notYetAsked(error: unknown): never {
  if (error instanceof ServerError || error instanceof ConnectionError) throw new ConnectionError(`the key was not asked for yet. ${error.message}`, false, { cause: error });
  throw error;
}

function explainRoles(error: unknown): never {
  if (error instanceof NotFoundError) throw new NotFoundError(error, "Each of the key's scopes is the name of a role of this Keystone.");
  if (error instanceof BadRequestError && /unassigned role/.test(error.detail ?? "")) throw new BadRequestError(error, "A key holds no role that its account lacks: add it to the ServiceAccount's scopes, or take it from the key's.");
  throw error;
}

function wireKey({ name, description, scopes = [], expiresAt, secretValue }: NewKey) {
  return { application_credential: { name, description, roles: scopes.map((scope) => ({ name: scope })), expires_at: expiresAt, secret: secretValue, unrestricted: false } };
}

function toKey(wire: z.infer<typeof credentialSchema>): ApiKey {
  return defined({
    id: wire.id,
    name: wire.name,
    status: "active",
    scopes: wire.roles.map(({ name }) => name).sort(),
    description: wire.description ?? undefined,
    expiresAt: normaliseTime(wire.expires_at),
    accessId: wire.id,
  } as const);
}

function toAccount(wire: z.infer<typeof userSchema>, roles?: readonly { readonly name: string }[]): ServiceAccount {
  return defined({
    id: wire.id,
    name: wire.name,
    status: wire.enabled ? "active" : "disabled",
    scopes: roles?.map(({ name }) => name).sort(),
    description: wire.description ?? undefined,
  } as const);
}
