/** Whether a new key is needed, and why: from the ring (what was done), the wanted inputs and the clock. Pure. */
import type { ConnectionFacts } from "../../connections/connections";
import { formatTime, hasPassed } from "../../values/times";
import { isUnknown } from "../../values/wire";
import { isEnabledAgain, staysDisabled } from "../disabled";
import { sameValue } from "../fields/field";
import { picked } from "../fields/field";
import { type RotatingInputs, rotatingNames } from "./fields";
import type { KeyRing, RotationRecord } from "./key-ring";
import { changeReason, isDead } from "./request";
import type { Schedule } from "./schedule";
import { previousTask } from "./use";
import { firstRotationReason, statusReason } from "./words";

/** What an update should achieve, and by which rules. */
export interface Aim {
  readonly wanted: RotatingInputs;
  readonly facts: ConnectionFacts;
  readonly schedule: Schedule;
  readonly nowMs: number;
  /** True if the program ignores changes of the request: then neither the clock nor the key's status leads to a new key. */
  readonly frozen?: boolean;
}

/** A new key that is needed. */
export interface Issue {
  readonly reason: string;
  /** Every older key is revoked in the same update. */
  readonly emergency: boolean;
  /** The current key does not work, so it has no overlap to keep. */
  readonly currentIsDead: boolean;
}

export function dueIssue(ring: KeyRing, aim: Aim): Issue | undefined {
  const { record } = ring;
  const { wanted, nowMs } = aim;
  if (record.keyId === undefined || (record.secret === undefined && record.keyId !== record.adoptedId))
    return { reason: "first issue", emergency: false, currentIsDead: true };
  const isOver = hasPassed(record.expiresAt, nowMs);
  const currentIsDead = isDead(record.status) || isOver;
  const asked = askedByInputs(record, aim, currentIsDead);
  if (asked) return asked;
  if (isLeftAlone(record.status, aim)) return undefined;
  // Enabling comes before what the clock asks for. A key whose end has passed never works again.
  const mayBeEnabled = isEnabledAgain(record.status, wanted);
  if (mayBeEnabled && !isOver) return undefined;
  const broken = mayBeEnabled ? undefined : statusReason(record.status);
  const reason = broken ?? firstOfAdopted(record, wanted) ?? dueByClock(ring, aim, currentIsDead);
  return reason === undefined ? undefined : { reason, emergency: false, currentIsDead };
}

/** True for a status that `ignoreChanges` keeps, or that somebody has decided on the service. */
function isLeftAlone(status: string | undefined, { wanted, frozen }: Aim): boolean {
  const isAsked = wanted.status !== "active" && wanted.status === status;
  return frozen === true || isAsked || staysDisabled(status, wanted);
}

/** The reason if the program asks for the first successor of an adopted key now. */
function firstOfAdopted({ adoptedId, generation }: RotationRecord, wanted: RotatingInputs): string | undefined {
  return wanted.firstRotation === "now" && adoptedId !== undefined && generation === 1
    ? firstRotationReason
    : undefined;
}

function dueByClock(ring: KeyRing, aim: Aim, currentIsDead: boolean): string | undefined {
  // During an overlap the clock asks for no new key, unless the current one does not work.
  const overlapRuns = ["keep", "setEnd", "ask"].includes(previousTask(ring, aim));
  if (overlapRuns && !currentIsDead) return undefined;
  return aim.schedule.dueReason(ring.record, aim.nowMs);
}

/** The new key that the inputs ask for, whatever the clock says. */
function askedByInputs(
  record: RotationRecord,
  { wanted, facts }: Pick<Aim, "wanted" | "facts">,
  currentIsDead: boolean,
): Issue | undefined {
  if (rotatingNames.some((name) => isUnknown(wanted[name])))
    return sameValue(picked(rotatingNames, record), picked(rotatingNames, wanted))
      ? undefined
      : { reason: "inputs not known yet", emergency: false, currentIsDead: false };
  const change = changeReason(record, wanted, facts);
  return change && { reason: change.text, emergency: change.emergency, currentIsDead };
}

/** The new key that waits only because somebody has disabled the current one. */
export function waitingIssue(ring: KeyRing, aim: Aim): Issue | undefined {
  if (!staysDisabled(ring.record.status, aim.wanted)) return undefined;
  return dueIssue({ ...ring, record: { ...ring.record, status: "active" } }, aim);
}

/** The record with the time of the next issue, as far as the clock decides it. A key that is only looked up has no schedule. */
export function withNextRotation<Outputs extends RotationRecord>(outs: Outputs, schedule: Schedule): Outputs {
  const { keyId, rotateEvery } = outs as Partial<RotationRecord>;
  return keyId === undefined || rotateEvery === undefined
    ? outs
    : { ...outs, nextRotationAt: formatTime(schedule.due(outs).atMs) };
}
