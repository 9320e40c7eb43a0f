/**
 * PulseAPI, modelled on https://support.pulseapi.io/portal/en/kb/articles/managing-api-keys, and of the same knowledge
 * base: creating-, rotating- and deleting-an-api-key, faq-api, canceling-your-subscription. The vendor documents what
 * its settings page does, but no call that manages keys. The `/api-keys` routes are proposals in the style of Laravel
 * Sanctum, which the product resembles.
 *
 * Documented, and kept here:
 * - A key belongs to a user and to the team in which it was made; there are no service accounts.
 * - The token is shown once, and its last 8 characters afterwards. "Last used" is a date.
 * - Rotating gives the same record a new token, and the old one stops at once. Deleting removes the record.
 * - Abilities cannot be changed: delete the key and create another.
 * - The Free plan has no API access. A downgrade disables access and keeps the keys.
 * - `X-RateLimit-*` on responses. Keys die with their user.
 *
 * Inferred from Sanctum: ids are integers, tokens `{id}|{40 characters}`, lists `{data, links, meta}`,
 * 401 `{message: "Unauthenticated."}`, 422 `{message, errors}`, `*` is every ability, times have six decimals.
 *
 * Proposals of this emulator, where the vendor says nothing:
 * - The list of abilities. "Disabled" is a 402 on every route; a missing ability is a 403.
 * - 1000 requests a minute per token. A key with `*` may manage its user's keys; any other key may not.
 */
import type { ControlParts, EmulatedService, ServiceControl, StartParts, Tokens } from "../emulated-service";
import { Refusal, type Answer } from "../http/answer";
import { answering, findRoute } from "../http/dialect";
import { laravelPage } from "./laravel-page";
import { PULSEAPI_MONITORS } from "./pulseapi-data";
import { pulseapiDialect, refusal } from "./pulseapi-errors";
import { pulseapiKeys } from "./pulseapi-keys";
import { PulseapiRecords, userChange, type UserRecord } from "./pulseapi-records";
import { parseParent, type UserInTeam } from "./pulseapi-users";
import { rateLimitHeaders, type Verdict } from "../http/rate-limit";
import { keyState, type KeyRecord } from "../store/records";
import { Router } from "../http/router";
import { hashSecret, randomAlphanumeric } from "../store/secrets";
import { covers, type Call, type Service } from "../http/service";

const NAME = "pulseapi";
const BASE_PATH = "/pulseapi/v1";
const LAST_USED_LAG_MS = 0;

interface Caller extends UserInTeam {
  /** Requests are counted per token. */
  readonly tokenId: string;
  readonly abilities: readonly string[];
  readonly key?: KeyRecord;
}

type Handler = (call: Call, caller: Caller, id: string) => Answer;

/** The credentials that exist before any key is issued. */
export interface PulseapiTokens extends Tokens {
  /** User 1 in team 1, on a paid plan. */
  readonly adminToken: string;
  /** The same user in team 2, who sees none of team 1's keys. */
  readonly otherTeamToken: string;
  /** User 2, on the Free plan: 402 everywhere. */
  readonly freePlanToken: string;
}

export const pulseapi: EmulatedService<PulseapiTokens> = {
  name: NAME,
  basePath: BASE_PATH,
  // The vendor names the headers but no number.
  limit: { perMinute: 1000 },
  listsRevokedKeys: false,
  keysExpire: false,
  newTokens() {
    const token = (id: number) => `${id}|${randomAlphanumeric(40)}`;
    return { adminToken: token(1), otherTeamToken: token(2), freePlanToken: token(3) };
  },
  prepare() {
    const records = new PulseapiRecords();
    return { records, start: (parts) => start(parts, records), control: (parts) => control(parts, records) };
  },
};

/** For tests: what only the vendor's billing and staff can do to a user. */
function control({ world: { store }, problem }: ControlParts, records: PulseapiRecords): ServiceControl {
  function changeUser(id: string, change: Partial<UserRecord>): Answer {
    const user = records.user(Number(id));
    if (!user) throw new Refusal(problem(404, `${NAME} has no user ${id}.`));
    const changed = { ...user, ...change };
    store.commit(userChange(changed));
    return { status: 200, body: changed };
  }

  function changePlan({ fields }: Call, id: string): Answer {
    fields.allowOnly("plan");
    return changeUser(id, { plan: fields.oneOf("plan", ["free", "paid"]) });
  }

  const path = `/users/${NAME}/:id`;
  return {
    routes: [
      ["POST", path, changePlan],
      ["DELETE", path, (_call, id) => changeUser(id, { deleted: true })],
    ],
  };
}

function start({ world, tokens, limiter }: StartParts<PulseapiTokens>, records: PulseapiRecords): Service {
  const { store, nowMs } = world;
  const keys = pulseapiKeys(world);
  const seeded = new Map<string, Caller>([
    [tokens.adminToken, { tokenId: "1", userId: 1, teamId: 1, abilities: ["*"] }],
    [tokens.otherTeamToken, { tokenId: "2", userId: 1, teamId: 2, abilities: ["*"] }],
    [tokens.freePlanToken, { tokenId: "3", userId: 2, teamId: 3, abilities: ["*"] }],
  ]);

  function authenticate(call: Call): Caller | undefined {
    const { bearer } = call;
    if (bearer === undefined) return undefined;
    const known = seeded.get(bearer);
    if (known) return known;
    const key = store.keyByHash(hashSecret(bearer));
    if (key?.service !== "pulseapi") return undefined;
    call.keyId = key.id;
    if (keyState(key, nowMs()) !== "active") return undefined;
    return { tokenId: key.id, ...parseParent(key.parent), abilities: key.scopes, key };
  }

  function livingUser(caller: Caller | undefined): UserRecord | undefined {
    const user = caller && records.user(caller.userId);
    return user?.deleted ? undefined : user;
  }

  function listMonitors({ baseUrl, path }: Call, caller: Caller): Answer {
    requireAbility(caller, "monitors:read");
    const facts = { page: 1, perPage: 15, total: PULSEAPI_MONITORS.length, url: baseUrl + path };
    return { status: 200, body: laravelPage(PULSEAPI_MONITORS, facts) };
  }

  const router = new Router<Handler>()
    .on("GET", "/api-keys", managing(keys.list))
    .on("POST", "/api-keys", managing(keys.create))
    .on("GET", "/api-keys/:id", managing(keys.get))
    .on("PATCH", "/api-keys/:id", managing(keys.patch))
    .on("DELETE", "/api-keys/:id", managing(keys.remove))
    .on("POST", "/api-keys/:id/rotate", managing(keys.rotate))
    .on("GET", "/monitors", listMonitors);

  function route(call: Call, caller: Caller | undefined, verdict: Verdict): Answer {
    const { handler, params } = findRoute(router, pulseapiDialect, call);
    const user = livingUser(caller);
    if (!caller || !user) throw refusal(401, "Unauthenticated.");
    if (!verdict.allowed) {
      const headers = { "Retry-After": String(verdict.retryAfterS) };
      return { ...pulseapiDialect.problem(429, "Too Many Attempts."), headers };
    }
    if (user.plan === "free") throw refusal(402, "API access needs a paid plan.");
    if (caller.key) store.noteUse(caller.key, nowMs(), LAST_USED_LAG_MS);
    return handler(call, caller, params[0] ?? "");
  }

  function handle(call: Call): Answer {
    const caller = authenticate(call);
    const verdict = caller ? limiter.take(caller.tokenId) : limiter.uncounted();
    const answer = answering(pulseapiDialect, () => route(call, caller, verdict));
    return { ...answer, headers: { ...answer.headers, ...rateLimitHeaders(verdict, nowMs()) } };
  }

  return { name: NAME, basePath: BASE_PATH, problem: pulseapiDialect.problem, handle };
}

function managing(handler: Handler): Handler {
  return (call, caller, id) => {
    requireAbility(caller, "*");
    return handler(call, caller, id);
  };
}

function requireAbility({ abilities }: Caller, ability: string): void {
  if (!covers(abilities, ability, "*")) throw refusal(403, "Invalid ability provided.");
}
