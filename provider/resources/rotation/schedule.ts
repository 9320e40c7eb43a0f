/** When a rotating key is due, and how long its predecessor stays. All pure. */
import { createHash } from "node:crypto";
import type { InputsOf } from "../fields/field";
import type { KeyInputs } from "../fields/key-fields";
import type { scheduleFields } from "./fields";
import type { ConnectionFacts } from "../../connections";
import { dayMs, formatSpan, hourMs, parseDuration } from "../../durations";

export const retireModes = ["afterOverlap", "whenUnused", "immediately"] as const;
export type RetireMode = (typeof retireModes)[number];

/** The schedule as the user writes it; durations are texts. */
export type ScheduleInputs = InputsOf<typeof scheduleFields> & Pick<KeyInputs, "expiresIn" | "allowOutage">;

/** The schedule in milliseconds, defaults filled in. */
export interface Schedule {
  readonly rotateEveryMs: number;
  /** Lead before the key's own end. */
  readonly rotateBeforeMs: (lifetimeMs: number) => number;
  readonly overlapMs: number;
  readonly retire: RetireMode;
  /** The hard stop of `whenUnused`. */
  readonly maxOverlapMs: number;
  /** How much earlier than `rotateEvery` this key is due: its share of `jitter`. */
  readonly earlierMs: number;
  /** Whole UTC days count, so that a preview and the update after it decide alike. */
  readonly daily: boolean;
}

const weekMs = 7 * dayMs;

/** Fills in the defaults. The texts have passed `checkSchedule`. */
export function scheduleOf(
  inputs: ScheduleInputs,
  { capabilities }: Pick<ConnectionFacts, "capabilities">,
  logicalName: string,
): Schedule {
  const rotateEveryMs = millis(inputs.rotateEvery) ?? 0;
  const lifetimeMs = millis(inputs.expiresIn) ?? capabilities.expiry.longestMs;
  const rotateBefore = millis(inputs.rotateBefore);
  const overlapMs = millis(inputs.overlap) ?? defaultOverlapMs(inputs, capabilities, rotateEveryMs, lifetimeMs);
  const jitterMs = millis(inputs.jitter) ?? 0;
  return {
    rotateEveryMs,
    rotateBeforeMs: (lifeMs) => rotateBefore ?? Math.min(weekMs, lifeMs / 3),
    overlapMs,
    retire: inputs.retire ?? "afterOverlap",
    maxOverlapMs: millis(inputs.maxOverlap) ?? Math.max(overlapMs, Math.min(30 * dayMs, (2 / 3) * rotateEveryMs)),
    earlierMs: Math.floor(jitterMs * shareOf(logicalName)),
    daily: rotateEveryMs >= dayMs,
  };
}

function defaultOverlapMs(
  inputs: ScheduleInputs,
  capabilities: ConnectionFacts["capabilities"],
  rotateEveryMs: number,
  lifetimeMs: number | undefined,
): number {
  const general = Math.max(
    0,
    Math.min(weekMs, rotateEveryMs / 3, lifetimeMs === undefined ? Infinity : lifetimeMs - rotateEveryMs),
  );
  if (capabilities.maxActiveKeys !== 1) return general;
  const grace = capabilities.nativeRotate?.maxGraceMs ?? 0;
  return capabilities.nativeRotate?.graceChosen ? Math.min(general, grace) : grace;
}

/** A number in [0, 1) that belongs to the name: the same on every machine, evenly spread over many names. */
function shareOf(logicalName: string): number {
  return createHash("sha256").update(logicalName).digest().readUInt32BE(0) / 2 ** 32;
}

/** When a key issued at `issuedAtMs` is due, and which of the two clocks says so. */
export function dueOf(
  schedule: Schedule,
  issuedAtMs: number,
  expiresAtMs: number | undefined,
): { readonly atMs: number; readonly by: "age" | "expiry" } {
  const byAgeMs = roundDown(schedule, issuedAtMs + schedule.rotateEveryMs - schedule.earlierMs);
  if (expiresAtMs === undefined) return { atMs: byAgeMs, by: "age" };
  const byExpiryMs = roundDown(schedule, expiresAtMs - schedule.rotateBeforeMs(expiresAtMs - issuedAtMs));
  return byExpiryMs < byAgeMs ? { atMs: byExpiryMs, by: "expiry" } : { atMs: byAgeMs, by: "age" };
}

/** Why a key is due, in words; undefined where it is not. */
export function dueReason(
  schedule: Schedule,
  issuedAtMs: number,
  expiresAtMs: number | undefined,
  nowMs: number,
): string | undefined {
  const due = dueOf(schedule, issuedAtMs, expiresAtMs);
  if (nowMs < due.atMs) return undefined;
  if (due.by === "expiry" && expiresAtMs !== undefined)
    return nowMs >= expiresAtMs
      ? `expired ${formatSpan(nowMs - expiresAtMs)} ago`
      : `expires in ${formatSpan(expiresAtMs - nowMs)}`;
  const ageMs = roundDown(schedule, nowMs) - roundDown(schedule, issuedAtMs);
  const early = ageMs < schedule.rotateEveryMs ? `, ${formatSpan(schedule.rotateEveryMs - ageMs)} early by jitter` : "";
  return `due: age ${formatSpan(ageMs)} of ${formatSpan(schedule.rotateEveryMs)}${early}`;
}

/** The time of an issue as the request states it. */
export function issueTime(schedule: Schedule, nowMs: number): number {
  return schedule.daily ? roundDown(schedule, nowMs) : Math.floor(nowMs / 1000) * 1000;
}

/**
 * When the predecessor of a key that is made now may go, and when it goes at the latest; undefined where
 * it goes at once.
 *
 * @param nextDueMs - when that key is due itself: rounding up never reaches beyond it, or the next key
 *   would have to wait for the rounding
 */
export function overlapEnds(
  schedule: Schedule,
  nowMs: number,
  nextDueMs: number,
): { readonly retireAfterMs: number; readonly endMs: number } | undefined {
  if (schedule.retire === "immediately" || schedule.overlapMs === 0) return undefined;
  const endOf = (spanMs: number) => {
    const exactMs = Math.ceil((nowMs + spanMs) / 1000) * 1000;
    return schedule.daily ? Math.max(exactMs, Math.min(Math.ceil(exactMs / dayMs) * dayMs, nextDueMs)) : exactMs;
  };
  const retireAfterMs = endOf(schedule.overlapMs);
  return {
    retireAfterMs,
    endMs: schedule.retire === "whenUnused" ? Math.max(retireAfterMs, endOf(schedule.maxOverlapMs)) : retireAfterMs,
  };
}

function roundDown({ daily }: Schedule, ms: number): number {
  return daily ? Math.floor(ms / dayMs) * dayMs : ms;
}

/**
 * How long ago the vendor's "last used" must lie before a key has been idle for 24 h for certain: a use
 * can be later than what is told by the vendor's step, and not be told at all for as long as its lag.
 */
export function idleTimeMs({ capabilities }: Pick<ConnectionFacts, "capabilities">): number {
  const { lagMs = 0, granularityMs = 0 } = capabilities.lastUsed ?? {};
  return 24 * hourMs + lagMs + granularityMs;
}

function millis(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  return typeof ms === "number" ? ms : undefined;
}
