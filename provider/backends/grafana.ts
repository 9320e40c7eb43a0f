/**
 * Grafana (https://grafana.com/docs/grafana/latest/developers/http_api/serviceaccount/): service accounts of one
 * organization, and their tokens. The connection's `url` ends in `/api`. Its credential is a token of a service
 * account, or `<user>:<password>` if Grafana accepts that (Grafana Cloud does not).
 *
 * Oddities:
 * - a token has no rights of its own: its account's role decides, and what Grafana Enterprise adds to it
 * - only the list of its account's tokens reports a token; nothing of a token can be changed
 * - a life is sent in seconds and reported as a time. A life of 0, or none, means for ever, so neither is sent for an
 *   end that has passed
 * - the list of tokens does not say that its account is missing, so the backend also reads the account
 * - a search finds names that contain the words, and also logins and addresses
 * - a new token is a 200, a new account a 201, and deleting either is a 200
 * - AWS Managed Grafana makes tokens with another API
 */
import { z } from "zod";
import { defined } from "../values/defined";
import { ProviderError } from "../errors";
import { path } from "../http/request";
import { normaliseTime } from "../values/times";
import { grafana as vendor } from "../vendors/grafana";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext, BackendSession, ServiceAccount } from "./definition";
import { everyPage } from "./every-page";
import { halfMade } from "./half-made";
import { parseAnswer } from "./parse-answer";
import { secondsToLive } from "./seconds-to-live";

const accounts = "/serviceaccounts";
const perPage = 100;

const idSchema = z.number().int().positive();
const accountSchema = z.object({ id: idSchema, name: z.string(), role: z.string(), isDisabled: z.boolean() });
const changedSchema = z.object({ serviceaccount: accountSchema });
const pageSchema = z.object({ totalCount: z.number(), serviceAccounts: z.array(accountSchema) });
const issuedSchema = z.object({ id: idSchema, name: z.string(), key: z.string().min(1) });
const tokensSchema = z.array(
  z.object({
    id: idSchema,
    name: z.string(),
    created: z.string().nullish(),
    expiration: z.string().nullish(),
    lastUsedAt: z.string().nullish(),
    isRevoked: z.boolean().nullish(),
  }),
);

export const grafana = defineBackend({
  ...vendor,
  authenticate: bearerOrBasic,
  connect: ({ http }: BackendContext<undefined>) => {
    const findAccount = async (id: string) => {
      const { absent, body } = await http.request({ method: "GET", path: accountAt(id), absent: [404] });
      return absent ? undefined : toAccount(parseAnswer("GET", accountAt(id), accountSchema, body));
    };
    const listTokens = async (id: string): Promise<ApiKey[]> => {
      const { body } = await http.request({ method: "GET", path: tokensOf(id) });
      return parseAnswer("GET", tokensOf(id), tokensSchema, body).map(toKey);
    };
    const change = async (id: string, json: object) => {
      const { body } = await http.request({ method: "PATCH", path: accountAt(id), json, idempotent: true });
      return toAccount(parseAnswer("PATCH", accountAt(id), changedSchema, body).serviceaccount);
    };
    const remove = async (at: string) => !(await http.request({ method: "DELETE", path: at, absent: [404] })).absent;
    return {
      async createKey({ serviceAccountId: account = "", name, expiresAt, livesForMs }) {
        const at = tokensOf(account);
        const json = defined({ name, secondsToLive: secondsToLive({ expiresAt, livesForMs }) });
        const issued = parseAnswer(
          "POST",
          at,
          issuedSchema,
          (await http.request({ method: "POST", path: at, json })).body,
        );
        const key = (await halfMade(() => listTokens(account))).find(({ id }) => id === String(issued.id));
        return { ...(key ?? { id: String(issued.id), name: issued.name, status: "active" }), secret: issued.key };
      },
      async getKey({ id, serviceAccountId: account = "", name }) {
        return (await listTokens(account)).find((key) => key.id === id && key.name === name);
      },
      async listKeys({ serviceAccountId: account = "" }) {
        return (await findAccount(account)) && listTokens(account);
      },
      async revokeKey({ id, serviceAccountId: account = "" }) {
        return (await remove(tokensOf(account) + path`/${id}`)) ? "revoked" : "absent";
      },
      async createServiceAccount({ name, role }) {
        const { body } = await http.request({ method: "POST", path: accounts, json: { name, role } });
        return toAccount(parseAnswer("POST", accounts, accountSchema, body));
      },
      getServiceAccount: findAccount,
      async listServiceAccounts({ name }) {
        const at = `${accounts}/search`;
        const found = await everyPage(at, async (page = "1") => {
          const query = { query: name, page, perpage: perPage };
          const { body } = await http.request({ method: "GET", path: at, query });
          const { totalCount, serviceAccounts: items } = parseAnswer("GET", at, pageSchema, body);
          return { items, next: Number(page) * perPage < totalCount ? String(Number(page) + 1) : undefined };
        });
        return found.filter((account) => name === undefined || account.name === name).map(toAccount);
      },
      updateServiceAccount: (id, { name, role }) => change(id, defined({ name, role })),
      async enableServiceAccount(id) {
        await change(id, { isDisabled: false });
      },
      async deleteServiceAccount(id) {
        return (await remove(accountAt(id))) ? "deleted" : "absent";
      },
    };
  },
});

async function bearerOrBasic({ token }: BackendContext<undefined>): Promise<BackendSession> {
  const credential = await token();
  if (!credential.includes(":")) return { headers: { authorization: `Bearer ${credential}` } };
  const encoded = Buffer.from(credential).toString("base64");
  return { headers: { authorization: `Basic ${encoded}` }, secrets: [credential.slice(credential.indexOf(":") + 1)] };
}

function accountAt(id: string): string {
  if (/^\d+$/.test(id)) return accounts + path`/${id}`;
  throw new ProviderError("the key's record names no service account of Grafana: the id of one is a number.");
}

function tokensOf(accountId: string): string {
  return `${accountAt(accountId)}/tokens`;
}

function toKey({ id, name, created, expiration, lastUsedAt, isRevoked }: z.infer<typeof tokensSchema>[number]): ApiKey {
  return defined({
    id: String(id),
    name,
    status: isRevoked ? "revoked" : "active",
    createdAt: normaliseTime(created),
    expiresAt: normaliseTime(expiration),
    lastUsedAt: normaliseTime(lastUsedAt),
  } as const);
}

function toAccount({ id, name, role, isDisabled }: z.infer<typeof accountSchema>): ServiceAccount {
  return { id: String(id), name, role, status: isDisabled ? "disabled" : "active" };
}
