/**
 * A new key becomes the current one, and the key before it the previous one: what that means for every older key. Pure.
 */
import type { IssuedApiKey } from "../../backends/definition";
import { defined } from "../../values/defined";
import { formatSpan, minuteMs } from "../../values/durations";
import { formatTime } from "../../values/times";
import { picked } from "../fields/field";
import { rotatingNames } from "./fields";
import { recordIssued } from "../key/key-inputs";
import { resolveExpiry } from "../key/expiry";
import type { Aim, Issue } from "./due-issue";
import {
  awaiting,
  type Credential,
  credentialOf,
  currentOf,
  type KeyRing,
  type Previous,
  replaced,
  type RotationRecord,
  whateverItCarries,
  withoutPrevious,
} from "./key-ring";
import type { Schedule } from "./schedule";
import type { Progress } from "./seen";
import { earlyEnd } from "./words";

/** A key that was issued, and why. */
export interface Succession {
  readonly issued: IssuedApiKey;
  readonly issue: Issue;
  /** The requested end. */
  readonly askedEnd?: string | undefined;
  /** By the service's own rotation. */
  readonly inPlace: boolean;
  /** The previous secret is the recorded one, not the one that this rotation replaced. Default: false. */
  readonly keepPrevious?: boolean;
  /** The connection ran on its predecessor, and its settings name that one still. Default: false. */
  readonly tookOver?: boolean;
}

/** True if this issue leaves its predecessor an overlap. */
export function leavesOverlap({ emergency }: Issue, { retire, overlapMs }: Schedule): boolean {
  return !emergency && retire !== "immediately" && overlapMs > 0;
}

/** From now on the new key is the current one, whatever fails. */
export function succeeded(progress: Progress, succession: Succession): KeyRing {
  const { ring: before, aim } = progress;
  const { issued, issue, inPlace } = succession;
  const old = currentOf(before);
  // Native rotation keeps the id, and some services reuse ids: any older credential with this id is dead.
  const isOver = ({ keyId }: Credential) => keyId === issued.id;
  const oldIsDead = issue.currentIsDead || (old !== undefined && !inPlace && isOver(old));
  const older = before.previous;
  let ring = recorded(progress, succession);
  ring = { ...ring, waiting: ring.waiting.filter((key) => !isOver(key)) };
  if (older && (issue.emergency || !oldIsDead || isOver(older))) ring = withoutOlder(ring, older, issue, aim.nowMs);
  if (old && !oldIsDead) ring = withPredecessor(ring, old, { before: before.record, succession, aim });
  // Nobody can use a disabled key, and nobody should be able to again.
  if (old && !inPlace && before.record.status === "disabled") ring = condemned(ring, old);
  return issue.emergency ? condemnedAll(ring) : ring;
}

const ofTheKey = [
  "accessId",
  "hint",
  "fingerprint",
  "secretVersion",
  "expiresAt",
  "askedExpiresAt",
  "serverExpiresAt",
  "serverEnvironment",
  "expiryImposed",
  "serverScopes",
  "agreedScopes",
  "serverOptions",
  "agreedOptions",
  "optionsTold",
  "ownCredential",
  "rotateBlockedUntil",
  "retireStatus",
] as const satisfies readonly (keyof RotationRecord)[];

function recorded({ ring, seen, aim }: Progress, { issued, issue, inPlace, askedEnd }: Succession): KeyRing {
  const { wanted, facts, schedule, nowMs } = aim;
  const expiresAt = inPlace ? resolveExpiry(wanted, nowMs) : askedEnd;
  return replaced(ring, [...ofTheKey, ...(rotatingNames as readonly (keyof RotationRecord)[])], {
    ...picked(rotatingNames, wanted),
    ...recordIssued(issued, { ...wanted, expiresAt, callerChosen: false }, facts, nowMs),
    generation: Math.max(wanted.generation, ring.record.generation + (currentOf(ring) ? 1 : 0)),
    issuedOn: schedule.issuedOn(nowMs),
    rotatedAt: formatTime(nowMs),
    rotationReason: [issue.reason, ...seen.remarks].join("; "),
  });
}

/** The key before the previous one goes now, early or not. */
function withoutOlder(ring: KeyRing, older: Previous, { emergency }: Issue, nowMs: number): KeyRing {
  const endMs = Date.parse(older.until);
  const runs = endMs > nowMs;
  // The reason tells the requested end, as the request does: a service counts its grace by its own clock.
  const promisedMs = older.retire === "whenUnused" ? endMs : Date.parse(older.retireAfter);
  const left = withoutPrevious(ring);
  const told = runs && !emergency ? remarked(left, earlyEnd(promisedMs, nowMs)) : left;
  // Some have already ended by themselves: on their service, or by its own rotation.
  return (runs || !older.endsOnService) && older.keyId !== ring.record.keyId ? condemned(told, older) : told;
}

/** The key that was current until now becomes the previous one, or goes at once. */
function withPredecessor(
  ring: KeyRing,
  old: Credential,
  was: { readonly before: RotationRecord; readonly succession: Succession; readonly aim: Aim },
): KeyRing {
  const { before, aim } = was;
  const { issue, inPlace, keepPrevious = false, tookOver = false } = was.succession;
  if (leavesOverlap(issue, aim.schedule))
    // After a rotation whose answer was lost, this rotation replaced another secret, which nobody knows.
    return inPlace && !keepPrevious && before.rotateBlockedUntil !== undefined
      ? remarked(ring, "no previous key, because the answer to an earlier rotation was lost")
      : withPrevious(ring, old, was);
  // Until the engine has recorded the new key, the old one is all that a killed run leaves to the connection.
  if (tookOver && !issue.emergency) return awaiting(ring, old, formatTime(aim.nowMs));
  const { nativeRotate } = aim.facts.capabilities;
  // If the service's policy lets an old secret live on although nobody asked for it, it is revoked.
  const livesOn = nativeRotate?.graceChosen === false && nativeRotate.maxGraceMs > 0;
  return !inPlace || issue.emergency || livesOn ? condemned(ring, old) : ring;
}

/** The previous key, until its overlap or its own life ends. */
function withPrevious(
  ring: KeyRing,
  old: Credential,
  was: { readonly before: RotationRecord; readonly succession: Succession; readonly aim: Aim },
): KeyRing {
  const { before, aim } = was;
  const { inPlace, issued } = was.succession;
  const { schedule, nowMs } = aim;
  const ends = schedule.overlapEnds(nowMs, schedule.due(ring.record).atMs);
  if (!ends) return ring;
  const ownEndMs = before.expiresAt === undefined ? Infinity : Date.parse(before.expiresAt);
  const graceEnd = inPlace ? issued.previousValidUntil : undefined;
  const until = graceEnd ?? formatTime(Math.min(ends.endMs, ownEndMs));
  const endMs = Date.parse(until);
  const previous: Previous = defined({
    ...old,
    // A service counts its grace by its own clock, and the request was made before.
    retireAfter: formatTime(inPlace ? ends.retireAfterMs : Math.min(ends.retireAfterMs, endMs)),
    retire: schedule.retire,
    endsOnService: inPlace || ownEndMs <= ends.endMs,
    expiresAt: before.expiresAt,
    secret: before.secret,
    until,
  });
  const askedMs = Date.parse(formatTime(nowMs)) + schedule.overlapMs;
  const isEarly = endMs + (inPlace ? minuteMs : 0) < askedMs;
  const withIt = { ...ring, previous };
  return isEarly ? remarked(withIt, `previous key ends ${formatSpan(askedMs - endMs)} early, by its own end`) : withIt;
}

/** An emergency leaves no older key, whatever secret it carries. */
function condemnedAll(ring: KeyRing): KeyRing {
  return { ...ring, strays: [], condemned: [...ring.condemned, ...ring.strays].map(whateverItCarries) };
}

function condemned(ring: KeyRing, key: Credential): KeyRing {
  return { ...ring, condemned: [...ring.condemned, credentialOf(key)] };
}

function remarked(ring: KeyRing, words: string): KeyRing {
  return replaced(ring, [], { rotationReason: `${ring.record.rotationReason}; ${words}` });
}
