/**
 * Decides what a rotating key needs next, from the ring (what was done), what this update has seen, the wanted inputs
 * and the clock. `diff` and `update` call the same function: so a preview shows what an update does, and the next update
 * finishes an interrupted one without repeating it. Pure.
 */
import type { KeyChanges } from "../../backends/definition";
import { isEnabledAgain } from "../disabled";
import { dueIssue, type Issue, waitingIssue } from "./due-issue";
import { changesInPlace, recordChanges } from "./in-place";
import { type Credential, currentOf, hasEndOnService, isCrowded, type Previous } from "./key-ring";
import type { Progress } from "./seen";
import { type PreviousTask, previousTask } from "./use";
import { noRoom, unclearRotate } from "./words";

/** Why a key is revoked. `room`: the vendor's limit leaves no place for a new key. */
export type RevokeReason = "waiting" | "over" | "unused" | "room" | "condemned";

/**
 * Why the current key is read: before a revoke, to learn whether its predecessor is in use, or before a successor is
 * issued.
 */
export type Need = "retire" | "use" | "issue";

export type Step =
  /** The service has ended the previous key by itself. */
  | { readonly kind: "forget" }
  /** An emergency revokes waiting keys, whatever their secret. */
  | { readonly kind: "condemn" }
  /** The current key is read: before any revoke, and to learn whether it works. */
  | { readonly kind: "look"; readonly key: Credential; readonly issue?: Issue; readonly need: Need }
  /** Finds out whether the key exists, whatever its secret. */
  | { readonly kind: "probe"; readonly key: Credential }
  /** Searches for keys of creates whose answer was lost. */
  | { readonly kind: "search"; readonly room: boolean }
  /** Asks the service whether the previous key is still in use. */
  | { readonly kind: "ask"; readonly key: Previous }
  | { readonly kind: "revoke"; readonly key: Credential; readonly why: RevokeReason; readonly room: boolean }
  | { readonly kind: "issue"; readonly issue: Issue }
  /** The service's own rotation, if an account keeps only one key. */
  | { readonly kind: "rotate"; readonly issue: Issue; readonly key: Credential; readonly keepPrevious: boolean }
  | { readonly kind: "wait"; readonly ms: number }
  /** Enables the current key, which somebody has disabled, because the program asks for it. */
  | { readonly kind: "enable"; readonly key: Credential }
  | { readonly kind: "change"; readonly key: Credential; readonly changes: KeyChanges }
  | { readonly kind: "setEnd"; readonly key: Previous }
  /** Changes only the record. */
  | { readonly kind: "record" }
  | { readonly kind: "done" }
  | { readonly kind: "fail"; readonly words: string };

/** An update before its next step, with the new key that is still to be issued. */
interface Position extends Progress {
  readonly issue: Issue | undefined;
}

export function nextStep(progress: Progress): Step {
  const { seen, aim } = progress;
  if (seen.failure !== undefined) return { kind: "fail", words: seen.failure };
  const issue = issueOf(progress);
  if (aim.frozen === true && !issue) return changeStep(progress) ?? recordStep(progress);
  const here = { ...progress, issue };
  return (
    settle(here) ??
    enableStep(here) ??
    look(here) ??
    retire(here) ??
    (issue ? issueStep(issue, here) : changeStep(here)) ??
    revokeCondemned(here) ??
    endOnService(here) ??
    recordStep(here)
  );
}

function recordStep({ ring, aim }: Progress): Step {
  return { kind: recordChanges(ring.record, aim).length > 0 ? "record" : "done" };
}

/** The new key that is still to be issued in this update. */
function issueOf({ ring, seen, aim }: Progress): Issue | undefined {
  if (seen.issued) return undefined;
  if (seen.repair) return seen.repair;
  const issue = dueIssue(ring, aim);
  // A due key waits no longer for an overlap, unless work of that overlap is left.
  return issue && seen.asked && seen.problems.length > 0 && !issue.currentIsDead ? undefined : issue;
}

/** The task of the previous key. If it makes way for the next key anyway, its use does not matter. */
function taskOf({ ring, issue, aim }: Position): PreviousTask {
  const task = previousTask(ring, aim);
  return task === "ask" && issue && !issue.currentIsDead ? "keep" : task;
}

/** True if nothing is left to do on the service, not even to remove the record of an ended key. */
function endsByItself({ ring: { previous }, aim }: Progress): boolean {
  return previous?.endsOnService === true && aim.facts.capabilities.endedRecords !== "removable";
}

/** Steps that need no request. */
function settle(here: Position): Step | undefined {
  const { ring, issue, seen } = here;
  if (issue?.emergency && ring.waiting.some(({ secretVersion }) => secretVersion !== undefined))
    return { kind: "condemn" };
  const endedByService = taskOf(here) === "end" && endsByItself(here);
  return endedByService && !seen.issued && !seen.endTried ? { kind: "forget" } : undefined;
}

/** Enables only what the preview has shown: a key that this update finds disabled waits for the next update. */
function enableStep({ ring, issue, seen, aim: { wanted } }: Position): Step | undefined {
  const key = currentOf(ring);
  const isAsked = isEnabledAgain(ring.record.status, wanted) && wanted.status === "active";
  return key && !issue && isAsked && seen.current === "unseen" ? { kind: "enable", key } : undefined;
}

/** Before any revoke the current key is read. If it does not work, a new one is issued first. */
function look(here: Position): Step | undefined {
  const { ring, issue, seen } = here;
  const key = currentOf(ring);
  if (seen.current !== "unseen" || !key) return undefined;
  if (issue?.currentIsDead) return mayLive(here) ? { kind: "look", key, issue, need: "retire" } : undefined;
  const need = needOf(here);
  return need && { kind: "look", key, ...(issue && { issue }), need };
}

/** Why the current key has to be read, unless it is known to be dead. */
function needOf(here: Position): Need | undefined {
  const { ring, issue, aim } = here;
  const task = taskOf(here);
  const waits = ring.waiting.length + ring.lost.length > 0;
  if (waits || task === "end" || (issue && looksBeforeIssue(issue, here))) return "retire";
  if (task === "ask") return "use";
  // Somebody may have disabled or revoked the key since it was read. After a rotation whose answer was lost, nobody
  // knows its secret.
  const asksForSuccessor = issue && !issue.emergency && ring.record.rotateBlockedUntil === undefined;
  return asksForSuccessor || waitingIssue(ring, aim) ? "issue" : undefined;
}

/** True if a key must make room, or if an interrupted rotation has begun a grace that can continue. */
function looksBeforeIssue({ emergency }: Issue, { ring, aim }: Progress): boolean {
  const { maxActiveKeys, nativeRotate } = aim.facts.capabilities;
  if (maxActiveKeys === 1) return !emergency && nativeRotate?.keepsPrevious === true;
  return isCrowded(ring, maxActiveKeys, false);
}

/** True if the key may live: `revoked` may mean that its secret was replaced, and a disabled key may have been enabled. */
function mayLive(progress: Progress): boolean {
  return mayCarryAnotherSecret(progress) || progress.ring.record.status === "disabled";
}

export function mayCarryAnotherSecret({ ring, aim }: Progress): boolean {
  const { nativeRotate, maxActiveKeys } = aim.facts.capabilities;
  return ring.record.status === "revoked" && nativeRotate?.id === "same" && maxActiveKeys !== 1;
}

/** Revokes everything whose time is over, once the current key is known to work; waiting keys come first. */
function retire(here: Position): Step | undefined {
  const { ring, seen } = here;
  if (seen.current !== "works") return undefined;
  const waiting = revokeWaiting(here, false);
  if (waiting || !ring.previous) return waiting;
  if (seen.unused !== undefined) return { kind: "revoke", key: ring.previous, why: "unused", room: false };
  const task = taskOf(here);
  if (task === "ask" && !seen.asked) return { kind: "ask", key: ring.previous };
  return task === "end" && !endsByItself(here) && !seen.refused.has(ring.previous.keyId)
    ? { kind: "revoke", key: ring.previous, why: "over", room: false }
    : undefined;
}

function revokeWaiting({ ring: { lost, waiting }, seen }: Progress, room: boolean): Step | undefined {
  if (lost.length > 0 && !seen.searched) return { kind: "search", room };
  const key = waiting.find(({ keyId }) => !seen.refused.has(keyId));
  return key && { kind: "revoke", key, why: "waiting", room };
}

function issueStep(issue: Issue, progress: Progress): Step {
  const { ring, seen, aim } = progress;
  const current = currentOf(ring);
  if (current && aim.facts.capabilities.maxActiveKeys === 1) {
    const { status } = ring.record;
    if (status === "revoked" && seen.stillThere === undefined) return { kind: "probe", key: current };
    if (status === "revoked" ? seen.stillThere : status !== "missing")
      return rotateStep({ issue, key: current }, progress);
  }
  return makeRoom(issue, progress) ?? { kind: "issue", issue };
}

/** Rotates, but not within the grace of a rotation whose answer was lost, unless the service keeps that grace. */
function rotateStep(
  { issue, key }: { readonly issue: Issue; readonly key: Credential },
  { ring, seen: { recordedWorksUntil }, aim: { facts, nowMs } }: Progress,
): Step {
  const keepPrevious = recordedWorksUntil !== undefined && facts.capabilities.nativeRotate?.keepsPrevious === true;
  const blockedUntil = recordedWorksUntil ?? ring.record.rotateBlockedUntil;
  return !keepPrevious && blockedUntil !== undefined && Date.parse(blockedUntil) > nowMs
    ? { kind: "fail", words: unclearRotate(key.keyId, blockedUntil) }
    : { kind: "rotate", issue, key, keepPrevious };
}

/**
 * If the vendor's limit of keys would be exceeded, revokes waiting keys first, then the previous one; never the current
 * one, and never the only key that works.
 */
function makeRoom(issue: Issue, progress: Progress): Step | undefined {
  const { ring, seen } = progress;
  const { facts } = progress.aim;
  const { maxActiveKeys } = facts.capabilities;
  const crowded = isCrowded(ring, maxActiveKeys, issue.currentIsDead);
  if (seen.current !== "works") return crowded || seen.makesRoom ? revokeWaiting(progress, true) : undefined;
  if (!crowded || !ring.previous) return undefined;
  return seen.refused.has(ring.previous.keyId)
    ? { kind: "fail", words: noRoom(facts.backend, maxActiveKeys ?? 0) }
    : { kind: "revoke", key: ring.previous, why: "room", room: true };
}

/** Changes on the current key that the vendor can make without a new key. */
function changeStep({ ring, seen, aim }: Progress): Step | undefined {
  const key = currentOf(ring);
  if (!key || seen.issued || seen.changed !== undefined) return undefined;
  const changes = changesInPlace(ring.record, aim);
  return Object.keys(changes).length > 0 ? { kind: "change", key, changes } : undefined;
}

/** Revokes old keys, after the new one has worked. */
function revokeCondemned({ ring, seen, aim }: Progress): Step | undefined {
  const [key] = ring.condemned;
  if (!key) return undefined;
  const ms = aim.facts.capabilities.activationLagMs;
  return ms > 0 && !seen.waited ? { kind: "wait", ms } : { kind: "revoke", key, why: "condemned", room: false };
}

/** Sets the previous key's end on the service, so that no later update has to revoke it. */
function endOnService({ ring: { record, previous }, seen, aim }: Progress): Step | undefined {
  if (!previous || hasEndOnService(previous) || seen.endTried || previous.keyId === record.keyId) return undefined;
  return aim.facts.capabilities.delayedRevoke ? { kind: "setEnd", key: previous } : undefined;
}
