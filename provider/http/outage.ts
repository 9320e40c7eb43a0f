/**
 * Whether a service answers at all. Without this, each of a thousand keys would find out by itself that its service is
 * down.
 */
import { secondMs } from "../values/durations";

/** So many calls without an answer make an outage doubtful: those that are under way find out, and the others wait. */
const doubtfulCalls = 5;
/** So many calls that could not reach the service, to their last attempt, make it certain. */
const certainCalls = 3;
/** Or this long without a single answer. */
const silentForMs = 8 * secondMs;
/** After this long one request finds out whether the service is back. */
const pauseMs = 15 * secondMs;

export type Health = "well" | "doubtful" | "down";

/** How a call failed. */
export interface Failure {
  /** Identifies the call. */
  readonly call: object;
  /** What was said of it, for the message about all. */
  readonly words: string;
  /** The service could not be reached, and the call makes no further attempt. */
  readonly given: boolean;
  /** The service answered that it cannot do it now (500, 502, 503, 504): it may restart, or only this key is broken. */
  readonly answered: boolean;
}

export class Outage {
  #failing = new Set<object>();
  #joined = 0;
  #givenUp = 0;
  #sinceMs = 0;
  #downSinceMs: number | undefined;
  #words = "";
  /** Something at the address answers, if only with 5xx. */
  #hasAnswered = false;
  readonly #retryBudgetMs: number;

  /** @param retryBudgetMs - what the connection gives a service that answers 5xx */
  constructor(retryBudgetMs: number) {
    this.#retryBudgetMs = retryBudgetMs;
  }

  /** Whether the failing calls have failed by answers, so that another call may fare better. */
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

  /** Somebody waits for the answer to another one's call; the result ends that. */
  joined(): () => void {
    this.#joined += 1;
    return () => (this.#joined -= 1);
  }

  /** Whether few calls fail, without an answer, and so many wait for theirs that each by itself would make an outage doubtful. */
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
    // Where something answers, a call of another key finds out at once whether all fail.
    if (isCertain) this.#downSinceMs ??= this.#hasAnswered ? nowMs - pauseMs : nowMs;
    if (this.#downSinceMs === undefined) return "doubtful";
    return nowMs - this.#downSinceMs < pauseMs ? "down" : "doubtful";
  }

  /** When it becomes certain, unless something answers. */
  certainInMs(nowMs: number): number {
    return Math.max(0, this.#sinceMs + (this.#hasAnswered ? this.#retryBudgetMs : silentForMs) - nowMs);
  }
}
