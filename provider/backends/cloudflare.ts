/**
 * Cloudflare (https://developers.cloudflare.com/api/resources/accounts/subresources/tokens): API tokens that belong to an
 * account, which the connection names. Each is a principal of its own: there are no service accounts. The credential is a
 * token with "Account API Tokens Write" and every permission that it is to give away.
 *
 * Oddities:
 * - scopes are permission groups by their names, over the account, all its zones, or one zone (`DNS Write!zone=<id>`); the
 *   ids that requests need are looked up. A token has policies; one that nobody made here is told in these words, too
 * - a token is only changed by writing all of it anew (PUT), which could give back what somebody has just taken away:
 *   nothing here does that, nor rolls a token's value, which would stop the old one at once
 * - `success` stands in every answer; what a missing token is answered is not documented, so the list decides
 * - 500 tokens an account; 1,200 calls in 5 minutes
 */
import { z } from "zod";
import { defined } from "../values/defined";
import { BadRequestError, InputError, NotFoundError } from "../errors";
import { path } from "../http/request";
import { normaliseTime } from "../values/times";
import { cloudflare as vendor } from "../vendors/cloudflare";
import { policiesOf, scopesOf } from "./cloudflare/policies";
import { permissionGroups } from "./cloudflare/permission-groups";
import { policySchema } from "./cloudflare/wire";
import { connectionFields } from "./connection-fields";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext } from "./definition";
import { parseAnswer } from "./parse-answer";

const pageSize = 50;

const tokenSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  status: z.enum(["active", "disabled", "expired"]),
  issued_on: z.string().nullish(),
  expires_on: z.string().nullish(),
  last_used_on: z.string().nullish(),
  policies: z.array(policySchema).nullish(),
});
const answer = <Result extends z.ZodType>(result: Result) => z.object({ success: z.literal(true), result });
const oneSchema = answer(tokenSchema);
const listSchema = answer(z.array(tokenSchema));
const issuedSchema = answer(tokenSchema.extend({ value: z.string().min(1) }));
const deletedSchema = answer(z.object({ id: z.string() }));
const verifiedSchema = answer(z.object({ id: z.string().min(1), status: z.string() }));

const readOptions = connectionFields("cloudflare", {
  account: { schema: z.string().regex(/^[0-9a-f]{32}$/), takes: "the id of the account that the tokens belong to" },
});
type Options = ReturnType<typeof readOptions>;

export const cloudflare = defineBackend<Options>({
  ...vendor,
  options: readOptions,
  adapt: ({ account }) => ({ tenant: `/accounts/${account}` }),
  validateKey: ({ scopes }) =>
    scopes?.length === 0
      ? [
          {
            field: "scopes",
            message:
              "a Cloudflare token is made of its permissions, and there is none for everything; list what it may do, whatever fullAccess says",
          },
        ]
      : [],
  connect: ({ http, options: { account } }: BackendContext<Options>) => {
    const tokens = path`/accounts/${account}/tokens`;
    const tokenAt = (id: string) => tokens + path`/${id}`;
    const verify = `${tokens}/verify`;
    const groups = permissionGroups(http, `${tokens}/permission_groups`);

    const toKey = async (wire: z.infer<typeof tokenSchema>): Promise<ApiKey> =>
      defined({
        id: wire.id,
        name: wire.name,
        status: wire.status,
        scopes: wire.policies ? await scopesOf(wire.policies, account, groups) : undefined,
        createdAt: normaliseTime(wire.issued_on),
        expiresAt: normaliseTime(wire.expires_on),
        lastUsedAt: normaliseTime(wire.last_used_on),
      } as const);
    const listKeys = async () => {
      const found: ApiKey[] = [];
      for (let page = 1; ; page += 1) {
        const query = { page, per_page: pageSize };
        const { body } = await http.request({ method: "GET", path: tokens, query });
        const { result } = parseAnswer("GET", tokens, listSchema, body);
        for (const token of result) found.push(await toKey(token));
        if (result.length < pageSize) return found;
      }
    };
    const listed = async (id: string) => (await listKeys()).find((key) => key.id === id);
    return {
      async listScopes() {
        return (await groups()).map(({ name }) => ({ name }));
      },
      async createKey({ name, scopes, expiresAt }) {
        if (!scopes?.length)
          throw new InputError("scopes", "a Cloudflare token is made of its permissions; nothing was sent. List them.");
        const policies = await policiesOf(scopes, account, groups);
        const json = defined({ name, policies, expires_on: expiresAt });
        const { body } = await http.request({ method: "POST", path: tokens, json });
        const { value: secret, ...issued } = parseAnswer("POST", tokens, issuedSchema, body).result;
        return { ...(await toKey(issued)), secret };
      },
      async getKey({ id }) {
        const { absent, body } = await http.request({ method: "GET", path: tokenAt(id), absent: [400, 404] });
        return absent ? listed(id) : toKey(parseAnswer("GET", tokenAt(id), oneSchema, body).result);
      },
      listKeys,
      async probe({ secret }) {
        const own = { headers: { authorization: `Bearer ${secret}` }, authenticated: false, secrets: [secret] };
        const { status, body } = await http.request({ method: "GET", path: verify, ...own, absent: [400, 401, 403] });
        if (status === 401) return { works: false };
        if (status !== 200) return undefined;
        return { works: parseAnswer("GET", verify, verifiedSchema, body).result.status === "active" };
      },
      async whoAmI() {
        // A token of a user, which is no token of the account, is unknown there.
        const { absent, body } = await http.request({ method: "GET", path: verify, absent: [400, 401] });
        return absent ? undefined : { keyId: parseAnswer("GET", verify, verifiedSchema, body).result.id };
      },
      async revokeKey({ id }) {
        try {
          const { body } = await http.request({ method: "DELETE", path: tokenAt(id) });
          parseAnswer("DELETE", tokenAt(id), deletedSchema, body);
          return "revoked";
        } catch (error) {
          const maybeGone = error instanceof NotFoundError || error instanceof BadRequestError;
          if (maybeGone && (await listed(id)) === undefined) return "absent";
          throw error;
        }
      },
    };
  },
});
