/**
 * What a service can do with keys and accounts: the one declaration from which the type, the check of
 * a backend's file and the answers that may be left out derive. What is left out is the humble answer:
 * a vendor says only what it can do. Four facts have no default, because a wrong one loses keys or
 * access: `parent`, `scopes`, `absence` and `limits.nameLength`.
 *
 * Everything the lifecycle does differently from vendor to vendor, it does because of a field here; it
 * never asks for a name. Times are in milliseconds.
 */
import { z } from "zod";

const ms = z.number().nonnegative();
/** Whether a property can be changed on the vendor's side: in place, only by a new object, or is not kept there at all. */
const support = z.enum(["update", "replace", "none"]);
export const regularExpression = z.string().refine(isPattern, { error: "write a regular expression" });

export const capabilitiesSchema = z
  .strictObject({
    /** What a key belongs to: an account that is itself a resource, or whoever owns the admin credential. */
    parent: z.enum(["serviceAccount", "credential"]),
    /** Left out: the service has no service accounts. */
    serviceAccounts: z
      .strictObject({
        /** Default: `replace`. */
        name: support.default("replace"),
        /** Default: `none`. */
        description: support.default("none"),
        /** `required` = there is no account without a role. Default: `none`. */
        role: z.enum(["update", "replace", "none", "required"]).default("none"),
        /** Every role that there is. Left out: any text may be one. */
        roles: z.array(z.string().min(1)).nonempty().readonly().optional(),
        /** Scopes on the account itself: a ceiling, or (with `scopes: "account"`) all there is. Default: `none`. */
        scopes: support.default("none"),
        /**
         * Where it shows that an account was disabled: on each of its `keys`, which the service or the backend tells as
         * disabled, or on the `account` alone, which is then asked for with every key. `none`: accounts cannot be
         * disabled. Default: `account`.
         */
        disabling: z.enum(["keys", "account", "none"]).default("account"),
        /** What an account's id is: one of its `own`, which stays, or its `name`, which a rename changes. Default: `own`. */
        id: z.enum(["own", "name"]).default("own"),
        /** Account names are unique. Default: false. */
        uniqueNames: z.boolean().default(false),
      })
      .readonly()
      .optional(),
    /** Where scopes stand: on the key (fixed or changeable; both replace it here), on its account, or nowhere. */
    scopes: z.enum(["immutable", "mutable", "account", "none"]),
    /** The environments a caller may choose between; left out: the caller has no choice. */
    environments: z
      .array(z.enum(["live", "test"]))
      .readonly()
      .optional(),
    /** A key's name can be changed. Default: false. */
    rename: z.boolean().default(false),
    /** A key's description. Default: `none`. */
    description: support.default("none"),
    /** Left out: keys have no end. */
    expiry: z
      .strictObject({
        /** `imposed`: the service sets one by itself, whatever the caller says. */
        support: z.enum(["optional", "required", "imposed", "none"]),
        /** An existing key's expiry can be changed. Default: false. */
        update: z.boolean().default(false),
        /** Longest life that the service gives a key, from its issue; left out: no limit known. */
        longestMs: ms.positive().optional(),
        /** Coarsest step the service keeps; differences below it are no drift. Default: a second. */
        granularityMs: ms.default(1_000),
      })
      .readonly()
      .default({ support: "none", update: false, granularityMs: 1_000 }),
    /** Left out: one token, drawn by the service. */
    secret: z
      .strictObject({
        /** Read by nobody; accepted because backends written for 0.1 had to say it. */
        shown: z.enum(["once", "always"]).optional(),
        /** The caller may choose the value. Default: false. */
        callerChosen: z.boolean().default(false),
        /** At most this many bytes of a caller-chosen value count. */
        significantBytes: z.number().int().positive().optional(),
        /** `pair`: a public access id and a private secret. Default: `token`. */
        form: z.enum(["token", "pair"]).default("token"),
        /**
         * What a secret of this service looks like, as a regular expression of the whole of it: whatever looks
         * so is kept out of every message, also where nobody knows that secret. A named group is a part that
         * the service itself shows in clear, such as `(?<prefix>acme_)[A-Za-z0-9]{32}(?<lastFour>[A-Za-z0-9]{4})`:
         * that part alone may stand in an id or a hint. Left out: random text without a mark.
         */
        shape: regularExpression.optional(),
      })
      .readonly()
      .default({ callerChosen: false, form: "token" }),
    /** A call that gives a key a new secret. Left out: none. */
    nativeRotate: z
      .strictObject({
        /** Whether the key keeps its id. */
        id: z.enum(["same", "new"]),
        /** Longest time the old secret goes on working. Default: 0, it dies at once. */
        maxGraceMs: ms.default(0),
        /** The caller chooses the grace; false = the service's policy does. Default: false. */
        graceChosen: z.boolean().default(false),
        /**
         * A secret that nobody knows can be replaced without ending the grace of the one before it, and a key tells that one's
         * `previousVersion`. Left out: it cannot, and the update after a run that was cut short in a rotation ends that grace.
         */
        keepsPrevious: z.literal(true).optional(),
      })
      .readonly()
      .optional(),
    /**
     * A key's end can be set on the service for later (`updateKey` with `expiresAt`), so that nobody needs
     * to come back to revoke it; needs `expiry.update`. Default: false.
     */
    delayedRevoke: z.boolean().default(false),
    /** Left out: the service does not tell when a key was last used. */
    lastUsed: z.strictObject({ lagMs: ms, granularityMs: ms }).readonly().optional(),
    /** Names are unique among living keys. Default: false. */
    uniqueNames: z.boolean().default(false),
    /** Most keys that may live at once under one parent; left out: no limit known. */
    maxActiveKeys: z.number().int().positive().optional(),
    /** Where the marker that proves whose a key is can be kept; `name`, the default, needs no call of its own. */
    marker: z.enum(["name", "description", "metadata"]).default("name"),
    /** Ids are given again after a deletion: an id alone does not tell which key is meant. Default: false. */
    idsReused: z.boolean().default(false),
    /** How a key that is gone looks. `status`: a 404 proves it. `list`: only its absence from the list of its parent's keys does. */
    absence: z.enum(["status", "list"]),
    /** A revoke that the service acknowledges has happened. Default: false, the lifecycle looks again. */
    revokeProves: z.boolean().default(false),
    /** An idempotency key is honoured on create: a lost answer can be asked for again. Default: false. */
    idempotentCreate: z.boolean().default(false),
    /** Longest time until a new key works, and is listed. Default: 0. */
    activationLagMs: ms.default(0),
    /** Longest time until a revoked key stops working. Default: 0. */
    revocationLagMs: ms.default(0),
    limits: z
      .strictObject({
        /** Longest name of a key or an account, the 11 characters of the suffix included. */
        nameLength: z.number().int().positive(),
        /** What a full name, with its suffix, may look like, as a regular expression; left out: anything printable. */
        namePattern: regularExpression.optional(),
        /** Longest description of a key or an account, in characters; left out: no limit known. */
        descriptionLength: z.number().int().positive().optional(),
      })
      .readonly(),
  })
  .readonly();

/** What a service can do, every question answered. */
export type Capabilities = z.output<typeof capabilitiesSchema>;

/** What a vendor says of itself: what it leaves out is the humble answer. */
export type OfferedCapabilities = ReadonlyDeep<z.input<typeof capabilitiesSchema>>;

export type Support = z.output<typeof support>;

type ReadonlyDeep<T> = T extends object ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> } : T;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
