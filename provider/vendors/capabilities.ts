/**
 * What a service can do with keys and accounts. The type, the check of a backend's file and the default answers all
 * derive from this one declaration. A default is always the humble answer: a vendor states only what it can do. Four
 * facts have no default, because a wrong one loses keys or access: `parent`, `scopes`, `absence` and
 * `limits.nameLength`.
 *
 * Wherever the lifecycle treats vendors differently, a field here decides; it never checks a vendor's name. Times are
 * in milliseconds.
 */
import { z } from "zod";

const ms = z.number().nonnegative();
/** Whether the vendor can change a property: in place, only with a new object, or it does not store the property. */
const support = z.enum(["update", "replace", "none"]);
export const regularExpression = z.string().refine(isPattern, { error: "write a regular expression" });

/** What limits names and descriptions, and how a name is made. */
const namesSchema = z.strictObject({
  /** Longest name of a key or an account, including the suffix (11 or 20 characters). */
  nameLength: z.number().int().positive(),
  /** Regular expression for a full name, with its suffix; left out: any printable text. */
  namePattern: regularExpression.optional(),
  /** Longest description of a key or an account, in characters; left out: no known limit. */
  descriptionLength: z.number().int().positive().optional(),
  /** How a full name is made of the program's prefix. Left out: the prefix as it is, `-`, and the mark. */
  naming: z
    .strictObject({
      /** Stands between prefix and mark. Default: `-`. */
      separator: z.enum(["-", "_", ".", ":"]).optional(),
      /** The service keeps names in small (or capital) letters only. Left out: as they are. */
      letters: z.enum(["lower", "upper"]).optional(),
      /**
       * The characters that a prefix may have, as they stand between the brackets of a regular expression, such as
       * `A-Z0-9_`: any other one becomes the separator. Left out: any.
       */
      characters: z
        .string()
        .refine((set) => isPattern(`[^${set}]`), {
          error: "write what stands between the brackets of a regular expression, such as a-z0-9_",
        })
        .optional(),
      /** What `nameLength` counts. Default: `characters`. */
      lengthIn: z.enum(["characters", "bytes"]).optional(),
      /**
       * `short`: always the mark of 10 characters, which says which stack made it and not which resource; what a killed run
       * left is then found by people alone. Default: `proven`, the mark of 19 characters, where the prefix leaves room for it.
       */
      mark: z.enum(["proven", "short"]).optional(),
    })
    .readonly()
    .optional(),
});

export const capabilitiesSchema = z
  .strictObject({
    /** What a key belongs to: an account that is itself a resource, or the owner of the admin credential. */
    parent: z.enum(["serviceAccount", "credential"]),
    /** Left out: the service has no service accounts. */
    serviceAccounts: z
      .strictObject({
        /** Default: `replace`. */
        name: support.default("replace"),
        /** Default: `none`. */
        description: support.default("none"),
        /** `required`: there is no account without a role. Default: `none`. */
        role: z.enum(["update", "replace", "none", "required"]).default("none"),
        /** All roles that exist. Left out: any text may be a role. */
        roles: z.array(z.string().min(1)).nonempty().readonly().optional(),
        /**
         * Scopes on the account itself: a ceiling, or (with `scopes: "account"`) all scopes there are. Default: `none`.
         */
        scopes: support.default("none"),
        /**
         * Where a disabled account shows: on each of its `keys`, which the service or the backend reports as disabled,
         * or only on the `account`, which is then read together with every key. `none`: accounts cannot be disabled.
         * Default: `account`.
         */
        disabling: z.enum(["keys", "account", "none"]).default("account"),
        /**
         * What identifies an account: an id of its `own`, which never changes, or its `name`, which a rename changes.
         * Default: `own`.
         */
        id: z.enum(["own", "name"]).default("own"),
        /** A disabled account can be enabled again: `enableServiceAccount`. Its keys keep their secrets. Default: false. */
        enable: z.boolean().default(false),
        /** Account names are unique. Default: false. */
        uniqueNames: z.boolean().default(false),
        /**
         * A list of accounts reports everything about each account that a read of this one account reports, so a refresh of many may
         * read the list instead. Default: false.
         */
        listTellsAll: z.boolean().default(false),
      })
      .readonly()
      .optional(),
    /** Where scopes are: on the key (fixed or changeable; both replace the key here), on its account, or nowhere. */
    scopes: z.enum(["immutable", "mutable", "account", "none"]),
    /**
     * The service reports a key's scopes. Default: true. False: they are known only from its issue, and a change of
     * them elsewhere does not show.
     */
    scopesTold: z.boolean().default(true),
    /** The environments that a caller can choose from; left out: no choice. */
    environments: z
      .array(z.enum(["live", "test"]))
      .readonly()
      .optional(),
    /** A key's name can be changed. Default: false. */
    rename: z.boolean().default(false),
    /**
     * A key that is disabled by itself, not only by its account, can be enabled again with the secret it had: `enableKey`.
     * Default: false.
     */
    enable: z.boolean().default(false),
    /** A key's description can be changed. Default: `none`. */
    description: support.default("none"),
    /** Left out: keys never expire. */
    expiry: z
      .strictObject({
        /** `imposed`: the service sets an expiry itself, whatever the caller asks for. */
        support: z.enum(["optional", "required", "imposed", "none"]),
        /** An existing key's expiry can be changed. Default: false. */
        update: z.boolean().default(false),
        /** With `update`: an end can be taken away as well; false = moved, never removed. Default: true. */
        removable: z.boolean().optional(),
        /** Longest life of a key, from its issue; left out: no known limit. */
        longestMs: ms.positive().optional(),
        /** Coarsest step that the service keeps; smaller differences are not drift. Default: a second. */
        granularityMs: ms.default(1_000),
      })
      .readonly()
      .default({ support: "none", update: false, granularityMs: 1_000 }),
    /** Left out: one token, generated by the service. */
    secret: z
      .strictObject({
        /** Not read. Accepted because backends written for 0.1 had to state it. */
        shown: z.enum(["once", "always"]).optional(),
        /** The caller may choose the value. Default: false. */
        callerChosen: z.boolean().default(false),
        /** Only this many bytes of a caller-chosen value count. */
        significantBytes: z.number().int().positive().optional(),
        /** `pair`: a public access id and a private secret. Default: `token`. */
        form: z.enum(["token", "pair"]).default("token"),
        /**
         * What a secret of this service looks like, as a regular expression for all of it. Text that matches is kept
         * out of every message, even if nobody knows that secret. A named group marks a part that the service itself
         * shows in clear, such as `(?<prefix>acme_)[A-Za-z0-9]{32}(?<lastFour>[A-Za-z0-9]{4})`: only that part may
         * appear in an id or a hint. Left out: random text that nothing marks as a key.
         */
        shape: regularExpression.optional(),
      })
      .readonly()
      .default({ callerChosen: false, form: "token" }),
    /** A call gives an existing key a new secret. Left out: there is no such call. */
    nativeRotate: z
      .strictObject({
        /** Whether the key keeps its id. */
        id: z.enum(["same", "new"]),
        /** How long the old secret can keep working. Default: 0, it stops at once. */
        maxGraceMs: ms.default(0),
        /** The caller chooses the grace. False: the service's policy does. Default: false. */
        graceChosen: z.boolean().default(false),
        /**
         * A secret that nobody knows can be replaced without ending the grace of the one before it, and a key reports
         * that secret's `previousVersion`. Left out: it cannot, and after a run that was killed during a rotation, the
         * next update ends that grace.
         */
        keepsPrevious: z.literal(true).optional(),
      })
      .readonly()
      .optional(),
    /**
     * The service can set a later end for a key (`updateKey` with `expiresAt`), so nobody has to come back to revoke
     * it. Needs `expiry.update`. Default: false.
     */
    delayedRevoke: z.boolean().default(false),
    /** Left out: the service does not report when a key was last used. */
    lastUsed: z.strictObject({ lagMs: ms, granularityMs: ms }).readonly().optional(),
    /** Names are unique among living keys. Default: false. */
    uniqueNames: z.boolean().default(false),
    /** How many keys may live at once under one parent; left out: no known limit. */
    maxActiveKeys: z.number().int().positive().optional(),
    /** Where the marker is stored that proves whose a key is. `name`, the default, needs no extra call. */
    marker: z.enum(["name", "description", "metadata"]).default("name"),
    /** The service reuses ids after a deletion, so an id alone does not identify a key. Default: false. */
    idsReused: z.boolean().default(false),
    /**
     * How the service shows that a key is gone. `status`: a 404 proves it. `list`: only its absence from its parent's
     * key list does.
     */
    absence: z.enum(["status", "list"]),
    /**
     * A list of keys tells of each key all that a read of this one key tells, so a refresh may read the list instead of
     * every key. Default: false.
     */
    listTellsAll: z.boolean().default(false),
    /** An acknowledged revoke has happened. Default: false; the lifecycle checks again. */
    revokeProves: z.boolean().default(false),
    /**
     * What is left of a key that has ended by itself. `kept`: a record, which nobody can remove. `removable`: a record, which
     * `revokeKey` removes; the lifecycle does that when an overlap is over, and `apikeys sweep --ended` for what was left.
     * Left out: nothing, or nobody knows.
     */
    endedRecords: z.enum(["kept", "removable"]).optional(),
    /** Create honours an idempotency key, so a lost answer can be requested again. Default: false. */
    idempotentCreate: z.boolean().default(false),
    /** Longest time until a new key works and is listed. Default: 0. */
    activationLagMs: ms.default(0),
    /** Longest time until a revoked key stops working. Default: 0. */
    revocationLagMs: ms.default(0),
    limits: z
      .strictObject({
        ...namesSchema.shape,
        /** What is different for keys. */
        keys: namesSchema.partial().readonly().optional(),
        /** What is different for service accounts. */
        accounts: namesSchema.partial().readonly().optional(),
      })
      .readonly(),
  })
  .readonly();

/** What a service can do, with every default filled in. */
export type Capabilities = z.output<typeof capabilitiesSchema>;

/** What a vendor says of itself. A fact that it leaves out has the humble default. */
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
