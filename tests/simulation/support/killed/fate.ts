import { createRandom, type SeededRandom } from "../../../support/seeded-random";
import { ConnectionError, ServerError, TimeoutError } from "../../../../provider/errors";

/**
 * When a run is killed, along the way of one of its writing requests: `before` the service has it; `after` the service has done
 * it, and no answer came; `late`: the request is on its way, and is done some time after the run is gone; `orphaned`: the engine
 * is killed after the answer, and its host lives on, which may send nothing more; `unanswered`: nobody is killed, but the answer
 * to the making of a key is lost, and from then on the service shows nothing.
 */
export const points = ["before", "after", "late", "orphaned", "unanswered"] as const;
export type Point = (typeof points)[number];

export interface Order {
  readonly point: Point;
  /** How many writing requests are let through first. */
  readonly writes: number;
  /** Seed of how long each answer takes, so that what is done side by side meets in every order. */
  readonly pace: number;
  /** The longest time that an answer takes, in turns. Default: 40. */
  readonly slowest?: number;
}

/** Decides over one run. Without an order nothing happens to it. */
export class Fate {
  /** Resolves when the run is killed, with the method that it was calling. */
  readonly killed: Promise<string>;
  /** Called at the very moment of the kill. */
  onKill: () => void = () => undefined;
  /** Called before the first request that writes. */
  beforeFirstWrite: (() => Promise<unknown>) | undefined;
  /** What has not reached the service yet. */
  late: (() => Promise<unknown>) | undefined;
  #tell: (method: string) => void = () => undefined;
  #left: number;
  #isOver = false;
  readonly #point: Point | undefined;
  readonly #pace: SeededRandom | undefined;
  readonly #slowest: number;

  constructor(order?: Order) {
    this.#point = order?.point;
    this.#pace = order && createRandom(order.pace);
    this.#slowest = order?.slowest ?? 40;
    this.#left = order?.writes ?? Infinity;
    this.killed = new Promise((resolve) => (this.#tell = resolve));
  }

  /** The time that an answer takes. */
  pause(): Promise<void> {
    return this.#answer();
  }

  async read(run: () => Promise<unknown>): Promise<unknown> {
    await this.#answer();
    await this.#alive();
    if (this.isUnanswered()) throw new ServerError({ status: 503, method: "GET", path: "/keys" });
    return run();
  }

  async write(method: string, run: () => Promise<unknown>): Promise<unknown> {
    await this.#answer();
    await this.#alive();
    const first = this.beforeFirstWrite;
    this.beforeFirstWrite = undefined;
    await first?.();
    if (this.#point === "unanswered" && method !== "createKey") return run();
    if (this.#left-- > 0) {
      const answer = await run();
      await this.#answer();
      // Who died meanwhile never hears it.
      if (this.#isOver && this.#point !== "orphaned" && this.#point !== "unanswered")
        await new Promise(() => undefined);
      return answer;
    }
    this.#isOver = true;
    if (this.#point === "unanswered") {
      await run();
      throw new TimeoutError("no answer");
    }
    const point = this.#point;
    if (point === "late") this.late = run;
    const answer = point === "after" || point === "orphaned" ? await run() : undefined;
    this.onKill();
    this.#tell(method);
    // A process that is gone gets no answer.
    return point === "orphaned" ? answer : new Promise(() => undefined);
  }

  /** A host that has outlived its engine comes to its own end. */
  async afterKill(run: Promise<unknown>): Promise<void> {
    if (this.#point === "orphaned") await run;
  }

  /** An answer was lost, and the run went on. */
  isUnanswered(): boolean {
    return this.#isOver && this.#point === "unanswered";
  }

  async #answer(): Promise<void> {
    for (let turns = this.#pace?.below(this.#slowest) ?? 0; turns > 0; turns -= 1) await Promise.resolve();
  }

  async #alive(): Promise<void> {
    if (!this.#isOver || this.#point === "unanswered") return;
    if (this.#point === "orphaned") throw new ConnectionError("the engine that asked for it has ended.", false);
    await new Promise(() => undefined);
  }
}
