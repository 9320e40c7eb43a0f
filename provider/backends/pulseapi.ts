/**
 * PulseAPI (api.pulseapi.io/v1; one of its articles says /api/v1, so the connection's url includes it): keys belong to
 * the user and team of the admin credential; there are no service accounts.
 * https://support.pulseapi.io/portal/en/kb/articles/managing-api-keys
 *
 * The vendor documents what its settings page does, and no call that makes or deletes a key. The calls below are OUR
 * PROPOSAL in the manner of Laravel Sanctum, so `dialect` has every path.
 *
 * Oddities:
 * - ids are integers, scopes are called abilities, tokens look like `57|…`
 * - native rotation keeps the record and ends the old token at once, so it is never used on a schedule
 * - a plan downgrade disables access and keeps the keys: 402 or 403 is "disabled", never "gone"
 * - names need not be unique; "last used" is a date
 * - the record of a deleted key is gone: 404
 */
import { z } from "zod";
import { defined } from "../values/defined";
import { PermissionDeniedError } from "../errors";
import { path } from "../http/request";
import { normaliseTime } from "../values/times";
import { pulseapi as vendor } from "../vendors/pulseapi";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext, KeyRef } from "./definition";
import { dialectOption, type Dialect } from "./dialect";
import { everyPage } from "./every-page";
import { parseAnswer } from "./parse-answer";

const dialect = { keys: "/api-keys", rotate: "/rotate" } as const;

const keySchema = z.object({
  id: z.union([z.number().int(), z.string().min(1)]),
  name: z.string(),
  last_eight: z.string().nullish(),
  abilities: z.array(z.string()),
  last_used_at: z.string().nullish(),
  created_at: z.string().nullish(),
});
const oneSchema = z.object({ data: keySchema });
const issuedSchema = oneSchema.extend({ token: z.string().min(1) });
const pageSchema = z.object({
  data: z.array(keySchema),
  meta: z.object({ current_page: z.number(), last_page: z.number() }),
});

export const pulseapi = defineBackend<Dialect<typeof dialect>>({
  ...vendor,
  options: dialectOption("pulseapi", dialect),
  connect: ({ http, options: paths, token }: BackendContext<Dialect<typeof dialect>>) => {
    const keyAt = ({ id }: KeyRef) => paths.keys + path`/${id}`;
    return {
      async createKey({ name, scopes }) {
        const { body } = await http.request({ method: "POST", path: paths.keys, json: { name, abilities: scopes } });
        const issued = parseAnswer("POST", paths.keys, issuedSchema, body);
        return { ...toKey(issued.data), secret: issued.token };
      },
      async getKey(ref) {
        try {
          const { absent, body } = await http.request({ method: "GET", path: keyAt(ref), absent: [404] });
          return absent ? undefined : toKey(parseAnswer("GET", keyAt(ref), oneSchema, body).data);
        } catch (error) {
          if (error instanceof PermissionDeniedError) return { id: ref.id, name: ref.name, status: "disabled" };
          throw error;
        }
      },
      listKeys: () =>
        everyPage(paths.keys, async (page = "1") => {
          const { body } = await http.request({ method: "GET", path: paths.keys, query: { page, per_page: 100 } });
          const { data, meta } = parseAnswer("GET", paths.keys, pageSchema, body);
          const next = meta.current_page < meta.last_page ? String(meta.current_page + 1) : undefined;
          return { items: data.map(toKey), next };
        }),
      async updateKey(ref, { name }) {
        const { body } = await http.request({ method: "PATCH", path: keyAt(ref), json: { name }, idempotent: true });
        return toKey(parseAnswer("PATCH", keyAt(ref), oneSchema, body).data);
      },
      async probe({ secret }) {
        const own = { headers: { authorization: `Bearer ${secret}` }, authenticated: false, secrets: [secret] };
        // A 402 (a plan that was downgraded) and a 403 also show that the service knows the key.
        const { status } = await http.request({ method: "GET", path: paths.keys, ...own, absent: [401, 402, 403] });
        return { works: status !== 401 };
      },
      async whoAmI() {
        // The id is the beginning of every token.
        const [, keyId] = /^(\d+)\|/.exec(await token()) ?? [];
        return keyId === undefined ? undefined : { keyId };
      },
      async revokeKey(ref) {
        const { absent } = await http.request({ method: "DELETE", path: keyAt(ref), absent: [404] });
        return absent ? "absent" : "revoked";
      },
      async rotateKey(ref) {
        const at = keyAt(ref) + paths.rotate;
        const { body } = await http.request({ method: "POST", path: at });
        const issued = parseAnswer("POST", at, issuedSchema, body);
        return { ...toKey(issued.data), secret: issued.token };
      },
    };
  },
});

function toKey(wire: z.infer<typeof keySchema>): ApiKey {
  return defined({
    id: String(wire.id),
    name: wire.name,
    status: "active",
    scopes: wire.abilities,
    hint: wire.last_eight ?? undefined,
    secretVersion: wire.last_eight ?? undefined,
    createdAt: normaliseTime(wire.created_at),
    lastUsedAt: normaliseTime(wire.last_used_at),
  } as const);
}
