/**
 * Datadog (https://docs.datadoghq.com/api/latest/service-accounts): service accounts, which are users, and their access
 * tokens, or (`keys: application-keys`) their application keys. The credential is `<API key>:<application key>`; the
 * application key's owner needs service_account_write and user_access_read.
 *
 * Oddities:
 * - an account must have an e-mail address: the connection's `accountEmail`
 * - accounts are never deleted, only disabled. A delete here also renames the account, so that one that an
 *   administrator disabled is still reported as disabled. Its keys are revoked first: what disabling does to them is
 *   not documented
 * - an application key without scopes may do everything that its account may: scopes are always sent, and an empty list
 *   is refused
 * - access tokens end after a year at the latest, application keys never; scopes and names of both can be changed in
 *   place
 * - organizations from before 2025-08-20 can show an application key again
 * - a credential that is not accepted gets a 403, like one that may not make the call
 */
import { z } from "zod";
import { defined } from "../values/defined";
import { ConfigError, InputError, ProviderError } from "../errors";
import { path } from "../http/request";
import { normaliseTime } from "../values/times";
import { datadog as vendor } from "../vendors/datadog";
import { connectionFields } from "./connection-fields";
import { type DatadogApi, datadogApi, keyKinds } from "./datadog/api";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext, KeyRef, ServiceAccount } from "./definition";

const keySchema = z.object({
  id: z.string().min(1),
  attributes: z.object({
    name: z.string(),
    scopes: z.array(z.string()).nullish(),
    created_at: z.string().nullish(),
    expires_at: z.string().nullish(),
    last_used_at: z.string().nullish(),
    last4: z.string().nullish(),
  }),
});
const issuedSchema = keySchema.extend({ attributes: keySchema.shape.attributes.extend({ key: z.string().min(1) }) });
const userSchema = z.object({
  id: z.string().min(1),
  attributes: z.object({
    name: z.string().nullish(),
    service_account: z.boolean().nullish(),
    disabled: z.boolean().nullish(),
    created_at: z.string().nullish(),
  }),
  relationships: z.object({ roles: z.object({ data: z.array(z.object({ id: z.string() })) }).nullish() }).nullish(),
});
/** The answer about one user has a name, if only null: without one it is another thing. */
const oneUserSchema = userSchema.extend({
  attributes: userSchema.shape.attributes.extend({
    name: z.string().nullable(),
    service_account: z.boolean(),
    disabled: z.boolean(),
  }),
});

const readOptions = connectionFields("datadog", {
  keys: {
    schema: z.enum(["access-tokens", "application-keys"]).default("access-tokens"),
    takes: '"access-tokens" (left out: these) or "application-keys"',
  },
  accountEmail: {
    schema: z.email().optional(),
    takes: "the e-mail address that new service accounts get, since Datadog demands one",
  },
});
type Options = ReturnType<typeof readOptions>;

export const datadog = defineBackend<Options>({
  ...vendor,
  options: readOptions,
  adapt: ({ keys }) =>
    keys === "application-keys" ? { capabilities: { ...vendor.capabilities, expiry: { support: "none" } } } : {},
  authenticate: async ({ token }) => {
    const [, api, application] = /^([^:\s]+):([^:\s]+)$/.exec(await token()) ?? [];
    if (api === undefined || application === undefined)
      throw new ConfigError(
        "The admin token of a datadog connection is an API key and an application key, with a colon between them: <API key>:<application key>. The one given has another form.",
      );
    return { headers: { "dd-api-key": api, "dd-application-key": application }, secrets: [api, application] };
  },
  validateKey: ({ scopes }) =>
    scopes?.length === 0
      ? [
          {
            field: "scopes",
            message:
              "Datadog gives a key without scopes every permission of its account, so an empty list is never sent, whatever fullAccess says; list what the key may do",
          },
        ]
      : [],
  connect: ({ http, options }: BackendContext<Options>) => {
    const api = datadogApi(http);
    const kind = keyKinds[options.keys];
    const keysAt = (account: string | undefined) => keysOf(account) + kind.path;
    const keyAt = ({ id, serviceAccountId }: KeyRef) => keysAt(serviceAccountId) + path`/${id}`;
    const getKey = async (ref: KeyRef): Promise<ApiKey | undefined> => {
      const key = await api.get(keyAt(ref), keySchema);
      return key && toKey(key);
    };
    const getUser = async (id: string) => {
      const user = await api.get(userAt(id), oneUserSchema);
      return user && isLivingAccount(user) ? user : undefined;
    };
    const changeUser = async (id: string, attributes: object) =>
      toAccount(await api.send("PATCH", userAt(id), { id, type: "users", attributes }, oneUserSchema));
    return {
      async createKey({ serviceAccountId, name, scopes, expiresAt }) {
        if (!scopes?.length)
          throw new InputError("scopes", "Datadog takes none for all of them; nothing was sent. List them.");
        const asked = { type: kind.type, attributes: defined({ name, scopes, expires_at: expiresAt }) };
        const issued = await api.send("POST", keysAt(serviceAccountId), asked, issuedSchema);
        return { ...toKey(issued), secret: issued.attributes.key };
      },
      getKey,
      async listKeys({ serviceAccountId }) {
        const keys = await api.list(keysAt(serviceAccountId), keySchema);
        if (keys) return keys.map(toKey);
        return undefined;
      },
      async updateKey(ref, { name }) {
        const asked = { id: ref.id, type: kind.type, attributes: { name } };
        return toKey(await api.send("PATCH", keyAt(ref), asked, keySchema));
      },
      revokeKey: async (ref) => ((await api.remove(keyAt(ref))) ? "revoked" : "absent"),
      async createServiceAccount({ name, role }) {
        if (options.accountEmail === undefined)
          throw new ConfigError(
            'Datadog demands an e-mail address of a service account: give the connection "accountEmail".',
          );
        const attributes = { name, email: options.accountEmail, service_account: true };
        const roles = role === undefined ? {} : { relationships: { roles: { data: [{ id: role, type: "roles" }] } } };
        return toAccount(
          await api.send("POST", "/api/v2/service_accounts", { type: "users", attributes, ...roles }, userSchema),
        );
      },
      async getServiceAccount(id) {
        const user = await getUser(id);
        return user && toAccount(user);
      },
      async listServiceAccounts({ name }) {
        const users = (await api.list("/api/v2/users", userSchema)) ?? [];
        return users
          .filter((user) => isLivingAccount(user) && (name === undefined || user.attributes.name === name))
          .map(toAccount);
      },
      updateServiceAccount: (id, { name }) => changeUser(id, { name }),
      async deleteServiceAccount(id) {
        const user = await getUser(id);
        if (!user) return "absent";
        await revokeAll(api, id);
        await changeUser(id, { name: `${deletedMark}${user.attributes.name ?? ""}`, disabled: true });
        return "deleted";
      },
    };
  },
});

/** Begins the name of an account that was deleted here: Datadog keeps it, disabled. */
const deletedMark = "[deleted] ";

function isLivingAccount({ attributes: { service_account, disabled, name } }: z.infer<typeof userSchema>): boolean {
  return service_account === true && !(disabled === true && (name ?? "").startsWith(deletedMark));
}

/** Revokes every key of an account, of both kinds. */
async function revokeAll(api: DatadogApi, account: string): Promise<void> {
  for (const { path: kind } of Object.values(keyKinds)) {
    const at = keysOf(account) + kind;
    for (const { id } of (await api.list(at, keySchema)) ?? []) await api.remove(at + path`/${id}`);
  }
}

function userAt(id: string): string {
  return path`/api/v2/users/${id}`;
}

function keysOf(account: string | undefined): string {
  // `check` requires serviceAccountId, so someone edited this state by hand.
  if (account === undefined)
    throw new ProviderError("The key's record names no service account; Datadog's keys are made for one.");
  return path`/api/v2/service_accounts/${account}`;
}

function toKey({ id, attributes }: z.infer<typeof keySchema>): ApiKey {
  return defined({
    id,
    name: attributes.name,
    status: "active",
    scopes: attributes.scopes ?? undefined,
    createdAt: normaliseTime(attributes.created_at),
    expiresAt: normaliseTime(attributes.expires_at),
    lastUsedAt: normaliseTime(attributes.last_used_at),
    hint: attributes.last4 || undefined,
  } as const);
}

function toAccount({ id, attributes, relationships }: z.infer<typeof userSchema>): ServiceAccount {
  const roles = (relationships?.roles?.data ?? []).map((role) => role.id);
  return defined({
    id,
    name: attributes.name ?? "",
    status: attributes.disabled === true ? "disabled" : "active",
    role: roles.length > 0 ? roles.sort().join(", ") : undefined,
    createdAt: normaliseTime(attributes.created_at),
  } as const);
}
