/**
 * Whether a service gives requests back one by one, as a bucket does, or all at once, as a window does, and the pace that uses
 * up a bucket. No service says which it is, but a window ends when it said it would, and has no more left before that than what
 * was sent explains.
 */
import { minuteMs, secondMs } from "../values/durations";

/** A window begins anew once within the time that it tells, and that may be noticed late. So often it does not. */
const provenTimes = 3;
/** After so many refusals it has to be proven anew. */
const believedRefusals = 3;
/** Services tell whole seconds. */
const roundingMs = secondMs;
/** What a bucket has left is spent over this part of the time until it is full: a fifth of it stays for others. */
const spentWithin = 1 / 4;
/** That time is told in whole seconds, so it is not believed to be shorter. */
export const leastSpentWithinMs = secondMs / 4;
/** Others may have sent so many since the answer was written. */
const keptForOthers = 2;

/** What an answer tells. */
export interface Left {
  readonly remaining: number;
  readonly resetInMs: number;
  readonly nowMs: number;
  /** How long the answer took: it was written at some time in between. */
  readonly tookMs: number;
}

/** Answers that follow one another. */
interface Stretch {
  /** What was left before the first of them. */
  readonly first: number;
  /** They may come in another order than the service wrote them. */
  readonly disorder: number;
  lowest: number;
  answers: number;
}

export class Refill {
  #stretch: Stretch | undefined;
  /** When more was left than what was sent explains. */
  #timesMs: number[] = [];
  #longestMs = 0;
  /** So many answers may still be of the time before. */
  #late = 0;
  /** The end of the window, of which an earlier answer told: at the latest, and at the earliest. */
  #end: { readonly latestMs: number; readonly earliestMs: number } | undefined;
  #isContinuous = false;
  #refusals = 0;

  /** Proven to be a bucket. */
  get isContinuous(): boolean {
    return this.#isContinuous;
  }

  /** An answer to a request that the service accepted. */
  accepted(left: Left, underWay: number): void {
    this.#longestMs = Math.max(this.#longestMs, left.resetInMs);
    const [endsLater, hasMore] = [this.#endsLater(left), this.#hasMore(left, underWay)];
    if (endsLater || hasMore) this.#isContinuous = true;
  }

  /** It refuses what a bucket would take. */
  refused(): void {
    this.#refusals += 1;
    if (this.#refusals < believedRefusals) return;
    this.#refusals = 0;
    this.#timesMs = [];
    this.#end = undefined;
    this.#isContinuous = false;
  }

  /**
   * The time between two requests to a bucket: the more is left, the shorter. All who see the same number come to the same
   * share, and the bucket settles where the shares together are what it gives back.
   */
  static intervalMs(remaining: number, toldMs: number): number {
    const spare = remaining - keptForOthers;
    const spent = spare > 0 ? spare : 2 ** (spare - 1);
    return Math.min(toldMs, minuteMs, Math.max(leastSpentWithinMs, spentWithin * toldMs) / spent);
  }

  /** A window cannot end later than it said a moment ago; a bucket is full later with every request. */
  #endsLater({ nowMs, tookMs, resetInMs }: Left): boolean {
    const end = { latestMs: nowMs + resetInMs, earliestMs: nowMs - tookMs + resetInMs };
    if (this.#end && nowMs < this.#end.earliestMs - roundingMs)
      return end.earliestMs > this.#end.latestMs + 2 * roundingMs;
    this.#end = end;
    return false;
  }

  /** More was accepted than what is left has become less, and again, and again within the time of one window. */
  #hasMore({ remaining, nowMs }: Left, underWay: number): boolean {
    if (this.#late > 0) {
      this.#late -= 1;
      return false;
    }
    const stretch = (this.#stretch ??= { first: remaining + 1, lowest: remaining, answers: 0, disorder: underWay });
    stretch.answers += 1;
    stretch.lowest = Math.min(stretch.lowest, remaining);
    if (stretch.answers - (stretch.first - stretch.lowest) <= stretch.disorder) return false;
    this.#stretch = undefined;
    this.#late = underWay;
    this.#timesMs = [...this.#timesMs.filter((timeMs) => nowMs < timeMs + this.#longestMs), nowMs];
    return this.#timesMs.length >= provenTimes;
  }
}
