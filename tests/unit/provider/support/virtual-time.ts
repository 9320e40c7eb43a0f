import type { Clock } from "../../../../provider/http/waiting";
import type { Timers } from "../../../../provider/http/pace";

interface Event {
  readonly atMs: number;
  readonly run: () => void;
}

/** Time that passes as soon as everything that happens now has happened. */
export class VirtualTime implements Timers, Clock {
  #nowMs = 0;
  readonly #turnsOfLoop: number;

  /** @param turnsOfLoop - how often the event loop turns until everything that happens now has happened */
  constructor(turnsOfLoop = 1) {
    this.#turnsOfLoop = turnsOfLoop;
  }

  readonly #events = new Set<Event>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const event = { atMs: this.#nowMs + ms, run };
    this.#events.add(event);
    return () => this.#events.delete(event);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Lets time pass until it is so, or nothing is to happen any more. */
  async until<Result>(outcome: Promise<Result>): Promise<Result> {
    let isOver = false;
    const ended = outcome.finally(() => (isOver = true));
    ended.catch(() => undefined);
    for (let idle = 0; ;) {
      for (let turns = 0; turns < this.#turnsOfLoop && !isOver; turns += 1)
        await new Promise((resolve) => setImmediate(resolve));
      if (isOver) return ended;
      let next: Event | undefined;
      for (const event of this.#events) if (!next || event.atMs < next.atMs) next = event;
      if (!next && (idle += 1) < 100) continue;
      if (!next) throw new Error("nothing is to happen any more, and it is not so");
      idle = 0;
      this.#events.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
  }
}
