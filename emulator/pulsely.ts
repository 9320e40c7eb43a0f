/**
 * Pulsely, modelled on https://pulsely.pro/docs-auth.html and https://pulsely.pro/docs-api.html.
 * The vendor documents no call that manages keys: the `/api-keys` and `/audit-log` routes are proposals.
 *
 * Documented, and kept here:
 * - The scopes are a closed catalogue and immutable; `admin:*` covers all of them, key management
 *   included; `write:x` does not give `read:x`.
 * - Keys are `ply_live_…` or `ply_test_…`, shown once, then masked as `ply_live_4f8a2c…9e1d`.
 * - A key can be active, expired or revoked; a revoked one stays in the list. Every request is audited.
 * - 60 requests a minute per key. The number stands beside `read:metrics`; here every data plane call
 *   of the key counts, and key management does not.
 *
 * Proposals of this emulator, where the vendor says nothing:
 * - A second DELETE answers 204 again, since the record is still there.
 * - PATCH of anything but `name` is 422, and of a key that is not active 409 `key_not_active`.
 * - `environment` is `live` unless given. `expires_at` must lie ahead.
 * - Validation is 422 `invalid_request`. A key without `admin:*` gets 403 `insufficient_scope`.
 */
import { Refusal, type Answer } from "./answer";
import type { Credentials } from "./credentials";
import { answering, findRoute, type Dialect } from "./dialect";
import { rfc3339 } from "./instants";
import { Fields, InvalidField } from "./fields";
import { visibleUseMs } from "./last-use";
import { cursorPage } from "./paging";
import type { RateLimiter } from "./rate-limit";
import { keyState, newKey, type KeyRecord } from "./records";
import { Router } from "./router";
import { PULSELY_DATA } from "./sample-data";
import { hashSecret, randomHex } from "./secrets";
import { covers, type Call, type Service, type World } from "./service";

export const PULSELY_SCOPES = [
  "read:checks",
  "write:checks",
  "read:alerts",
  "write:alerts",
  "read:metrics",
  "admin:*",
] as const;

const BASE_PATH = "/pulsely/v1";
const WORKSPACE = "default";
const STATES = ["active", "expired", "revoked"] as const;
const NO_LAG_MS = 0;
const PROBLEM_CODES: Readonly<Record<number, string>> = { 404: "not_found", 405: "method_not_allowed" };

interface Caller {
  readonly keyId: string;
  readonly scopes: readonly string[];
}

type Handler = (call: Call, caller: Caller, id: string) => Answer;

export function pulsely({ store, nowMs }: World, tokens: Credentials["pulsely"], limiter: RateLimiter): Service {
  const seeded = new Map<string, Caller>([
    [tokens.adminToken, { keyId: "key_admin", scopes: ["admin:*"] }],
    [tokens.nonManagerToken, { keyId: "key_non_manager", scopes: ["read:checks"] }],
  ]);

  function authenticate(call: Call): Caller {
    const known = seeded.get(call.bearer ?? "");
    if (known) return known;
    const key = store.keyByHash(hashSecret(call.bearer ?? ""));
    if (key?.service !== "pulsely") throw problem(401, "invalid_key", "The API key is not valid.");
    call.keyId = key.id;
    const state = keyState(key, nowMs());
    if (state !== "active") {
      audit(call, key.id, 401);
      throw problem(401, "invalid_key", `The API key is ${state}.`);
    }
    store.noteUse(key, nowMs(), NO_LAG_MS);
    return { keyId: key.id, scopes: key.scopes };
  }

  function audit({ ip, method, path }: Call, keyId: string, status: number): void {
    store.noteAudit({ service: "pulsely", atMs: nowMs(), ip, method, endpoint: `/v1${path}`, keyId, status });
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

  function findKey(call: Call, id: string): KeyRecord {
    call.keyId = id;
    const key = store.key("pulsely", id);
    if (!key) throw problem(404, "not_found", `There is no API key ${id}.`);
    return key;
  }

  function requireFreeName(name: string): void {
    const taken = store.unrevokedPulselyKeysNamed(name).some((key) => keyState(key, nowMs()) === "active");
    if (taken) throw problem(409, "name_taken", `A live key is already named ${name}.`);
  }

  function listKeys({ query }: Call): Answer {
    const status = query.has("status") ? Fields.ofQuery(query).oneOf("status", STATES) : undefined;
    const at = nowMs();
    const page = cursorPage(store.listedKeys("pulsely", WORKSPACE), query, {
      defaultLimit: 20,
      keep: (key) => status === undefined || keyState(key, at) === status,
    });
    const data = page.items.map((key) => show(key, at));
    return { status: 200, body: { data, has_more: page.nextCursor !== null, next_cursor: page.nextCursor } };
  }

  function getKey(call: Call, _caller: Caller, id: string): Answer {
    return { status: 200, body: show(findKey(call, id), nowMs()) };
  }

  function createKey(call: Call): Answer {
    const { fields } = call;
    const name = fields.text("name");
    const scopes = fields.selection("scopes", PULSELY_SCOPES);
    const environment = fields.has("environment") ? fields.oneOf("environment", ["live", "test"]) : "live";
    const expiresAtMs = fields.instantMs("expires_at");
    if (expiresAtMs !== null && expiresAtMs <= nowMs()) throw new InvalidField("expires_at", "must lie ahead");
    requireFreeName(name);
    const secret = `ply_${environment}_${randomHex(40)}`;
    const key = newKey(secret, {
      service: "pulsely",
      id: `key_${randomHex(16)}`,
      sequence: store.nextSequence(),
      parent: WORKSPACE,
      name,
      scopes,
      environment,
      mask: `${secret.slice(0, 15)}…${secret.slice(-4)}`,
      createdAtMs: nowMs(),
      expiresAtMs,
    });
    store.commit({ kind: "key", key });
    call.keyId = key.id;
    return { status: 201, body: { ...show(key, nowMs()), key: secret } };
  }

  function patchKey(call: Call, _caller: Caller, id: string): Answer {
    const key = findKey(call, id);
    const { fields } = call;
    if (fields.has("scopes")) throw problem(422, "scopes_immutable", "The scopes of a key cannot be changed.");
    fields.allowOnly("name");
    const name = fields.text("name");
    if (keyState(key, nowMs()) !== "active") throw problem(409, "key_not_active", "Only a live key can be renamed.");
    if (name !== key.name) requireFreeName(name);
    const renamed = { ...key, name };
    store.commit({ kind: "key", key: renamed });
    return { status: 200, body: show(renamed, nowMs()) };
  }

  function deleteKey(call: Call, _caller: Caller, id: string): Answer {
    const key = findKey(call, id);
    if (key.revokedAtMs === null) store.commit({ kind: "key", key: { ...key, revokedAtMs: nowMs() } });
    return { status: 204 };
  }

  function listAudit({ query }: Call): Answer {
    const keyId = query.get("key_id");
    const sinceMs = Fields.ofQuery(query).instantMs("since") ?? -Infinity;
    const entries = store.pulselyAudit
      .entries()
      .filter((entry) => (keyId === null || entry.keyId === keyId) && entry.atMs >= sinceMs);
    const data = entries.map(({ atMs, ip, method, endpoint, keyId: key_id, status }) => {
      return { timestamp: rfc3339(atMs), ip, method, endpoint, key_id, status };
    });
    return { status: 200, body: { data } };
  }

  const router = new Router<Handler>()
    .on("GET", "/api-keys", managing(listKeys))
    .on("POST", "/api-keys", managing(createKey))
    .on("GET", "/api-keys/:id", managing(getKey))
    .on("PATCH", "/api-keys/:id", managing(patchKey))
    .on("DELETE", "/api-keys/:id", managing(deleteKey))
    .on("GET", "/audit-log", managing(listAudit))
    .on("GET", "/checks", dataPlane("checks"))
    .on("GET", "/alerts", dataPlane("alerts"))
    .on("GET", "/metrics", dataPlane("metrics"));

  const dialect: Dialect = {
    problem: (status, message) => errorAnswer(status, PROBLEM_CODES[status] ?? "request_failed", message),
    invalid: (error) => errorAnswer(422, "invalid_request", `${error.message}.`),
  };

  function route(call: Call): Answer {
    const { handler, params } = findRoute(router, dialect, call);
    const caller = authenticate(call);
    const answer = answering(dialect, () => handler(call, caller, params[0] ?? ""));
    audit(call, caller.keyId, answer.status);
    return answer;
  }

  return {
    name: "pulsely",
    basePath: BASE_PATH,
    problem: dialect.problem,
    handle: (call) => answering(dialect, () => route(call)),
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

/** Everything that may be shown again: never the secret. */
function show(key: KeyRecord, atMs: number): Readonly<Record<string, unknown>> {
  return {
    id: key.id,
    name: key.name,
    masked: key.mask,
    scopes: key.scopes,
    environment: key.environment,
    status: keyState(key, atMs),
    created_at: rfc3339(key.createdAtMs),
    expires_at: rfc3339(key.expiresAtMs),
    last_used_at: rfc3339(visibleUseMs(key.use, atMs, NO_LAG_MS)),
  };
}

function problem(status: number, code: string, message: string): Refusal {
  return new Refusal(errorAnswer(status, code, message));
}

function errorAnswer(
  status: number,
  code: string,
  message: string,
  more: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body: { error: { code, message, ...more } } };
}
