import { z } from "zod";
import { scopeLevels } from "../provider/scopes";

/**
 * What was reviewed, in the one form from which the digest is computed and every table is made. All texts are exact
 * (see `exactText`), lists are sorted, and absent values are null, so each fact has one spelling.
 */

const text = z.string();
const texts = z.array(text);

/** The account of a key: an id, the account that this update makes for it, or (hidden) unknown to everyone. */
const account = z.union([
  z.strictObject({ id: text }),
  z.strictObject({ outputOf: text }),
  z.strictObject({ hidden: z.literal(true) }),
]);

const life = z.strictObject({
  expiresAt: text.nullable(),
  expiresIn: text.nullable(),
  rotateEvery: text.nullable(),
  overlap: text.nullable(),
  retire: text.nullable(),
  maxOverlap: text.nullable(),
  /** These came later. They are left out if not given, so approved digests stay valid. */
  rotateBefore: text.optional(),
  jitter: text.optional(),
  onDisabled: text.optional(),
  acceptLess: text.optional(),
  selfRotate: text.optional(),
  revokeOnDestroy: text.optional(),
  firstRotation: text.optional(),
  /** Names of those that are secret or not known before the update. */
  hidden: texts,
});

const side = z.strictObject({
  backend: text.nullable(),
  origin: text.nullable(),
  /** The source of the connection's admin credential. Null: not recorded, as in states of 0.1. */
  credential: text.nullable(),
  /** Path and dialect on the origin. Left out if they are the backend's own, or not recorded. */
  route: text.optional(),
  /** The connection's own claims about its scopes. Left out if it makes none. */
  extraScopes: z
    .record(text, z.strictObject({ level: z.enum(scopeLevels).optional(), implies: texts.optional() }))
    .optional(),
  /** The service's id of the key or account, if it was there before and is taken over. */
  adopts: text.optional(),
  connection: text,
  environment: text.nullable(),
  /** The account of a key. Null: the key belongs to none. */
  account: account.nullable(),
  /** The own id of an account, if known. */
  accountId: text.nullable(),
  /** Somebody has disabled it on its service, and this update gives its access back. */
  disabled: z.literal(true).optional(),
  /** What it may do, by kind: `read:x`, `role=viewer`, `ceiling=read:x`, `account=all`. */
  grants: texts,
  /** Why `grants` is incomplete. Empty: everything was readable. */
  unreadable: texts,
  life,
  /** Who uses a key that was there before, and did not use it. Left out if nobody. */
  alsoUsedBy: texts.optional(),
  /** Removing or replacing it does not revoke it (`retainOnDelete`, `deletedWith`). */
  staysAlive: z.boolean(),
});

const kind = z.enum(["account", "key", "rotatingKey"]);

/** A resource with a change of access, place or life. */
const deltaEntry = z.strictObject({
  urn: text,
  kind,
  before: side.nullable(),
  after: side.nullable(),
  gains: texts,
  loses: texts,
});

/** A resource without such a change. */
const keptEntry = z.strictObject({ urn: text, kind, now: side });

/**
 * A dynamic resource that is not ours and whose code is new, changes or cannot be read: SHA-256 of the code, null if
 * hidden.
 */
const newCode = z.strictObject({ urn: text, before: text.nullable(), after: text.nullable() });

/** The meaning of scopes, for a backend that this package does not know. */
const catalogue = z.strictObject({
  backend: text,
  scopes: z.record(
    text,
    z.strictObject({
      implies: texts.optional(),
      level: z.enum(scopeLevels).optional(),
      mintsKeys: z.boolean().optional(),
    }),
  ),
  /** How much the words of an open catalogue can do, by their beginning. */
  levels: z.record(text, z.enum(scopeLevels)).optional(),
  limitMark: text.optional(),
});

/** The approved form of a resource that runs code of a dynamic provider. */
const approvedResource = z.strictObject({
  urn: text,
  type: text,
  account: account.nullable(),
  /** For a resource that is not ours: a hash of its code; null if that is secret. */
  code: text.nullable(),
  /** For one of ours: a hash of every input that must not change. Null for others. */
  inputs: z.record(text, text).nullable(),
  /** What runs one of ours: the provider's URN, and if the program makes it, which release it asks for. */
  provider: z.strictObject({ urn: text, version: text.nullable().optional() }).optional(),
});

export const reviewedShape = {
  delta: z.array(deltaEntry),
  kept: z.array(keptEntry),
  code: z.array(newCode),
  catalogues: z.array(catalogue),
  /** For the policy pack; not shown. */
  approved: z.array(approvedResource),
};

export type ReviewedSide = z.infer<typeof side>;
export type DeltaEntry = z.infer<typeof deltaEntry>;
export type ApprovedResource = z.infer<typeof approvedResource>;
export type KeptEntry = z.infer<typeof keptEntry>;
export type NewCode = z.infer<typeof newCode>;
export type ReviewedCatalogue = z.infer<typeof catalogue>;

/** The part of a report that determines all the rest. */
export interface Reviewed {
  readonly delta: DeltaEntry[];
  readonly kept: KeptEntry[];
  readonly code: NewCode[];
  readonly catalogues: ReviewedCatalogue[];
}
