/** How a revoke, or its refusal, changes the ring. Pure. */
import { formatTime } from "../../values/times";
import { awaiting, changed, type Credential, leftAlone, withoutPrevious } from "./key-ring";
import type { Step } from "./next-step";
import type { Change, Outcomes } from "./outcome";
import { type Progress, type Seen, withProblem } from "./seen";
import * as words from "./words";

type Revoke = Extract<Step, { readonly kind: "revoke" }>;

export function revoked(progress: Progress, outcome: Outcomes["revoke"], { key, why, room }: Revoke): Change {
  const { nowMs } = progress.aim;
  const now = formatTime(nowMs);
  const isLeftAlone = "value" in outcome && outcome.value === "leftAlone";
  const ring = isLeftAlone ? leftAlone(progress.ring, key) : progress.ring;
  const isRefused = "problem" in outcome;
  const seen = isRefused ? refused(progress.seen, key, outcome.problem, room) : progress.seen;
  if (why === "condemned") return condemnedGone({ ring, seen }, outcome, key, now);
  if (why === "waiting")
    return {
      ring: isRefused ? ring : { ...ring, waiting: ring.waiting.filter((other) => other !== key) },
      seen: { ...seen, makesRoom: seen.makesRoom || room },
    };
  if (why === "room") return isRefused ? { ring, seen } : madeRoom({ ring, seen }, nowMs);
  if (why === "over" && isRefused) return { ring, seen };
  const { unused, ...rest } = seen;
  const status = isLeftAlone ? words.strayWords(key.keyId) : (unused ?? words.retiredReason);
  const left = withoutPrevious(ring, status);
  return { ring: isRefused ? awaiting(left, key, now) : left, seen: { ...rest, retired: true } };
}

/** The previous key has made room for the next one, perhaps before its time. */
function madeRoom({ ring, seen }: Change, nowMs: number): Change {
  const endMs = Date.parse(ring.previous?.until ?? "");
  const remarks = endMs > nowMs ? [...seen.remarks, words.earlyEnd(endMs, nowMs)] : seen.remarks;
  return { ring: withoutPrevious(ring), seen: { ...seen, remarks } };
}

/** The status of an emergency says when each key was last used. */
function condemnedGone({ ring, seen }: Change, outcome: Outcomes["revoke"], key: Credential, now: string): Change {
  const isRefused = "problem" in outcome;
  const told = [...seen.told, words.revokedWords(key.keyId, isRefused ? undefined : now, outcome.lastUse)];
  const gone = { ...ring, condemned: ring.condemned.slice(1) };
  const left = isRefused ? awaiting(gone, key, now) : gone;
  return {
    ring: seen.issued?.emergency ? changed(left, { retireStatus: words.emergencyStatus(told) }) : left,
    seen: { ...seen, told },
  };
}

function refused(seen: Seen, { keyId }: Credential, problem: string, room: boolean): Seen {
  if (seen.refused.has(keyId)) return seen;
  const known = { ...seen, refused: new Set([...seen.refused, keyId]) };
  return withProblem(known, words.problems.revoke(keyId, problem), room);
}
