/**
 * The pace of one connection: every request of this process to its service waits here for its turn. Keeps below the
 * service's limit, lets creates go first, and refuses all requests while the service is down.
 */
import { formatSpan, secondMs } from "../values/durations";
import { ConnectionError } from "../errors";
import { Allowance, type LimitTold } from "./allowance";
import { type Failure, type Health, Outage } from "./outage";
import { onWaitsOver, waitsAreOver } from "./waiting";

/** The order of requests: logins, creates, other changes, reads. */
export const urgencies = ["login", "create", "change", "read"] as const;
export type Urgency = (typeof urgencies)[number];

/** One turn in so many goes to the request that has waited longest, so that none waits forever. */
const eldestEvery = 8;
/** Waits of this length are reported, and then less and less often: a run in CI prints each of these lines. */
const toldFromMs = secondMs;
const rarestMs = 10 * secondMs;
/** Longer waits are reported in a line that stays. */
const lineFromMs = 5 * secondMs;
/** So that the default budget of a minute covers a window of a minute, with rounding. */
const budgets = 1.25;

/** Time, and what happens later. Tests replace it. */
export interface Timers {
  nowMs(): number;
  /** Runs once after that time. The returned function cancels it. */
  after(ms: number, run: () => void): () => void;
}

export const realTimers: Timers = {
  nowMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface PaceOptions {
  readonly connection: string;
  readonly origin: string;
  /** The connection's own limit. Left out: only the service's limit applies. */
  readonly maxRequestsPerMinute?: number | undefined;
  /** The time for all attempts of a call. A wait for the service's limit may be a quarter longer. */
  readonly retryBudgetMs: number;
  readonly timers?: Timers;
  readonly random?: () => number;
  /** Tells the user why the run waits. `passing`: in a line that the next one replaces. */
  readonly tell?: (message: string, passing: boolean) => void;
}

/** One call with all its attempts. */
export interface PacedCall {
  /**
   * Waits for the turn of the next attempt, and returns the milliseconds that it waited.
   *
   * @throws ConnectionError - the attempt was not sent: the service is down, or its limit lasts too long
   */
  turn(): Promise<number>;
  answered(told: LimitTold): void;
  failed(failure: Omit<Failure, "call">): void;
  /** Waits between two attempts; stops early if the service turns out to be down. */
  rest(ms: number, sleep: (ms: number) => Promise<void>): Promise<void>;
  /** Ends the call: there is no further attempt. */
  done(): void;
}

interface Waiting {
  readonly call: object;
  readonly urgency: Urgency;
  readonly sinceMs: number;
  readonly isFirst: boolean;
  readonly go: () => void;
  readonly refuse: (error: ConnectionError) => void;
}

export class Pace {
  readonly longestWaitMs: number;
  readonly #options: PaceOptions;
  readonly #timers: Timers;
  readonly #allowance: Allowance;
  readonly #outage: Outage;
  readonly #resting = new Set<() => void>();
  /** Calls that have made an attempt, or are making one. */
  readonly #started = new Set<object>();
  #queue: Waiting[] = [];
  #turns = 0;
  #cancelTimer: (() => void) | undefined;
  #toldMs = -Infinity;
  #everyMs = toldFromMs;
  #lineTold = false;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    this.#allowance = new Allowance(options.maxRequestsPerMinute);
    onWaitsOver(() => this.#pump());
    this.#outage = new Outage(options.retryBudgetMs);
    this.longestWaitMs = budgets * options.retryBudgetMs;
  }

  /**
   * Waits for the answer to a shared call, such as a list for many keys. If the service does not answer, gives up that call
   * as soon as an outage would be certain; then each read finds out for itself what still works.
   */
  joins<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const leave = this.#outage.joined();
    this.#pump();
    return answer.finally(leave);
  }

  begin(urgency: Urgency): PacedCall {
    const call = {};
    let startedMs: number | undefined;
    let last: Omit<Failure, "call"> | undefined;
    const end = (told?: LimitTold) => {
      if (startedMs === undefined) return;
      const nowMs = this.#timers.nowMs();
      const tookMs = nowMs - startedMs;
      startedMs = undefined;
      this.#allowance.ended(nowMs, told && { ...told, tookMs }, this.#options.random?.() ?? Math.random());
    };
    return {
      turn: async () => {
        const sinceMs = this.#timers.nowMs();
        await this.#turn(call, urgency);
        startedMs = this.#timers.nowMs();
        return startedMs - sinceMs;
      },
      answered: (told) => {
        end(told);
        this.#outage.answered();
        this.#pump();
      },
      failed: (failure) => {
        end();
        last = failure;
        this.#outage.failed({ ...failure, call, given: false }, this.#timers.nowMs());
        this.#pump();
      },
      rest: async (ms, sleep) => {
        let wake = () => {};
        const woken = new Promise<void>((resolve) => (wake = resolve));
        this.#resting.add(wake);
        // If all calls are waiting, only this one can notice that the outage is certain.
        this.#pump();
        await Promise.race([sleep(ms), woken]);
        this.#resting.delete(wake);
      },
      done: () => {
        end();
        if (last?.given) this.#outage.failed({ ...last, call }, this.#timers.nowMs());
        this.#started.delete(call);
        this.#pump();
      },
    };
  }

  #turn(call: object, urgency: Urgency): Promise<void> {
    return new Promise((resolve, reject) => {
      const sinceMs = this.#timers.nowMs();
      const isFirst = !this.#started.has(call);
      this.#queue.push({ call, urgency, sinceMs, isFirst, go: resolve, refuse: reject });
      this.#pump();
    });
  }

  /** Starts the requests that may start, refuses all if none may for too long, and runs again when something changes. */
  #pump(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (;;) {
      const nowMs = this.#timers.nowMs();
      if (waitsAreOver()) return this.#refuseAll(`nothing was sent to ${this.#options.origin}: the run was cancelled.`);
      const health = this.#outage.health(nowMs);
      if (health === "down") return this.#refuseAll(this.#downWords(nowMs));
      this.#giveUpWhatManyWaitFor(nowMs);
      const next = this.#next(health === "doubtful");
      if (!next) return this.#awaitOutcome(health, nowMs);
      const waitMs = this.#allowance.waitMs(nowMs, this.#queue.length);
      if (waitMs === Infinity) return;
      if (waitMs > this.longestWaitMs) return this.#refuseAll(this.#limitWords(waitMs));
      if (waitMs > 0) {
        this.#tellOf(waitMs, next, nowMs);
        return this.#later(waitMs);
      }
      this.#queue = this.#queue.filter((each) => each !== next);
      this.#turns += 1;
      this.#allowance.started(nowMs);
      this.#started.add(next.call);
      next.go();
    }
  }

  #giveUpWhatManyWaitFor(nowMs: number): void {
    if (this.#outage.failsForMany && this.#outage.certainInMs(nowMs) === 0)
      this.#refuse(this.#silentWords(nowMs), ({ isFirst }) => !isFirst);
  }

  /** Refuses the waiting requests at the latest when the outage is certain. */
  #awaitOutcome(health: Health, nowMs: number): void {
    const isOpen = health === "doubtful" || this.#outage.failsForMany;
    if (this.#queue.length > 0 || (isOpen && this.#resting.size > 0))
      this.#later(this.#outage.certainInMs(nowMs) || secondMs);
  }

  /** In doubt, one more call may begin if none has begun, or if all have failed by answers: the next one may succeed. */
  #anotherMayTry(): boolean {
    if (this.#started.size === 0) return true;
    return this.#outage.hasAnswered && [...this.#started].every((call) => this.#outage.isFailing(call));
  }

  #later(ms: number): void {
    this.#cancelTimer = this.#timers.after(Math.ceil(ms), () => this.#pump());
  }

  /** The most urgent of the requests that have waited longest; in doubt, mostly of calls that have begun. */
  #next(inDoubt: boolean): Waiting | undefined {
    const queue = inDoubt && !this.#anotherMayTry() ? this.#queue.filter(({ isFirst }) => !isFirst) : this.#queue;
    if (this.#turns % eldestEvery === eldestEvery - 1) return queue[0];
    for (const urgency of urgencies) {
      const found = queue.find((each) => each.urgency === urgency);
      if (found) return found;
    }
    return undefined;
  }

  #refuseAll(words: string): void {
    this.#refuse(words, () => true);
  }

  #refuse(words: string, whom: (waiting: Waiting) => boolean): void {
    const refused = this.#queue.filter(whom);
    this.#queue = this.#queue.filter((each) => !whom(each));
    for (const wake of this.#resting) wake();
    for (const { refuse } of refused) refuse(new ConnectionError(words, false));
  }

  #downWords(nowMs: number): string {
    const { origin } = this.#options;
    const happened = this.#outage.hasAnswered ? "it has answered with failures alone" : "there has been no answer";
    const span = formatSpan(Math.max(secondMs, this.#outage.lastsMs(nowMs)));
    return `${origin} is taken for down, and nothing more was sent: ${happened} for ${span} (first: ${this.#outage.words}) Check the connection's url, the network and the service, and run again.`;
  }

  #silentWords(nowMs: number): string {
    const span = formatSpan(Math.max(secondMs, this.#outage.lastsMs(nowMs)));
    return `${this.#options.origin} has not answered for ${span}, and nothing more was sent for those who wait for this answer.`;
  }

  #limitWords(waitMs: number): string {
    const { origin } = this.#options;
    return `${origin} allows no more requests for ${formatSpan(waitMs)}, and nothing more was sent. Run again after that, or raise retryBudget in the connection to wait for it.`;
  }

  #tellOf(waitMs: number, { sinceMs }: Waiting, nowMs: number): void {
    const { connection, origin, tell } = this.#options;
    const longMs = Math.max(waitMs, nowMs - sinceMs);
    if (!tell || longMs < toldFromMs) return;
    const many = this.#queue.length === 1 ? "one request waits" : `${this.#queue.length} requests wait`;
    const words = `connection "${connection}": ${many} for the rate limit of ${origin}; the next one goes in ${formatSpan(Math.max(secondMs, waitMs))}`;
    const isLine = longMs >= lineFromMs && !this.#lineTold;
    if (!isLine && nowMs - this.#toldMs < this.#everyMs) return;
    this.#everyMs = Math.min(rarestMs, 2 * this.#everyMs);
    this.#toldMs = nowMs;
    this.#lineTold ||= isLine;
    tell(words, !isLine);
  }
}
