/**
 * NovaVMS (novavms.novalien.com/api/v1): service accounts with a fixed role, several keys each.
 *
 * The vendor documents ONE of the calls below, the list of an account's keys; by design, v1 has none that makes or
 * revokes a key. The others are OUR PROPOSAL: `dialect` has their paths, a connection can override them, and nothing is
 * written without `allowUndocumentedEndpoints: true`.
 *
 * Oddities:
 * - objects of another organisation get a 404 too: only a list without the key proves that it is gone
 * - two error envelopes; validation is 400
 * - mutations need the token of a user with role admin or owner; an operator's token, or any key, gets a 403
 * - a key that the gateway owns cannot be revoked: 409
 * - the mask is the first 8 characters, which is just `sk_live_`: never an identifier
 * - `last_used_at` lags up to a minute
 * - the organisation decides between `sk_live_` and `sk_test_`: callers have no choice
 * - no scope names are published: the catalogue is open; a connection may close it with `scopes: […]`
 * - roles are those of our proposal; a connection lists those of its installation with `roles: […]`
 */
import { z } from "zod";
import { defined } from "../values/defined";
import { ConfigError, ProviderError } from "../errors";
import { path } from "../http/request";
import type { ScopeCatalogue } from "../scopes";
import { normaliseTime } from "../values/times";
import { novavms as vendor } from "../vendors/novavms";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext, KeyRef, ServiceAccount } from "./definition";
import { type Dialect, dialectOption } from "./dialect";
import { everyPage } from "./every-page";
import { parseAnswer } from "./parse-answer";

const dialect = { accounts: "/service-accounts", keys: "/keys", revoke: "/revoke" } as const;

const keySchema = z.object({
  id: z.string().min(1),
  prefix: z.string().nullish(),
  name: z.string(),
  scopes: z.array(z.string()),
  created_at: z.string().nullish(),
  last_used_at: z.string().nullish(),
  expires_at: z.string().nullish(),
  revoked_at: z.string().nullish(),
});
const issuedSchema = keySchema.extend({ key: z.string().min(1) });
const keysSchema = z.object({ keys: z.array(keySchema) });
const accountSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  role: z.string().nullish(),
  scopes: z.array(z.string()).nullish(),
  enabled: z.boolean().nullish(),
  created_at: z.string().nullish(),
});
const accountsSchema = z.object({ data: z.array(accountSchema), next_cursor: z.string().nullish() });

interface Options extends Dialect<typeof dialect> {
  readonly closedScopes?: readonly string[] | undefined;
  readonly roles?: readonly [string, ...string[]] | undefined;
}

export const novavms = defineBackend<Options>({
  ...vendor,
  options: readOptions,
  adapt: ({ closedScopes, roles }) => ({
    ...(closedScopes && { catalogue: closedCatalogue(closedScopes) }),
    ...(roles && { capabilities: withRoles(roles) }),
  }),
  connect: ({ http, options }: BackendContext<Options>) => {
    const accountAt = (id: string) => options.accounts + path`/${id}`;
    const keysAt = (accountId: string | undefined) => accountAt(needAccount(accountId)) + options.keys;
    const listKeys = async (accountId: string | undefined): Promise<ApiKey[] | undefined> => {
      const at = keysAt(accountId);
      const { absent, body } = await http.request({ method: "GET", path: at, absent: [404] });
      return absent ? undefined : parseAnswer("GET", at, keysSchema, body).keys.map(toKey);
    };
    return {
      async createKey({ serviceAccountId, name, scopes, expiresAt }) {
        const at = keysAt(serviceAccountId);
        const { body } = await http.request({
          method: "POST",
          path: at,
          json: { name, scopes, expires_at: expiresAt },
        });
        const issued = parseAnswer("POST", at, issuedSchema, body);
        return { ...toKey(issued), secret: issued.key };
      },
      // There is no call for one key: the vendor documents only the account's list.
      async getKey({ id, serviceAccountId }) {
        return (await listKeys(serviceAccountId))?.find((key) => key.id === id);
      },
      async listKeys({ serviceAccountId }) {
        return listKeys(serviceAccountId);
      },
      async probe({ secret }) {
        const own = { headers: { authorization: `Bearer ${secret}` }, authenticated: false, secrets: [secret] };
        // A 403 also shows that the service knows the key.
        const { status } = await http.request({ method: "GET", path: options.accounts, ...own, absent: [401, 403] });
        return { works: status !== 401 };
      },
      async updateKey(ref: KeyRef, { expiresAt }) {
        const at = keysAt(ref.serviceAccountId) + path`/${ref.id}`;
        const { body } = await http.request({
          method: "PATCH",
          path: at,
          json: { expires_at: expiresAt },
          idempotent: true,
        });
        return toKey(parseAnswer("PATCH", at, keySchema, body));
      },
      async revokeKey(ref: KeyRef) {
        const at = keysAt(ref.serviceAccountId) + path`/${ref.id}` + options.revoke;
        const { absent } = await http.request({ method: "POST", path: at, idempotent: true, absent: [404] });
        return absent ? "absent" : "revoked";
      },
      async createServiceAccount({ name, role, scopes }) {
        const { body } = await http.request({ method: "POST", path: options.accounts, json: { name, role, scopes } });
        return toAccount(parseAnswer("POST", options.accounts, accountSchema, body));
      },
      async getServiceAccount(id) {
        const { absent, body } = await http.request({ method: "GET", path: accountAt(id), absent: [404] });
        return absent ? undefined : toAccount(parseAnswer("GET", accountAt(id), accountSchema, body));
      },
      async listServiceAccounts({ name }) {
        const accounts = await everyPage(options.accounts, async (cursor) => {
          const { body } = await http.request({ method: "GET", path: options.accounts, query: { limit: 100, cursor } });
          const { data, next_cursor } = parseAnswer("GET", options.accounts, accountsSchema, body);
          return { items: data.map(toAccount), next: next_cursor || undefined };
        });
        return accounts.filter((account) => name === undefined || account.name === name);
      },
      async updateServiceAccount(id, { name }) {
        const { body } = await http.request({ method: "PATCH", path: accountAt(id), json: { name }, idempotent: true });
        return toAccount(parseAnswer("PATCH", accountAt(id), accountSchema, body));
      },
      async enableServiceAccount(id) {
        await http.request({ method: "PATCH", path: accountAt(id), json: { enabled: true }, idempotent: true });
      },
      async deleteServiceAccount(id) {
        const { absent } = await http.request({ method: "DELETE", path: accountAt(id), absent: [404] });
        return absent ? "absent" : "deleted";
      },
    };
  },
});

function readOptions(fields: Readonly<Record<string, unknown>>): Options {
  const { scopes, roles, ...rest } = fields;
  const paths = dialectOption("novavms", dialect)(rest);
  return { ...paths, closedScopes: namesIn("scopes", scopes), roles: namesIn("roles", roles) };
}

function namesIn(field: "scopes" | "roles", value: unknown): [string, ...string[]] | undefined {
  if (value === undefined) return undefined;
  const list = z.tuple([z.string().min(1)], z.string().min(1)).safeParse(value);
  if (list.success) return list.data;
  throw new ConfigError(
    `backend "novavms" cannot read the connection field "${field}": list the ${field.slice(0, -1)} names that may be used.`,
  );
}

function withRoles(roles: readonly [string, ...string[]]) {
  const { serviceAccounts, ...others } = vendor.capabilities;
  return { ...others, serviceAccounts: { ...serviceAccounts, roles } };
}

function closedCatalogue(scopes: readonly string[]): ScopeCatalogue {
  return { scopes: Object.fromEntries(scopes.map((scope) => [scope, {}])) };
}

function needAccount(id: string | undefined): string {
  // `check` requires serviceAccountId, so someone edited this state by hand.
  if (id === undefined)
    throw new ProviderError("The key's record names no service account; NovaVMS keys live under one.");
  return id;
}

function toKey(wire: z.infer<typeof keySchema>): ApiKey {
  return defined({
    id: wire.id,
    name: wire.name,
    status: wire.revoked_at ? "revoked" : "active",
    scopes: wire.scopes,
    hint: wire.prefix ?? undefined,
    createdAt: normaliseTime(wire.created_at),
    expiresAt: normaliseTime(wire.expires_at),
    lastUsedAt: normaliseTime(wire.last_used_at),
  } as const);
}

function toAccount(wire: z.infer<typeof accountSchema>): ServiceAccount {
  return defined({
    id: wire.id,
    name: wire.name,
    status: wire.enabled === false ? "disabled" : "active",
    role: wire.role ?? undefined,
    scopes: wire.scopes ?? undefined,
    createdAt: normaliseTime(wire.created_at),
  } as const);
}
