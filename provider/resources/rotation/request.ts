/**
 * The request: what `check` adds to the inputs of a rotating key, from the old inputs and the clock alone, so that a
 * preview shows every coming rotation with its reason. The outputs record what was done: see next-step.ts.
 */
import { formatTime } from "../../values/times";
import { isUnknown } from "../../values/wire";
import { changeWords } from "../change-words";
import { isEnabledAgain, staysDisabled } from "../disabled";
import { changedFields, type ComparedBy } from "../fields/field";
import { rotatingFields, type RotatingInputs, rotatingNames, type RotationRequest } from "./fields";
import type { Schedule } from "./schedule";
import { adoptedReason, earlyEnd, firstRotationReason, retiredReason, statusReason } from "./words";

/** What a request depends on, in addition to the inputs. */
interface RequestRules {
  readonly schedule: Schedule;
  readonly facts: ComparedBy;
  readonly nowMs: number;
}

export function requestRotation(
  olds: Partial<RotatingInputs>,
  news: RotatingInputs,
  { schedule, facts, nowMs }: RequestRules,
): RotationRequest {
  const before = requestOf(olds);
  if (!before) return firstRequest(news, schedule, nowMs);
  if (rotatingNames.some((name) => isUnknown(news[name]))) return before;

  const runsUntilMs = runningOverlap(before, nowMs);
  const change = changeReason(olds, news, facts);
  // The clock never asks for a key during an overlap.
  const life = { issuedOn: before.issuedOn, expiresIn: news.expiresIn };
  const due = runsUntilMs === undefined ? schedule.dueReason(life, nowMs) : undefined;
  const status = statusToCome(olds, news);
  const broken = staysDisabled(status, news) ? undefined : statusReason(status);
  // A disabled key gets no successor by itself: the update checks whether somebody has enabled it.
  const reason = change?.text ?? broken ?? firstOfAdopted(news, before) ?? due;
  if (reason === undefined) return withoutNewKey(before, runsUntilMs, nowMs);
  const issuedOn = schedule.issuedOn(nowMs);
  const next = { generation: before.generation + 1, issuedOn };
  // An emergency ends every older key at once.
  if (change?.emergency) return { ...next, rotationReason: reason };
  // A key that does not work gets no overlap, and the one before it keeps its own.
  if (isDead(status))
    return { ...(runsUntilMs === undefined ? withoutOverlap(before) : before), ...next, rotationReason: reason };
  const dueMs = schedule.due({ issuedOn, expiresIn: news.expiresIn }).atMs;
  return {
    ...next,
    rotationReason: runsUntilMs === undefined ? reason : `${reason}; ${earlyEnd(runsUntilMs, nowMs)}`,
    ...overlapRequest(schedule, nowMs, dueMs),
  };
}

/** The status after the update: a key that it enables counts as active. */
function statusToCome({ status }: Partial<RotatingInputs>, news: RotatingInputs): string | undefined {
  return isEnabledAgain(status, news) ? "active" : status;
}

function firstRequest({ adopt }: RotatingInputs, schedule: Schedule, nowMs: number): RotationRequest {
  return {
    generation: 1,
    issuedOn: schedule.issuedOn(nowMs),
    rotationReason: adopt === undefined ? "first issue" : adoptedReason,
  };
}

/** The reason if the program asks for the first successor of an adopted key now. */
function firstOfAdopted({ adopt, firstRotation }: RotatingInputs, { generation }: RotationRequest): string | undefined {
  return adopt !== undefined && firstRotation === "now" && generation === 1 ? firstRotationReason : undefined;
}

/** When the running overlap ends at the latest; undefined if none runs. */
function runningOverlap({ retireUntil, retireAfter }: RotationRequest, nowMs: number): number | undefined {
  const latest = retireUntil ?? retireAfter;
  return latest !== undefined && nowMs < Date.parse(latest) ? Date.parse(latest) : undefined;
}

/** The request without a new key: the previous key's end or, once a day, the question whether it is still in use. */
function withoutNewKey(before: RotationRequest, runsUntilMs: number | undefined, nowMs: number): RotationRequest {
  const { retireAfter, retireUntil } = before;
  if (retireAfter === undefined && retireUntil === undefined) return before;
  if (runsUntilMs === undefined) return { ...withoutOverlap(before), rotationReason: retiredReason };
  return retireUntil !== undefined && retireAfter !== undefined && nowMs >= Date.parse(retireAfter)
    ? { ...before, retireAskedOn: dayOf(nowMs) }
    : before;
}

function withoutOverlap(before: RotationRequest): RotationRequest {
  const { retireAfter: _after, retireUntil: _until, retireAskedOn: _asked, ...rest } = before;
  return rest;
}

/** When the predecessor of a key that is issued now may be revoked, and when at the latest. */
function overlapRequest(schedule: Schedule, nowMs: number, nextDueMs: number): Partial<RotationRequest> {
  const ends = schedule.overlapEnds(nowMs, nextDueMs);
  if (!ends) return {};
  const retireAfter = formatTime(ends.retireAfterMs);
  return schedule.retire === "whenUnused" ? { retireAfter, retireUntil: formatTime(ends.endMs) } : { retireAfter };
}

/** Why the inputs ask for a new key at once; undefined if they ask for the current one. */
export function changeReason(
  olds: Partial<RotatingInputs>,
  news: Partial<RotatingInputs>,
  facts: ComparedBy,
): { readonly text: string; readonly emergency: boolean } | undefined {
  const changed = changedFields(rotatingFields, { olds, news, facts }, rotatingNames);
  const reasons = changed.map((name) =>
    name === "emergency"
      ? `emergency: ${news.emergency ?? ""}`
      : changeWords(name, { olds, news, declared: facts.keyOptions }),
  );
  return reasons.length > 0 ? { text: reasons.join("; "), emergency: changed.includes("emergency") } : undefined;
}

/** True for a key that does not work: it has no overlap to keep. */
export function isDead(status: string | undefined): boolean {
  return status !== undefined && status !== "active";
}

/** True for a key that never works again. A disabled key may be enabled. */
export function isGone(status: string | undefined): boolean {
  return isDead(status) && status !== "disabled";
}

/** The UTC day of a time: 2027-02-01. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The request in the old inputs; undefined at the first create. */
export function requestOf(inputs: Partial<RotatingInputs>): RotationRequest | undefined {
  const { generation, issuedOn, rotationReason, retireAfter, retireUntil, retireAskedOn } = inputs;
  if (typeof generation !== "number" || typeof issuedOn !== "string" || typeof rotationReason !== "string")
    return undefined;
  return {
    generation,
    issuedOn,
    rotationReason,
    ...(retireAfter === undefined ? {} : { retireAfter }),
    ...(retireUntil === undefined ? {} : { retireUntil }),
    ...(retireAskedOn === undefined ? {} : { retireAskedOn }),
  };
}
