import { z } from "zod";
import { scopeLevels } from "../provider/scopes";

/**
 * What was reviewed, in the one form from which the digest is computed and every table is drawn. All
 * texts are exact (see `exactText`), lists are sorted, and what is absent is null, so that each fact
 * has one spelling.
 */

const text = z.string();
const texts = z.array(text);

/** Whose key it is: an id, the account that a resource gets in this update, or (hidden) nobody can tell. */
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
  /** These are left out where they are not given: they came later, and approved digests stay valid. */
  rotateBefore: text.optional(),
  jitter: text.optional(),
  onDisabled: text.optional(),
  /** Names of those that are secret, or not known before the update. */
  hidden: texts,
});

const side = z.strictObject({
  backend: text.nullable(),
  origin: text.nullable(),
  /** Where the connection takes its admin credential from. Null: not on record, in states of 0.1. */
  credential: text.nullable(),
  /** Path and dialect on the origin. Left out where they are the backend's own, or not on record. */
  route: text.optional(),
  /** What only the connection says of its scopes. Left out where it says nothing. */
  extraScopes: z
    .record(text, z.strictObject({ level: z.enum(scopeLevels).optional(), implies: texts.optional() }))
    .optional(),
  connection: text,
  environment: text.nullable(),
  /** Of a key. Null: it belongs to none. */
  account: account.nullable(),
  /** Of an account: its own id, where it is known. */
  accountId: text.nullable(),
  /** What it may do, by kind: `read:x`, `role=viewer`, `ceiling=read:x`, `account=all`. */
  grants: texts,
  /** Why `grants` is not all. Empty = readable. */
  unreadable: texts,
  life,
  /** Its removal or replacement does not revoke it (`retainOnDelete`, `deletedWith`). */
  staysAlive: z.boolean(),
});

const kind = z.enum(["account", "key", "rotatingKey"]);

/** A resource whose access, place or life changes. */
const deltaEntry = z.strictObject({
  urn: text,
  kind,
  before: side.nullable(),
  after: side.nullable(),
  gains: texts,
  loses: texts,
});

/** One that keeps all of it. */
const keptEntry = z.strictObject({ urn: text, kind, now: side });

/** A dynamic resource that is not ours, whose code is new, changes or cannot be read: SHA-256 of it, null where hidden. */
const newCode = z.strictObject({ urn: text, before: text.nullable(), after: text.nullable() });

/** What scopes imply, of a backend that this package does not know. */
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
  /** How much the words of an open catalogue can do, by what they begin with. */
  levels: z.record(text, z.enum(scopeLevels)).optional(),
  limitMark: text.optional(),
});

/** What a resource that runs code of a dynamic provider may be after the update. */
const approvedResource = z.strictObject({
  urn: text,
  type: text,
  account: account.nullable(),
  /** Of a resource that is not ours: a hash of its code; null where that is secret. */
  code: text.nullable(),
  /** Of ours: a hash of every input that has to stay. Null for others. */
  inputs: z.record(text, text).nullable(),
});

export const reviewedShape = {
  delta: z.array(deltaEntry),
  kept: z.array(keptEntry),
  code: z.array(newCode),
  catalogues: z.array(catalogue),
  /** For the policy pack; shown to nobody. */
  approved: z.array(approvedResource),
};

export type ReviewedSide = z.infer<typeof side>;
export type DeltaEntry = z.infer<typeof deltaEntry>;
export type ApprovedResource = z.infer<typeof approvedResource>;
export type KeptEntry = z.infer<typeof keptEntry>;
export type NewCode = z.infer<typeof newCode>;
export type ReviewedCatalogue = z.infer<typeof catalogue>;

/** The part of a report from which all the rest follows. */
export interface Reviewed {
  readonly delta: DeltaEntry[];
  readonly kept: KeptEntry[];
  readonly code: NewCode[];
  readonly catalogues: ReviewedCatalogue[];
}
