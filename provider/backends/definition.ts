/**
 * The one interface between the lifecycle and a vendor's API: the vendor's facts as data, and a handful
 * of methods that speak in domain objects.
 */
import type { HttpClient, Session } from "../http/client";
import type { ScopeCatalogue } from "../scopes";
import type { Capabilities, OfferedCapabilities, Support } from "../vendors/capabilities";
import type { Vendor } from "../vendors/vendor";

export type { Capabilities, OfferedCapabilities, Support, Vendor };

export type KeyStatus = "active" | "revoked" | "expired" | "disabled" | "missing";

/** A key as the service tells it. It has no secret: that is seen once, in {@link IssuedApiKey}. */
export interface ApiKey {
  readonly id: string;
  /** The service's name for it: our marker. */
  readonly name: string;
  /** A key past its `expiresAt` may be told as `active`: the lifecycle compares the time itself. */
  readonly status: Exclude<KeyStatus, "missing">;
  /** Left out where the service has no scopes on keys, or does not tell. */
  readonly scopes?: readonly string[];
  readonly description?: string;
  readonly environment?: string;
  /** RFC 3339 UTC. */
  readonly createdAt?: string;
  readonly expiresAt?: string;
  readonly lastUsedAt?: string;
  /** The mask that the vendor's own pages show. */
  readonly hint?: string;
  /** The public half of a pair. */
  readonly accessId?: string;
  /**
   * Any text that changes whenever the key's secret does (a mask, the time of its last rotation): tells
   * generations apart under one id. Left out where the service tells nothing of the kind.
   */
  readonly secretVersion?: string;
  /** The version of the secret before the current one, while that one works on after a native rotate with grace. */
  readonly previousVersion?: string;
  /** RFC 3339 UTC: until when it works. */
  readonly previousValidUntil?: string;
}

/** A key at the one moment when its secret is known. */
export interface IssuedApiKey extends ApiKey {
  readonly secret: string;
}

/** Which key is meant. Services that reuse ids need more than the id. */
export interface KeyRef {
  readonly id: string;
  readonly serviceAccountId?: string;
  /** The physical name: our marker. */
  readonly name: string;
}

/** A key with its own secret, to ask with. Name the secret in the request's `secrets`. */
export interface KeyWithSecret extends KeyRef {
  readonly secret: string;
  /** The public half of a pair. */
  readonly accessId?: string;
}

/** What the service answers to a key's own secret. */
export interface ProbeAnswer {
  readonly works: boolean;
  readonly serviceAccountId?: string;
}

/** A key to make. Fields that the capabilities exclude never arrive. */
export interface NewKey {
  /** The physical name: our marker; unique to this very call. */
  readonly name: string;
  readonly serviceAccountId?: string;
  readonly scopes?: readonly string[];
  readonly environment?: "live" | "test";
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** RFC 3339 UTC. */
  readonly expiresAt?: string;
  readonly secretValue?: string;
}

/** What to change on a key; a field left out stays. `null` takes an expiry away. */
export interface KeyChanges {
  readonly name?: string;
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly expiresAt?: string | null;
}

export interface ServiceAccount {
  readonly id: string;
  readonly name: string;
  readonly status: "active" | "disabled";
  /** Told wherever accounts have roles; left out: this one has none. */
  readonly role?: string;
  readonly scopes?: readonly string[];
  readonly description?: string;
  readonly createdAt?: string;
}

export interface NewServiceAccount {
  readonly name: string;
  readonly description?: string;
  readonly role?: string;
  readonly scopes?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** What to change on an account; a field left out stays. An empty `description` or `role` takes it away. */
export type ServiceAccountChanges = Partial<NewServiceAccount>;

/** How a key gets its new secret. */
export interface RotateOptions {
  /** How long the secret that is replaced works on, in milliseconds. */
  readonly graceMs: number;
  /** The physical name from now on. */
  readonly name: string;
  /**
   * Nobody knows the secret that is replaced: it goes at once, and the one before it works on until its own end. Asked for only
   * where the capability `nativeRotate.keepsPrevious` says so, and `previousVersion` was told. Default: false.
   */
  readonly keepPrevious?: boolean;
}

/**
 * A vendor's API. Absent is `undefined`, refused is an error of the tree in `errors.ts`. A method
 * that a vendor lacks is left out.
 */
export interface BackendClient {
  /**
   * Sent once; the HTTP client repeats it only where that is proven safe. Where the answer lacks what it
   * should bring, throw a ResponseShapeError (the secret: a SecretUnavailableError): like a lost answer, and
   * like any error outside the tree, it makes the lifecycle look for the key by its name, revoke it, and
   * make another.
   */
  createKey(key: NewKey): Promise<IssuedApiKey>;
  getKey(ref: KeyRef): Promise<ApiKey | undefined>;
  /** Every key of the parent that may still live. `undefined`: the parent does not exist. */
  listKeys(parent: { readonly serviceAccountId?: string }): Promise<readonly ApiKey[] | undefined>;
  updateKey?(ref: KeyRef, changes: KeyChanges): Promise<ApiKey>;
  /** `absent`: the service knows no such key (any more). */
  revokeKey(ref: KeyRef): Promise<"revoked" | "absent">;
  /** A new secret for an existing key. */
  rotateKey?(ref: KeyRef, options: RotateOptions): Promise<IssuedApiKey>;
  /** Ends what still works of the previous secret after a native rotate. */
  revokePrevious?(ref: KeyRef): Promise<"revoked" | "absent">;
  /**
   * Whether the key's own secret opens anything, asked with that secret: evidence where the admin's view does not settle
   * whether a key is gone. Undefined: the answer settles nothing. `serviceAccountId`: whose it is, where the service tells.
   */
  probe?(key: KeyWithSecret): Promise<ProbeAnswer | undefined>;
  createServiceAccount?(account: NewServiceAccount): Promise<ServiceAccount>;
  getServiceAccount?(id: string): Promise<ServiceAccount | undefined>;
  /** Every account, or those of exactly this name. */
  listServiceAccounts?(filter: { readonly name?: string }): Promise<readonly ServiceAccount[]>;
  updateServiceAccount?(id: string, changes: ServiceAccountChanges): Promise<ServiceAccount>;
  deleteServiceAccount?(id: string): Promise<"deleted" | "absent">;
}

/** The methods that change nothing on the service. */
export const readingMethods = ["getKey", "listKeys", "probe", "getServiceAccount", "listServiceAccounts"] as const;

/** A client that cannot change anything on the service. */
export type ReadingClient = Pick<BackendClient, (typeof readingMethods)[number]>;

/** What a backend gets when a connection is opened. */
export interface BackendContext<Options> {
  readonly http: HttpClient;
  readonly options: Options;
  /** The connection's admin credential as the user gave it. Read it per call: it may be rotated. */
  readonly token: () => Promise<string>;
  /** The connection's URL without a trailing slash. */
  readonly url: string;
}

/** What a connection's options make of its backend. */
export interface Adaptation {
  /** In place of the definition's own. */
  readonly capabilities?: OfferedCapabilities;
  /** In place of the definition's own. */
  readonly catalogue?: ScopeCatalogue;
  /**
   * A path that tells this service from others at the same address, such as `/realms/acme`: it is added
   * to the origin wherever objects record, and connections compare, which service made them.
   */
  readonly tenant?: string;
}

/** A backend as its author writes it: the vendor's facts, and how to connect. */
export interface BackendDefinition<Options = undefined> extends Vendor {
  /** Reads the connection's own fields; throws a ConfigError. Left out: the backend has none. */
  readonly options?: (fields: Readonly<Record<string, unknown>>) => Options;
  /** Adjusts what holds for one connection. */
  readonly adapt?: (options: Options) => Adaptation;
  /** How the credential becomes request headers; default: `Authorization: Bearer <token>`. */
  readonly authenticate?: (context: BackendContext<Options>) => Promise<BackendSession>;
  /**
   * Finds what no capability can tell: scopes that do not go together, an environment that needs a role, a name that
   * is reserved. Called by every preview, before anything is sent, so it must be quick and ask nobody. Each problem
   * fails the preview at its input. Left out: there is nothing more to find.
   */
  readonly validateKey?: (asked: AskedKey, options: Options) => readonly InputProblem[];
  /** The same for a ServiceAccount. */
  readonly validateAccount?: (asked: AskedAccount, options: Options) => readonly InputProblem[];
  readonly connect: (context: BackendContext<Options>) => BackendClient;
}

/** The inputs of a key as far as they are known: what a preview cannot know yet is left out, and asked about again. */
export interface AskedKey extends Partial<Omit<NewKey, "secretValue">> {
  /** Such as `90d`. */
  readonly expiresIn?: string;
  readonly fullAccess?: boolean;
}

/** The inputs of an account as far as they are known. */
export type AskedAccount = Partial<NewServiceAccount>;

/** What is wrong with one input. */
export interface InputProblem {
  /** The input's name, such as `scopes`. */
  readonly field: string;
  /** What is wrong and what to do, as one sentence without a full stop. Never a secret. */
  readonly message: string;
}

/** An admin session made from the credential. */
export interface BackendSession {
  readonly headers: Readonly<Record<string, string>>;
  /** How long the session may be used; left out: until it is refused. */
  readonly validForMs?: number;
  /**
   * What else of the session must not be printed: a refresh token, a cookie, the parts of a credential. The
   * values of `headers` and the credential itself are kept out anyway.
   */
  readonly secrets?: readonly string[];
}

/** A backend that was checked when it was loaded. */
export interface Backend extends BackendDefinition<unknown> {
  readonly capabilities: Capabilities;
  readonly adapt?: (options: unknown) => Adaptation & { readonly capabilities?: Capabilities };
}

export type { HttpClient, Session };
