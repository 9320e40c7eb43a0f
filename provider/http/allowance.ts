/**
 * How many requests a service still accepts, according to its answers. Decides when the next one may start, so that a run
 * stays below the limit.
 */
import { minuteMs, secondMs } from "../values/durations";
import type { Quota } from "./rate-limit-headers";
import { leastSpentWithinMs, Refill } from "./refill";

/** Requests are spaced only if the limit is renewed within this time, because no run should last a day. */
const spacedWithinMs = 2 * minuteMs;
/**
 * After so many answers in so long that say "none left", although requests still succeed, the service is not believed. A
 * few may be true: other processes may have left the last request.
 */
const mostContradictions = 3;
const contradictedForMs = minuteMs / 2;
/** So few requests at once need no spacing. */
const fewRequests = 3;
/** Services report whole seconds. */
const roundingMs = secondMs;
/** Better a moment late than refused. */
const marginMs = 10;
const notQuiteMs = 20;
/** This last part of the limit is never spent in a burst. */
const lastPart = 1 / 8;
/** For so long after a refusal, no burst, even if the window should end in a moment. */
const carefulForMs = 5 * secondMs;
const firstPauseMs = 500;
const longestUnaskedPauseMs = 15 * secondMs;

/** What one answer says about the limit. */
export interface LimitTold {
  readonly refused: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly quota?: Quota | undefined;
  /** How long the answer took. The service wrote it about halfway. Default: 0. */
  readonly tookMs?: number | undefined;
}

interface Window {
  remaining: number;
  /** The number that the service reported, without the requests that are still under way. */
  reported: number;
  /** The first number that the service reported. */
  first: number;
  resetAtMs: number;
  /** The time until the whole limit is back, according to the last answer. */
  toldMs: number;
}

/** All times are milliseconds of a monotonic clock. */
export class Allowance {
  readonly #maxPerMinute: number | undefined;
  /** When the requests of the last minute started, if the connection has a limit of its own. */
  readonly #starts: number[] = [];
  #window: Window | undefined;
  #past: Window | undefined;
  /** The limit learned from refusals, if the service reports none: so many requests in so long. */
  #learned: { readonly limit: number; readonly windowMs: number } | undefined;
  #accepted = { since: 0, count: 0 };
  readonly #refill = new Refill();
  #carefulUntilMs = -Infinity;
  #underWay = 0;
  #lastStartMs = -Infinity;
  #pausedUntilMs = -Infinity;
  #pauses = 0;
  /** True while one request at a time finds out whether the limit was renewed. */
  #probing = false;
  #contradictions = { count: 0, sinceMs: 0 };
  #spaced = false;
  #intervalMs = 0;

  constructor(maxPerMinute?: number) {
    this.#maxPerMinute = maxPerMinute;
  }

  /**
   * How long the next request must wait; Infinity: until a request under way is answered.
   *
   * @param waiting - how many requests want to start now, this one included
   */
  waitMs(nowMs: number, waiting: number): number {
    this.#renew(nowMs);
    const pauseMs = Math.max(this.#pausedUntilMs - nowMs, this.#ownLimitMs(nowMs));
    if (pauseMs > 0) return pauseMs;
    if (this.#probing && this.#underWay > 0) return Infinity;
    if (this.#window) return this.#spacingMs(this.#window, nowMs, waiting + this.#underWay);
    // Until an answer shows the renewed limit, the pace stays the same.
    return this.#spaced && this.#underWay > 0 ? Math.max(0, this.#lastStartMs + this.#intervalMs - nowMs) : 0;
  }

  started(nowMs: number): void {
    this.#underWay += 1;
    // A timer is always a little late, and at the pace of a bucket that would add up.
    const lateMs = this.#refill.isContinuous ? nowMs - this.#lastStartMs - this.#intervalMs : 0;
    this.#lastStartMs = lateMs > 0 && lateMs < this.#intervalMs ? nowMs - lateMs : nowMs;
    if (this.#window) this.#window.remaining -= 1;
    if (this.#maxPerMinute !== undefined) this.#starts.push(nowMs);
  }

  /** A request has ended, with or without an answer. `random` in [0, 1). */
  ended(nowMs: number, told?: LimitTold, random = 0): void {
    this.#underWay -= 1;
    if (!told) {
      this.#probing = false;
      return;
    }
    if (told.quota && !this.#isContradicted(nowMs)) this.#note(told.quota, nowMs, told);
    else if (this.#window) this.#window.reported -= 1;
    else this.#spaced = false;
    if (told.refused) return this.#pause(told, nowMs, random);
    this.#probing = false;
    this.#pauses = 0;
    if (this.#accepted.count === 0) this.#accepted.since = nowMs;
    this.#accepted.count += 1;
  }

  #note({ remaining, resetInMs }: Quota, nowMs: number, { refused, tookMs = 0 }: LimitTold): void {
    const resetAtMs = this.#isNotRenewed(remaining, nowMs)
      ? nowMs + notQuiteMs
      : nowMs - tookMs / 2 + resetInMs + marginMs;
    const known = this.#window;
    if (refused) {
      this.#carefulUntilMs = nowMs + carefulForMs;
      this.#refill.refused();
    } else this.#refill.accepted({ remaining, resetInMs, nowMs, tookMs }, this.#underWay);
    const isSame = known !== undefined && nowMs < known.resetAtMs && remaining <= known.reported;
    const { count, sinceMs } = this.#contradictions;
    const contradicts = this.#probing && !refused && remaining === 0;
    this.#contradictions = { count: contradicts ? count + 1 : 0, sinceMs: count > 0 ? sinceMs : nowMs };
    this.#window = {
      reported: remaining,
      // The service had not seen the requests under way when it wrote this.
      remaining: remaining - this.#underWay,
      first: isSame ? known.first : remaining,
      // Seconds are rounded: of several answers about one window, the earliest end is the most exact.
      resetAtMs: isSame && !this.#refill.isContinuous ? Math.min(known.resetAtMs, resetAtMs) : resetAtMs,
      toldMs: resetInMs,
    };
  }

  #isContradicted(nowMs: number): boolean {
    const { count, sinceMs } = this.#contradictions;
    return count >= mostContradictions && nowMs - sinceMs >= contradictedForMs;
  }

  /** True if the last window has ended by our clock, and this answer still belongs to it: then its end is close. */
  #isNotRenewed(remaining: number, nowMs: number): boolean {
    const past = this.#past;
    return !this.#window && past !== undefined && nowMs - past.resetAtMs < roundingMs && remaining < past.reported;
  }

  #pause({ retryAfterMs, quota }: LimitTold, nowMs: number, random: number): void {
    const isNew = nowMs >= this.#pausedUntilMs;
    if (isNew) this.#pauses += 1;
    const unaskedMs = Math.min(longestUnaskedPauseMs, firstPauseMs * 2 ** this.#pauses);
    const askedMs = retryAfterMs || (quota?.remaining === 0 ? quota.resetInMs : 0) || unaskedMs;
    this.#probing = true;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + askedMs + random * Math.min(250, askedMs / 10));
    if (!quota && retryAfterMs && isNew) this.#learn(retryAfterMs, nowMs);
    if (isNew) this.#accepted = { since: 0, count: 0 };
  }

  /** If the service reports no limit, takes the number of requests before the first refusal for it. */
  #learn(retryAfterMs: number, nowMs: number): void {
    const { since, count } = this.#accepted;
    const windowMs = nowMs - since + retryAfterMs;
    this.#learned = count > 1 && windowMs <= spacedWithinMs ? { limit: count, windowMs } : undefined;
    this.#window = undefined;
  }

  #renew(nowMs: number): void {
    if (this.#window && nowMs >= this.#window.resetAtMs) {
      // Times are rounded, so the limit may not be renewed yet.
      if (this.#window.remaining <= 0 && !this.#learned) this.#probing = true;
      this.#past = this.#window;
      this.#window = undefined;
    }
    if (!this.#window && this.#learned && nowMs >= this.#pausedUntilMs)
      this.#window = {
        reported: this.#learned.limit,
        first: this.#learned.limit,
        remaining: this.#learned.limit - this.#underWay,
        resetAtMs: nowMs + this.#learned.windowMs,
        toldMs: this.#learned.windowMs,
      };
  }

  /** Several processes that see the same numbers get the same share. */
  #spacingMs(window: Window, nowMs: number, demand: number): number {
    const { remaining, reported, first, toldMs } = window;
    const resetInMs = window.resetAtMs - nowMs;
    const isBucket = this.#refill.isContinuous && resetInMs <= spacedWithinMs;
    // The requests under way may use up the rest; their answers will show it.
    if (remaining <= 0 && this.#underWay > 0) return Infinity;
    if (remaining <= 0 && reported <= 0 && !isBucket) return this.#spentMs(resetInMs);
    if (resetInMs > spacedWithinMs) return 0;
    if (demand > remaining / 2 || remaining < lastPart * first) this.#spaced = true;
    // While many requests wait, also after a renewal: otherwise the first process would use the whole limit.
    else if (demand < fewRequests) this.#spaced = false;
    if (!this.#spaced) return 0;
    const leftMs = nowMs < this.#carefulUntilMs ? Math.max(leastSpentWithinMs, resetInMs) : resetInMs;
    this.#intervalMs = isBucket ? Refill.intervalMs(remaining, toldMs) : leftMs / Math.max(1, remaining);
    return Math.max(0, this.#lastStartMs + this.#intervalMs - nowMs);
  }

  /** If a header alone asks for a wait that is too long, one request finds out whether it is true. */
  #spentMs(resetInMs: number): number {
    if (resetInMs <= spacedWithinMs) return resetInMs;
    this.#probing = true;
    return 0;
  }

  #ownLimitMs(nowMs: number): number {
    if (this.#maxPerMinute === undefined) return 0;
    while (this.#starts.length > 0 && (this.#starts[0] ?? 0) <= nowMs - minuteMs) this.#starts.shift();
    const earlier = this.#starts[this.#starts.length - this.#maxPerMinute];
    return earlier === undefined ? 0 : earlier + minuteMs - nowMs;
  }
}
