/**
 * Pulsely (api.pulsely.io/v1): keys belong to the workspace of the admin credential.
 *
 * The vendor documents scopes, masks, limits and the dual-key rotation, but no call that makes, changes or revokes a
 * key. The calls below are OUR PROPOSAL, so `dialect` has every path, and a connection can override it.
 *
 * Oddities:
 * - key management needs `admin:*`, which is everything: the connection's credential is that powerful
 * - names are unique among living keys (409 `name_taken`)
 * - DELETE keeps the record, with status `revoked`
 * - `ply_live_…` and `pk_live_…` both occur: the prefix is never validated
 * - 60 requests a minute per key
 */
import { z } from "zod";
import { defined } from "../values/defined";
import { path } from "../http/request";
import { normaliseTime } from "../values/times";
import { pulsely as vendor } from "../vendors/pulsely";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext } from "./definition";
import { dialectOption, type Dialect } from "./dialect";
import { everyPage } from "./every-page";
import { parseAnswer } from "./parse-answer";

const dialect = { keys: "/api-keys" } as const;

const keySchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  masked: z.string().nullish(),
  scopes: z.array(z.string()),
  environment: z.string().nullish(),
  status: z.enum(["active", "expired", "revoked"]),
  created_at: z.string().nullish(),
  expires_at: z.string().nullish(),
  last_used_at: z.string().nullish(),
});
const issuedSchema = keySchema.extend({ key: z.string().min(1) });
const pageSchema = z
  .object({ data: z.array(keySchema), has_more: z.boolean(), next_cursor: z.string().nullish() })
  // A missing cursor would make the keys on later pages look gone.
  .refine(({ has_more, next_cursor }) => !has_more || next_cursor, { path: ["next_cursor"] });

export const pulsely = defineBackend<Dialect<typeof dialect>>({
  ...vendor,
  options: dialectOption("pulsely", dialect),
  connect: ({ http, options: paths, token }: BackendContext<Dialect<typeof dialect>>) => {
    const listKeys = () =>
      everyPage(paths.keys, async (cursor) => {
        const { body } = await http.request({ method: "GET", path: paths.keys, query: { limit: 100, cursor } });
        const page = parseAnswer("GET", paths.keys, pageSchema, body);
        return { items: page.data.map(toKey), next: page.has_more ? (page.next_cursor ?? undefined) : undefined };
      });
    return {
      async createKey({ name, scopes, environment, expiresAt }) {
        const { body } = await http.request({
          method: "POST",
          path: paths.keys,
          json: { name, scopes, environment, expires_at: expiresAt },
        });
        const issued = parseAnswer("POST", paths.keys, issuedSchema, body);
        return { ...toKey(issued), secret: issued.key };
      },
      async getKey({ id }) {
        const at = paths.keys + path`/${id}`;
        const { absent, body } = await http.request({ method: "GET", path: at, absent: [404] });
        return absent ? undefined : toKey(parseAnswer("GET", at, keySchema, body));
      },
      listKeys,
      async whoAmI() {
        const secret = await token();
        // No call tells it, but the list shows the beginning and the end of each key.
        const ours = (await listKeys()).filter(
          ({ status, hint = "" }) => status === "active" && isMaskOf(hint, secret),
        );
        const [key, another] = ours;
        return key && !another ? { keyId: key.id } : undefined;
      },
      async updateKey({ id }, { name }) {
        const at = paths.keys + path`/${id}`;
        const { body } = await http.request({ method: "PATCH", path: at, json: { name }, idempotent: true });
        return toKey(parseAnswer("PATCH", at, keySchema, body));
      },
      async probe({ secret }) {
        const own = { headers: { authorization: `Bearer ${secret}` }, authenticated: false, secrets: [secret] };
        // A 403 also shows that the service knows the key: most keys may not manage keys.
        const { status } = await http.request({ method: "GET", path: paths.keys, ...own, absent: [401, 403] });
        return { works: status !== 401 };
      },
      async revokeKey({ id }) {
        const { absent } = await http.request({ method: "DELETE", path: paths.keys + path`/${id}`, absent: [404] });
        return absent ? "absent" : "revoked";
      },
    };
  },
});

function isMaskOf(mask: string, secret: string): boolean {
  const [beginning = "", end = ""] = mask.split("…");
  return beginning.length + end.length > 12 && secret.startsWith(beginning) && secret.endsWith(end);
}

function toKey(wire: z.infer<typeof keySchema>): ApiKey {
  return defined({
    id: wire.id,
    name: wire.name,
    status: wire.status,
    scopes: wire.scopes,
    environment: wire.environment ?? undefined,
    hint: wire.masked ?? undefined,
    createdAt: normaliseTime(wire.created_at),
    expiresAt: normaliseTime(wire.expires_at),
    lastUsedAt: normaliseTime(wire.last_used_at),
  });
}
