/**
 * Finds out whether a service renews its limit request by request (a token bucket) or all at once (a fixed window), and gives
 * the pace for a bucket. No service says which it is. But a window ends when it announced, and until then never has more left
 * than our own requests explain: an answer that shows otherwise is a sign of a bucket.
 */
import { minuteMs, secondMs } from "../values/durations";

/** So many signs prove a bucket: within its announced time a window is renewed only once, perhaps noticed late. */
const provenTimes = 3;
/** After so many refusals a bucket must be proven again. */
const believedRefusals = 3;
/** Services report whole seconds. */
const roundingMs = secondMs;
/** What a bucket has left is spent over this part of the time until it is full: a fifth of it stays for others. */
const spentWithin = 1 / 4;
/** The time until it is full comes in whole seconds, so a shorter part of it is not trusted. */
export const leastSpentWithinMs = secondMs / 4;
/** Others may have sent so many requests since the service wrote its answer. */
const keptForOthers = 2;

/** What an answer says about the limit. */
export interface Left {
  readonly remaining: number;
  readonly resetInMs: number;
  readonly nowMs: number;
  /** How long the answer took: the service wrote it at some time in between. */
  readonly tookMs: number;
}

/** A row of answers. */
interface Stretch {
  /** What was left before the first of them. */
  readonly first: number;
  /** How many may come in another order than the service wrote them. */
  readonly disorder: number;
  lowest: number;
  answers: number;
}

export class Refill {
  #stretch: Stretch | undefined;
  /** When more was left than our requests explain. */
  #timesMs: number[] = [];
  #longestMs = 0;
  /** How many of the next answers may be older than the last sign. */
  #late = 0;
  /** The end of the window according to an earlier answer: at the latest, and at the earliest. */
  #end: { readonly latestMs: number; readonly earliestMs: number } | undefined;
  #isContinuous = false;
  #refusals = 0;

  /** True if the limit is proven to be a bucket. */
  get isContinuous(): boolean {
    return this.#isContinuous;
  }

  /** Learns from the answer to an accepted request. */
  accepted(left: Left, underWay: number): void {
    this.#longestMs = Math.max(this.#longestMs, left.resetInMs);
    const [endsLater, hasMore] = [this.#endsLater(left), this.#hasMore(left, underWay)];
    if (endsLater || hasMore) this.#isContinuous = true;
  }

  /** Learns from a refusal of a request that a bucket would accept. */
  refused(): void {
    this.#refusals += 1;
    if (this.#refusals < believedRefusals) return;
    this.#refusals = 0;
    this.#timesMs = [];
    this.#end = undefined;
    this.#isContinuous = false;
  }

  /**
   * The time between two requests to a bucket: the more is left, the shorter. All processes that see the same number get the
   * same share, and the bucket settles at the level where all shares together are what it gives back.
   */
  static intervalMs(remaining: number, toldMs: number): number {
    const spare = remaining - keptForOthers;
    const spent = spare > 0 ? spare : 2 ** (spare - 1);
    return Math.min(toldMs, minuteMs, Math.max(leastSpentWithinMs, spentWithin * toldMs) / spent);
  }

  /** True if the end has moved: a window never ends later than announced, but each request makes a bucket full later. */
  #endsLater({ nowMs, tookMs, resetInMs }: Left): boolean {
    const end = { latestMs: nowMs + resetInMs, earliestMs: nowMs - tookMs + resetInMs };
    if (this.#end && nowMs < this.#end.earliestMs - roundingMs)
      return end.earliestMs > this.#end.latestMs + 2 * roundingMs;
    this.#end = end;
    return false;
  }

  /** True if, several times within one window's time, more requests were accepted than the number left went down. */
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
