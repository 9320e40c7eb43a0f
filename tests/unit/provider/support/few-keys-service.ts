import type {
  ApiKey,
  BackendClient,
  Capabilities,
  IssuedApiKey,
  KeyRef,
  RotateOptions,
} from "../../../../provider/backends/definition";
import { ConflictError } from "../../../../provider/errors";
import { defined } from "../../../../provider/values/defined";
import { formatTime } from "../../../../provider/values/times";
import { today } from "./fake-service";

interface Held {
  readonly key: ApiKey;
  /** What opens it, newest first; each until its end. */
  readonly secrets: readonly { readonly value: string; readonly endMs: number; readonly version?: string }[];
}

export interface Trouble {
  readonly error: Error;
  /** Although the service has done it. */
  readonly after?: boolean;
}

/**
 * A service in memory that keeps few keys to an account, gives them new secrets itself, and tells when
 * each was last used.
 */
export class FewKeysService {
  readonly held = new Map<string, Held>();
  readonly calls: string[] = [];
  nowMs = today;
  readonly #troubles = new Map<string, Trouble[]>();
  #made = 0;

  constructor(readonly capabilities: Capabilities) {}

  /** The next calls of the method go wrong. */
  fail(method: keyof BackendClient, ...troubles: Trouble[]): void {
    this.#troubles.set(method, [...(this.#troubles.get(method) ?? []), ...troubles]);
  }

  /** Whatever was to go wrong goes well again. */
  calm(): void {
    this.#troubles.clear();
  }

  works(secret: unknown): boolean {
    return [...this.held.values()].some(
      ({ key, secrets }) =>
        key.status === "active" && secrets.some(({ value, endMs }) => value === secret && endMs > this.nowMs),
    );
  }

  living(): string[] {
    return [...this.held.values()].filter(({ key }) => key.status === "active").map(({ key }) => key.id);
  }

  edit(id: string, change: Partial<ApiKey>): void {
    const held = this.held.get(id);
    if (held) this.held.set(id, { ...held, key: { ...held.key, ...change } });
  }

  /** Somebody rotates by hand. */
  rotate(id: string, graceMs: number): string {
    const held = this.held.get(id);
    if (!held) throw new Error(`there is no key ${id}`);
    const value = this.#draw();
    const last = held.secrets[0];
    const kept = last && graceMs > 0 ? [{ ...last, endMs: this.nowMs + graceMs }] : [];
    this.#carry(held, value, kept);
    return value;
  }

  #carry({ key, ...held }: Held, value: string, older: Held["secrets"]): void {
    const version = `v${this.#made}`;
    const [{ version: previousVersion, endMs } = { endMs: 0 }] = older;
    const { previousVersion: _version, previousValidUntil: _until, ...rest } = { ...key, secretVersion: version };
    const told =
      this.capabilities.nativeRotate?.keepsPrevious === true && previousVersion !== undefined
        ? { ...rest, previousVersion, previousValidUntil: formatTime(endMs) }
        : rest;
    this.held.set(key.id, { ...held, key: told, secrets: [{ value, endMs: Infinity, version }, ...older] });
  }

  client(): BackendClient {
    const { nativeRotate, maxActiveKeys = Infinity } = this.capabilities;
    const told = ({ id }: KeyRef) => this.held.get(id)?.key;
    const client: BackendClient = {
      createKey: async ({ name, scopes, labels: _labels }) => {
        if (this.living().length >= maxActiveKeys)
          throw new ConflictError({ status: 409, method: "POST", path: "/keys", detail: "too many keys" });
        const value = this.#draw();
        const key = defined({
          id: `key-${this.#made}`,
          name,
          status: "active" as const,
          scopes,
          createdAt: formatTime(this.nowMs),
          secretVersion: `v${this.#made}`,
        });
        this.held.set(key.id, { key, secrets: [{ value, endMs: Infinity, version: `v${this.#made}` }] });
        return { ...key, secret: value };
      },
      getKey: async (ref) => told(ref),
      listKeys: async () => [...this.held.values()].map(({ key }) => key),
      updateKey: async (ref, { name }) => {
        if (name !== undefined) this.edit(ref.id, { name });
        return told(ref) as ApiKey;
      },
      revokeKey: async ({ id }) => {
        if (!this.held.has(id)) return "absent";
        this.edit(id, { status: "revoked" });
        return "revoked";
      },
      ...(nativeRotate && {
        rotateKey: async (ref: KeyRef, { graceMs, keepPrevious }: RotateOptions): Promise<IssuedApiKey> => {
          if (told(ref)?.status !== "active")
            throw new ConflictError({ status: 409, method: "POST", path: "/keys/rotate", detail: "not active" });
          const held = this.held.get(ref.id);
          if (keepPrevious && held) {
            const secret = this.#draw();
            this.#carry(held, secret, held.secrets.slice(1));
            return { ...(told(ref) as ApiKey), secret };
          }
          const realGraceMs = nativeRotate.graceChosen ? graceMs : nativeRotate.maxGraceMs;
          const secret = this.rotate(ref.id, realGraceMs);
          return {
            ...(told(ref) as ApiKey),
            secret,
            ...(realGraceMs > 0 && { previousValidUntil: formatTime(this.nowMs + realGraceMs) }),
          };
        },
        revokePrevious: async ({ id }: KeyRef) => {
          const held = this.held.get(id);
          if (!held) return "absent" as const;
          this.held.set(id, { ...held, secrets: held.secrets.slice(0, 1) });
          return "revoked" as const;
        },
      }),
    };
    return Object.fromEntries(
      Object.entries(client).map(([name, method]) => [
        name,
        this.#watched(name, method as (...args: unknown[]) => Promise<unknown>),
      ]),
    ) as unknown as BackendClient;
  }

  #watched(name: string, method: (...args: unknown[]) => Promise<unknown>): (...args: unknown[]) => Promise<unknown> {
    return async (...args) => {
      this.calls.push(name);
      const trouble = this.#troubles.get(name)?.shift();
      if (trouble && !trouble.after) throw trouble.error;
      const answer = await method(...args);
      if (trouble) throw trouble.error;
      return answer;
    };
  }

  #draw(): string {
    return `drawn_secret_${(this.#made += 1)}_0123456789`;
  }
}
