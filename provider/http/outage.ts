/**
 * Tells whether a service is down, so that a thousand keys need not find out one by one.
 */
import { secondMs } from "../values/durations";

/** So many calls without an answer raise a doubt: the calls under way find out, and the others wait. */
const doubtfulCalls = 5;
/** An outage is certain after so many calls whose last attempt could not reach the service … */
const certainCalls = 3;
/** … or after this long without a single answer. */
const silentForMs = 8 * secondMs;
/** After this long one request finds out whether the service is back. */
const pauseMs = 15 * secondMs;

export type Health = "well" | "doubtful" | "down";

/** How a call failed. */
export interface Failure {
  /** Identifies the call. */
  readonly call: object;
  /** The error's words, for the one message about all calls. */
  readonly words: string;
  /** The service could not be reached, and the call makes no further attempt. */
  readonly given: boolean;
  /** The service answered 500, 502, 503 or 504: it may be restarting, or only this key is broken. */
  readonly answered: boolean;
}

export class Outage {
  #failing = new Set<object>();
  #joined = 0;
  #givenUp = 0;
  #sinceMs = 0;
  #downSinceMs: number | undefined;
  #words = "";
  /** Something at the address answers, even if only with 5xx. */
  #hasAnswered = false;
  readonly #retryBudgetMs: number;

  /** @param retryBudgetMs - how long a service that answers 5xx may take to recover */
  constructor(retryBudgetMs: number) {
    this.#retryBudgetMs = retryBudgetMs;
  }

  /** True if the calls failed by answers: then another call may succeed. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  isFailing(call: object): boolean {
    return this.#failing.has(call);
  }

  /** The first failure of this outage, in the words of its error. */
  get words(): string {
    return this.#words;
  }

  /** How long there has been no answer. */
  lastsMs(nowMs: number): number {
    return nowMs - this.#sinceMs;
  }

  /** Notes that a read waits for the answer to another read's call. The returned function ends the wait. */
  joined(): () => void {
    this.#joined += 1;
    return () => (this.#joined -= 1);
  }

  /** True if few calls fail without an answer, but so many reads wait for them that their own calls would raise the doubt. */
  get failsForMany(): boolean {
    const failing = this.#failing.size;
    return failing > 0 && failing < doubtfulCalls && failing + this.#joined >= doubtfulCalls && !this.#hasAnswered;
  }

  /** The service has answered, whatever it said. */
  answered(): void {
    this.#failing.clear();
    this.#givenUp = 0;
    this.#downSinceMs = undefined;
    this.#hasAnswered = false;
  }

  failed({ call, words, given, answered }: Failure, nowMs: number): void {
    if (this.#failing.size === 0) {
      this.#sinceMs = nowMs;
      this.#words = words;
    }
    this.#failing.add(call);
    if (answered) this.#hasAnswered = true;
    if (given) this.#givenUp += 1;
    if (this.#downSinceMs !== undefined && nowMs - this.#downSinceMs >= pauseMs) this.#downSinceMs = nowMs;
    this.health(nowMs);
  }

  health(nowMs: number): Health {
    if (this.#failing.size < doubtfulCalls) return "well";
    const isCertain = this.#givenUp >= certainCalls || this.certainInMs(nowMs) === 0;
    // If something answers, a call for another key finds out at once whether all fail.
    if (isCertain) this.#downSinceMs ??= this.#hasAnswered ? nowMs - pauseMs : nowMs;
    if (this.#downSinceMs === undefined) return "doubtful";
    return nowMs - this.#downSinceMs < pauseMs ? "down" : "doubtful";
  }

  /** When the outage becomes certain, unless something answers. */
  certainInMs(nowMs: number): number {
    return Math.max(0, this.#sinceMs + (this.#hasAnswered ? this.#retryBudgetMs : silentForMs) - nowMs);
  }
}
