/**
 * Makes a new key the current one and its predecessor the previous one, and decides about every older key. Pure.
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
  /** True if the service's own rotation issued it. */
  readonly inPlace: boolean;
  /** True if the previous secret is the recorded one, not the one that this rotation replaced. Default: false. */
  readonly keepPrevious?: boolean;
  /** True if the connection's settings still name its predecessor as their credential. Default: false. */
  readonly tookOver?: boolean;
}

/** The key before, and what takes its place. */
interface Change {
  readonly before: RotationRecord;
  readonly succession: Succession;
  readonly aim: Aim;
}

/** True if this issue leaves its predecessor an overlap. */
export function leavesOverlap({ emergency }: Issue, { retire, overlapMs }: Schedule): boolean {
  return !emergency && retire !== "immediately" && overlapMs > 0;
}

/** The ring with the new key as the current one, whatever fails later. */
export function succeeded(progress: Progress, succession: Succession): KeyRing {
  const { ring: before, aim } = progress;
  const { issued, issue, inPlace } = succession;
  const old = currentOf(before);
  // Native rotation keeps the id, and some services reuse ids: any older credential with this id is dead.
  const isOver = ({ keyId }: Credential) => keyId === issued.id;
  const oldIsDead = issue.currentIsDead || (old !== undefined && !inPlace && isOver(old));
  const older = before.previous;
  const change: Change = { before: before.record, succession, aim };
  let ring = recorded(progress, succession);
  ring = { ...ring, waiting: ring.waiting.filter((key) => !isOver(key)) };
  if (older && (issue.emergency || !oldIsDead || isOver(older))) ring = withoutOlder(ring, older, change);
  if (old && !oldIsDead) ring = withPredecessor(ring, old, change);
  // A disabled key must not work again.
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
  const { wanted, schedule, nowMs } = aim;
  const expiresAt = inPlace ? resolveExpiry(wanted, nowMs) : askedEnd;
  return replaced(ring, [...ofTheKey, ...(rotatingNames as readonly (keyof RotationRecord)[])], {
    ...picked(rotatingNames, wanted),
    ...recordIssued(issued, { ...wanted, expiresAt, callerChosen: false }, aim),
    generation: Math.max(wanted.generation, ring.record.generation + (currentOf(ring) ? 1 : 0)),
    issuedOn: schedule.issuedOn(nowMs),
    rotatedAt: formatTime(nowMs),
    rotationReason: [issue.reason, ...seen.remarks].join("; "),
  });
}

/** Revokes the key before the previous one now, early or not. */
function withoutOlder(ring: KeyRing, older: Previous, { succession: { issue }, aim: { nowMs } }: Change): KeyRing {
  const endMs = Date.parse(older.until);
  const runs = endMs > nowMs;
  // The reason names the requested end, as the request does: a service counts its grace by its own clock.
  const promisedMs = older.retire === "whenUnused" ? endMs : Date.parse(older.retireAfter);
  const left = withoutPrevious(ring);
  const told = runs && !issue.emergency ? remarked(left, earlyEnd(promisedMs, nowMs)) : left;
  // Some have already ended by themselves: on their service, or by its own rotation.
  return (runs || !older.endsOnService) && older.keyId !== ring.record.keyId ? condemned(told, older) : told;
}

/** Makes the old key the previous one, or revokes it at once. */
function withPredecessor(ring: KeyRing, old: Credential, was: Change): KeyRing {
  const { before, aim } = was;
  const { issue, inPlace, keepPrevious = false, tookOver = false } = was.succession;
  if (leavesOverlap(issue, aim.schedule))
    // After a rotation whose answer was lost, this rotation replaced another secret, which nobody knows.
    return inPlace && !keepPrevious && before.rotateBlockedUntil !== undefined
      ? remarked(ring, "no previous key, because the answer to an earlier rotation was lost")
      : withPrevious(ring, old, was);
  // If the run is killed before the engine has recorded the new key, the connection has only the old one.
  if (tookOver && !issue.emergency) return awaiting(ring, old, formatTime(aim.nowMs));
  const { nativeRotate } = aim.facts.capabilities;
  // Revokes an old secret that the service keeps alive by its own policy, without a request.
  const livesOn = nativeRotate?.graceChosen === false && nativeRotate.maxGraceMs > 0;
  return !inPlace || issue.emergency || livesOn ? condemned(ring, old) : ring;
}

/** The previous key, until its overlap or its own life ends. */
function withPrevious(ring: KeyRing, old: Credential, was: Change): KeyRing {
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

/** An emergency revokes every older key, whatever its secret. */
function condemnedAll(ring: KeyRing): KeyRing {
  return { ...ring, strays: [], condemned: [...ring.condemned, ...ring.strays].map(whateverItCarries) };
}

function condemned(ring: KeyRing, key: Credential): KeyRing {
  return { ...ring, condemned: [...ring.condemned, credentialOf(key)] };
}

function remarked(ring: KeyRing, words: string): KeyRing {
  return replaced(ring, [], { rotationReason: `${ring.record.rotationReason}; ${words}` });
}
