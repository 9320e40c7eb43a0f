/**
 * OpenAI (https://platform.openai.com/docs/api-reference/administration): service accounts of one project, which the
 * connection names, and their keys. The credential is an admin key (`sk-admin-…`); a project's key is not enough.
 *
 * Oddities:
 * - a new account comes with a key of full power unless the request says no. If one comes anyway, it is revoked at once
 * - without that key it has no role either, so its role is given in a second call
 * - a key without scopes may do everything that its account may: scopes are always sent, and an empty list is refused.
 *   No answer reports them, and no call lists the scopes that exist
 * - since November 2026 a key's scopes and end can be changed in place. Nothing here does
 * - an expiry is sent as seconds from now and reported as a time; a project's policy may require one, and cap it
 *   (`maxLife` of the connection)
 * - keys are listed for the whole project; without `owner_project_access=any` some are missing
 * - the reference of 2026-08 refuses to delete a single key of a service account, that of 2026-11 deletes it
 * - the answer for a missing key or account is not documented: only a list proves that it is gone
 */
import { z } from "zod";
import { defined } from "../values/defined";
import { secondMs } from "../values/durations";
import { BadRequestError, InputError, isUnclear, ProviderError } from "../errors";
import { path } from "../http/request";
import { formatTime } from "../values/times";
import { openai as vendor } from "../vendors/openai";
import { connectionFields } from "./connection-fields";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext, HttpClient, KeyRef, ServiceAccount } from "./definition";
import { everyPage } from "./every-page";
import { halfMade } from "./half-made";
import { parseAnswer } from "./parse-answer";
import { secondsToLive } from "./seconds-to-live";

const unixTime = z.number().int();
const keySchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  redacted_value: z.string().nullish(),
  created_at: unixTime,
  last_used_at: unixTime.nullish(),
  expires_at: unixTime.nullish(),
  owner_project_access: z.string().nullish(),
  owner: z
    .object({ type: z.string(), service_account: z.object({ id: z.string() }).nullish() })
    // A key of an account that the answer does not name would look like somebody else's.
    .refine(({ type, service_account: account }) => type !== "service_account" || account),
});
const issuedSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  value: z.string().min(1),
  created_at: unixTime,
  expires_at: unixTime.nullish(),
});
const accountSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  role: z.string(),
  created_at: unixTime,
});
const newAccountSchema = accountSchema.extend({ api_key: z.object({ id: z.string().min(1) }).nullish() });
const deletedSchema = z.object({ deleted: z.literal(true) });

const readOptions = connectionFields("openai", {
  project: { schema: z.string().regex(/^[\w-]+$/), takes: 'the id of the project whose keys are managed: "proj_…"' },
});
type Options = ReturnType<typeof readOptions>;

export const openai = defineBackend<Options>({
  ...vendor,
  options: readOptions,
  adapt: ({ project }) => ({ tenant: `/projects/${project}` }),
  validateKey: ({ scopes }) =>
    scopes?.length === 0
      ? [
          {
            field: "scopes",
            message:
              "OpenAI takes an empty list for every permission of the account, so it is never sent, whatever fullAccess says; list what the key may do",
          },
        ]
      : [],
  connect: ({ http, options: { project } }: BackendContext<Options>) => {
    const base = path`/organization/projects/${project}`;
    const [accounts, keys] = [`${base}/service_accounts`, `${base}/api_keys`];
    const accountAt = (id: string) => accounts + path`/${id}`;
    const keyAt = (id: string) => keys + path`/${id}`;

    const getKey = async ({ id, serviceAccountId }: KeyRef): Promise<ApiKey | undefined> => {
      const { absent, body } = await http.request({ method: "GET", path: keyAt(id), absent: [404] });
      if (absent) return undefined;
      const key = parseAnswer("GET", keyAt(id), keySchema, body);
      return key.owner.service_account?.id === serviceAccountId ? toKey(key) : undefined;
    };
    const getServiceAccount = async (id: string): Promise<ServiceAccount | undefined> => {
      const { absent, body } = await http.request({ method: "GET", path: accountAt(id), absent: [404] });
      return absent ? undefined : toAccount(parseAnswer("GET", accountAt(id), accountSchema, body));
    };
    const change = async (id: string, changes: { readonly name?: string | undefined; readonly role?: string }) => {
      const request = { method: "POST", path: accountAt(id), json: changes, idempotent: true } as const;
      return toAccount(parseAnswer("POST", accountAt(id), accountSchema, (await http.request(request)).body));
    };
    const remove = async (at: string): Promise<boolean> => {
      const { absent, body } = await http.request({ method: "DELETE", path: at, absent: [404] });
      if (!absent) parseAnswer("DELETE", at, deletedSchema, body);
      return !absent;
    };
    return {
      async createKey({ serviceAccountId, name, scopes, expiresAt, livesForMs }) {
        if (!scopes?.length)
          throw new InputError("scopes", "OpenAI takes none for all of them; nothing was sent. List them.");
        const at = `${accountAt(needAccount(serviceAccountId))}/api_keys`;
        const json = { name, scopes, expires_in_seconds: secondsToLive({ expiresAt, livesForMs }) };
        const { body } = await http.request({ method: "POST", path: at, json });
        const { value: secret, ...issued } = parseAnswer("POST", at, issuedSchema, body);
        return { ...facts(issued), status: "active", secret };
      },
      getKey,
      async listKeys({ serviceAccountId }) {
        const all = await everyItem(http, keys, keySchema, { owner_project_access: "any" });
        const own = all.filter(({ owner }) => owner.service_account?.id === serviceAccountId);
        if (own.length === 0 && !(await getServiceAccount(needAccount(serviceAccountId)))) return undefined;
        return own.map(toKey);
      },
      async revokeKey(ref) {
        if (!(await getKey(ref))) return "absent";
        try {
          return (await remove(keyAt(ref.id))) ? "revoked" : "absent";
        } catch (error) {
          throw error instanceof BadRequestError
            ? new BadRequestError(
                error,
                "OpenAI's reference of 2026-08 refuses to delete single keys of service accounts. Delete the key in the project's settings, or the account with all its keys, and run again.",
              )
            : error;
        }
      },
      async createServiceAccount({ name, role }) {
        const json = { name, create_service_account_only: true };
        const { body } = await http.request({ method: "POST", path: accounts, json });
        const made = parseAnswer("POST", accounts, newAccountSchema, body);
        try {
          if (made.api_key) await remove(keyAt(made.api_key.id));
          return role === undefined || role === made.role ? toAccount(made) : await change(made.id, { role });
        } catch (error) {
          // Otherwise nobody would know of this account. After an unclear answer the lifecycle looks for it by its
          // name.
          if (made.api_key || !isUnclear(error)) await halfMade(() => remove(accountAt(made.id)));
          throw error;
        }
      },
      getServiceAccount,
      async listServiceAccounts({ name }) {
        const all = await everyItem(http, accounts, accountSchema, {});
        return all.filter((account) => name === undefined || account.name === name).map(toAccount);
      },
      updateServiceAccount: (id, { name }) => change(id, { name }),
      async deleteServiceAccount(id) {
        return (await remove(accountAt(id))) ? "deleted" : "absent";
      },
    };
  },
});

/** All items of a list whose next page begins after the last item of the page before. */
function everyItem<Item extends z.ZodType<{ readonly id: string }>>(
  http: HttpClient,
  at: string,
  item: Item,
  query: Readonly<Record<string, string>>,
): Promise<z.infer<Item>[]> {
  const page = z
    .object({ data: z.array(item), has_more: z.boolean(), last_id: z.string().nullish() })
    // A missing cursor would make the keys on later pages look gone.
    .refine(({ has_more, last_id }) => !has_more || last_id, { path: ["last_id"] });
  return everyPage(at, async (after) => {
    const { body } = await http.request({ method: "GET", path: at, query: { limit: 100, after, ...query } });
    const { data, has_more, last_id } = parseAnswer("GET", at, page, body);
    return { items: data, next: has_more ? (last_id ?? undefined) : undefined };
  });
}

function needAccount(id: string | undefined): string {
  // `check` requires serviceAccountId, so someone edited this state by hand.
  if (id === undefined)
    throw new ProviderError("The key's record names no service account; OpenAI's keys are made for one.");
  return id;
}

function timeOf(seconds: number | null | undefined): string | undefined {
  return typeof seconds === "number" ? formatTime(seconds * secondMs) : undefined;
}

function facts({ id, name, created_at, expires_at }: Omit<z.infer<typeof issuedSchema>, "value">) {
  return defined({ id, name, createdAt: timeOf(created_at), expiresAt: timeOf(expires_at) });
}

function toKey(wire: z.infer<typeof keySchema>): ApiKey {
  return defined({
    ...facts(wire),
    // An owner without access to the project cannot use the key, but the key stays.
    status: wire.owner_project_access === "inactive" ? "disabled" : "active",
    hint: wire.redacted_value || undefined,
    lastUsedAt: timeOf(wire.last_used_at),
  } as const);
}

function toAccount({ id, name, role, created_at }: z.infer<typeof accountSchema>): ServiceAccount {
  return defined({ id, name, status: "active", role, createdAt: timeOf(created_at) } as const);
}
