/**
 * What a rotating key needs next: decided from what was done (the ring), what this update has seen so far, what is
 * wanted, and the clock. `diff` and `update` ask the same function, so that a preview shows what an update
 * does, and a half-done update is finished and never repeated. Pure.
 */
import type { KeyChanges } from "../../backends/definition";
import { type Aim, dueIssue, type Issue, waitingIssue } from "./due-issue";
import { changesInPlace, recordChanges } from "./in-place";
import {
  type Credential,
  currentOf,
  hasEndOnService,
  isCrowded,
  type KeyRing,
  type Previous,
  type RotationRecord,
} from "./key-ring";
import type { Seen } from "./seen";
import { type PreviousTask, previousTask } from "./use";
import { noRoom, unclearRotate } from "./words";

/** Why a key is revoked: `room`: the vendor's limit leaves no place for a new key. */
export type RevokeReason = "waiting" | "over" | "unused" | "room" | "condemned";

/** What the current key is read for: before a revoke, to learn whether its predecessor is in use, or before a successor is issued. */
export type Need = "retire" | "use" | "issue";

export type Step =
  /** The service has ended the previous key by itself. */
  | { readonly kind: "forget" }
  /** An emergency revokes waiting keys whatever secret they carry. */
  | { readonly kind: "condemn" }
  /** The current key is read: before any revoke, and to learn whether it works. */
  | { readonly kind: "look"; readonly key: Credential; readonly issue?: Issue; readonly need: Need }
  /** Whether the key is there at all, whatever secret it carries. */
  | { readonly kind: "probe"; readonly key: Credential }
  /** Keys whose create was never answered are looked for. */
  | { readonly kind: "search"; readonly room: boolean }
  /** Whether the previous key is still in use. */
  | { readonly kind: "ask"; readonly key: Previous }
  | { readonly kind: "revoke"; readonly key: Credential; readonly why: RevokeReason; readonly room: boolean }
  | { readonly kind: "issue"; readonly issue: Issue }
  /** The service's own rotation, where an account keeps one key. */
  | { readonly kind: "rotate"; readonly issue: Issue; readonly key: Credential; readonly keepPrevious: boolean }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "change"; readonly key: Credential; readonly changes: KeyChanges }
  | { readonly kind: "setEnd"; readonly key: Previous }
  /** Nothing but the record is behind. */
  | { readonly kind: "record" }
  | { readonly kind: "done" }
  | { readonly kind: "fail"; readonly words: string };

export function nextStep(ring: KeyRing, seen: Seen, aim: Aim): Step {
  if (seen.failure !== undefined) return { kind: "fail", words: seen.failure };
  const issue = issueOf(ring, seen, aim);
  if (aim.frozen === true && !issue) return changeStep(ring, seen, aim) ?? recordStep(ring, aim);
  return (
    settle(ring, issue, seen, aim) ??
    look(ring, issue, seen, aim) ??
    retire(ring, issue, seen, aim) ??
    (issue ? issueStep(ring, issue, seen, aim) : changeStep(ring, seen, aim)) ??
    revokeCondemned(ring, seen, aim) ??
    endOnService(ring, seen, aim) ??
    recordStep(ring, aim)
  );
}

function recordStep({ record }: KeyRing, aim: Aim): Step {
  return { kind: recordChanges(record, aim).length > 0 ? "record" : "done" };
}

/** The new key that is still to be issued in this update. */
export function issueOf(ring: KeyRing, seen: Seen, aim: Aim): Issue | undefined {
  if (seen.issued) return undefined;
  if (seen.repair) return seen.repair;
  const issue = dueIssue(ring, aim);
  // A due key that has waited for an overlap waits no longer, unless something of that overlap is left to do.
  return issue && seen.asked && seen.problems.length > 0 && !issue.currentIsDead ? undefined : issue;
}

/** A previous key that makes way for the next one in any case need not be asked for. */
function taskOf(ring: KeyRing, issue: Issue | undefined, { facts, nowMs }: Aim): PreviousTask {
  const task = previousTask(ring, facts, nowMs);
  return task === "ask" && issue && !issue.currentIsDead ? "keep" : task;
}

/** What needs no request. */
function settle(ring: KeyRing, issue: Issue | undefined, seen: Seen, aim: Aim): Step | undefined {
  if (issue?.emergency && ring.waiting.some(({ secretVersion }) => secretVersion !== undefined))
    return { kind: "condemn" };
  const endedByService = taskOf(ring, issue, aim) === "end" && ring.previous?.endsOnService === true;
  return endedByService && !seen.issued && !seen.endTried ? { kind: "forget" } : undefined;
}

/** Before any revoke the current key is read; where it does not work, a new one is issued first. */
function look(ring: KeyRing, issue: Issue | undefined, seen: Seen, aim: Aim): Step | undefined {
  const key = currentOf(ring);
  if (seen.current !== "unseen" || !key) return undefined;
  if (issue?.currentIsDead) return mayLive(ring, aim) ? { kind: "look", key, issue, need: "retire" } : undefined;
  const need = needOf(ring, issue, aim);
  return need && { kind: "look", key, ...(issue && { issue }), need };
}

/** What a current key that is not known to be dead has to be read for. */
function needOf(ring: KeyRing, issue: Issue | undefined, aim: Aim): Need | undefined {
  const task = taskOf(ring, issue, aim);
  const waits = ring.waiting.length + ring.lost.length > 0;
  if (waits || task === "end" || (issue && looksBeforeIssue(ring, issue, aim))) return "retire";
  if (task === "ask") return "use";
  // Somebody may have disabled the key, or ended it, since it was read; after a rotation whose answer was lost it has a secret that nobody knows.
  const asksForSuccessor = issue && !issue.emergency && ring.record.rotateBlockedUntil === undefined;
  return asksForSuccessor || waitingIssue(ring, aim) ? "issue" : undefined;
}

/** Where something has to make room, or where a rotation that was cut short has begun a grace that need not end. */
function looksBeforeIssue(ring: KeyRing, { emergency }: Issue, { facts }: Aim): boolean {
  const { maxActiveKeys, nativeRotate } = facts.capabilities;
  if (maxActiveKeys === 1) return !emergency && nativeRotate?.keepsPrevious === true;
  return isCrowded(ring, maxActiveKeys, false);
}

/** `revoked` may mean that somebody replaced the secret, and a disabled key may be enabled by now. */
function mayLive(ring: KeyRing, aim: Aim): boolean {
  return mayCarryAnotherSecret(ring, aim) || ring.record.status === "disabled";
}

export function mayCarryAnotherSecret({ record }: KeyRing, { facts }: Pick<Aim, "facts">): boolean {
  const { nativeRotate, maxActiveKeys } = facts.capabilities;
  return record.status === "revoked" && nativeRotate?.id === "same" && maxActiveKeys !== 1;
}

/** Everything whose time is over, once the current key is known to work: waiting keys first of all. */
function retire(ring: KeyRing, issue: Issue | undefined, seen: Seen, aim: Aim): Step | undefined {
  if (seen.current !== "works") return undefined;
  const waiting = revokeWaiting(ring, seen, false);
  if (waiting || !ring.previous) return waiting;
  if (seen.unused !== undefined) return { kind: "revoke", key: ring.previous, why: "unused", room: false };
  const task = taskOf(ring, issue, aim);
  if (task === "ask" && !seen.asked) return { kind: "ask", key: ring.previous };
  return task === "end" && !ring.previous.endsOnService && !seen.refused.has(ring.previous.keyId)
    ? { kind: "revoke", key: ring.previous, why: "over", room: false }
    : undefined;
}

function revokeWaiting({ lost, waiting }: KeyRing, { searched, refused }: Seen, room: boolean): Step | undefined {
  if (lost.length > 0 && !searched) return { kind: "search", room };
  const key = waiting.find(({ keyId }) => !refused.has(keyId));
  return key && { kind: "revoke", key, why: "waiting", room };
}

function issueStep(ring: KeyRing, issue: Issue, seen: Seen, aim: Aim): Step {
  const current = currentOf(ring);
  if (current && aim.facts.capabilities.maxActiveKeys === 1) {
    const { status } = ring.record;
    if (status === "revoked" && seen.stillThere === undefined) return { kind: "probe", key: current };
    if (status === "revoked" ? seen.stillThere : status !== "missing")
      return rotateStep(ring.record, { issue, key: current }, seen, aim);
  }
  return makeRoom(ring, issue, seen, aim) ?? { kind: "issue", issue };
}

/** Never twice within the grace of a rotation whose answer was lost, unless the service keeps that grace. */
function rotateStep(
  { rotateBlockedUntil }: RotationRecord,
  { issue, key }: { readonly issue: Issue; readonly key: Credential },
  { recordedWorksUntil }: Seen,
  { facts, nowMs }: Aim,
): Step {
  const keepPrevious = recordedWorksUntil !== undefined && facts.capabilities.nativeRotate?.keepsPrevious === true;
  const blockedUntil = recordedWorksUntil ?? rotateBlockedUntil;
  return !keepPrevious && blockedUntil !== undefined && Date.parse(blockedUntil) > nowMs
    ? { kind: "fail", words: unclearRotate(key.keyId, blockedUntil) }
    : { kind: "rotate", issue, key, keepPrevious };
}

/**
 * Where the vendor's limit of keys would be exceeded, waiting keys go first and then the previous one; never the
 * current one, and never the only one that works.
 */
function makeRoom(ring: KeyRing, issue: Issue, seen: Seen, { facts }: Aim): Step | undefined {
  const { maxActiveKeys } = facts.capabilities;
  const crowded = isCrowded(ring, maxActiveKeys, issue.currentIsDead);
  if (seen.current !== "works") return crowded || seen.makesRoom ? revokeWaiting(ring, seen, true) : undefined;
  if (!crowded || !ring.previous) return undefined;
  return seen.refused.has(ring.previous.keyId)
    ? { kind: "fail", words: noRoom(facts.backend, maxActiveKeys ?? 0) }
    : { kind: "revoke", key: ring.previous, why: "room", room: true };
}

/** What the vendor can change on the current key without a new one. */
function changeStep(ring: KeyRing, seen: Seen, aim: Aim): Step | undefined {
  const key = currentOf(ring);
  if (!key || seen.issued || seen.changed !== undefined) return undefined;
  const changes = changesInPlace(ring.record, aim);
  return Object.keys(changes).length > 0 ? { kind: "change", key, changes } : undefined;
}

/** The new key has to work before the old ones stop. */
function revokeCondemned({ condemned: [key] }: KeyRing, seen: Seen, { facts }: Aim): Step | undefined {
  if (!key) return undefined;
  const ms = facts.capabilities.activationLagMs;
  return ms > 0 && !seen.waited ? { kind: "wait", ms } : { kind: "revoke", key, why: "condemned", room: false };
}

/** The previous key's end is written on the service, so that nobody has to come back for it. */
function endOnService({ record, previous }: KeyRing, seen: Seen, { facts }: Aim): Step | undefined {
  if (!previous || hasEndOnService(previous) || seen.endTried || previous.keyId === record.keyId) return undefined;
  return facts.capabilities.delayedRevoke ? { kind: "setEnd", key: previous } : undefined;
}
