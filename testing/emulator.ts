/** The emulator for tests. */
import { type EmulatorOptions, type RunningEmulator, type ServiceName, startEmulator as start } from "../emulator";

/** What goes wrong with the next requests that match. */
export interface EmulatorFault {
  readonly kind: "status" | "drop-before" | "drop-after-commit" | "delay" | "truncate" | "garbage";
  readonly service?: ServiceName;
  readonly method?: string;
  /** A regular expression, searched in the path. */
  readonly path?: string;
  /** @default 1 */
  readonly times?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly delayMs?: number;
}

/** A key as it is, whatever its vendor reports about it. */
export interface EmulatedKey {
  readonly service: ServiceName;
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly state: "active" | "revoked" | "expired";
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

/** What somebody else may do to a key. */
export interface KeyEdit {
  readonly state?: EmulatedKey["state"];
  readonly scopes?: readonly string[];
  readonly expiresAt?: string | null;
  /** NovaVMS: a gateway's key cannot be revoked. */
  readonly owner?: "service_account" | "gateway";
}

/** A request that a service received. */
export interface EmulatedRequest {
  readonly at: string;
  readonly service: ServiceName;
  readonly method: string;
  readonly path: string;
  /** null: the connection was dropped. */
  readonly status: number | null;
  readonly keyId: string | null;
}

/** The embedded services, with actions that only a test may take. */
export interface TestEmulator extends RunningEmulator {
  readonly faults: { add(fault: EmulatorFault): Promise<void>; clear(): Promise<void> };
  readonly keys: {
    list(service?: ServiceName): Promise<readonly EmulatedKey[]>;
    /** Somebody else changes the key. */
    edit(service: ServiceName, id: string, change: KeyEdit): Promise<void>;
    /** The service forgets the key. */
    remove(service: ServiceName, id: string): Promise<void>;
  };
  readonly clock: {
    /** Moves the services' clock ahead: `30s`, `15m`, `24h`, `7d`. */
    advance(duration: string): Promise<void>;
    set(now: string): Promise<void>;
  };
  /** Every request since the start or the last `reset`; control calls are left out. */
  requests(service?: ServiceName): Promise<readonly EmulatedRequest[]>;
  /** No keys, no accounts, no faults, the real time. The admin tokens stay. */
  reset(): Promise<void>;
}

/** Starts the embedded services on a free port of 127.0.0.1. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<TestEmulator> {
  const running = await start(options);
  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${running.controlUrl}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const told = (await answer.json()) as { readonly error?: { readonly message?: string } };
    if (!answer.ok) throw new Error(`the emulator refused ${method} ${path}: ${told.error?.message ?? answer.status}`);
    return told;
  };
  const tell = async (method: string, path: string, body?: object): Promise<void> => {
    await control(method, path, body);
  };
  const of = (service: ServiceName | undefined) => (service === undefined ? "" : `?service=${service}`);
  return {
    ...running,
    faults: { add: (fault) => tell("POST", "/faults", fault), clear: () => tell("DELETE", "/faults") },
    keys: {
      list: async (service) => ((await control("GET", `/keys${of(service)}`)) as { keys: EmulatedKey[] }).keys,
      edit: (service, id, change) => tell("POST", `/keys/${service}/${encodeURIComponent(id)}`, change),
      remove: (service, id) => tell("DELETE", `/keys/${service}/${encodeURIComponent(id)}`),
    },
    clock: {
      advance: (duration) => tell("POST", "/clock", { advance: duration }),
      set: (now) => tell("POST", "/clock", { now }),
    },
    requests: async (service) =>
      ((await control("GET", `/requests${of(service)}`)) as { requests: EmulatedRequest[] }).requests,
    reset: () => tell("POST", "/reset", {}),
  };
}
