/**
 * OpenStack Keystone (https://docs.openstack.org/api-ref/identity/v3/): service account = user with roles on a project,
 * key = application credential. The connection's `url` ends in `/v3`. Its credential is `<user>:<password>` of an
 * administrator.
 *
 * Oddities:
 * - only the user itself can make its credentials, and nobody knows the password of an account made here: a create sets
 *   a new random one and logs in with it. Living keys are not affected
 * - a token from the same second as a password change is dead, so that login waits a second
 * - an administrator can read and delete a credential under any user's path: this file compares the owner
 * - a key can have at most the account's roles on its project. A key whose role is taken from the account stays listed,
 *   is refused, and works again when the role comes back
 * - roles come back unordered, with the implied ones; a key without any gets all of the account's
 * - a create with an unknown role is a 404; nothing of a key can be changed (PATCH: 405)
 * - `?limit=` on the list of credentials is a 500, so lists are read whole. The list is empty for a user that never
 *   existed
 * - only 72 bytes of a secret count; names of users lose leading and trailing blanks; times are UTC without a zone
 */
import { z } from "zod";
import { defined } from "../values/defined";
import { BadRequestError, NotFoundError, ProviderError } from "../errors";
import { path } from "../http/request";
import { normaliseTime } from "../values/times";
import { keystone as vendor } from "../vendors/keystone";
import { connectionFields } from "./connection-fields";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext, NewKey } from "./definition";
import { KeystoneAccounts } from "./keystone/accounts";
import { KeystoneApi, userAt } from "./keystone/api";
import { AccountSessions, logInAsAdmin } from "./keystone/logins";
import { parseAnswer } from "./parse-answer";

const readOptions = connectionFields("keystone", {
  project: { schema: z.string().min(1), takes: "the name of the project on which service accounts get their roles" },
  domainId: {
    schema: z.string().min(1).default("default"),
    takes: "the id of the domain of that project and of the accounts",
  },
  adminProject: {
    schema: z.string().min(1).default("admin"),
    takes: "the name of the project to which the administrator logs in",
  },
  adminDomainId: {
    schema: z.string().min(1).default("default"),
    takes: "the id of the domain of the administrator and of its project",
  },
});
type Options = ReturnType<typeof readOptions>;

const credentialSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  user_id: z.string(),
  project_id: z.string().nullish(),
  description: z.string().nullish(),
  roles: z.array(z.object({ id: z.string(), name: z.string() })),
  expires_at: z.string().nullish(),
});
const foundKey = z.object({ application_credential: credentialSchema });
const issuedKey = z.object({ application_credential: credentialSchema.extend({ secret: z.string().min(1) }) });
const foundKeys = z.object({ application_credentials: z.array(credentialSchema) });

export const keystone = defineBackend<Options>({
  ...vendor,
  options: readOptions,
  authenticate: logIn,
  connect: (context: BackendContext<Options>) => {
    const { http, options } = context;
    const api = new KeystoneApi(http);
    const accounts = new KeystoneAccounts(api, options);
    const sessions = new AccountSessions(api, context, (user) => accounts.projectOf(user));
    const findKey = async (id: string, accountId: string | undefined) => {
      const key = (await api.find(keysOf(accountId) + path`/${id}`, foundKey))?.application_credential;
      return key?.user_id === accountId ? key : undefined;
    };
    return {
      async createKey(key) {
        const at = keysOf(key.serviceAccountId);
        return sessions.use(key.serviceAccountId ?? "", async (token) => {
          const secrets = [token, key.secretValue ?? ""];
          const request = {
            method: "POST",
            path: at,
            json: toWire(key),
            headers: { "x-auth-token": token },
            secrets,
          } as const;
          const { absent, body } = await http
            .request({ ...request, authenticated: false, absent: [401] })
            .catch(explainRoles);
          if (absent) return undefined;
          const issued = parseAnswer("POST", at, issuedKey, body).application_credential;
          return { ...toKey(issued), secret: issued.secret };
        });
      },
      async getKey({ id, serviceAccountId }) {
        const key = await findKey(id, serviceAccountId);
        if (!key) return undefined;
        const works = await accounts.canStillUse(key.user_id, key.project_id ?? undefined, key.roles);
        return works ? toKey(key) : { ...toKey(key), status: "disabled" };
      },
      async probe({ id, secret }) {
        const identity = { methods: ["application_credential"], application_credential: { id, secret } };
        const request = { method: "POST", path: "/auth/tokens", json: { auth: { identity } } } as const;
        const own = { authenticated: false, idempotent: true, secrets: [secret], absent: [401, 404] };
        return { works: !(await http.request({ ...request, ...own })).absent };
      },
      async whoAmI() {
        return { serviceAccountId: (await logIn(context)).userId };
      },
      async listKeys({ serviceAccountId }) {
        const { application_credentials: keys } = await api.ask("GET", keysOf(serviceAccountId), foundKeys);
        // The list is also empty for a user that never existed.
        return keys.length === 0 && !(await accounts.findUser(serviceAccountId ?? "")) ? undefined : keys.map(toKey);
      },
      async revokeKey({ id, serviceAccountId }) {
        const isOwn = await findKey(id, serviceAccountId);
        return isOwn && (await api.remove(keysOf(serviceAccountId) + path`/${id}`)) ? "revoked" : "absent";
      },
      createServiceAccount: (account) => accounts.create(account),
      getServiceAccount: (id) => accounts.get(id),
      listServiceAccounts: (filter) => accounts.list(filter),
      async updateServiceAccount(id, changes) {
        const account = await accounts.update(id, changes);
        sessions.forget(id);
        return account;
      },
      async enableServiceAccount(id) {
        await accounts.enable(id);
        // What it logged in to before stays dead.
        sessions.forget(id);
      },
      async deleteServiceAccount(id) {
        return (await accounts.remove(id)) ? "deleted" : "absent";
      },
    };
  },
});

async function logIn({ http, token, options }: BackendContext<Options>) {
  return logInAsAdmin(http, await token(), options.adminProject, options.adminDomainId);
}

function keysOf(accountId: string | undefined): string {
  // `check` requires serviceAccountId, so someone edited this state by hand.
  if (accountId === undefined)
    throw new ProviderError("the key's record names no service account; application credentials belong to a user.");
  return `${userAt(accountId)}/application_credentials`;
}

function explainRoles(error: unknown): never {
  if (error instanceof NotFoundError)
    throw new NotFoundError(error, "The key was not made. Each of its scopes has to be a role of this Keystone.");
  if (error instanceof BadRequestError && /unassigned role/.test(error.detail ?? "")) {
    throw new BadRequestError(
      error,
      "A key can have no role that its account lacks: add it to the ServiceAccount's scopes, or take it out of the key's.",
    );
  }
  throw error;
}

function toWire({ name, description, scopes = [], expiresAt, secretValue }: NewKey) {
  const roles = scopes.map((scope) => ({ name: scope }));
  return {
    application_credential: {
      name,
      description,
      roles,
      expires_at: expiresAt,
      secret: secretValue,
      unrestricted: false,
    },
  };
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
