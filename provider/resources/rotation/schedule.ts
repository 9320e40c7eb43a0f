/** When a rotating key is due, and how long its predecessor stays. Pure. */
import { createHash } from "node:crypto";
import type { InputsOf } from "../fields/field";
import type { KeyInputs } from "../fields/key-fields";
import type { scheduleFields } from "./fields";
import type { ConnectionFacts } from "../../connections/connections";
import { dayMs, formatSpan, hourMs, parseDuration } from "../../values/durations";
import { formatTime } from "../../values/times";
import { logicalName, type Origin } from "../identity/names";

export const retireModes = ["afterOverlap", "whenUnused", "immediately"] as const;
export type RetireMode = (typeof retireModes)[number];

/** The schedule as the user writes it; durations are texts. */
export type ScheduleInputs = InputsOf<typeof scheduleFields> & Pick<KeyInputs, "expiresIn" | "allowOutage">;

/** The parts of a key's life that decide when the next key is due. */
export interface KeyLife {
  /** The time of the issue, as the request states it. */
  readonly issuedOn: string;
  readonly expiresIn?: string | undefined;
  readonly expiresAt?: string | undefined;
}

const weekMs = 7 * dayMs;

/** The schedule in milliseconds, with its defaults. The texts have passed `checkSchedule`. */
export class Schedule {
  readonly rotateEveryMs: number;
  readonly overlapMs: number;
  readonly retire: RetireMode;
  /** The latest end with `whenUnused`. */
  readonly maxOverlapMs: number;
  /** How much earlier than `rotateEvery` this key is due: its share of `jitter`. */
  readonly earlierMs: number;
  readonly #rotateBeforeMs: number | undefined;

  constructor(
    inputs: ScheduleInputs & { readonly origin: Origin },
    { capabilities }: Pick<ConnectionFacts, "capabilities">,
  ) {
    const rotateEveryMs = millis(inputs.rotateEvery) ?? 0;
    const lifetimeMs = millis(inputs.expiresIn) ?? capabilities.expiry.longestMs ?? Infinity;
    const general = Math.max(0, Math.min(weekMs, rotateEveryMs / 3, lifetimeMs - rotateEveryMs));
    const overlapMs = millis(inputs.overlap) ?? defaultOverlapMs(general, capabilities);
    this.rotateEveryMs = rotateEveryMs;
    this.overlapMs = overlapMs;
    this.retire = inputs.retire ?? "afterOverlap";
    this.maxOverlapMs = millis(inputs.maxOverlap) ?? Math.max(overlapMs, Math.min(30 * dayMs, (2 / 3) * rotateEveryMs));
    this.earlierMs = Math.floor((millis(inputs.jitter) ?? 0) * shareOf(logicalName(inputs.origin)));
    this.#rotateBeforeMs = millis(inputs.rotateBefore);
  }

  /** How long before its own end a key is due. */
  rotateBeforeMs(lifetimeMs: number): number {
    return this.#rotateBeforeMs ?? Math.min(weekMs, lifetimeMs / 3);
  }

  /** When a key is due, and which of the two clocks says so. */
  due(life: KeyLife): { readonly atMs: number; readonly by: "age" | "expiry" } {
    const issuedMs = Date.parse(life.issuedOn);
    const endMs = endForDue(life);
    const byAgeMs = this.#roundDown(issuedMs + this.rotateEveryMs - this.earlierMs);
    if (endMs === undefined) return { atMs: byAgeMs, by: "age" };
    const byExpiryMs = this.#roundDown(endMs - this.rotateBeforeMs(endMs - issuedMs));
    return byExpiryMs < byAgeMs ? { atMs: byExpiryMs, by: "expiry" } : { atMs: byAgeMs, by: "age" };
  }

  /** Why a key is due, in words; undefined if it is not. */
  dueReason(life: KeyLife, nowMs: number): string | undefined {
    const due = this.due(life);
    const endMs = endForDue(life);
    if (nowMs < due.atMs) return undefined;
    if (due.by === "expiry" && endMs !== undefined)
      return nowMs >= endMs ? `expired ${formatSpan(nowMs - endMs)} ago` : `expires in ${formatSpan(endMs - nowMs)}`;
    const ageMs = this.#roundDown(nowMs) - this.#roundDown(Date.parse(life.issuedOn));
    const early = ageMs < this.rotateEveryMs ? `, ${formatSpan(this.rotateEveryMs - ageMs)} early by jitter` : "";
    return `due: age ${formatSpan(ageMs)} of ${formatSpan(this.rotateEveryMs)}${early}`;
  }

  /** The time of an issue as the request states it. */
  issuedOn(nowMs: number): string {
    return formatTime(this.#isDaily ? this.#roundDown(nowMs) : Math.floor(nowMs / 1000) * 1000);
  }

  /**
   * When the predecessor of a key that is issued now may be revoked, and when at the latest; undefined if at once.
   *
   * @param nextDueMs - when the new key itself is due: the rounded end never comes later, or the next key would have to
   *   wait for it
   */
  overlapEnds(
    nowMs: number,
    nextDueMs: number,
  ): { readonly retireAfterMs: number; readonly endMs: number } | undefined {
    if (this.retire === "immediately" || this.overlapMs === 0) return undefined;
    const endOf = (spanMs: number) => {
      const exactMs = Math.ceil((nowMs + spanMs) / 1000) * 1000;
      return this.#isDaily ? Math.max(exactMs, Math.min(Math.ceil(exactMs / dayMs) * dayMs, nextDueMs)) : exactMs;
    };
    const retireAfterMs = endOf(this.overlapMs);
    return {
      retireAfterMs,
      endMs: this.retire === "whenUnused" ? Math.max(retireAfterMs, endOf(this.maxOverlapMs)) : retireAfterMs,
    };
  }

  /** True if whole UTC days count, so that a preview and the update after it decide alike. */
  get #isDaily(): boolean {
    return this.rotateEveryMs >= dayMs;
  }

  #roundDown(ms: number): number {
    return this.#isDaily ? Math.floor(ms / dayMs) * dayMs : ms;
  }
}

/** @param general - the default of services that keep any number of keys */
function defaultOverlapMs(general: number, { maxActiveKeys, nativeRotate }: ConnectionFacts["capabilities"]): number {
  if (maxActiveKeys !== 1) return general;
  const grace = nativeRotate?.maxGraceMs ?? 0;
  return nativeRotate?.graceChosen ? Math.min(general, grace) : grace;
}

/** A number in [0, 1) for a name: the same on every machine, evenly spread over many names. */
function shareOf(name: string): number {
  return createHash("sha256").update(name).digest().readUInt32BE(0) / 2 ** 32;
}

/**
 * The end that decides when a key is due. It counts from the day of the issue, so that request and record agree to the
 * day, and is never later than the service says.
 */
function endForDue({ issuedOn, expiresIn, expiresAt }: KeyLife): number | undefined {
  const lifeMs = millis(expiresIn);
  const end = Math.min(
    lifeMs === undefined ? Infinity : Date.parse(issuedOn) + lifeMs,
    expiresAt === undefined ? Infinity : Date.parse(expiresAt),
  );
  return end === Infinity ? undefined : end;
}

/**
 * How old the vendor's "last used" must be to prove that a key was idle for 24 h: the real last use may be later by the
 * vendor's time step, and is reported only after its lag.
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
