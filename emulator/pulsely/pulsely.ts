/**
 * Pulsely, modelled on https://pulsely.pro/docs-auth.html and https://pulsely.pro/docs-api.html.
 * The vendor documents no call that manages keys: the `/api-keys` and `/audit-log` routes are proposals.
 *
 * Documented, and kept here:
 * - The scopes are a closed catalogue and immutable; `admin:*` covers all of them, key management
 *   included; `write:x` does not give `read:x`.
 * - Keys are `ply_live_…` or `ply_test_…`, shown once, then masked as `ply_live_4f8a2c…9e1d`.
 * - A key can be active, expired or revoked; a revoked one stays in the list. Every request is audited.
 * - 60 requests a minute per key. The vendor states the number for `read:metrics`; here every data plane call of the
 *   key counts, and key management does not.
 *
 * Proposals of this emulator, where the vendor says nothing:
 * - A second DELETE is a 204 again, because the record is still there.
 * - PATCH of anything but `name` is a 422, and PATCH of a key that is not active is a 409 `key_not_active`.
 * - `environment` is `live` by default. `expires_at` must be in the future.
 * - Validation errors are a 422 `invalid_request`. A key without `admin:*` gets a 403 `insufficient_scope`.
 */
import type { EmulatedService, StartParts, Tokens } from "../emulated-service";
import { Refusal, type Answer } from "../http/answer";
import { answering, findRoute } from "../http/dialect";
import { Fields } from "../http/fields";
import { rfc3339 } from "../http/instants";
import { PULSELY_DATA } from "./pulsely-data";
import { errorAnswer, pulselyDialect, refusal } from "./pulsely-errors";
import { LAST_USED_LAG_MS, pulselyKeys } from "./pulsely-keys";
import { PulselyRecords, pulselyAuditChange } from "./pulsely-records";
import { keyState } from "../store/records";
import { Router } from "../http/router";
import { hashSecret, randomHex } from "../store/secrets";
import { covers, type Call, type Service } from "../http/service";

const NAME = "pulsely";
const BASE_PATH = "/pulsely/v1";

interface Caller {
  readonly keyId: string;
  readonly scopes: readonly string[];
}

type Handler = (call: Call, caller: Caller, id: string) => Answer;

/** The credentials that exist before any key is issued. */
export interface PulselyTokens extends Tokens {
  /** An `admin:*` key: the one that manages keys. */
  readonly adminToken: string;
  /** A `read:checks` key of a user who is not an API manager: 403 on every key route. */
  readonly nonManagerToken: string;
}

export const pulsely: EmulatedService<PulselyTokens> = {
  name: NAME,
  basePath: BASE_PATH,
  limit: { perMinute: 60 },
  listsRevokedKeys: true,
  keysExpire: true,
  newTokens() {
    const key = () => `ply_live_${randomHex(40)}`;
    return { adminToken: key(), nonManagerToken: key() };
  },
  prepare() {
    const records = new PulselyRecords();
    return { records, start: (parts) => start(parts, records) };
  },
};

function start({ world, tokens, limiter }: StartParts<PulselyTokens>, records: PulselyRecords): Service {
  const { store, nowMs } = world;
  const keys = pulselyKeys(world, records);
  const seeded = new Map<string, Caller>([
    [tokens.adminToken, { keyId: "key_admin", scopes: ["admin:*"] }],
    [tokens.nonManagerToken, { keyId: "key_non_manager", scopes: ["read:checks"] }],
  ]);

  function authenticate(call: Call): Caller {
    const bearer = call.bearer ?? "";
    const known = seeded.get(bearer);
    if (known) return known;
    const key = store.keyByHash(hashSecret(bearer));
    if (key?.service !== "pulsely") throw refusal(401, "invalid_key", "The API key is not valid.");
    call.keyId = key.id;
    const state = keyState(key, nowMs());
    if (state !== "active") {
      audit(call, key.id, 401);
      throw refusal(401, "invalid_key", `The API key is ${state}.`);
    }
    store.noteUse(key, nowMs(), LAST_USED_LAG_MS);
    return { keyId: key.id, scopes: key.scopes };
  }

  function audit({ ip, method, path }: Call, keyId: string, status: number): void {
    store.note(pulselyAuditChange({ atMs: nowMs(), ip, method, endpoint: `/v1${path}`, keyId, status }));
  }

  const dataPlane =
    (kind: keyof typeof PULSELY_DATA): Handler =>
    (_call, caller) => {
      const verdict = limiter.take(caller.keyId);
      if (!verdict.allowed) {
        const headers = { "Retry-After": String(verdict.retryAfterS) };
        return { ...errorAnswer(429, "rate_limited", `${verdict.limit} requests a minute per key.`), headers };
      }
      requireScope(caller, `read:${kind}`);
      return { status: 200, body: { data: PULSELY_DATA[kind], has_more: false, next_cursor: null } };
    };

  function listAudit({ query }: Call): Answer {
    const keyId = query.get("key_id");
    const sinceMs = Fields.ofQuery(query).instantMs("since") ?? -Infinity;
    const entries = records.audit
      .entries()
      .filter((entry) => (keyId === null || entry.keyId === keyId) && entry.atMs >= sinceMs);
    const data = entries.map(({ atMs, ip, method, endpoint, keyId: key_id, status }) => {
      return { timestamp: rfc3339(atMs), ip, method, endpoint, key_id, status };
    });
    return { status: 200, body: { data } };
  }

  const router = new Router<Handler>()
    .on("GET", "/api-keys", managing(keys.list))
    .on("POST", "/api-keys", managing(keys.create))
    .on("GET", "/api-keys/:id", managing(keys.get))
    .on("PATCH", "/api-keys/:id", managing(keys.patch))
    .on("DELETE", "/api-keys/:id", managing(keys.remove))
    .on("GET", "/audit-log", managing(listAudit))
    .on("GET", "/checks", dataPlane("checks"))
    .on("GET", "/alerts", dataPlane("alerts"))
    .on("GET", "/metrics", dataPlane("metrics"));

  function route(call: Call): Answer {
    const { handler, params } = findRoute(router, pulselyDialect, call);
    const caller = authenticate(call);
    const answer = answering(pulselyDialect, () => handler(call, caller, params[0] ?? ""));
    audit(call, caller.keyId, answer.status);
    return answer;
  }

  return {
    name: NAME,
    basePath: BASE_PATH,
    problem: pulselyDialect.problem,
    handle: (call) => answering(pulselyDialect, () => route(call)),
  };
}

function managing(handler: Handler): Handler {
  return (call, caller, id) => {
    requireScope(caller, "admin:*");
    return handler(call, caller, id);
  };
}

function requireScope(caller: Caller, required: string): void {
  if (covers(caller.scopes, required, "admin:*")) return;
  throw new Refusal(errorAnswer(403, "insufficient_scope", `The API key lacks the scope ${required}.`, { required }));
}
