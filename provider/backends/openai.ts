/**
 * OpenAI (https://platform.openai.com/docs/api-reference/administration): service accounts of one project, which the
 * connection names, and their keys. The credential is an admin key (`sk-admin-…`); a project's key does not do.
 *
 * Oddities:
 * - an account is born with a key of full power, unless it is asked not to be; one that comes all the same is revoked at once
 * - without that key it has no role either, so its role is given in a second call
 * - a key without scopes may do all that its account may: they are always sent, and an empty list is refused. No answer
 *   tells them, and no call lists those that there are
 * - since November 2026 a key's scopes and end can be changed in place. Nothing here does
 * - an end is asked for as seconds from now and told as a time; a project's policy may demand one, and cap it (`maxLife` of the connection)
 * - keys are listed for the whole project, and without `owner_project_access=any` not all of them
 * - the reference of 2026-08 refuses to delete a single key of a service account, that of 2026-11 deletes it
 * - what a missing key or account is answered is not documented: only a list proves that it is gone
 */
import { z } from "zod";
import { defined } from "../defined";
import { secondMs } from "../durations";
import { BadRequestError, InputError, isUnclear, ProviderError } from "../errors";
import { path } from "../http/client";
import { formatTime } from "../times";
import { openai as vendor } from "../vendors/openai";
import { connectionFields } from "./connection-fields";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext, HttpClient, KeyRef, ServiceAccount } from "./definition";
import { everyPage } from "./every-page";
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
  owner: z.object({ type: z.string(), service_account: z.object({ id: z.string() }).nullish() }),
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
        const json = { name, scopes, expires_in_seconds: secondsToLive({ expiresAt, livesForMs }, Date.now()) };
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
          // Nobody would know of it. After an unclear answer the lifecycle looks for it by its name.
          if (made.api_key || !isUnclear(error)) await remove(accountAt(made.id));
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

/** All items of a list that goes on after the last one of each page. */
function everyItem<Item extends z.ZodType<{ readonly id: string }>>(
  http: HttpClient,
  at: string,
  item: Item,
  query: Readonly<Record<string, string>>,
): Promise<z.infer<Item>[]> {
  const page = z
    .object({ data: z.array(item), has_more: z.boolean(), last_id: z.string().nullish() })
    // More that cannot be asked for would make keys look gone.
    .refine(({ has_more, last_id }) => !has_more || last_id, { path: ["last_id"] });
  return everyPage(at, async (after) => {
    const { body } = await http.request({ method: "GET", path: at, query: { limit: 100, after, ...query } });
    const { data, has_more, last_id } = parseAnswer("GET", at, page, body);
    return { items: data, next: has_more ? (last_id ?? undefined) : undefined };
  });
}

function needAccount(id: string | undefined): string {
  // `check` demands serviceAccountId, so this is a state that was edited by hand.
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
    // Whoever has no access to the project any more cannot use the key, which stays.
    status: wire.owner_project_access === "inactive" ? "disabled" : "active",
    hint: wire.redacted_value || undefined,
    lastUsedAt: timeOf(wire.last_used_at),
  } as const);
}

function toAccount({ id, name, role, created_at }: z.infer<typeof accountSchema>): ServiceAccount {
  return defined({ id, name, status: "active", role, createdAt: timeOf(created_at) } as const);
}
