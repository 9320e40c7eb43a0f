import type { Answer } from "./answer";
import { Refusal } from "./answer";
import { answering, findRoute, type Dialect } from "./dialect";
import type { BoundedLog } from "./bounded-log";
import { editKey, showKey } from "./control-keys";
import { readFault, type Fault, type Faults } from "./faults";
import { Fields, InvalidField } from "./fields";
import { parseDurationMs, rfc3339 } from "./instants";
import { pulseapiUser } from "./pulseapi-users";
import type { RateLimiter } from "./rate-limit";
import type { KeyRecord, UserRecord } from "./records";
import type { RequestEntry } from "./request-log";
import { Router } from "./router";
import type { Call, World } from "./service";
import { SERVICE_NAMES, type ServiceName } from "./service-names";

export const CONTROL_PATH = "/_emulator";

/** The latest time that a JavaScript date can name. */
const LATEST_MS = 8_640_000_000_000_000;

export interface ControlParts {
  readonly world: World;
  readonly limiters: Readonly<Record<ServiceName, RateLimiter>>;
  readonly faults: Faults;
  readonly log: BoundedLog<RequestEntry>;
}

/** Where the emulator is told what to do; paths are relative to `CONTROL_PATH`. */
export interface Control {
  readonly handle: (call: Call) => Answer;
  readonly problem: (status: number, message: string) => Answer;
}

type Handler = (call: Call, first: string, second: string) => Answer;

/**
 * The control API, for tests and demonstrations. It never shows a secret or a token. Every answer is
 * 200 with JSON, or 400 or 404 with `{error: {code, message}}`; an unknown field is 400, so that a
 * misspelt one cannot go unnoticed. `?service=` filters `keys` and `requests`.
 *
 * Two routes stand in for what only the vendors' own staff and billing can do: `users/pulseapi/<id>`
 * (POST `{plan}`, DELETE) and, on `keys/novavms/<id>`, the field `owner`. `limits` (POST
 * `{service?, perMinute, burst?}`, DELETE) is for load tests: `perMinute: null` lifts a limit.
 */
export function control({ world: { store, nowMs }, limiters, faults, log }: ControlParts): Control {
  function findKey(service: string, id: string): KeyRecord {
    const known = SERVICE_NAMES.find((name) => name === service);
    const key = known && store.key(known, id);
    if (!key) throw new Refusal(dialect.problem(404, `There is no key ${id} of a service ${service}.`));
    return key;
  }

  function listKeys({ query }: Call): Answer {
    const wanted = readService(query);
    const keys = [...store.allKeys()].filter(({ service }) => wanted === undefined || service === wanted);
    return { status: 200, body: { keys: keys.map((key) => showKey(key, nowMs())) } };
  }

  function patchKey({ fields }: Call, service: string, id: string): Answer {
    const edited = editKey(findKey(service, id), fields, nowMs());
    store.commit({ kind: "key", key: edited });
    return { status: 200, body: showKey(edited, nowMs()) };
  }

  function dropKey(_call: Call, service: string, id: string): Answer {
    const key = findKey(service, id);
    store.commit({ kind: "key-gone", service: key.service, id });
    return { status: 200, body: {} };
  }

  function listAccounts(): Answer {
    const accounts = [...store.allAccounts()].map(({ id, organisation, name, role, scopes, enabled, createdAtMs }) => {
      return { service: "novavms", id, organisation, name, role, scopes, enabled, createdAt: rfc3339(createdAtMs) };
    });
    return { status: 200, body: { accounts } };
  }

  function listRequests({ query }: Call): Answer {
    const wanted = readService(query);
    const requests = log
      .entries()
      .filter(({ service }) => wanted === undefined || service === wanted)
      .map(({ atMs, ...entry }) => ({ at: rfc3339(atMs), ...entry }));
    return { status: 200, body: { requests } };
  }

  function showClock(): Answer {
    return { status: 200, body: { now: rfc3339(nowMs()) } };
  }

  function setClock({ fields }: Call): Answer {
    fields.allowOnly("advance", "now");
    const targetMs = readTarget(fields, nowMs());
    store.commit({ kind: "clock", offsetMs: targetMs - Date.now() });
    return showClock();
  }

  function showFaults(): Answer {
    return { status: 200, body: { faults: faults.list().map(showFault) } };
  }

  function addFault({ fields }: Call): Answer {
    faults.add(readFault(fields));
    return showFaults();
  }

  function clearFaults(): Answer {
    faults.clear();
    return showFaults();
  }

  function showLimits(): Answer {
    const limits = Object.fromEntries(SERVICE_NAMES.map((name) => [name, limiters[name].limit]));
    return { status: 200, body: { limits } };
  }

  function setLimits({ fields }: Call): Answer {
    fields.allowOnly("service", "perMinute", "burst");
    const services = fields.has("service") ? [fields.oneOf("service", SERVICE_NAMES)] : SERVICE_NAMES;
    const limit = readLimit(fields);
    for (const service of services) limiters[service].limit = limit;
    return showLimits();
  }

  function restoreLimits(): Answer {
    for (const service of SERVICE_NAMES) limiters[service].restore();
    return showLimits();
  }

  function changeUser(id: unknown, change: Partial<UserRecord>): Answer {
    const user = pulseapiUser(store, Number(id));
    if (!user) throw new Refusal(dialect.problem(404, `pulseapi has no user ${String(id)}.`));
    const changed = { ...user, ...change };
    store.commit({ kind: "user", user: changed });
    return { status: 200, body: changed };
  }

  function reset(): Answer {
    store.commit({ kind: "reset" });
    faults.clear();
    log.clear();
    restoreLimits();
    return { status: 200, body: {} };
  }

  const router = new Router<Handler>()
    .on("GET", "/keys", listKeys)
    .on("POST", "/keys/:service/:id", patchKey)
    .on("DELETE", "/keys/:service/:id", dropKey)
    .on("GET", "/accounts", listAccounts)
    .on("GET", "/requests", listRequests)
    .on("GET", "/clock", showClock)
    .on("POST", "/clock", setClock)
    .on("GET", "/faults", showFaults)
    .on("POST", "/faults", addFault)
    .on("DELETE", "/faults", clearFaults)
    .on("GET", "/limits", showLimits)
    .on("POST", "/limits", setLimits)
    .on("DELETE", "/limits", restoreLimits)
    .on("POST", "/users/pulseapi/:id", ({ fields }, id) => {
      fields.allowOnly("plan");
      return changeUser(id, { plan: fields.oneOf("plan", ["free", "paid"]) });
    })
    .on("DELETE", "/users/pulseapi/:id", (_call, id) => changeUser(id, { deleted: true }))
    .on("POST", "/reset", reset);

  return {
    problem: dialect.problem,
    handle: (call) =>
      answering(dialect, () => {
        const { handler, params } = findRoute(router, dialect, call);
        return handler(call, params[0] ?? "", params[1] ?? "");
      }),
  };
}

const dialect: Dialect = {
  problem: (status, message) => {
    return { status, body: { error: { code: status === 404 ? "not_found" : "refused", message } } };
  },
  invalid: (error) => ({ status: 400, body: { error: { code: "invalid_input", message: `${error.message}.` } } }),
};

function readService(query: URLSearchParams): ServiceName | undefined {
  return query.has("service") ? Fields.ofQuery(query).oneOf("service", SERVICE_NAMES) : undefined;
}

function readTarget(fields: Fields, nowMs: number): number {
  if (fields.has("advance") === fields.has("now")) throw new InvalidField("body", "must hold either advance or now");
  if (fields.has("now")) {
    const targetMs = fields.instantMs("now");
    if (targetMs === null) throw new InvalidField("now", "is required");
    return targetMs;
  }
  const durationMs = parseDurationMs(fields.text("advance"));
  if (durationMs === undefined) throw new InvalidField("advance", "must be like 30s, 15m, 24h, 7d or 12w");
  if (nowMs + durationMs > LATEST_MS) throw new InvalidField("advance", "goes beyond the last date there is");
  return nowMs + durationMs;
}

function readLimit(fields: Fields): { perMinute: number; burst?: number } | null {
  if (fields.value("perMinute") === null) return null;
  const range = { min: 1, max: 1_000_000_000 };
  const perMinute = fields.integer("perMinute", range);
  return fields.has("burst") ? { perMinute, burst: fields.integer("burst", range) } : { perMinute };
}

function showFault({ path, ...fault }: Fault): Readonly<Record<string, unknown>> {
  return { ...fault, ...(path ? { path: path.source.replaceAll("\\/", "/") } : {}) };
}
