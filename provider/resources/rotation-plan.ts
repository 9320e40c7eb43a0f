/**
 * What a rotating key still needs, decided from what was done (the outputs), what is wanted (the
 * inputs) and the clock. `diff` and `update` ask the same function, so that a preview shows what an
 * update does, and a half-done update is finished and never repeated. Pure.
 */
import type { ConnectionFacts } from "../connections";
import { formatSpan } from "../durations";
import { formatTime } from "../times";
import { isUnknown } from "../wire";
import { sameValue } from "./field-table";
import type { KeyRecord } from "./key-inputs";
import { changeReason, dayOf, endForDue, isDead, type RotatingInputs, statusReason } from "./rotation-request";
import { dueOf, dueReason, idleTimeMs, type RetireMode, type Schedule, scheduleFields } from "./rotation-schedule";

/** One credential: what a retire addresses. Under one key id a newer one may follow it. */
export interface Credential {
  readonly keyId: string;
  readonly physicalName: string;
  readonly fingerprint?: string;
  readonly secretVersion?: string;
}

/** An older key that still has to be revoked. */
export interface PendingRevocation extends Credential {
  /** RFC 3339 UTC: since when it should be gone. */
  readonly end: string;
}

/** What the record knows of the previous key beside its public outputs. */
export interface PreviousKey extends Credential {
  /** Earliest end; RFC 3339 UTC. */
  readonly retireAfter: string;
  readonly retire: RetireMode;
  /** The service ends it by itself at `previousValidUntil`. */
  readonly endsOnService: boolean;
}

/** The record of a rotating key: the inputs of its current key, the schedule, and what was done. */
export interface RotatingOutputs
  extends Omit<RotatingInputs, "status" | "retireAfter" | "retireUntil">, Omit<KeyRecord, "keyId" | "physicalName"> {
  /** Absent while no key could be issued yet. */
  readonly keyId?: string;
  readonly physicalName?: string;
  readonly rotatedAt?: string;
  readonly nextRotationAt?: string;
  readonly previousKeyId?: string;
  readonly previousSecret?: string;
  readonly previousValidUntil?: string;
  readonly previousKey?: PreviousKey;
  readonly retireStatus?: string;
  readonly pendingRevocations?: readonly PendingRevocation[];
  /** Names of keys that may have been made although no usable answer came, and that could not be looked for yet. */
  readonly lostCreates?: readonly string[];
  /** Older keys that somebody gave another secret: left alone until an emergency, or until this resource goes. */
  readonly strayKeys?: readonly Credential[];
  readonly agreedScopes?: readonly string[];
  /** After a native rotate whose answer was lost: no further one before this time. */
  readonly rotateBlockedUntil?: string;
}

export interface MintPlan {
  readonly reason: string;
  /** Every older key is revoked in the same update. */
  readonly emergency: boolean;
  /** The current key does not work, so it has no overlap to keep. */
  readonly currentIsDead: boolean;
}

/** `end`: its time is over · `ask`: whether it is still in use decides · `setEnd`: its end is not on the service yet. */
export type PreviousPlan = "none" | "keep" | "end" | "ask" | "setEnd";

export interface RotationPlan {
  readonly mint?: MintPlan;
  readonly previous: PreviousPlan;
  /** Older keys wait for their revocation. */
  readonly pending: boolean;
  /** Inputs that only change the record, or the current key in place. */
  readonly recordChanges: readonly (keyof RotatingInputs)[];
  /** Inputs that make another identity. */
  readonly replaces: readonly string[];
}

const identityFields = ["connection", "serviceAccountId", "environment"] as const;
const recordFields = ["labels", "name", "description", ...scheduleFields] as const;

export function planRotation(
  outs: RotatingOutputs,
  news: RotatingInputs,
  facts: ConnectionFacts,
  schedule: Schedule,
  nowMs: number,
): RotationPlan {
  const replaces = identityFields.filter((name) => isUnknown(news[name]) || !sameValue(outs[name], news[name]));
  const recordChanges: (keyof RotatingInputs)[] = recordFields.filter((name) => !sameValue(outs[name], news[name]));
  if (outs.emergency !== undefined && news.emergency === undefined) recordChanges.push("emergency");
  const asked = planPrevious(outs, facts, nowMs);
  const mint = planMint(outs, news, facts, schedule, nowMs, asked);
  // A key that makes way for the next one in any case need not be asked for.
  const previous = asked === "ask" && mint && !mint.currentIsDead ? "keep" : asked;
  const pending = (outs.pendingRevocations ?? []).length + (outs.lostCreates ?? []).length > 0;
  return { ...(mint ? { mint } : {}), previous, pending, recordChanges, replaces };
}

/** True where nothing is left to be done. */
export function isIdle({ mint, previous, pending, recordChanges, replaces }: RotationPlan): boolean {
  return (
    !mint &&
    !pending &&
    (previous === "none" || previous === "keep") &&
    recordChanges.length === 0 &&
    replaces.length === 0
  );
}

function planMint(
  outs: RotatingOutputs,
  news: RotatingInputs,
  facts: ConnectionFacts,
  schedule: Schedule,
  nowMs: number,
  previous: PreviousPlan,
): MintPlan | undefined {
  if (outs.keyId === undefined || outs.secret === undefined)
    return { reason: "first issue", emergency: false, currentIsDead: true };
  const currentIsDead = isDead(outs.status) || (outs.expiresAt !== undefined && nowMs >= Date.parse(outs.expiresAt));
  const minting = [news.scopes, news.keepers, news.expiresIn, news.emergency];
  if (!minting.some(isUnknown)) {
    const change = changeReason(outs, news, facts.catalogue);
    if (change) return { reason: change.text, emergency: change.emergency, currentIsDead };
  } else if (!sameValue([outs.scopes, outs.keepers, outs.expiresIn, outs.emergency], minting)) {
    return { reason: "inputs not known yet", emergency: false, currentIsDead: false };
  }
  const broken = statusReason(outs.status);
  if (broken !== undefined) return { reason: broken, emergency: false, currentIsDead };
  const due = dueReason(
    schedule,
    Date.parse(outs.issuedOn),
    endForDue(outs.issuedOn, outs.expiresIn, outs.expiresAt),
    nowMs,
  );
  const overlapRuns = previous === "keep" || previous === "setEnd" || previous === "ask";
  // A key that works no more cannot wait for an overlap.
  return due !== undefined && (currentIsDead || !overlapRuns)
    ? { reason: due, emergency: false, currentIsDead }
    : undefined;
}

function planPrevious(outs: RotatingOutputs, { capabilities }: ConnectionFacts, nowMs: number): PreviousPlan {
  const { previousKey, previousValidUntil } = outs;
  if (!previousKey || previousValidUntil === undefined) return "none";
  if (nowMs >= Date.parse(previousValidUntil)) return "end";
  // The older secret of the current key: the service's own rotation has set its end for good.
  if (previousKey.keyId === outs.keyId) return "keep";
  if (
    previousKey.retire === "whenUnused" &&
    nowMs >= Date.parse(previousKey.retireAfter) &&
    outs.retireAskedOn !== dayOf(nowMs)
  )
    return "ask";
  return capabilities.delayedRevoke && !previousKey.endsOnService ? "setEnd" : "keep";
}

/** Whether a previous key may go before its latest end, from what the vendor tells of both keys' use. */
export function judgeUse(
  use: { readonly currentLastUsedAt?: string | undefined; readonly previousLastUsedAt?: string | undefined },
  facts: Pick<ConnectionFacts, "capabilities">,
  nowMs: number,
): { readonly retire: boolean; readonly status: string } {
  if (use.currentLastUsedAt === undefined)
    return { retire: false, status: "the new key has not been used yet; deferred" };
  if (use.previousLastUsedAt === undefined) return { retire: true, status: "never used; retired" };
  const idleMs = nowMs - Date.parse(use.previousLastUsedAt);
  if (idleMs < idleTimeMs(facts)) return { retire: false, status: `used ${formatSpan(idleMs)} ago; deferred` };
  return { retire: true, status: `unused for ${formatSpan(idleMs)}; retired` };
}

/** When the next key will be made, as far as the clock decides. */
export function nextRotation(
  schedule: Schedule,
  outs: Pick<RotatingOutputs, "issuedOn" | "expiresIn" | "expiresAt">,
): string {
  return formatTime(nextDueMs(schedule, outs));
}

/** When the current key is due by its age or its end. */
export function nextDueMs(
  schedule: Schedule,
  { issuedOn, expiresIn, expiresAt }: Pick<RotatingOutputs, "issuedOn" | "expiresIn" | "expiresAt">,
): number {
  return dueOf(schedule, Date.parse(issuedOn), endForDue(issuedOn, expiresIn, expiresAt)).atMs;
}
