/**
 * PulseAPI, modelled on https://support.pulseapi.io/portal/en/kb/articles/managing-api-keys, and of the
 * same knowledge base: creating-, rotating- and deleting-an-api-key, faq-api, canceling-your-subscription.
 * The vendor documents what its settings page does and no call that manages keys: the `/api-keys` routes
 * are proposals, in the dialect of Laravel Sanctum, which the product resembles.
 *
 * Documented, and kept here:
 * - A key belongs to a user and to the team it was made in; there are no service accounts.
 * - The token is shown once, and its last 8 characters afterwards. "Last used" is a date.
 * - Rotating gives the same record a new token; the old one is dead at once. Deleting removes the record.
 * - Abilities cannot be changed: delete the key and create another.
 * - The Free plan has no API access. A downgrade disables access and keeps the keys.
 * - `X-RateLimit-*` on responses. Keys die with their user.
 *
 * Inferred from Sanctum: ids are integers, tokens `{id}|{40 characters}`, lists `{data, links, meta}`,
 * 401 `{message: "Unauthenticated."}`, 422 `{message, errors}`, `*` is every ability, times have six decimals.
 *
 * Proposals of this emulator, where the vendor says nothing:
 * - The list of abilities. "Disabled" is 402, on every route; a missing ability is 403.
 * - 1000 requests a minute per token. A key with `*` may manage its user's keys; any other key may not.
 */
import { Refusal, type Answer } from "./answer";
import type { Credentials } from "./credentials";
import { answering, findRoute, type Dialect } from "./dialect";
import { InvalidField } from "./fields";
import { laravelPage } from "./laravel-page";
import { visibleUseMs } from "./last-use";
import { wholeNumber } from "./paging";
import { rateLimitHeaders, type RateLimiter, type Verdict } from "./rate-limit";
import { keyState, newKey, type KeyRecord, type UserRecord } from "./records";
import { Router } from "./router";
import { PULSEAPI_MONITORS } from "./sample-data";
import { hashSecret, randomAlphanumeric } from "./secrets";
import { covers, type Call, type Service, type World } from "./service";
import type { Store } from "./store";

export const PULSEAPI_ABILITIES = [
  "monitors:read",
  "monitors:write",
  "checks:run",
  "incidents:read",
  "alerts:read",
  "alerts:write",
  "team:read",
  "*",
] as const;

/** User 1 pays, user 2 does not. */
export const PULSEAPI_USERS: readonly UserRecord[] = [
  { id: 1, plan: "paid", deleted: false },
  { id: 2, plan: "free", deleted: false },
];

const BASE_PATH = "/pulseapi/v1";
const NO_LAG_MS = 0;

interface Caller {
  /** Counts requests: one per token. */
  readonly tokenId: string;
  readonly userId: number;
  readonly teamId: number;
  readonly abilities: readonly string[];
  readonly key?: KeyRecord;
}

type Handler = (call: Call, caller: Caller, id: string) => Answer;

export function pulseapi({ store, nowMs }: World, tokens: Credentials["pulseapi"], limiter: RateLimiter): Service {
  const seeded = new Map<string, Caller>([
    [tokens.adminToken, { tokenId: "1", userId: 1, teamId: 1, abilities: ["*"] }],
    [tokens.otherTeamToken, { tokenId: "2", userId: 1, teamId: 2, abilities: ["*"] }],
    [tokens.freePlanToken, { tokenId: "3", userId: 2, teamId: 3, abilities: ["*"] }],
  ]);

  function authenticate(call: Call): Caller | undefined {
    const { bearer } = call;
    if (bearer === undefined) return undefined;
    const known = seeded.get(bearer);
    if (known) return userOf(known).deleted ? undefined : known;
    const key = store.keyByHash(hashSecret(bearer));
    if (key?.service !== "pulseapi") return undefined;
    call.keyId = key.id;
    const [userId = 0, teamId = 0] = key.parent.split(":").map(Number);
    const caller = { tokenId: key.id, userId, teamId, abilities: key.scopes, key };
    return keyState(key, nowMs()) === "active" && !userOf(caller).deleted ? caller : undefined;
  }

  function userOf({ userId }: Caller): UserRecord {
    return pulseapiUser(store, userId) ?? { id: userId, plan: "free", deleted: true };
  }

  function getKey(call: Call, caller: Caller, id: string): Answer {
    return { status: 200, body: { data: show(findKey(call, caller, id)) } };
  }

  function findKey(call: Call, caller: Caller, id: string): KeyRecord {
    call.keyId = id;
    const key = store.key("pulseapi", id);
    if (key?.parent === parentOf(caller) && key.revokedAtMs === null) return key;
    throw new Refusal(dialect.problem(404, `No query results for model [App\\Models\\ApiKey] ${id}`));
  }

  function listKeys({ query, baseUrl, path }: Call, caller: Caller): Answer {
    const page = wholeNumber(query, "page", { fallback: 1, max: 999_999_999 });
    const perPage = wholeNumber(query, "per_page", { fallback: 15, max: 100 });
    const keys = store.listedKeys("pulseapi", parentOf(caller));
    const data = keys.slice((page - 1) * perPage, perPage).map(show);
    return { status: 200, body: laravelPage(data, { page, perPage, total: keys.size, url: baseUrl + path }) };
  }

  function createKey(call: Call, caller: Caller): Answer {
    const name = call.fields.text("name");
    const scopes = call.fields.selection("abilities", PULSEAPI_ABILITIES);
    const sequence = store.nextSequence();
    const id = String(sequence);
    const token = newToken(id);
    const parent = parentOf(caller);
    const createdAtMs = nowMs();
    const facts = { id, sequence, parent, name, scopes, createdAtMs, mask: token.slice(-8) };
    const key = newKey(token, { service: "pulseapi", environment: "live", expiresAtMs: null, ...facts });
    store.commit({ kind: "key", key });
    call.keyId = id;
    return { status: 201, body: { data: show(key), token } };
  }

  function patchKey(call: Call, caller: Caller, id: string): Answer {
    const key = findKey(call, caller, id);
    const { fields } = call;
    if (fields.has("abilities")) throw new InvalidField("abilities", "cannot be changed");
    const patched = { ...key, name: fields.text("name") };
    store.commit({ kind: "key", key: patched });
    return { status: 200, body: { data: show(patched) } };
  }

  function rotateKey(call: Call, caller: Caller, id: string): Answer {
    const key = findKey(call, caller, id);
    const token = newToken(id);
    const rotated = { ...key, hash: hashSecret(token), mask: token.slice(-8) };
    store.commit({ kind: "key", key: rotated });
    return { status: 200, body: { data: show(rotated), token } };
  }

  function deleteKey(call: Call, caller: Caller, id: string): Answer {
    const key = findKey(call, caller, id);
    store.commit({ kind: "key", key: { ...key, revokedAtMs: nowMs() } });
    return { status: 204 };
  }

  function show(key: KeyRecord): Readonly<Record<string, unknown>> {
    const usedMs = visibleUseMs(key.use, nowMs(), NO_LAG_MS);
    return {
      id: Number(key.id),
      name: key.name,
      last_eight: key.mask,
      abilities: key.scopes,
      team_id: Number(key.parent.split(":")[1]),
      last_used_at: usedMs === null ? null : new Date(usedMs).toISOString().slice(0, 10),
      created_at: new Date(key.createdAtMs).toISOString().replace("Z", "000Z"),
    };
  }

  const router = new Router<Handler>()
    .on("GET", "/api-keys", managing(listKeys))
    .on("POST", "/api-keys", managing(createKey))
    .on("GET", "/api-keys/:id", managing(getKey))
    .on("PATCH", "/api-keys/:id", managing(patchKey))
    .on("DELETE", "/api-keys/:id", managing(deleteKey))
    .on("POST", "/api-keys/:id/rotate", managing(rotateKey))
    .on("GET", "/monitors", ({ baseUrl, path }, caller) => {
      requireAbility(caller, "monitors:read");
      const facts = { page: 1, perPage: 15, total: PULSEAPI_MONITORS.length, url: baseUrl + path };
      return { status: 200, body: laravelPage(PULSEAPI_MONITORS, facts) };
    });

  function route(call: Call, caller: Caller | undefined, verdict: Verdict): Answer {
    const { handler, params } = findRoute(router, dialect, call);
    if (!caller) throw new Refusal(dialect.problem(401, "Unauthenticated."));
    if (!verdict.allowed) {
      const headers = { "Retry-After": String(verdict.retryAfterS) };
      return { ...dialect.problem(429, "Too Many Attempts."), headers };
    }
    if (caller.key) store.noteUse(caller.key, nowMs(), NO_LAG_MS);
    if (userOf(caller).plan === "free") throw new Refusal(dialect.problem(402, "API access needs a paid plan."));
    return handler(call, caller, params[0] ?? "");
  }

  return {
    name: "pulseapi",
    basePath: BASE_PATH,
    problem: dialect.problem,
    handle(call) {
      const caller = authenticate(call);
      const verdict = caller ? limiter.take(caller.tokenId) : limiter.uncounted();
      const answer = answering(dialect, () => route(call, caller, verdict));
      return { ...answer, headers: { ...answer.headers, ...rateLimitHeaders(verdict) } };
    },
  };
}

/** A user as seeded, or as a test has changed it. */
export function pulseapiUser(store: Store, userId: number): UserRecord | undefined {
  return store.user(userId) ?? PULSEAPI_USERS.find(({ id }) => id === userId);
}

const dialect: Dialect = {
  problem: (status, message) => ({ status, body: { message } }),
  invalid({ field, problem }) {
    const message = `The ${field.replace("_", " ")} field ${problem}.`;
    return { status: 422, body: { message, errors: { [field]: [message] } } };
  },
};

function managing(handler: Handler): Handler {
  return (call, caller, id) => {
    requireAbility(caller, "*");
    return handler(call, caller, id);
  };
}

function requireAbility({ abilities }: Caller, ability: string): void {
  if (!covers(abilities, ability, "*")) throw new Refusal(dialect.problem(403, "Invalid ability provided."));
}

function parentOf({ userId, teamId }: Caller): string {
  return `${userId}:${teamId}`;
}

function newToken(keyId: string): string {
  return `${keyId}|${randomAlphanumeric(40)}`;
}
