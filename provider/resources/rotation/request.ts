/**
 * The request: what `check` adds to the inputs of a rotating key, made from the old inputs and the
 * clock alone, so that every coming rotation shows in a preview, with its reason. What was done stands
 * in the outputs; see next-step.ts.
 */
import { formatDuration, parseDuration } from "../../durations";
import { sameAccess, type ScopeCatalogue } from "../../scopes";
import { formatTime } from "../../times";
import { isUnknown } from "../../wire";
import { sameValue } from "../field-table";
import type { KeyInputs } from "../key-inputs";
import { dueOf, dueReason, issueTime, overlapEnds, type Schedule, type ScheduleInputs } from "./schedule";
import { earlyEnd, retiredReason, statusReason } from "./words";

/** Part of the inputs. Times are RFC 3339 UTC. */
export interface RotationRequest {
  /** Counts keys from 1. Decides nothing by itself. */
  readonly generation: number;
  /** When the current key was asked for: a UTC day where `rotateEvery` is at least a day. */
  readonly issuedOn: string;
  readonly rotationReason: string;
  /** Earliest end of the previous key. */
  readonly retireAfter?: string;
  /** Latest end of the previous key, where its use decides. */
  readonly retireUntil?: string;
  /** The UTC day on which the previous key's use is asked for. */
  readonly retireAskedOn?: string;
}

/** The inputs whose change makes a new key. */
export interface MintingInputs {
  readonly scopes?: readonly string[];
  readonly keepers?: Readonly<Record<string, string>>;
  readonly expiresIn?: string;
  readonly emergency?: string;
}

export type RotatingInputs = KeyInputs & ScheduleInputs & MintingInputs & RotationRequest & { readonly status: string };

/** What a request is made from, beside the inputs. */
interface RequestRules {
  readonly schedule: Schedule;
  readonly catalogue: ScopeCatalogue | undefined;
  readonly nowMs: number;
}

export function requestRotation(
  olds: Partial<RotatingInputs>,
  news: KeyInputs & MintingInputs,
  { schedule, catalogue, nowMs }: RequestRules,
): RotationRequest {
  const before = requestOf(olds);
  if (!before)
    return { generation: 1, issuedOn: formatTime(issueTime(schedule, nowMs)), rotationReason: "first issue" };
  if ([news.scopes, news.keepers, news.expiresIn, news.emergency].some(isUnknown)) return before;

  const { retireAfter, retireUntil, retireAskedOn: _asked, ...withoutOverlap } = before;
  const promisedMs = retireAfter === undefined ? undefined : Date.parse(retireAfter);
  const latestMs = retireUntil === undefined ? promisedMs : Date.parse(retireUntil);
  const running = latestMs !== undefined && nowMs < latestMs;
  const change = changeReason(olds, news, catalogue);
  const due = running
    ? undefined
    : dueReason(schedule, Date.parse(before.issuedOn), endForDue(before.issuedOn, news.expiresIn, undefined), nowMs);
  const reason = change?.text ?? statusReason(olds.status) ?? due;
  if (reason === undefined) {
    if (latestMs !== undefined && !running) return { ...withoutOverlap, rotationReason: retiredReason };
    return retireUntil !== undefined && promisedMs !== undefined && nowMs >= promisedMs
      ? { ...before, retireAskedOn: dayOf(nowMs) }
      : before;
  }
  const issuedMs = issueTime(schedule, nowMs);
  const next = { generation: before.generation + 1, issuedOn: formatTime(issuedMs) };
  // An emergency ends every older key at once.
  if (change?.emergency) return { ...next, rotationReason: reason };
  // A key that works no more has no overlap to come, and the one before it keeps its own.
  if (isDead(olds.status)) return { ...(running ? before : withoutOverlap), ...next, rotationReason: reason };
  const ends = overlapEnds(
    schedule,
    nowMs,
    dueOf(schedule, issuedMs, endForDue(next.issuedOn, news.expiresIn, undefined)).atMs,
  );
  return {
    ...next,
    rotationReason: running ? `${reason}; ${earlyEnd(latestMs, nowMs)}` : reason,
    ...(ends && { retireAfter: formatTime(ends.retireAfterMs) }),
    ...(ends && schedule.retire === "whenUnused" && { retireUntil: formatTime(ends.endMs) }),
  };
}

/** Why the inputs ask for a new key at once; undefined where they ask for the one there is. */
export function changeReason(
  before: MintingInputs,
  after: MintingInputs,
  catalogue: ScopeCatalogue | undefined,
): { readonly text: string; readonly emergency: boolean } | undefined {
  const reasons: string[] = [];
  const emergency = after.emergency !== undefined && after.emergency !== before.emergency;
  if (emergency) reasons.push(`emergency: ${after.emergency}`);
  if (!sameAccess(catalogue, before.scopes ?? [], after.scopes ?? []))
    reasons.push(`scopes changed: ${difference(before.scopes ?? [], after.scopes ?? [])}`);
  if (!sameValue(before.keepers ?? {}, after.keepers ?? {}))
    reasons.push(`keepers changed: ${changedNames(before.keepers ?? {}, after.keepers ?? {}).join(", ")}`);
  if (!sameLife(before.expiresIn, after.expiresIn))
    reasons.push(`expiresIn changed: ${before.expiresIn ?? "none"} => ${after.expiresIn ?? "none"}`);
  return reasons.length > 0 ? { text: reasons.join("; "), emergency } : undefined;
}

/** True for what does not work: it has no overlap to keep. */
export function isDead(status: string | undefined): boolean {
  return status !== undefined && status !== "active";
}

/** True for what never works again. A disabled key may be enabled. */
export function isGone(status: string | undefined): boolean {
  return isDead(status) && status !== "disabled";
}

/** The UTC day of a time: 2027-02-01. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The request that old inputs hold; undefined at the first create. */
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

/**
 * The end that dueness counts with. From the day of the issue, so that request and record agree to the
 * day; never later than what the service says.
 */
export function endForDue(
  issuedOn: string,
  expiresIn: string | undefined,
  expiresAt: string | undefined,
): number | undefined {
  const lifeMs = expiresIn === undefined ? undefined : parseDuration(expiresIn);
  const ends = [
    typeof lifeMs === "number" ? Date.parse(issuedOn) + lifeMs : Infinity,
    expiresAt === undefined ? Infinity : Date.parse(expiresAt),
  ];
  const end = Math.min(...ends);
  return end === Infinity ? undefined : end;
}

function difference(before: readonly string[], after: readonly string[]): string {
  const gained = after.filter((scope) => !before.includes(scope)).map((scope) => `+${scope}`);
  const lost = before.filter((scope) => !after.includes(scope)).map((scope) => `-${scope}`);
  return [...gained, ...lost].join(" ");
}

function changedNames(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !sameValue(before[name], after[name]))
    .sort();
}

/** `90d` and `2160h` are the same life. */
function sameLife(a: string | undefined, b: string | undefined): boolean {
  const canonical = (text: string | undefined) => {
    const ms = text === undefined ? undefined : parseDuration(text);
    return typeof ms === "number" ? formatDuration(ms) : text;
  };
  return canonical(a) === canonical(b);
}
