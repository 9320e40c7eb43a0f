/**
 * SendGrid's API keys, from its API document (tsg_api_keys_v3, 2026-01-22) and its page of permissions: one user with
 * its keys, at most a hundred; no dates, no ends; a key without scopes gets all of them.
 */
import { randomBytes } from "node:crypto";
import { type Answer, type Asked, fieldsOf, serve, type VendorDouble } from "./double";

interface Key {
  readonly id: string;
  name: string;
  scopes: readonly string[];
  readonly secret: string;
}

export interface SendgridDouble extends VendorDouble {
  /** May manage keys. */
  readonly adminToken: string;
  /** Is accepted, and may send mail alone. */
  readonly weakToken: string;
  /** The scopes of the key with that secret, as a data plane sees them; undefined where it does not work. */
  scopesOf(secret: string): readonly string[] | undefined;
  /** The ids of all living keys. */
  livingKeys(): readonly string[];
  /** Somebody's work in SendGrid's own pages: keys that are nobody's of ours. */
  fill(count: number): void;
}

const managing = ["api_keys.create", "api_keys.read", "api_keys.update", "api_keys.delete"];
const fullAccess = [...managing, "mail.send", "stats.read", "alerts.create", "alerts.read"];
const duties = ["sender_verification_eligible", "2fa_required"];
const mostKeys = 100;

export async function startSendgrid(): Promise<SendgridDouble> {
  const keys = new Map<string, Key>();
  const draw = (bytes: number) => randomBytes(bytes).toString("base64url");
  const add = (name: string, scopes: readonly string[]): Key => {
    const id = draw(17).slice(0, 22);
    const key = { id, name, scopes, secret: `SG.${id}.${draw(33).slice(0, 43)}` };
    keys.set(id, key);
    return key;
  };
  // The admin's own keys count, too, and are listed.
  const admin = add("admin", [...fullAccess]);
  const weak = add("mailer", ["mail.send"]);
  const ownerOf = ({ headers }: Asked) =>
    [...keys.values()].find(({ secret }) => headers.authorization === `Bearer ${secret}`);
  const allowed = (scope: string, run: (asked: Asked) => Answer) => (asked: Asked) =>
    ownerOf(asked)?.scopes.includes(scope) ? run(asked) : refusal(403, "access forbidden");
  const existing = (run: (key: Key, asked: Asked) => Answer) => (asked: Asked) => {
    const key = keys.get(asked.parts[0] ?? "");
    return key ? run(key, asked) : refusal(404, "unable to find API Key");
  };
  const told = ({ id, name, scopes }: Key) => ({ api_key_id: id, name, scopes: [...scopes, ...duties] });

  const server = await serve({
    basePath: "",
    notFound: refusal(404, "not found"),
    refuse: (asked) =>
      ownerOf(asked) ? undefined : refusal(401, "The provided authorization grant is invalid, expired, or revoked"),
    routes: {
      "POST /v3/api_keys": allowed("api_keys.create", ({ body }) => {
        const { name, scopes } = fieldsOf(body);
        if (typeof name !== "string" || name === "") return refusal(400, "missing required argument", "name");
        if (keys.size >= mostKeys) return refusal(403, "Cannot create more than 100 API Keys");
        const asked = Array.isArray(scopes) && scopes.length > 0 ? scopes.map(String) : fullAccess;
        const billing = asked.filter((scope) => scope.startsWith("billing."));
        if (billing.length > 0 && billing.length < asked.length)
          return refusal(400, "billing permissions are mutually exclusive from all others", "scopes");
        const key = add(name, asked);
        return { status: 201, body: { ...told(key), api_key: key.secret } };
      }),
      "GET /v3/api_keys": allowed("api_keys.read", ({ query }) => {
        const limit = query.get("limit");
        const all = [...keys.values()].map(({ id, name }) => ({ api_key_id: id, name }));
        return { status: 200, body: { result: limit === null ? all : all.slice(0, Number(limit)) } };
      }),
      "GET /v3/api_keys/{api_key_id}": allowed(
        "api_keys.read",
        existing((key) => ({ status: 200, body: { result: [told(key)] } })),
      ),
      "PATCH /v3/api_keys/{api_key_id}": allowed(
        "api_keys.update",
        existing((key, { body }) => {
          const { name } = fieldsOf(body);
          if (typeof name !== "string" || name === "") return refusal(400, "missing required argument", "name");
          key.name = name;
          return { status: 200, body: { api_key_id: key.id, name } };
        }),
      ),
      "DELETE /v3/api_keys/{api_key_id}": allowed(
        "api_keys.delete",
        existing((key) => {
          keys.delete(key.id);
          return { status: 204 };
        }),
      ),
    },
  });
  return {
    ...server,
    adminToken: admin.secret,
    weakToken: weak.secret,
    scopesOf: (secret) => [...keys.values()].find((key) => key.secret === secret)?.scopes,
    livingKeys: () => [...keys.keys()],
    fill(count) {
      for (let made = 0; made < count; made += 1) add(`other-${made}`, ["mail.send"]);
    },
  };
}

function refusal(status: number, message: string, field?: string): Answer {
  return { status, body: { errors: [{ message, ...(field !== undefined && { field }) }] } };
}
