/** How a revoke, or its refusal, changes the ring. Pure. */
import { formatTime } from "../../values/times";
import { awaiting, changed, leftAlone, withoutPrevious } from "./key-ring";
import type { Answered, Change } from "./outcome";
import { type Seen, withProblem } from "./seen";
import * as words from "./words";

export function revoked(answered: Answered<"revoke">): Change {
  const { aim, outcome } = answered;
  const { key, why, room } = answered.step;
  const { nowMs } = aim;
  const now = formatTime(nowMs);
  const isLeftAlone = "value" in outcome && outcome.value === "leftAlone";
  const ring = isLeftAlone ? leftAlone(answered.ring, key) : answered.ring;
  const isRefused = "problem" in outcome;
  const seen = isRefused ? refused(answered.seen, answered.step, outcome.problem) : answered.seen;
  if (why === "condemned") return condemnedGone({ ...answered, ring, seen });
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
function condemnedGone({ ring, seen, aim, outcome, step: { key } }: Answered<"revoke">): Change {
  const now = formatTime(aim.nowMs);
  const isRefused = "problem" in outcome;
  const told = [...seen.told, words.revokedWords(key.keyId, isRefused ? undefined : now, outcome.lastUse)];
  const gone = { ...ring, condemned: ring.condemned.slice(1) };
  const left = isRefused ? awaiting(gone, key, now) : gone;
  return {
    ring: seen.issued?.emergency ? changed(left, { retireStatus: words.emergencyStatus(told) }) : left,
    seen: { ...seen, told },
  };
}

function refused(seen: Seen, { key: { keyId }, room }: Answered<"revoke">["step"], problem: string): Seen {
  if (seen.refused.has(keyId)) return seen;
  const known = { ...seen, refused: new Set([...seen.refused, keyId]) };
  return withProblem(known, words.problems.revoke(keyId, problem), room);
}
