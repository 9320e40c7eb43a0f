/**
 * The one interface between the lifecycle and a vendor's API: the vendor's facts as data, and a few methods that use
 * domain objects.
 */
import type { HttpClient, Session } from "../http/request";
import type { ScopeCatalogue, ScopeFacts } from "../scopes";
import type { Capabilities, OfferedCapabilities, Support } from "../vendors/capabilities";
import type { DeclaredOption, DeclaredOptions, OptionsOf, OptionType, OptionValue } from "../vendors/options";
import type { Vendor } from "../vendors/vendor";

export type { Capabilities, OfferedCapabilities, Support, Vendor };
export type { DeclaredOption, DeclaredOptions, OptionsOf, OptionType, OptionValue };

/**
 * Declared options as the service has them. Left out (or undefined): the service does not report it. `null`: it has
 * none. If the service spells a value differently, report the requested spelling.
 */
export type ToldOptions = Readonly<Record<string, OptionValue | null | undefined>>;

export type KeyStatus = "active" | "revoked" | "expired" | "disabled" | "missing";

/** A key as the service reports it. It has no secret: {@link IssuedApiKey} shows that once. */
export interface ApiKey {
  readonly id: string;
  /** The name on the service: our marker. */
  readonly name: string;
  /** A key past its `expiresAt` may be reported as `active`: the lifecycle compares the time itself. */
  readonly status: Exclude<KeyStatus, "missing">;
  /** Left out if the service has no scopes on keys, or does not report them. */
  readonly scopes?: readonly string[];
  readonly description?: string;
  readonly environment?: string;
  /** RFC 3339 UTC. */
  readonly createdAt?: string;
  readonly expiresAt?: string;
  readonly lastUsedAt?: string;
  /** The masked key as the vendor's own pages show it. */
  readonly hint?: string;
  /** The public half of a pair. */
  readonly accessId?: string;
  /**
   * Any text that changes with every new secret of the key (a mask, the time of its last rotation). It tells
   * generations with the same id apart. Left out if the service reports nothing like it.
   */
  readonly secretVersion?: string;
  /**
   * The version of the secret before the current one, while that secret still works after a native rotation with grace.
   */
  readonly previousVersion?: string;
  /** RFC 3339 UTC: the end of that grace. */
  readonly previousValidUntil?: string;
  /** The {@link Vendor.keyOptions} that the service reports. */
  readonly options?: ToldOptions;
}

/** A key at the only moment when its secret is known. */
export interface IssuedApiKey extends ApiKey {
  readonly secret: string;
}

/** Identifies a key. Services that reuse ids need more than the id. */
export interface KeyRef {
  readonly id: string;
  readonly serviceAccountId?: string;
  /** The physical name: our marker. */
  readonly name: string;
}

/** A key and its own secret, to authenticate with. Name the secret in the request's `secrets`. */
export interface KeyWithSecret extends KeyRef {
  readonly secret: string;
  /** The public half of a pair. */
  readonly accessId?: string;
}

/** How the service answers a request with a key's own secret. */
export interface ProbeAnswer {
  readonly works: boolean;
  readonly serviceAccountId?: string;
}

/** Who the service takes the connection for. */
export interface Caller {
  /** The key that the connection's credential is, among the keys of this API. */
  readonly keyId?: string;
  /** The service account that the credential belongs to: without it the credential is dead. */
  readonly serviceAccountId?: string;
}

/** A scope as the service lists it. */
export interface ListedScope extends Pick<ScopeFacts, "level" | "implies"> {
  readonly name: string;
}

/** A key to make. Fields that the capabilities exclude are never set. */
export interface NewKey<Declared extends DeclaredOptions = DeclaredOptions> {
  /** The physical name: our marker. Unique to this call. */
  readonly name: string;
  readonly serviceAccountId?: string;
  readonly scopes?: readonly string[];
  readonly environment?: "live" | "test";
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** RFC 3339 UTC, by the service's clock if that is known. */
  readonly expiresAt?: string;
  /**
   * The same as a life from now, in milliseconds, for services that count it by their own clock: read both with
   * `secondsToLive`. Left out, although there is an `expiresAt`, in a run with APIKEYS_NOW.
   */
  readonly livesForMs?: number;
  readonly secretValue?: string;
  /** The {@link Vendor.keyOptions} that the program sets, and those with a default. Left out: there are none. */
  readonly options?: OptionsOf<Declared>;
}

/** Options to change. `null` removes one: the service then behaves as if it was never set. */
export type ChangedOptions<Declared extends DeclaredOptions = DeclaredOptions> = {
  readonly [Name in keyof OptionsOf<Declared>]?: OptionsOf<Declared>[Name] | null;
};

/** Changes to a key. A field that is left out stays as it is. `null` removes the expiry. */
export interface KeyChanges<Declared extends DeclaredOptions = DeclaredOptions> {
  /** The changed options among those declared with `change: "update"`. */
  readonly options?: ChangedOptions<Declared>;
  readonly name?: string;
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly expiresAt?: string | null;
}

export interface ServiceAccount {
  readonly id: string;
  readonly name: string;
  readonly status: "active" | "disabled";
  /** Given whenever accounts have roles. Left out: this account has none. */
  readonly role?: string;
  readonly scopes?: readonly string[];
  readonly description?: string;
  readonly createdAt?: string;
  /** The {@link Vendor.accountOptions} that the service reports. */
  readonly options?: ToldOptions;
}

export interface NewServiceAccount<Declared extends DeclaredOptions = DeclaredOptions> {
  readonly name: string;
  readonly description?: string;
  readonly role?: string;
  readonly scopes?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** The {@link Vendor.accountOptions} that the program sets, and those with a default. Left out: there are none. */
  readonly options?: OptionsOf<Declared>;
}

/** Changes to an account. A field that is left out stays as it is. An empty `description` or `role` removes it. */
export interface ServiceAccountChanges<Declared extends DeclaredOptions = DeclaredOptions> extends Partial<
  Omit<NewServiceAccount, "options">
> {
  /** The changed options among those declared with `change: "update"`. */
  readonly options?: ChangedOptions<Declared>;
}

/** How to give a key its new secret. */
export interface RotateOptions {
  /** How long the replaced secret keeps working, in milliseconds. */
  readonly graceMs: number;
  /** The key's physical name from now on. */
  readonly name: string;
  /**
   * Nobody knows the replaced secret: end it at once, and let the one before it work until its own end. Set only if the
   * capability `nativeRotate.keepsPrevious` allows it and the key reported its `previousVersion`. Default: false.
   */
  readonly keepPrevious?: boolean;
}

/**
 * A vendor's API. Return `undefined` for something that does not exist; throw an error of the tree in `errors.ts` for a
 * refusal. Leave out the methods that a vendor lacks.
 */
export interface BackendClient<
  KeyOptions extends DeclaredOptions = DeclaredOptions,
  AccountOptions extends DeclaredOptions = DeclaredOptions,
> {
  /**
   * Sent once; the HTTP client repeats it only where that is proven safe. If it takes several requests and a later one is
   * refused, run it through `halfMade`, or remove what the earlier ones made: after a refusal nobody looks for a key. If the answer lacks something, throw a
   * ResponseShapeError (for the secret: a SecretUnavailableError). The lifecycle treats that, and any error outside the
   * tree, like a lost answer: it looks for the key by its name, revokes it, and makes another.
   */
  createKey(key: NewKey<KeyOptions>): Promise<IssuedApiKey>;
  getKey(ref: KeyRef): Promise<ApiKey | undefined>;
  /** Every key of the parent that may still be alive. `undefined`: the parent does not exist. */
  listKeys(parent: { readonly serviceAccountId?: string }): Promise<readonly ApiKey[] | undefined>;
  updateKey?(ref: KeyRef, changes: KeyChanges<KeyOptions>): Promise<ApiKey>;
  /** `absent`: the service has no such key, or no longer has it. */
  revokeKey(ref: KeyRef): Promise<"revoked" | "absent">;
  /**
   * Enables a disabled key again, with the secret it had. Only called for a key that is disabled, and the lifecycle looks
   * afterwards. Must never bring back a revoked key. Needs the capability `enable`.
   */
  enableKey?(ref: KeyRef): Promise<void>;
  /** Gives an existing key a new secret. */
  rotateKey?(ref: KeyRef, options: RotateOptions): Promise<IssuedApiKey>;
  /** Ends the previous secret if it still works after a native rotation. */
  revokePrevious?(ref: KeyRef): Promise<"revoked" | "absent">;
  /**
   * Asks with the key's own secret whether it opens anything. This is evidence when the admin's view does not settle
   * whether a key is gone. Undefined: the answer settles nothing. `serviceAccountId`: the key's account, if the service
   * reports it.
   */
  probe?(key: KeyWithSecret): Promise<ProbeAnswer | undefined>;
  /**
   * Who the connection is, so that nothing ends the credential that it runs on. Undefined: nobody who has keys or accounts here, or
   * the service does not tell. Leave the method out if it never does; a key whose secret is on record is recognised without it.
   */
  whoAmI?(): Promise<Caller | undefined>;
  /** Every scope that keys or accounts may get, if the service lists them: for `apikeys scopes`. */
  listScopes?(): Promise<readonly ListedScope[]>;
  createServiceAccount?(account: NewServiceAccount<AccountOptions>): Promise<ServiceAccount>;
  getServiceAccount?(id: string): Promise<ServiceAccount | undefined>;
  /** Every account, or those with exactly this name. */
  listServiceAccounts?(filter: { readonly name?: string }): Promise<readonly ServiceAccount[]>;
  updateServiceAccount?(id: string, changes: ServiceAccountChanges<AccountOptions>): Promise<ServiceAccount>;
  /** The same as {@link BackendClient.enableKey} for an account. Needs the capability `serviceAccounts.enable`. */
  enableServiceAccount?(id: string): Promise<void>;
  deleteServiceAccount?(id: string): Promise<"deleted" | "absent">;
}

/** The methods that change nothing on the service. */
export const readingMethods = [
  "getKey",
  "listKeys",
  "listScopes",
  "probe",
  "whoAmI",
  "getServiceAccount",
  "listServiceAccounts",
] as const;

/** A client that cannot change anything on the service. */
export type ReadingClient = Pick<BackendClient, (typeof readingMethods)[number]>;

/** What a backend gets when a connection opens. */
export interface BackendContext<Options> {
  readonly http: HttpClient;
  readonly options: Options;
  /** The connection's admin credential as the user gave it. Read it for each call: it may be rotated. */
  readonly token: () => Promise<string>;
  /** The connection's URL without a trailing slash. */
  readonly url: string;
}

/** How the options of a connection change its backend. */
export interface Adaptation {
  /** Replaces the definition's own. */
  readonly capabilities?: OfferedCapabilities;
  /** Replaces the definition's own. */
  readonly catalogue?: ScopeCatalogue;
  /** Replaces the definition's own. */
  readonly keyOptions?: DeclaredOptions;
  /** Replaces the definition's own. */
  readonly accountOptions?: DeclaredOptions;
  /**
   * A path that identifies this service among others on the same host, such as `/realms/acme`. It is added to the
   * origin wherever objects record, and connections compare, which service made them.
   */
  readonly tenant?: string;
}

/** A backend as its author writes it: the vendor's facts, and the code that connects to it. */
export interface BackendDefinition<
  Options = undefined,
  KeyOptions extends DeclaredOptions = DeclaredOptions,
  AccountOptions extends DeclaredOptions = DeclaredOptions,
> extends Vendor {
  readonly keyOptions?: KeyOptions;
  readonly accountOptions?: AccountOptions;
  /**
   * Reads the connection's own fields, and throws a ConfigError if one is wrong. Left out: the backend has no fields of
   * its own.
   */
  readonly options?: (fields: Readonly<Record<string, unknown>>) => Options;
  /** Changes the facts for one connection. */
  readonly adapt?: (options: Options) => Adaptation;
  /** Turns the credential into request headers. Default: `Authorization: Bearer <token>`. */
  readonly authenticate?: (context: BackendContext<Options>) => Promise<BackendSession>;
  /**
   * Finds problems that no capability can express: scopes that exclude each other, an environment that needs a role, a
   * reserved name. Every preview calls it before anything is sent, so it must be quick and send no request. Each
   * problem fails the preview at its input. Left out: nothing more to check.
   */
  readonly validateKey?: (asked: AskedKey<KeyOptions>, options: Options) => readonly InputProblem[];
  /** The same for a ServiceAccount. */
  readonly validateAccount?: (asked: AskedAccount<AccountOptions>, options: Options) => readonly InputProblem[];
  readonly connect: (context: BackendContext<Options>) => BackendClient<KeyOptions, AccountOptions>;
}

/**
 * The inputs of a key that are known so far. One that a preview cannot know yet is left out, and is checked again
 * later.
 */
export interface AskedKey<Declared extends DeclaredOptions = DeclaredOptions> extends Partial<
  Omit<NewKey, "secretValue" | "options">
> {
  /** The known options, without defaults. */
  readonly options?: Partial<OptionsOf<Declared>>;
  /** A duration such as `90d`. */
  readonly expiresIn?: string;
  readonly fullAccess?: boolean;
}

/** The inputs of an account that are known so far. */
export interface AskedAccount<Declared extends DeclaredOptions = DeclaredOptions> extends Partial<
  Omit<NewServiceAccount, "options">
> {
  /** The known options, without defaults. */
  readonly options?: Partial<OptionsOf<Declared>>;
}

/** A problem with one input. */
export interface InputProblem {
  /** The input's name, such as `scopes` or `options.project`. */
  readonly field: string;
  /** What is wrong and what to do, as one sentence without a full stop. Never contains a secret. */
  readonly message: string;
}

/** An admin session made from the credential. */
export interface BackendSession {
  readonly headers: Readonly<Record<string, string>>;
  /** How long the session may be used, in milliseconds. Left out: until it is refused. */
  readonly validForMs?: number;
  /**
   * Other values of the session that must not be printed: a refresh token, a cookie, parts of a credential. The values
   * of `headers` and the credential itself are kept out anyway.
   */
  readonly secrets?: readonly string[];
}

/** A backend that passed the checks when it was loaded. */
export interface Backend extends BackendDefinition<unknown> {
  readonly capabilities: Capabilities;
  readonly adapt?: (options: unknown) => Adaptation & { readonly capabilities?: Capabilities };
}

export type { HttpClient, Session };
