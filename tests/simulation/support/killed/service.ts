import type {
  ApiKey,
  BackendClient,
  IssuedApiKey,
  NewKey,
  ServiceAccount,
} from "../../../../provider/backends/definition";
import { defineBackend, halfMade } from "../../../../provider/backend";
import { type Connections, createConnections } from "../../../../provider/connections/connections";
import { defined } from "../../../../provider/values/defined";
import { AuthenticationError, ConflictError } from "../../../../provider/errors";
import { formatTime } from "../../../../provider/values/times";
import { catalogue, today } from "../../../unit/provider/support/fake-service";
import type { Fate } from "./fate";
import { capabilitiesOf, isStepwise, type Kind } from "./kinds";

export interface Held {
  readonly key: ApiKey;
  readonly serviceAccountId?: string;
  /** What opens it, newest first; each until its end. */
  readonly secrets: readonly { readonly value: string; readonly endMs: number; readonly version: string }[];
  readonly used: boolean;
}

const writes: readonly string[] = [
  "createKey",
  "giveSecret",
  "updateKey",
  "revokeKey",
  "rotateKey",
  "revokePrevious",
  "enableKey",
  "enableServiceAccount",
  "createServiceAccount",
  "updateServiceAccount",
  "deleteServiceAccount",
];

/** The credential of an administrator, which no key is. */
export const adminCredential = "admin-credential-of-nobody";

/** A service in memory that outlives the runs that ask it. */
export class KillableService {
  readonly held = new Map<string, Held>();
  readonly accounts = new Map<string, ServiceAccount>();
  /** Keys that a request has ended, as they were. */
  ended: Held[] = [];
  writes = 0;
  nowMs = today;
  /** How long each writing request takes. */
  takesMs = 0;
  readonly capabilities;
  readonly #isStepwise: boolean;
  #made = 0;

  constructor(kind: Kind) {
    this.capabilities = capabilitiesOf(kind);
    this.#isStepwise = isStepwise(kind);
  }

  /** The connections of one run, which sends this credential. */
  connections(fate: Fate, credential = adminCredential): Connections {
    const backend = defineBackend({
      name: "killable",
      capabilities: this.capabilities,
      ...(this.capabilities.scopes !== "none" && { catalogue }),
      connect: () => this.client(fate, async () => connections.open("default").own?.token()),
    });
    const connection = { backend: "killable", url: "http://127.0.0.1:4010/v1", tokenEnv: "TOKEN" };
    const config = {
      get: (key: string) => (key === "apikeys:connections" ? JSON.stringify({ default: connection }) : undefined),
    };
    const connections = createConnections(config, { TOKEN: credential }, { load: () => backend, replaced: [] });
    const timed = <Opened extends object>(connection: Opened) => ({
      ...connection,
      clock: { nowMs: () => this.nowMs },
    });
    return {
      describe: (name) => connections.describe(name),
      open: (name) => timed(connections.open(name)),
      openForRefresh: (name) => timed(connections.openForRefresh(name)),
      openForWrite: (name) => timed(connections.openForWrite(name)),
    };
  }

  /** Somebody disables these keys and accounts. */
  disable(isMeant: (name: string) => boolean): void {
    for (const [id, held] of this.held)
      if (isMeant(held.key.name)) this.held.set(id, { ...held, key: { ...held.key, status: "disabled" } });
    for (const [id, account] of this.accounts)
      if (isMeant(account.name) && this.capabilities.serviceAccounts?.enable)
        this.accounts.set(id, { ...account, status: "disabled" });
  }

  works(secret: unknown): boolean {
    return this.living().some(({ secrets }) =>
      secrets.some(({ value, endMs }) => value === secret && endMs > this.nowMs),
    );
  }

  living(): Held[] {
    return [...this.held.values()].filter(({ key }) => key.status === "active" && !this.#isOver(key));
  }

  /** Keys that have ended by themselves, and whose record is still there for somebody to remove. */
  records(): Held[] {
    if (this.capabilities.endedRecords !== "removable") return [];
    return [...this.held.values()].filter(({ key }) => key.status === "active" && this.#isOver(key));
  }

  #isOver({ expiresAt }: ApiKey): boolean {
    return Date.parse(expiresAt ?? "") <= this.nowMs;
  }

  /** Somebody ends the key by hand. */
  sweep(id: string): void {
    const held = this.held.get(id);
    if (held) this.held.set(id, { ...held, key: { ...held.key, status: "revoked" } });
  }

  /** Somebody uses the key. */
  use(secret: unknown): void {
    for (const [id, held] of this.held) {
      if (!held.secrets.some(({ value }) => value === secret)) continue;
      const lastUsedAt = this.capabilities.lastUsed && formatTime(this.nowMs);
      this.held.set(id, { ...held, key: defined({ ...held.key, lastUsedAt }), used: true });
    }
  }

  /** A key that no run of the tested state has made. */
  plant(name: string, serviceAccountId?: string): string {
    return this.#create(defined({ name, serviceAccountId })).id;
  }

  /** A role and a secret come with a request of their own. */
  #inSteps(client: BackendClient & SecretGiver): BackendClient {
    const { giveSecret, ...whole } = client;
    if (!this.#isStepwise) return whole;
    return {
      ...whole,
      createKey: async (asked) => {
        const made = await client.createKey(asked);
        return halfMade(() => giveSecret(made.id));
      },
      createServiceAccount: async (asked) => {
        const made = await client.createServiceAccount?.(asked);
        const change = defined({ role: asked.role });
        return halfMade(() => client.updateServiceAccount?.(made?.id ?? "", change) as Promise<ServiceAccount>);
      },
    };
  }

  client(fate: Fate, credential: () => Promise<string | undefined>): BackendClient {
    const own = this.capabilities.nativeRotate;
    const client: Partial<BackendClient & SecretGiver> = {
      createKey: async (asked) => this.#create(asked, !this.#isStepwise),
      giveSecret: async (id) => {
        const held = this.#carry({ ...(this.held.get(id) as Held), secrets: [this.#draw()] });
        return { ...held.key, secret: held.secrets[0]?.value ?? "" };
      },
      getKey: async ({ id }) => this.held.get(id)?.key,
      listKeys: async ({ serviceAccountId }) =>
        serviceAccountId !== undefined && !this.accounts.has(serviceAccountId)
          ? undefined
          : [...this.held.values()].filter((each) => each.serviceAccountId === serviceAccountId).map(({ key }) => key),
      revokeKey: async ({ id, name }) => this.#revoke(id, name),
      ...((this.capabilities.rename || this.capabilities.expiry.update) && {
        updateKey: async ({ id }, { name, expiresAt }) => {
          const held = this.held.get(id);
          if (!held) throw new ConflictError({ status: 409, method: "PATCH", path: "/keys" });
          const key = defined({ ...held.key, ...defined({ name, expiresAt: expiresAt ?? undefined }) });
          this.held.set(id, { ...held, key });
          return key;
        },
      }),
      ...(this.capabilities.enable && {
        enableKey: async ({ id }) => {
          const held = this.held.get(id);
          if (held) this.held.set(id, { ...held, key: { ...held.key, status: "active" } });
        },
      }),
      ...(own && {
        rotateKey: async ({ id }, { graceMs, keepPrevious = false }) =>
          this.#rotate(id, own.graceChosen ? graceMs : Math.min(graceMs, own.maxGraceMs), keepPrevious),
        revokePrevious: async ({ id }) => {
          const held = this.held.get(id);
          if (held) this.#carry({ ...held, secrets: held.secrets.slice(0, 1) });
          return held ? "revoked" : "absent";
        },
      }),
      ...(this.capabilities.serviceAccounts && {
        createServiceAccount: async ({ name, role }) => {
          const id = `account-${(this.#made += 1)}`;
          this.accounts.set(
            id,
            defined({
              ...{ id, name, status: "active" as const, createdAt: formatTime(this.nowMs) },
              role: this.#isStepwise ? undefined : role,
            }),
          );
          return this.accounts.get(id) as ServiceAccount;
        },
        getServiceAccount: async (id) => this.accounts.get(id),
        listServiceAccounts: async ({ name }) =>
          [...this.accounts.values()].filter((account) => name === undefined || account.name === name),
        updateServiceAccount: async (id, change) => {
          this.accounts.set(id, { ...(this.accounts.get(id) as ServiceAccount), ...change });
          return this.accounts.get(id) as ServiceAccount;
        },
        ...(this.capabilities.serviceAccounts.enable && {
          enableServiceAccount: async (id) => {
            this.accounts.set(id, { ...(this.accounts.get(id) as ServiceAccount), status: "active" });
          },
        }),
        deleteServiceAccount: async (id) => {
          for (const [key, { serviceAccountId }] of this.held) if (serviceAccountId === id) this.held.delete(key);
          return this.accounts.delete(id) ? "deleted" : "absent";
        },
      }),
    };
    const watched = Object.fromEntries(
      Object.entries(client).map(([name, method]) => [
        name,
        this.#watched(name, this.#guarded(method as Method, credential), fate),
      ]),
    );
    return this.#inSteps(watched as unknown as BackendClient & SecretGiver);
  }

  /** The service answers who sends the administrator's credential, or a key that works: that one is in use then. */
  #guarded(method: Method, credential: () => Promise<string | undefined>): Sent {
    return async (...args) => {
      const token = await credential();
      return async () => {
        if (token !== adminCredential && !this.works(token))
          throw new AuthenticationError({ status: 401, method: "GET", path: "/keys" });
        this.use(token);
        return method(...args);
      };
    };
  }

  #watched(name: string, send: Sent, fate: Fate): Method {
    if (!writes.includes(name)) return async (...args) => fate.read(await send(...args));
    return async (...args) => {
      const run = await send(...args);
      return fate.write(name, () => {
        this.writes += 1;
        this.nowMs += this.takesMs;
        return run();
      });
    };
  }

  #create({ name, serviceAccountId, scopes, expiresAt }: NewKey, hasSecret = true): IssuedApiKey {
    const { maxActiveKeys = Infinity, idsReused, uniqueNames } = this.capabilities;
    const siblings = this.living().filter((each) => each.serviceAccountId === serviceAccountId);
    if (siblings.length >= maxActiveKeys || (uniqueNames && siblings.some(({ key }) => key.name === name)))
      throw new ConflictError({ status: 409, method: "POST", path: "/keys", detail: "too many keys, or a name twice" });
    const id = idsReused && serviceAccountId !== undefined ? serviceAccountId : `key-${(this.#made += 1)}`;
    const createdAt = formatTime(this.nowMs);
    const key = defined({ id, name, scopes, expiresAt, createdAt, status: "active" as const });
    const held = this.#carry(defined({ key, serviceAccountId, secrets: hasSecret ? [this.#draw()] : [], used: false }));
    return { ...held.key, secret: held.secrets[0]?.value ?? "" };
  }

  #revoke(id: string, name: string): "revoked" | "absent" {
    const held = this.held.get(id);
    if (!held || (this.capabilities.idsReused && held.key.name !== name)) return "absent";
    if (held.key.status === "active" && !this.#isOver(held.key)) this.ended.push(held);
    if (this.capabilities.idsReused || this.capabilities.endedRecords === "removable") this.held.delete(id);
    else this.held.set(id, { ...held, key: { ...held.key, status: "revoked" } });
    return "revoked";
  }

  #rotate(id: string, graceMs: number, keepPrevious: boolean): IssuedApiKey {
    const held = this.held.get(id);
    const last = held?.secrets[0];
    if (!held || !last) throw new ConflictError({ status: 409, method: "POST", path: "/keys/rotate" });
    const older = keepPrevious ? held.secrets.slice(1) : graceMs > 0 ? [{ ...last, endMs: this.nowMs + graceMs }] : [];
    const { key, secrets } = this.#carry({ ...held, secrets: [this.#draw(), ...older], used: false });
    return { ...key, secret: secrets[0]?.value ?? "" };
  }

  /** Keeps a key as it is by now. Where the service rotates by itself, the key tells which secrets it carries. */
  #carry(held: Held): Held {
    const [current, previous] = held.secrets;
    const { secretVersion: _version, previousVersion: _before, previousValidUntil: _until, ...key } = held.key;
    const versions = this.capabilities.nativeRotate && {
      secretVersion: current?.version,
      previousVersion: previous?.version,
      previousValidUntil: previous && formatTime(previous.endMs),
    };
    const carried = { ...held, key: defined({ ...key, ...versions }) };
    this.held.set(key.id, carried);
    return carried;
  }

  #draw(): Held["secrets"][number] {
    this.#made += 1;
    return { value: `drawn_secret_${this.#made}_0123456789`, endMs: Infinity, version: `v${this.#made}` };
  }
}

/** The second request of a key that is made in steps. */
interface SecretGiver {
  readonly giveSecret: (id: string) => Promise<IssuedApiKey>;
}

type Method = (...args: unknown[]) => Promise<unknown>;
/** A request that is sent, and what it does once it arrives. */
type Sent = (...args: unknown[]) => Promise<() => Promise<unknown>>;
