import type {
  ApiKey,
  Backend,
  BackendClient,
  Capabilities,
  IssuedApiKey,
  KeyChanges,
  KeyRef,
  NewKey,
  NewServiceAccount,
  OptionValue,
  ProbeAnswer,
  ServiceAccount,
} from "../../../../provider/backends/definition";
import { defineBackend } from "../../../../provider/backend";
import {
  type Connections,
  createConnections,
  type WritableConnection,
} from "../../../../provider/connections/connections";
import { dayMs } from "../../../../provider/values/durations";
import { defined } from "../../../../provider/values/defined";
import { NotFoundError } from "../../../../provider/errors";
import type { ResourceContext } from "../../../../provider/resources/context";
import type { ScopeCatalogue } from "../../../../provider/scopes";
import { formatTime } from "../../../../provider/values/times";
import { plainMarking } from "../../../../provider/resources/identity/marking";

/** The day on which all these tests play. */
export const today = Date.parse("2026-06-15T12:00:00Z");

/** The resource `export` of the stack `acme/billing/dev`. */
export const origin = "acme/billing/dev/export";

/** `read:x` and `write:x` as Pulsely has them, and `orders:manage`, which comes with `orders:read`. */
export const catalogue: ScopeCatalogue = {
  scopes: {
    "read:checks": {},
    "write:checks": {},
    "read:alerts": {},
    "orders:read": {},
    "orders:manage": { implies: ["orders:read"] },
    "admin:*": { implies: ["*"], level: "admin", mintsKeys: true },
  },
};

export const everyday: Capabilities = {
  parent: "credential",
  scopes: "immutable",
  scopesTold: true,
  rename: false,
  enable: false,
  description: "none",
  expiry: { support: "optional", update: false, granularityMs: 1_000 },
  secret: { shown: "once", callerChosen: false, form: "token" },
  delayedRevoke: false,
  uniqueNames: false,
  marker: "name",
  idsReused: false,
  absence: "status",
  revokeProves: true,
  listTellsAll: false,
  idempotentCreate: false,
  activationLagMs: 0,
  revocationLagMs: 0,
  limits: { nameLength: 60 },
};

export const accounts: NonNullable<Capabilities["serviceAccounts"]> = {
  name: "update",
  description: "update",
  role: "replace",
  scopes: "none",
  disabling: "account",
  id: "own",
  enable: false,
  uniqueNames: true,
  listTellsAll: false,
};

/** Calls that a test makes go wrong: thrown instead of the answer, before or after the work is done. */
interface Trouble {
  readonly method: keyof BackendClient;
  readonly error: Error;
  readonly after: boolean;
  times: number;
}

/** A service in memory, with a backend of any abilities. */
export class FakeService {
  readonly keys = new Map<string, ApiKey & { readonly serviceAccountId?: string; readonly secret: string }>();
  readonly accounts = new Map<string, ServiceAccount>();
  /** Every call: the method, and its first argument. */
  readonly calls: [keyof BackendClient, unknown][] = [];
  readonly capabilities: Capabilities;
  nowMs = today;
  /** What the service gives to every key, whatever was asked for. */
  imposed: { readonly expiresAt?: string; readonly scopes?: readonly string[] } = {};
  /** How it writes the name of an account or a key. */
  writes: (name: string) => string = (name) => name;
  /** Options that it gives to every key, whatever was asked for. */
  imposedOptions: Readonly<Record<string, OptionValue | null>> = {};
  /** What it makes of a key or an account that it is asked for. */
  gives: (asked: NewKey) => Partial<ApiKey & Pick<IssuedApiKey, "secret">> = () => ({});
  givesAccount: (asked: NewServiceAccount) => Partial<ServiceAccount> = () => ({});
  /** What it makes of an end that is set on a key. */
  setsEnd: (end: string) => string = (end) => end;
  /** Fields of a change that the service acknowledges and ignores. */
  ignores: readonly (keyof KeyChanges | keyof NewServiceAccount)[] = [];
  /** Fields that the answer to a change leaves out, although the service has them. */
  leavesOut: readonly (keyof ApiKey)[] = [];
  /** What the service answers to a key's own secret; left out: the backend cannot ask. */
  probe: ((secret: string) => ProbeAnswer | undefined) | undefined;
  /** The inputs of its own that this vendor declares. */
  declared: Pick<Backend, "keyOptions" | "accountOptions"> = {};
  /** A revocation is answered as if there were no such key, as from a wrong path. */
  deniesKeys = false;
  /** A native rotation is acknowledged with the secret of before. */
  keepsSecret = false;
  /** It acknowledges that something is enabled, and does nothing. */
  ignoresEnabling = false;
  warnings: string[] = [];
  waits: number[] = [];
  readonly #troubles: Trouble[] = [];
  #made = 0;

  constructor(abilities: Partial<Capabilities> = {}) {
    this.capabilities = { ...everyday, ...abilities };
  }

  /** The next call of the method fails; `after` = although the service has done it. */
  fail(
    method: keyof BackendClient,
    error: Error,
    { after = false, times = 1 }: { readonly after?: boolean; readonly times?: number } = {},
  ): void {
    this.#troubles.push({ method, error, after, times });
  }

  /** Keys (`read:checks`, under the first account) and accounts that were there before, with names of somebody else's choice. */
  keepOld({
    keys = [],
    accounts = [],
  }: {
    readonly keys?: readonly string[];
    readonly accounts?: readonly string[];
  }): void {
    for (const id of accounts) this.accounts.set(id, { id, name: `the ${id}`, status: "active" });
    const parent = accounts[0] === undefined ? {} : { serviceAccountId: accounts[0] };
    for (const id of keys) {
      const createdAt = formatTime(this.nowMs - 20 * dayMs);
      const facts = { id, name: `the ${id}`, status: "active", scopes: ["read:checks"], createdAt } as const;
      this.keys.set(id, { ...facts, ...parent, hint: `sk_${id}…`, secret: `sk_${id}_0123456789abcdef` });
    }
  }

  /** Somebody else changes a key. */
  edit(id: string, change: Partial<{ [Field in keyof ApiKey]: ApiKey[Field] | undefined }>): void {
    const key = this.keys.get(id);
    if (!key) throw new Error(`there is no key ${id}`);
    this.keys.set(id, defined({ ...key, ...change }) as typeof key);
  }

  living(): string[] {
    return [...this.keys.values()].filter(({ status }) => status === "active").map(({ id }) => id);
  }

  count(method: keyof BackendClient): number {
    return this.calls.filter(([name]) => name === method).length;
  }

  backend(): Backend {
    return defineBackend({
      name: "fake",
      capabilities: this.capabilities,
      ...this.declared,
      ...(this.capabilities.scopes !== "none" && { catalogue }),
      connect: () => this.#client(),
    });
  }

  connections(fields: Readonly<Record<string, unknown>> = {}): Connections {
    const connection = { backend: "fake", url: "http://127.0.0.1:4010/v1", tokenEnv: "FAKE_TOKEN", ...fields };
    const config = {
      get: (key: string) =>
        key === "apikeys:connections"
          ? JSON.stringify({ default: connection, other: { ...connection, url: "http://127.0.0.1:4011/v1" } })
          : undefined,
    };
    return createConnections(config, {}, { load: () => this.backend() });
  }

  connection(): WritableConnection {
    return this.connections().openForWrite("default");
  }

  context(fields: Readonly<Record<string, unknown>> = {}): ResourceContext {
    const sleep = (ms: number) => {
      this.waits.push(ms);
      return Promise.resolve();
    };
    return {
      connections: this.connections(fields),
      nowMs: () => this.nowMs,
      warn: (message) => this.warnings.push(message),
      marking: plainMarking,
      clock: { nowMs: () => 0, sleep },
    };
  }

  #client(): BackendClient {
    const { capabilities } = this;
    const inPlace = Object.values(this.declared.keyOptions ?? {}).some(({ change }) => change === "update");
    const changes =
      inPlace || capabilities.rename || capabilities.description === "update" || capabilities.expiry.update;
    return this.#watched({
      createKey: (key) => Promise.resolve(this.#create(key)),
      getKey: (ref) => Promise.resolve(withoutSecret(this.#at(ref))),
      listKeys: ({ serviceAccountId }) => {
        if (serviceAccountId !== undefined && !this.accounts.has(serviceAccountId)) return Promise.resolve(undefined);
        const keys = [...this.keys.values()].filter((key) => key.serviceAccountId === serviceAccountId);
        return Promise.resolve(keys.map((key) => withoutSecret(key)).filter((key) => key !== undefined));
      },
      ...(capabilities.enable && {
        enableKey: ({ id }) => {
          if (!this.ignoresEnabling) this.edit(id, { status: "active" });
          return Promise.resolve();
        },
      }),
      ...(this.probe && { probe: ({ secret }) => Promise.resolve(this.probe?.(secret)) }),
      revokeKey: (ref) => {
        if (this.deniesKeys || !this.#at(ref)) return Promise.resolve("absent");
        this.edit(ref.id, { status: "revoked" });
        return Promise.resolve("revoked");
      },
      ...(changes && {
        updateKey: ({ id }, changes) => {
          if (!this.keys.has(id))
            return Promise.reject(new NotFoundError({ status: 404, method: "PATCH", path: "/keys" }));
          const changed = without(changes, this.ignores);
          const { expiresAt, name, description } = changed;
          const options = changed.options && { ...this.keys.get(id)?.options, ...changed.options };
          const given = defined({ name, description, options });
          const end = typeof expiresAt === "string" ? this.setsEnd(expiresAt) : undefined;
          this.edit(id, { ...given, ...(expiresAt === undefined ? {} : { expiresAt: end }) });
          return Promise.resolve(without(withoutSecret(this.keys.get(id)) as ApiKey, this.leavesOut) as ApiKey);
        },
      }),
      ...(capabilities.nativeRotate && {
        rotateKey: ({ id }) => {
          const key = this.keys.get(id);
          if (!key) return Promise.reject(new Error(`there is no key ${id}`));
          const rotated = {
            ...key,
            secret: `fake_secret_${(this.#made += 1)}_0123456789`,
            secretVersion: String(this.#made),
            ...(this.keepsSecret && { secret: key.secret }),
          };
          this.keys.set(id, rotated);
          return Promise.resolve(rotated);
        },
        revokePrevious: ({ id }) => Promise.resolve(this.keys.has(id) ? "revoked" : "absent"),
      }),
      ...(capabilities.serviceAccounts && {
        createServiceAccount: ({ labels: _labels, ...asked }) => {
          const account = {
            ...asked,
            name: this.writes(asked.name),
            id: `account-${(this.#made += 1)}`,
            status: "active" as const,
            createdAt: formatTime(this.nowMs),
            ...this.givesAccount(asked),
          };
          this.accounts.set(account.id, account);
          return Promise.resolve(account);
        },
        getServiceAccount: (id) => Promise.resolve(this.accounts.get(id)),
        listServiceAccounts: ({ name }) =>
          Promise.resolve([...this.accounts.values()].filter((account) => name === undefined || account.name === name)),
        updateServiceAccount: (id, change) => {
          const old = this.accounts.get(id) as ServiceAccount;
          const changed = without(change, this.ignores);
          const options = changed.options && { options: { ...old.options, ...changed.options } };
          const account = { ...old, ...changed, ...options } as ServiceAccount;
          this.accounts.set(id, account);
          return Promise.resolve(account);
        },
        ...(capabilities.serviceAccounts.enable && {
          enableServiceAccount: (id) => {
            const account = this.accounts.get(id);
            if (account && !this.ignoresEnabling) this.accounts.set(id, { ...account, status: "active" });
            return Promise.resolve();
          },
        }),
        deleteServiceAccount: (id) => Promise.resolve(this.accounts.delete(id) ? "deleted" : "absent"),
      }),
    });
  }

  /** A key is found under its account's name alone, where that is the account's id. */
  #at({ id, serviceAccountId }: KeyRef) {
    const key = this.keys.get(id);
    const byName = this.capabilities.serviceAccounts?.id === "name";
    return byName && key?.serviceAccountId !== serviceAccountId ? undefined : key;
  }

  #create(wanted: NewKey): IssuedApiKey {
    const { secretValue, labels: _labels, serviceAccountId, ...asked } = wanted;
    this.#made += 1;
    const { expiresAt = asked.expiresAt, scopes: added = [] } = this.imposed;
    const secret = secretValue ?? `fake_secret_${this.#made}_0123456789`;
    const told = {
      ...asked,
      name: this.writes(asked.name),
      id: `key-${this.#made}`,
      status: "active" as const,
      scopes: asked.scopes && [...asked.scopes, ...added],
      ...(asked.options && { options: { ...asked.options, ...this.imposedOptions } }),
      expiresAt,
      createdAt: formatTime(this.nowMs),
      hint: `…${this.#made}`,
      ...this.gives(wanted),
    };
    const key = defined({ secret, serviceAccountId, ...told });
    this.keys.set(key.id, key);
    return key;
  }

  /** The client whose calls are counted, and go wrong where a test wants it. */
  #watched(client: BackendClient): BackendClient {
    const wrapped = Object.entries(client).map(([name, method]) => {
      const call = async (...args: unknown[]): Promise<unknown> => {
        this.calls.push([name as keyof BackendClient, args[0]]);
        const trouble = this.#troubles.find((candidate) => candidate.method === name && candidate.times > 0);
        if (trouble) trouble.times -= 1;
        if (trouble && !trouble.after) throw trouble.error;
        const answer = await (method as (...given: unknown[]) => Promise<unknown>)(...args);
        if (trouble) throw trouble.error;
        return answer;
      };
      return [name, call];
    });
    return Object.fromEntries(wrapped) as BackendClient;
  }
}

function without<T extends object>(object: T, names: readonly string[]): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name))) as Partial<T>;
}

function withoutSecret(key: (ApiKey & { readonly secret: string }) | undefined): ApiKey | undefined {
  if (!key) return undefined;
  const { secret: _secret, ...told } = key;
  return told;
}

/** Connections that all lead to one, whatever name is asked for. */
export function connectionsTo(connection: WritableConnection): Connections {
  return {
    describe: () => connection,
    open: () => connection,
    openForRefresh: () => connection,
    openForWrite: () => connection,
  };
}
