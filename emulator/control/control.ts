import type { ControlHandler, ControlParts, ServiceControl, World } from "../emulated-service";
import type { Answer } from "../http/answer";
import { Refusal } from "../http/answer";
import type { BoundedLog } from "../http/bounded-log";
import { answering, findRoute, type Dialect } from "../http/dialect";
import type { Fault, Faults } from "../http/faults";
import { Fields, InvalidField } from "../http/fields";
import { parseDurationMs, rfc3339 } from "../http/instants";
import type { RateLimiter } from "../http/rate-limit";
import type { RequestEntry } from "../http/request-log";
import { Router } from "../http/router";
import type { Call, Endpoint } from "../http/service";
import type { KeyRecord } from "../store/records";
import { editKey, showKey, type EditRules } from "./control-keys";
import { readFault } from "./read-fault";

export const CONTROL_PATH = "/_emulator";

/** The latest time that a JavaScript date can express. */
const LATEST_MS = 8_640_000_000_000_000;

/** What the control API needs to know of a service. */
export interface ControlledService {
  readonly limiter: RateLimiter;
  readonly keysExpire: boolean;
  readonly control: ((parts: ControlParts) => ServiceControl) | undefined;
}

export interface ControlOptions {
  readonly world: World;
  readonly services: Readonly<Record<string, ControlledService>>;
  readonly faults: Faults;
  readonly log: BoundedLog<RequestEntry>;
}

/**
 * The control API, for tests and demonstrations. It never shows a secret or a token. Every answer is a 200 with JSON,
 * or a 400 or 404 with `{error: {code, message}}`. An unknown field is a 400, so that a misspelled one is noticed.
 * `?service=` filters `keys` and `requests`.
 *
 * What only a vendor's own staff and billing can do is in the service's `control`. `limits` (POST `{service?,
 * perMinute, burst?}`, DELETE) is for load tests: `perMinute: null` lifts a limit.
 */
export function control({ world, services, faults, log }: ControlOptions): Endpoint {
  const { store, nowMs } = world;
  const names = Object.keys(services);
  const extensions = Object.entries(services).map(([service, { control: extend }]) => {
    return { service, ...extend?.({ world, problem: dialect.problem }) };
  });
  const editRules: EditRules = {
    keysExpire: (service) => services[service]?.keysExpire ?? true,
    ownFields: extensions.flatMap(({ service, keyFields = {} }) =>
      Object.entries(keyFields).map(([field, edit]) => ({ service, field, edit })),
    ),
  };

  function findKey(service: string, id: string): KeyRecord {
    const key = store.key(service, id);
    if (!key) throw new Refusal(dialect.problem(404, `There is no key ${id} of a service ${service}.`));
    return key;
  }

  function listKeys({ query }: Call): Answer {
    const wanted = readService(query, names);
    const keys = [...store.allKeys()].filter(({ service }) => wanted === undefined || service === wanted);
    return { status: 200, body: { keys: keys.map((key) => showKey(key, nowMs())) } };
  }

  function patchKey({ fields }: Call, service: string, id: string): Answer {
    const edited = editKey(findKey(service, id), fields, editRules, nowMs());
    store.commit({ kind: "key", key: edited });
    return { status: 200, body: showKey(edited, nowMs()) };
  }

  function dropKey(_call: Call, service: string, id: string): Answer {
    const key = findKey(service, id);
    store.commit({ kind: "key-gone", service: key.service, id });
    return { status: 200, body: {} };
  }

  function listAccounts(): Answer {
    const accounts = extensions.flatMap(({ service, accounts: list }) =>
      (list?.() ?? []).map((account) => ({ service, ...account })),
    );
    return { status: 200, body: { accounts } };
  }

  function listRequests({ query }: Call): Answer {
    const wanted = readService(query, names);
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
    faults.add(readFault(fields, names));
    return showFaults();
  }

  function clearFaults(): Answer {
    faults.clear();
    return showFaults();
  }

  function showLimits(): Answer {
    const limits = Object.fromEntries(Object.entries(services).map(([name, { limiter }]) => [name, limiter.limit]));
    return { status: 200, body: { limits } };
  }

  function setLimits({ fields }: Call): Answer {
    fields.allowOnly("service", "perMinute", "burst");
    const meant = fields.has("service") ? [fields.oneOf("service", names)] : names;
    const limit = readLimit(fields);
    for (const [name, { limiter }] of Object.entries(services)) if (meant.includes(name)) limiter.limit = limit;
    return showLimits();
  }

  function restoreLimits(): Answer {
    for (const { limiter } of Object.values(services)) limiter.restore();
    return showLimits();
  }

  function reset(): Answer {
    store.commit({ kind: "reset" });
    faults.clear();
    log.clear();
    restoreLimits();
    return { status: 200, body: {} };
  }

  const router = new Router<ControlHandler>()
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
    .on("POST", "/reset", reset);
  for (const { routes = [] } of extensions) for (const route of routes) router.on(...route);

  return {
    basePath: CONTROL_PATH,
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

function readService(query: URLSearchParams, names: readonly string[]): string | undefined {
  return query.has("service") ? Fields.ofQuery(query).oneOf("service", names) : undefined;
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
