/** The clock of a service, as the `Date` headers of its answers show it. */
import { secondMs } from "../values/durations";

/** The service's current time, in milliseconds since the epoch; undefined if no answer has shown it. */
export interface ServiceClock {
  nowMs(): number | undefined;
}

/** When a request was sent and its answer came, on a monotonic clock. */
interface Moments {
  readonly sentAtMs: number;
  readonly cameAtMs: number;
}

/** A slower answer says too little about the time when it was written. */
const slowestMs = 20 * secondMs;

export class AnswersClock implements ServiceClock {
  readonly #monotonicMs: () => number;
  /** The difference to add to the monotonic clock. */
  #aheadMs: number | undefined;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  nowMs(): number | undefined {
    return this.#aheadMs === undefined ? undefined : this.#monotonicMs() + this.#aheadMs;
  }

  /** Learns from an answer's headers. */
  note({ date, age }: Readonly<Record<string, string | undefined>>, { sentAtMs, cameAtMs }: Moments): void {
    const told = date === undefined ? undefined : httpDate(date);
    const isCached = age !== undefined && age.trim() !== "0";
    if (told === undefined || isCached || cameAtMs - sentAtMs > slowestMs) return;
    const aheadMs = told - cameAtMs;
    // An answer that a cache stored without saying so is older than every other answer.
    if (this.#aheadMs === undefined || aheadMs > this.#aheadMs) this.#aheadMs = aheadMs;
  }
}

/** `Sun, 06 Nov 1994 08:49:37 GMT`, the only form that senders may write (RFC 9110, 5.6.7). */
function httpDate(text: string): number | undefined {
  const form = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
  const ms = form.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
