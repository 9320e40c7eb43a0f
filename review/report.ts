import { z } from "zod";
import { reviewedShape } from "./delta-schema";
import { levels, ruleIds } from "./levels";

/**
 * The result of a review, as data. Every format is made from it. `merge` and `comment` read it back, possibly from a
 * job that ran foreign code, so it has a schema, and no text in it is trusted.
 */

export const verdicts = ["not-reviewable", "blocked", "access-changes", "no-access-change"] as const;
export type Verdict = (typeof verdicts)[number];

const target = z.object({ backend: z.string(), origin: z.string() });
const keyOp = z.enum(["create", "replace", "rotate", "update", "move", "delete", "same"]);

const accountRow = z.object({
  urn: z.string(),
  name: z.string(),
  owner: z.string().nullable(),
  env: z.string().nullable(),
  before: z.array(z.string()),
  after: z.array(z.string()),
  gains: z.array(z.string()),
  loses: z.array(z.string()),
  /** The most serious finding about the account or one of its keys. */
  level: z.enum([...levels, "none"]),
  rules: z.array(z.enum(ruleIds)),
  isAccount: z.boolean(),
  targetBefore: target.nullable(),
  targetAfter: target.nullable(),
});

const keyRow = z.object({
  urn: z.string(),
  name: z.string(),
  account: z.string().nullable(),
  env: z.string().nullable(),
  op: keyOp,
  reason: z.string(),
  order: z.enum(["none", "create-before-delete", "delete-before-create", "unknown"]),
  gains: z.array(z.string()),
  loses: z.array(z.string()),
  equalAccess: z.boolean(),
  createdAt: z.string().nullable(),
  ageDays: z.int().nullable(),
  expiresAt: z.string().nullable(),
  expiresIn: z.string().nullable(),
  rotateEvery: z.string().nullable(),
  nextRotationAt: z.string().nullable(),
  oldValidUntil: z.string().nullable(),
  consumers: z.array(z.string()),
  updatedConsumers: z.int().nullable(),
});

const location = z.object({ file: z.string().min(1), line: z.int().min(1), column: z.int().min(1).optional() });

const findingRow = z.object({
  rule: z.enum(ruleIds),
  level: z.enum(levels),
  urn: z.string(),
  message: z.string(),
  location,
  waived: z.boolean(),
  waiver: z.object({ reason: z.string(), approver: z.string(), until: z.string() }).optional(),
  existing: z.boolean(),
  fingerprint: z.string(),
});

export const reportSchema = z.object({
  schemaVersion: z.literal(2),
  project: z.string(),
  stack: z.string(),
  part: z.string().nullable(),
  verdict: z.enum(verdicts),
  exitCode: z.int().min(0).max(255),
  failOn: z.enum(["block", "warn", "never"]),
  /** The date that ages and limits are based on; null if the review could not run. */
  reviewedOn: z.string().nullable(),
  complete: z.boolean(),
  accessChanged: z.boolean(),
  expectedNoAccessChange: z.boolean(),
  /** Over `project`, `stack`, `delta`, `code`, `catalogues` and `unreviewed`; null if the review could not run. */
  digest: z.string().nullable(),
  ...reviewedShape,
  counts: z.object({
    accounts: z.int(),
    keys: z.int(),
    checked: z.int(),
    gaining: z.int(),
    losing: z.int(),
    created: z.int(),
    replaced: z.int(),
    rotated: z.int(),
    moved: z.int(),
    deleted: z.int(),
    block: z.int(),
    warn: z.int(),
    info: z.int(),
    waived: z.int(),
  }),
  accounts: z.array(accountRow),
  keys: z.array(keyRow),
  findings: z.array(findingRow),
  unreviewed: z.array(z.object({ urn: z.string().nullable(), reason: z.string() })),
  /** Null if no lock file was given. */
  lock: z.object({ current: z.boolean(), differences: z.array(z.string()) }).nullable(),
  notes: z.array(z.string()),
});

export type Report = z.infer<typeof reportSchema>;
export type ReportAccount = z.infer<typeof accountRow>;
export type ReportKey = z.infer<typeof keyRow>;
export type ReportFinding = z.infer<typeof findingRow>;

/** Facts of a key that are not in the delta. */
export type KeyExtras = Pick<
  ReportKey,
  | "op"
  | "reason"
  | "order"
  | "createdAt"
  | "expiresAt"
  | "nextRotationAt"
  | "oldValidUntil"
  | "consumers"
  | "updatedConsumers"
>;
