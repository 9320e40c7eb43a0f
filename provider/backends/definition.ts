import { z } from "zod";
import { ConfigError } from "../errors";
import type { HttpClient, Session } from "../http/client";
import { kindOf } from "../redact";
import type { ScopeCatalogue, ScopeFacts } from "../scopes";

/**
 * The one interface between the lifecycle and a vendor's API: capabilities as data, and a handful of
 * methods that speak in domain objects. Everything the lifecycle does differently from vendor to
 * vendor, it does because of a capability; it never asks for a name.
 */

/** Whether a property can be changed on the vendor's side: in place, only by a new object, or is not kept there at all. */
export type Support = "update" | "replace" | "none";

/** What a service can do with keys and accounts. Times are in milliseconds. */
export interface Capabilities {
  /** What a key belongs to: an account that is itself a resource, or whoever owns the admin credential. */
  readonly parent: "serviceAccount" | "credential";
  /** Left out: the service has no service accounts. */
  readonly serviceAccounts?: {
    readonly name: Support;
    readonly description: Support;
    /** `required` = there is no account without a role. */
    readonly role: Support | "required";
    /** Scopes on the account itself: a ceiling, or (with `scopes: "account"`) all there is. */
    readonly scopes: Support;
    /** Account names are unique. */
    readonly uniqueNames: boolean;
  };
  /** Where scopes stand: on the key (fixed or changeable; both replace it here), on its account, or nowhere. */
  readonly scopes: "immutable" | "mutable" | "account" | "none";
  /** The environments a caller may choose between; left out: the caller has no choice. */
  readonly environments?: readonly ("live" | "test")[];
  /** A key's name can be changed. */
  readonly rename: boolean;
  /** A key's description. */
  readonly description: Support;
  readonly expiry: {
    /** `imposed`: the service sets one by itself, whatever the caller says. */
    readonly support: "optional" | "required" | "imposed" | "none";
    /** An existing key's expiry can be changed. */
    readonly update: boolean;
    /** Coarsest step the service keeps; differences below it are no drift. */
    readonly granularityMs: number;
  };
  readonly secret: {
    /** `always`: the vendor shows it again to any reader; it is never read back here. */
    readonly shown: "once" | "always";
    /** The caller may choose the value. */
    readonly callerChosen: boolean;
    /** At most this many bytes of a caller-chosen value count. */
    readonly significantBytes?: number;
    /** `pair`: a public access id and a private secret. */
    readonly form: "token" | "pair";
  };
  /** A call that gives a key a new secret. Left out: none. */
  readonly nativeRotate?: {
    /** Whether the key keeps its id. */
    readonly id: "same" | "new";
    /** Longest time the old secret goes on working; 0 = it dies at once. */
    readonly maxGraceMs: number;
    /** The caller chooses the grace; false = the service's policy does. */
    readonly graceChosen: boolean;
  };
  /** A key's end can be set on the server for later, so that nobody needs to come back for it. */
  readonly delayedRevoke: boolean;
  /** Left out: the service does not tell when a key was last used. */
  readonly lastUsed?: { readonly lagMs: number; readonly granularityMs: number };
  /** Names are unique among living keys. */
  readonly uniqueNames: boolean;
  /** Most keys that may live at once under one parent; left out: no limit known. */
  readonly maxActiveKeys?: number;
  /** Where the marker that proves whose a key is can be kept; `name` needs no call of its own. */
  readonly marker: "name" | "description" | "metadata";
  /** Ids are given again after a deletion: an id alone does not tell which key is meant. */
  readonly idsReused: boolean;
  /** How a key that is gone looks. `status`: a 404 proves it. `list`: only its absence from the account's list does. */
  readonly absence: "status" | "list";
  /** A revoke that the service acknowledges has happened; false: look again. */
  readonly revokeProves: boolean;
  /** An idempotency key is honoured on create: a lost answer can be asked for again. */
  readonly idempotentCreate: boolean;
  /** Longest time until a new key works, and is listed. */
  readonly activationLagMs: number;
  /** Longest time until a revoked key stops working. */
  readonly revocationLagMs: number;
  readonly limits: {
    /** Longest name, the 11 characters of the suffix included. */
    readonly nameLength: number;
    /** What a name may look like, as a regular expression; left out: anything printable. */
    readonly namePattern?: string;
    readonly descriptionLength?: number;
  };
}

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
}

/** A key at the one moment when its secret is known. */
export interface IssuedApiKey extends ApiKey {
  readonly secret: string;
  /** RFC 3339 UTC: until when the previous secret works, after a native rotate with grace. */
  readonly previousValidUntil?: string;
}

/** Which key is meant. Services that reuse ids need more than the id. */
export interface KeyRef {
  readonly id: string;
  readonly serviceAccountId?: string;
  /** The physical name: our marker. */
  readonly name: string;
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
  rotateKey?(ref: KeyRef, options: { readonly graceMs: number; readonly name: string }): Promise<IssuedApiKey>;
  /** Ends what still works of the previous secret after a native rotate. */
  revokePrevious?(ref: KeyRef): Promise<"revoked" | "absent">;
  createServiceAccount?(account: NewServiceAccount): Promise<ServiceAccount>;
  getServiceAccount?(id: string): Promise<ServiceAccount | undefined>;
  /** Every account, or those of exactly this name. */
  listServiceAccounts?(filter: { readonly name?: string }): Promise<readonly ServiceAccount[]>;
  updateServiceAccount?(id: string, changes: ServiceAccountChanges): Promise<ServiceAccount>;
  deleteServiceAccount?(id: string): Promise<"deleted" | "absent">;
}

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
  readonly capabilities?: Capabilities;
  readonly catalogue?: ScopeCatalogue;
  /**
   * A path that tells this service from others at the same address, such as `/realms/acme`: it is added
   * to the origin wherever objects record, and connections compare, which service made them.
   */
  readonly tenant?: string;
}

export interface BackendDefinition<Options = undefined> {
  /** The name users see in messages, and the scope review looks up. */
  readonly name: string;
  /** The vendor's own base URL, version included, used where the connection has no `url`. */
  readonly defaultUrl?: string;
  readonly capabilities: Capabilities;
  /** Left out where keys have no scopes. */
  readonly catalogue?: ScopeCatalogue;
  /** Where the vendor does not document its management API: what the user has to consent to. Demanded at the first write. */
  readonly undocumentedWrites?: string;
  /** Reads the connection's own fields; throws {@link ConfigError}. Left out: the backend has none. */
  readonly options?: (fields: Readonly<Record<string, unknown>>) => Options;
  /** Adjusts what holds for one connection. */
  readonly adapt?: (options: Options) => Adaptation;
  /** How the credential becomes request headers; default: `Authorization: Bearer <token>`. */
  readonly authenticate?: (context: BackendContext<Options>) => Promise<BackendSession>;
  readonly connect: (context: BackendContext<Options>) => BackendClient;
}

/** An admin session made from the credential. */
export interface BackendSession {
  readonly headers: Readonly<Record<string, string>>;
  /** How long the session may be used; left out: until it is refused. */
  readonly validForMs?: number;
}

export type Backend = BackendDefinition<unknown>;
export type { HttpClient, Session };

const support = z.enum(["update", "replace", "none"]);
const ms = z.number().nonnegative();
const pattern = z.string().refine(isPattern, { error: "write a regular expression" });
const capabilities = z.strictObject({
  parent: z.enum(["serviceAccount", "credential"]),
  serviceAccounts: z
    .strictObject({
      name: support,
      description: support,
      role: z.enum(["update", "replace", "none", "required"]),
      scopes: support,
      uniqueNames: z.boolean(),
    })
    .optional(),
  scopes: z.enum(["immutable", "mutable", "account", "none"]),
  environments: z.array(z.enum(["live", "test"])).optional(),
  rename: z.boolean(),
  description: support,
  expiry: z.strictObject({
    support: z.enum(["optional", "required", "imposed", "none"]),
    update: z.boolean(),
    granularityMs: ms,
  }),
  secret: z.strictObject({
    shown: z.enum(["once", "always"]),
    callerChosen: z.boolean(),
    significantBytes: z.number().int().positive().optional(),
    form: z.enum(["token", "pair"]),
  }),
  nativeRotate: z.strictObject({ id: z.enum(["same", "new"]), maxGraceMs: ms, graceChosen: z.boolean() }).optional(),
  delayedRevoke: z.boolean(),
  lastUsed: z.strictObject({ lagMs: ms, granularityMs: ms }).optional(),
  uniqueNames: z.boolean(),
  maxActiveKeys: z.number().int().positive().optional(),
  marker: z.enum(["name", "description", "metadata"]),
  idsReused: z.boolean(),
  absence: z.enum(["status", "list"]),
  revokeProves: z.boolean(),
  idempotentCreate: z.boolean(),
  activationLagMs: ms,
  revocationLagMs: ms,
  limits: z.strictObject({
    nameLength: z.number().int().positive(),
    namePattern: pattern.optional(),
    descriptionLength: z.number().int().positive().optional(),
  }),
});

// `satisfies` makes a field that only the interface has a compile error.
const scopeFacts = z.strictObject({
  implies: z.array(z.string()).optional(),
  level: z.enum(["read", "write", "admin"]).optional(),
  mintsKeys: z.boolean().optional(),
} satisfies Record<keyof ScopeFacts, z.ZodType>);
const catalogue = z.strictObject({
  scopes: z.record(z.string(), scopeFacts),
  open: z
    .strictObject({
      pattern,
      example: z.string(),
    })
    .optional(),
  limitMark: z.string().optional(),
} satisfies Record<keyof ScopeCatalogue, z.ZodType>);

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

const always = ["createKey", "getKey", "listKeys", "revokeKey"] as const;
const forAccounts = [
  "createServiceAccount",
  "getServiceAccount",
  "listServiceAccounts",
  "deleteServiceAccount",
] as const;

/**
 * Declares a backend. Checks its shape at once, so that a mistake is reported with the field's name
 * when the file is loaded, not when a key is at stake.
 */
export function defineBackend<Options = undefined>(definition: BackendDefinition<Options>): Backend {
  const name = typeof definition?.name === "string" && definition.name !== "" ? definition.name : undefined;
  if (!name) throw new ConfigError(`defineBackend: "name" is ${kindOf(definition?.name)}; give the backend a name.`);
  assertForm(name, "capabilities", capabilities, definition.capabilities);
  if (typeof definition.connect !== "function")
    throw new ConfigError(
      `Backend "${name}": "connect" is ${kindOf(definition.connect)}; give a function that returns the methods.`,
    );
  const wantsScopes = definition.capabilities.scopes === "immutable" || definition.capabilities.scopes === "mutable";
  if (wantsScopes && !definition.catalogue)
    throw new ConfigError(
      `Backend "${name}": "catalogue" is missing; keys have scopes ("capabilities.scopes"), so list them, or give the form of an open catalogue.`,
    );
  if (definition.catalogue) assertCatalogue(name, definition.catalogue);
  return definition as unknown as Backend;
}

function assertForm(name: string, part: string, schema: z.ZodType, value: unknown): void {
  const issue = schema.safeParse(value).error?.issues[0];
  if (issue)
    throw new ConfigError(`Backend "${name}": "${[part, ...issue.path].join(".")}" is wrong: ${issue.message}.`);
}

function assertCatalogue(name: string, offered: ScopeCatalogue): void {
  assertForm(name, "catalogue", catalogue, offered);
  for (const [scope, { implies = [] }] of Object.entries(offered.scopes)) {
    const unknown = implies.find(
      (implied) => !offered.open && !implied.includes("*") && !Object.hasOwn(offered.scopes, implied),
    );
    if (unknown !== undefined)
      throw new ConfigError(
        `Backend "${name}": "catalogue.scopes.${scope}.implies" is wrong: there is no scope "${unknown}".`,
      );
  }
}

/** Refuses a client that lacks a method its capabilities promise. */
export function checkClient(name: string, offered: Capabilities, client: BackendClient): BackendClient {
  if (typeof client !== "object" || client === null)
    throw new ConfigError(
      `Backend "${name}": "connect" returned ${kindOf(client)}; return an object with the methods.`,
    );
  const needed: (keyof BackendClient)[] = [...always];
  const { serviceAccounts } = offered;
  if (serviceAccounts) needed.push(...forAccounts);
  if (
    serviceAccounts &&
    [serviceAccounts.name, serviceAccounts.description, serviceAccounts.role, serviceAccounts.scopes].includes("update")
  )
    needed.push("updateServiceAccount");
  if (offered.nativeRotate) needed.push("rotateKey");
  if (offered.rename || offered.description === "update" || offered.expiry.update || offered.marker === "metadata")
    needed.push("updateKey");
  for (const method of needed) {
    if (typeof client[method] !== "function")
      throw new ConfigError(
        `Backend "${name}": the method "${method}" is missing; "connect" must return it, because the capabilities promise it.`,
      );
  }
  return client;
}
