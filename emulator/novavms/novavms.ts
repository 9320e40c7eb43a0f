/**
 * NovaVMS, modelled on https://novavms-manual.novalien.com/developer/api-keys/ and, of the same manual,
 * /admin/rotate-api-keys/, /developer/rate-limits/ and /developer/troubleshooting/error-codes/. By design, v1 issues no
 * keys: the only documented key route lists those of an account. The others are proposals.
 *
 * Documented, and kept here:
 * - Keys are `sk_live_…` in a production organisation and `sk_test_…` in a sandbox, and ids are UUIDs. The mask of a
 *   key is its first 8 characters: the bare prefix, which identifies nothing.
 * - Two error envelopes: `{error, message, request_id}` for validation, which is 400, and
 *   `{error: {code, message}}` for the rest.
 * - An object of another organisation is a 404, and so is a production object for a test key.
 * - Only admins and owners issue and revoke keys: an operator and any service account's key get a 403. A key may list
 *   the keys of its own account.
 * - A gateway's key cannot be revoked: 409.
 * - `last_used_at` appears within a minute of the first request.
 * - Every issue and revoke is a `user.updated` audit entry with prefix and scopes, kept for 90 days.
 * - Token bucket per credential, 1000/min with a burst of 100, and its headers on every response.
 *
 * Proposals of this emulator, where the vendor says nothing:
 * - A scope is any `noun:verb`; `noun:*` covers the noun. A key with more than its account's `scopes` is a 400. An
 *   account without scopes sets no ceiling.
 * - A second revoke is a 200 with the first `revoked_at`; PATCH of a revoked key is a 409. A new key needs a future
 *   `expires_at`; an existing key accepts any time.
 * - DELETE of an account with a live gateway key is a 409.
 * - A disabled account issues no keys (409), and its existing keys get a 401.
 * - Keys need not have unique names. A role is viewer, operator or admin.
 */
import type { EmulatedService, ServiceControl, StartParts } from "../emulated-service";
import { Refusal, type Answer } from "../http/answer";
import { answering, findRoute } from "../http/dialect";
import { rfc3339 } from "../http/instants";
import { novavmsAccounts } from "./novavms-accounts";
import { errorAnswer, forbidden, notFound, novavmsDialect } from "./novavms-errors";
import { LAST_USED_LAG_MS, novavmsKeys } from "./novavms-keys";
import { NOVAVMS_ORGANISATIONS, novavmsUsers, type NovavmsTokens, type NovavmsUser } from "./novavms-organisations";
import { NovavmsRecords, withGatewayOwned } from "./novavms-records";
import { rateLimitHeaders, type Verdict } from "../http/rate-limit";
import { keyState, type KeyRecord } from "../store/records";
import { Router } from "../http/router";
import { hashSecret, randomAlphanumeric } from "../store/secrets";
import { covers, type Call, type Service } from "../http/service";

type Caller =
  | { readonly user: NovavmsUser; readonly key?: undefined; readonly organisation: string }
  | { readonly user?: undefined; readonly key: KeyRecord; readonly organisation: string };
type Handler = (call: Call, caller: Caller, id: string, keyId: string) => Answer;
type UserHandler = (call: Call, user: NovavmsUser, id: string, keyId: string) => Answer;

const NAME = "novavms";
const BASE_PATH = "/novavms/api/v1";
const OWNERS = ["service_account", "gateway"] as const;

export const novavms: EmulatedService<NovavmsTokens> = {
  name: NAME,
  basePath: BASE_PATH,
  limit: { perMinute: 1000, burst: 100 },
  listsRevokedKeys: true,
  keysExpire: true,
  newTokens() {
    const user = () => `nvu_${randomAlphanumeric(40)}`;
    return {
      adminToken: user(),
      ownerToken: user(),
      operatorToken: user(),
      otherOrganisationToken: user(),
      sandboxToken: user(),
    };
  },
  prepare() {
    const records = new NovavmsRecords();
    return { records, start: (parts) => start(parts, records), control: () => control(records) };
  },
};

/** For tests: the accounts, and `owner` of a key, which only a gateway of the vendor sets. */
function control(records: NovavmsRecords): ServiceControl {
  return {
    accounts: () =>
      [...records.allAccounts()].map(({ id, organisation, name, role, scopes, enabled, createdAtMs }) => {
        return { id, organisation, name, role, scopes, enabled, createdAt: rfc3339(createdAtMs) };
      }),
    keyFields: { owner: (key, fields) => withGatewayOwned(key, fields.oneOf("owner", OWNERS) === "gateway") },
  };
}

function start({ world, tokens, limiter }: StartParts<NovavmsTokens>, records: NovavmsRecords): Service {
  const { store, nowMs } = world;
  const users = novavmsUsers(tokens);
  const accounts = novavmsAccounts(world, records);
  const keys = novavmsKeys(world, { records, findAccount: accounts.find });
  let requests = 0;
  const requestId = () => `req_${requests.toString(36).padStart(8, "0")}`;
  const dialect = novavmsDialect(requestId);

  function authenticate(call: Call): Caller | undefined {
    const { bearer } = call;
    if (bearer === undefined) return undefined;
    const user = users.get(bearer);
    if (user) return { user, organisation: user.organisation };
    const key = store.keyByHash(hashSecret(bearer));
    if (key?.service !== "novavms") return undefined;
    call.keyId = key.id;
    const account = records.account(key.parent);
    if (!account?.enabled || keyState(key, nowMs()) !== "active") return undefined;
    return { key, organisation: account.organisation };
  }

  function dataPlane(kind: "cameras" | "events"): Handler {
    const scope = `${kind}:read`;
    return (_call, { key, organisation }, id) => {
      if (key && !covers(key.scopes, scope)) throw forbidden(`The key lacks the scope ${scope}.`);
      const items = NOVAVMS_ORGANISATIONS[organisation]?.data[kind] ?? [];
      if (id === "") return { status: 200, body: { data: items, next_cursor: null, total: items.length } };
      const item = items.find((candidate) => candidate.id === id);
      if (!item) throw notFound();
      return { status: 200, body: item };
    };
  }

  const router = new Router<Handler>()
    .on("GET", "/service-accounts", asUser(accounts.list))
    .on("POST", "/service-accounts", asManager(accounts.create))
    .on("GET", "/service-accounts/:id", asUser(accounts.get))
    .on("PATCH", "/service-accounts/:id", asManager(accounts.patch))
    .on("DELETE", "/service-accounts/:id", asManager(accounts.remove))
    .on("GET", "/service-accounts/:id/keys", (_call, caller, id) => keys.list(caller, id, caller.key))
    .on("POST", "/service-accounts/:id/keys", asManager(keys.create))
    .on("PATCH", "/service-accounts/:id/keys/:keyId", asManager(keys.patch))
    .on("POST", "/service-accounts/:id/keys/:keyId/revoke", asManager(keys.revoke))
    .on("GET", "/audit-logs", asUser(keys.audit))
    .on("GET", "/cameras", dataPlane("cameras"))
    .on("GET", "/cameras/:id", dataPlane("cameras"))
    .on("GET", "/events", dataPlane("events"));

  function route(call: Call, caller: Caller | undefined, verdict: Verdict): Answer {
    const { handler, params } = findRoute(router, dialect, call);
    if (!verdict.allowed) {
      const message = `rate limit exceeded, retry after ${verdict.retryAfterS}s`;
      return { ...dialect.problem(429, message), headers: { "Retry-After": String(verdict.retryAfterS) } };
    }
    if (!caller) {
      const code = call.bearer === undefined ? "auth_required" : "invalid_token";
      throw new Refusal(errorAnswer(401, code, "Send a valid credential as a bearer token."));
    }
    if (caller.key) store.noteUse(caller.key, nowMs(), LAST_USED_LAG_MS);
    return handler(call, caller, params[0] ?? "", params[1] ?? "");
  }

  function handle(call: Call): Answer {
    requests += 1;
    const caller = authenticate(call);
    const verdict = caller ? limiter.take((caller.user ?? caller.key).id) : limiter.uncounted();
    const answer = answering(dialect, () => route(call, caller, verdict));
    return {
      ...answer,
      headers: { ...answer.headers, ...rateLimitHeaders(verdict, nowMs()), "X-Request-Id": requestId() },
    };
  }

  return { name: NAME, basePath: BASE_PATH, problem: dialect.problem, handle };
}

function asUser(handler: UserHandler): Handler {
  return (call, { user }, id, keyId) => {
    if (!user) throw forbidden("A service account's key may not do this.");
    return handler(call, user, id, keyId);
  };
}

function asManager(handler: UserHandler): Handler {
  return asUser((call, user, id, keyId) => {
    if (user.role === "operator") throw forbidden("Only a user with role admin or owner may do this.");
    return handler(call, user, id, keyId);
  });
}
