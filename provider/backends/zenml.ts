/**
 * ZenML server (https://docs.zenml.io/api-reference/oss-api): service accounts with several API keys each. The
 * connection's `url` ends in `/api/v1`. Its credential is `<user>:<password>` of an admin, which logs in for a session,
 * and once more when that session is refused.
 *
 * Oddities:
 * - keys have no scopes and no expiry: a key can do everything that its account may
 * - POST honours an Idempotency-Key (a UUID) for 5 minutes and answers a repeat with the same secret; a rotation is a
 *   PUT and does not, so it is sent once
 * - rotation keeps the id and one previous secret, for a grace in whole minutes. Another rotation inside the grace ends
 *   the oldest secret at once; nothing else cuts it short
 * - a grace beyond the calendar (centuries) is accepted and breaks the key: every use of it is a 500
 * - creates of one name that race answer 500 instead of 409
 * - lists leave out `metadata` (description, last use) unless the request says `hydrate`
 * - times have no zone and are UTC; deletes answer 200 with `null`
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { defined } from "../values/defined";
import { formatDuration, minuteMs, secondMs } from "../values/durations";
import { ConfigError, InputError, ProviderError } from "../errors";
import { type HttpRequest, path } from "../http/request";
import { formatTime, normaliseTime } from "../values/times";
import { zenml as vendor } from "../vendors/zenml";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext, BackendSession, ServiceAccount } from "./definition";
import { parseAnswer } from "./parse-answer";
import { unlessGone } from "./unless-gone";

const { maxGraceMs } = vendor.capabilities.nativeRotate;
const accounts = "/service_accounts";

const loginSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().nullish() });
const keySchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  body: z.object({
    active: z.boolean(),
    created: z.string(),
    updated: z.string(),
    service_account: z.object({ body: z.object({ active: z.boolean().nullish() }).nullish() }).nullish(),
  }),
  metadata: z
    .object({ description: z.string().nullish(), last_login: z.string().nullish(), last_rotated: z.string().nullish() })
    .nullish(),
});
const issuedSchema = keySchema.extend({ body: keySchema.shape.body.extend({ key: z.string().min(1) }) });
const accountSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  body: z.object({ active: z.boolean(), created: z.string().nullish() }),
  metadata: z.object({ description: z.string().nullish() }).nullish(),
});

export const zenml = defineBackend({
  ...vendor,
  authenticate: logIn,
  connect: ({ http }: BackendContext<undefined>) => {
    /** A create that may be repeated: ZenML answers a repeat with the result of the first. */
    const create = (at: string, json: unknown) =>
      http.request({ method: "POST", path: at, json, idempotent: true, headers: { "idempotency-key": randomUUID() } });
    const get = <Schema extends z.ZodType>(at: string, schema: Schema) =>
      unlessAbsent(async () => parseAnswer("GET", at, schema, (await http.request({ method: "GET", path: at })).body));
    const list = <Schema extends z.ZodType>(at: string, schema: Schema, name?: string) =>
      unlessAbsent(async () => {
        const pageSchema = z.object({ total_pages: z.number(), items: z.array(schema) });
        const found: z.infer<Schema>[] = [];
        for (let page = 1, pages = 1; page <= pages; page += 1) {
          const { body } = await http.request({
            method: "GET",
            path: at,
            query: { page, size: 100, hydrate: "true", name },
          });
          const answer = parseAnswer("GET", at, pageSchema, body);
          found.push(...answer.items);
          pages = answer.total_pages;
        }
        return found;
      });
    const change = async <Schema extends z.ZodType>(at: string, schema: Schema, json: object) =>
      parseAnswer("PUT", at, schema, (await http.request({ method: "PUT", path: at, json })).body);
    const remove = (at: string) => unlessAbsent(() => http.request({ method: "DELETE", path: at }));
    return {
      async createKey({ serviceAccountId, name, description }) {
        const at = keysOf(serviceAccountId);
        const issued = parseAnswer("POST", at, issuedSchema, (await create(at, { name, description })).body);
        return { ...toKey(issued), secret: issued.body.key };
      },
      async getKey({ id, serviceAccountId }) {
        const key = await get(keyAt(id, serviceAccountId), keySchema);
        return key && toKey(key);
      },
      async listKeys({ serviceAccountId }) {
        return (await list(keysOf(serviceAccountId), keySchema))?.map(toKey);
      },
      async updateKey({ id, serviceAccountId }, { name, description }) {
        return toKey(await change(keyAt(id, serviceAccountId), keySchema, { name, description }));
      },
      async revokeKey({ id, serviceAccountId }) {
        return (await remove(keyAt(id, serviceAccountId))) ? "revoked" : "absent";
      },
      async enableKey({ id, serviceAccountId }) {
        await change(keyAt(id, serviceAccountId), keySchema, { active: true });
      },
      async probe({ secret }) {
        const own = { headers: { authorization: `Bearer ${secret}` }, authenticated: false, secrets: [secret] };
        // A 403 also shows that the service knows the key.
        const { status } = await http.request({ method: "GET", path: "/current-user", ...own, absent: [401, 403] });
        return { works: status !== 401 };
      },
      async rotateKey({ id, serviceAccountId }, { graceMs }) {
        const minutes = graceMinutes(graceMs);
        const at = `${keyAt(id, serviceAccountId)}/rotate`;
        const request: HttpRequest = {
          method: "PUT",
          path: at,
          json: { retain_period_minutes: minutes },
          idempotent: false,
        };
        const issued = parseAnswer("PUT", at, issuedSchema, (await http.request(request)).body);
        // The answer has no metadata, but reports the time of this change.
        const rotatedAt = issued.body.updated;
        const previousValidUntil = minutes > 0 ? formatTime(timeOf(rotatedAt) + minutes * minuteMs) : undefined;
        return defined({ ...toKey(issued), secret: issued.body.key, secretVersion: rotatedAt, previousValidUntil });
      },
      async createServiceAccount({ name, description }) {
        return toAccount(
          parseAnswer(
            "POST",
            accounts,
            accountSchema,
            (await create(accounts, { name, description, active: true })).body,
          ),
        );
      },
      async getServiceAccount(id) {
        const account = await get(accountAt(id), accountSchema);
        return account && toAccount(account);
      },
      async listServiceAccounts({ name }) {
        const found = (await list(accounts, accountSchema, name === undefined ? undefined : `equals:${name}`)) ?? [];
        return found.filter((account) => name === undefined || account.name === name).map(toAccount);
      },
      async updateServiceAccount(id, { name, description }) {
        return toAccount(await change(accountAt(id), accountSchema, { name, description }));
      },
      async enableServiceAccount(id) {
        await change(accountAt(id), accountSchema, { active: true });
      },
      async deleteServiceAccount(id) {
        return (await remove(accountAt(id))) ? "deleted" : "absent";
      },
    };
  },
});

async function logIn({ http, token }: BackendContext<undefined>): Promise<BackendSession> {
  const [, username, password] = /^([^:]+):(.+)$/.exec(await token()) ?? [];
  if (username === undefined || password === undefined)
    throw new ConfigError(
      "The admin token of a zenml connection is the user name and the password of an admin, with a colon between them: <user>:<password>. The one given has another form.",
    );
  const { body } = await http.request({
    method: "POST",
    path: "/login",
    form: { username, password },
    authenticated: false,
    idempotent: true,
    secrets: [password],
  });
  const { access_token, expires_in } = parseAnswer("POST", "/login", loginSchema, body);
  return {
    headers: { authorization: `Bearer ${access_token}` },
    ...(expires_in ? { validForMs: expires_in * secondMs } : {}),
  };
}

function accountAt(id: string | undefined): string {
  // `check` requires serviceAccountId, so someone edited this state by hand.
  if (id === undefined)
    throw new ProviderError("The key's record names no service account; ZenML's keys live under one.");
  return accounts + path`/${id}`;
}

function keysOf(accountId: string | undefined): string {
  return `${accountAt(accountId)}/api_keys`;
}

function keyAt(id: string, accountId: string | undefined): string {
  return keysOf(accountId) + path`/${id}`;
}

/** Whole minutes, rounded up. Refuses a grace that the server would accept and that would break the key. */
function graceMinutes(graceMs: number): number {
  if (graceMs >= 0 && graceMs <= maxGraceMs) return Math.ceil(graceMs / minuteMs);
  throw new InputError(
    "overlap",
    `the previous secret of a ZenML key can go on working for 0s to ${formatDuration(maxGraceMs)} after a rotation; nothing was sent.`,
  );
}

/** The result; undefined if ZenML says that there is no such thing. For an unknown path it says "Not Found" instead. */
function unlessAbsent<Result>(run: () => Promise<Result>): Promise<Result | undefined> {
  return unlessGone(run, /^KeyError/, "The connection's url must end in /api/v1.");
}

function timeOf(zoneless: string): number {
  return Date.parse(normaliseTime(zoneless) ?? "");
}

function toKey({ id, name, body, metadata }: z.infer<typeof keySchema>): ApiKey {
  return defined({
    id,
    name,
    // Every key reports its account. A key of a disabled account opens nothing.
    status: body.active && body.service_account?.body?.active !== false ? "active" : "disabled",
    description: metadata?.description ?? undefined,
    createdAt: normaliseTime(body.created),
    lastUsedAt: normaliseTime(metadata?.last_login),
    secretVersion: metadata?.last_rotated ?? body.created,
  } as const);
}

function toAccount({ id, name, body, metadata }: z.infer<typeof accountSchema>): ServiceAccount {
  return defined({
    id,
    name,
    status: body.active ? "active" : "disabled",
    description: metadata?.description ?? undefined,
    createdAt: normaliseTime(body.created),
  } as const);
}
