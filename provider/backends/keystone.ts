/**
 * OpenStack Keystone (https://docs.openstack.org/api-ref/identity/v3/): service account = user with
 * roles on a project, key = application credential. The connection's `url` ends in `/v3`, its
 * credential is `<user>:<password>` of an administrator.
 *
 * Oddities:
 * - only the user itself can make its credentials, and nobody knows the password of an account made
 *   here: a create gives it a new random one and logs in with it. Living keys do not notice
 * - a token from the very second of a password change is dead: that login waits a second
 * - an administrator reads and deletes a credential under any user's path: the owner is compared here
 * - the account's roles on its project are the most that a key can have. A key whose role is taken
 *   from the account stays listed, is refused, and works again when the role comes back
 * - roles come back unordered, with the implied ones; none asked for = all of the account's
 * - a role that does not exist is a 404 of the create; nothing of a key can be changed (PATCH: 405)
 * - `?limit=` on the list of credentials answers 500: lists are read whole. Of a user that never was
 *   the list is empty
 * - 72 bytes of a secret count; names of users lose the blanks around them; times are UTC without a zone
 */
import { z } from "zod";
import { keystoneCatalogue } from "../catalogues/keystone";
import { defined } from "../defined";
import { secondMs } from "../durations";
import { BadRequestError, ConfigError, InputError, NotFoundError, ProviderError } from "../errors";
import { type HttpMethod, type HttpRequest, path } from "../http/client";
import { nearestWord } from "../scopes";
import { normaliseTime } from "../times";
import { connectionFields } from "./connection-fields";
import { type ApiKey, type BackendContext, defineBackend, type NewKey, type ServiceAccount } from "./definition";
import { AccountSessions, logInAsAdmin, managedBy, type User, userSchema } from "./keystone-logins";
import { parseAnswer } from "./parse-answer";
import { unlessGone } from "./unless-gone";

const readOptions = connectionFields("keystone", {
  project: { schema: z.string().min(1), takes: "the name of the project on which service accounts get their roles" },
  domainId: { schema: z.string().min(1).default("default"), takes: "the id of the domain of that project and of the accounts" },
  adminProject: { schema: z.string().min(1).default("admin"), takes: "the name of the project to which the administrator logs in" },
  adminDomainId: { schema: z.string().min(1).default("default"), takes: "the id of the domain of the administrator and of its project" },
});
type Options = ReturnType<typeof readOptions>;

const credentialSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  user_id: z.string(),
  description: z.string().nullish(),
  roles: z.array(z.object({ name: z.string() })),
  expires_at: z.string().nullish(),
});
const foundKey = z.object({ application_credential: credentialSchema });
const issuedKey = z.object({ application_credential: credentialSchema.extend({ secret: z.string().min(1) }) });
const foundKeys = z.object({ application_credentials: z.array(credentialSchema) });
const foundUser = z.object({ user: userSchema });
const foundUsers = z.object({ users: z.array(userSchema) });
const named = z.array(z.object({ id: z.string().min(1), name: z.string() }));

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
  options: readOptions,
  authenticate: async ({ http, token, options: { adminProject, adminDomainId } }) => logInAsAdmin(http, await token(), adminProject, adminDomainId),
  connect: (context: BackendContext<Options>) => {
    const { http, options: { project, domainId } } = context;
    type Extra = Pick<HttpRequest, "json" | "query">;
    const ask = async <Schema extends z.ZodType>(method: HttpMethod, at: string, schema: Schema, extra: Extra = {}): Promise<z.infer<Schema>> =>
      parseAnswer(method, at, schema, (await http.request({ method, path: at, idempotent: method !== "POST", ...extra })).body);
    const remove = (at: string) => unlessGone(() => http.request({ method: "DELETE", path: at }), proofOfAbsence, checkUrl);
    const findUser = (id: string) => unlessGone(async () => (await ask("GET", userAt(id), foundUser)).user, proofOfAbsence, checkUrl);

    const findProject = async () => {
      const { projects } = await ask("GET", "/projects", z.object({ projects: named }), { query: { name: project, domain_id: domainId } });
      if (projects[0]) return projects[0].id;
      throw new ConfigError(`the domain "${domainId}" of this Keystone has no project "${project}"; make it, or correct the connection's "project" or "domainId".`);
    };
    const projectOf = async ({ default_project_id }: User) => default_project_id ?? (await findProject());
    const grantsAt = async (user: User) => path`/projects/${await projectOf(user)}/users/${user.id}/roles`;
    // A deleted project takes its roles along.
    const grantsOf = async (user: User) => (await unlessGone(async () => (await ask("GET", await grantsAt(user), z.object({ roles: named }))).roles, proofOfAbsence, checkUrl)) ?? [];
    const withGrants = async (user: User) => toAccount(user, await grantsOf(user));
    const findRoles = async (names: readonly string[]) => {
      const { roles } = await ask("GET", "/roles", z.object({ roles: named }));
      return names.map((name) => roles.find((role) => role.name === name) ?? unknownRole(name, roles.map((role) => role.name).sort()));
    };

    const sessions = new AccountSessions(context, projectOf);
    const findKey = async (id: string, accountId: string | undefined) => {
      const found = await unlessGone(() => ask("GET", keysOf(accountId) + path`/${id}`, foundKey), proofOfAbsence, checkUrl);
      return found?.application_credential.user_id === accountId ? found?.application_credential : undefined;
    };

    return {
      async createKey(key) {
        const at = keysOf(key.serviceAccountId);
        return sessions.use(key.serviceAccountId ?? "", async (token) => {
          const request = { json: toWire(key), headers: { "x-auth-token": token }, secrets: [token, key.secretValue ?? ""] };
          const { absent, body } = await http.request({ method: "POST", path: at, ...request, authenticated: false, absent: [401] }).catch(explainRoles);
          if (absent) return undefined;
          const issued = parseAnswer("POST", at, issuedKey, body).application_credential;
          return { ...toKey(issued), secret: issued.secret };
        });
      },
      async getKey({ id, serviceAccountId }) {
        const key = await findKey(id, serviceAccountId);
        return key && toKey(key);
      },
      async listKeys({ serviceAccountId }) {
        const keys = (await ask("GET", keysOf(serviceAccountId), foundKeys)).application_credentials;
        // A user that never was has an empty list, too.
        return keys.length === 0 && !(await findUser(serviceAccountId ?? "")) ? undefined : keys.map(toKey);
      },
      async revokeKey({ id, serviceAccountId }) {
        const key = await findKey(id, serviceAccountId);
        return key && (await remove(keysOf(serviceAccountId) + path`/${id}`)) ? "revoked" : "absent";
      },
      async createServiceAccount({ name, description, scopes = [] }) {
        const [projectId, roles] = [await findProject(), await findRoles(scopes)];
        // Else an operator's rule can demand a new password at the first login.
        const rules = { ignore_change_password_upon_first_use: true };
        const json = { user: { name, description, domain_id: domainId, default_project_id: projectId, enabled: true, managed_by: managedBy, options: rules } };
        const { user } = await ask("POST", "/users", foundUser, { json });
        try {
          for (const role of roles) await http.request({ method: "PUT", path: (await grantsAt(user)) + path`/${role.id}` });
        } catch (cause) {
          const left = await remove(userAt(user.id)).then(() => "it was removed again", () => `remove the user ${user.id}, which is left behind`);
          throw new ProviderError(`the service account "${name}" could not be given its roles; ${left}. ${cause instanceof ProviderError ? cause.message : ""}`, { cause });
        }
        return toAccount(user, roles);
      },
      async getServiceAccount(id) {
        const user = await findUser(id);
        return user && withGrants(user);
      },
      async listServiceAccounts({ name }) {
        const { users } = await ask("GET", "/users", foundUsers, { query: { domain_id: domainId, name } });
        const accounts = users.filter((user) => user.managed_by === managedBy && (name === undefined || user.name === name));
        // Roles cost a request each: they are told of the one that is asked for.
        return name === undefined ? accounts.map((user) => toAccount(user)) : Promise.all(accounts.map(withGrants));
      },
      async updateServiceAccount(id, { name, description, scopes }) {
        const wanted = scopes && (await findRoles(scopes));
        // A PATCH that changes nothing is refused.
        const same = name === undefined && description === undefined;
        const { user } = same ? await ask("GET", userAt(id), foundUser) : await ask("PATCH", userAt(id), foundUser, { json: { user: { name, description } } });
        if (!wanted) return withGrants(user);
        const [at, held] = [await grantsAt(user), await grantsOf(user)];
        for (const { id: role } of wanted) if (!held.some((other) => other.id === role)) await http.request({ method: "PUT", path: at + path`/${role}` });
        for (const { id: role } of held) if (!wanted.some((other) => other.id === role)) await remove(at + path`/${role}`);
        sessions.forget(id);
        return withGrants(user);
      },
      async deleteServiceAccount(id) {
        return (await remove(userAt(id))) ? "deleted" : "absent";
      },
    };
  },
});

const proofOfAbsence = /^Could not find /;
const checkUrl = "Check that the connection's url is that of Keystone and ends in /v3.";

function userAt(id: string): string {
  return path`/users/${id}`;
}

function keysOf(accountId: string | undefined): string {
  // `check` demands serviceAccountId, so this is a state that was edited by hand.
  if (accountId === undefined) throw new ProviderError("the key's record names no service account; application credentials belong to a user.");
  return `${userAt(accountId)}/application_credentials`;
}

function unknownRole(name: string, known: readonly string[]): never {
  const near = nearestWord(name, known);
  throw new InputError("scopes", `this Keystone has no role "${name}"${near ? `; did you mean "${near}"?` : ""} (its roles: ${known.join(", ")}). Nothing was changed.`);
}

function explainRoles(error: unknown): never {
  if (error instanceof NotFoundError) throw new NotFoundError(error, "The key was not made. Each of its scopes has to be a role of this Keystone.");
  if (error instanceof BadRequestError && /unassigned role/.test(error.detail ?? "")) {
    throw new BadRequestError(error, "A key can have no role that its account lacks: add it to the ServiceAccount's scopes, or take it out of the key's.");
  }
  throw error;
}

function toWire({ name, description, scopes = [], expiresAt, secretValue }: NewKey) {
  const roles = scopes.map((scope) => ({ name: scope }));
  return { application_credential: { name, description, roles, expires_at: expiresAt, secret: secretValue, unrestricted: false } };
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

function toAccount(wire: User, roles?: readonly { readonly name: string }[]): ServiceAccount {
  return defined({
    id: wire.id,
    name: wire.name,
    status: wire.enabled ? "active" : "disabled",
    scopes: roles?.map(({ name }) => name).sort(),
    description: wire.description ?? undefined,
  } as const);
}
