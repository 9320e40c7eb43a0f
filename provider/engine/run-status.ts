/** The progress of a run, and what it waits for, in the engine's own status lines. */
import { secondMs } from "../values/durations";
import { engineOfHost, logOfEngine } from "./engine-log";
import { withoutSecrets } from "../secrets/redact";

/** Shows a message. `passing`: only temporarily. */
export type ShowStatus = (message: string, passing: boolean) => void;

const nothing: ShowStatus = () => undefined;
let show: ShowStatus | undefined;

/** Shows messages in another way from now on. */
export function showStatus(otherwise: ShowStatus): void {
  show = otherwise;
}

export function tellStatus(message: string, passing: boolean): void {
  tellCounts(withoutSecrets(message), passing);
}

/** For this module's own words and numbers: to compare them with every known secret costs a large run a tenth of its time. */
function tellCounts(message: string, passing: boolean): void {
  show ??= byEngine();
  show(message, passing);
}

function byEngine(): ShowStatus {
  const address = engineOfHost();
  if (address === undefined) return nothing;
  const log = logOfEngine(address);
  return (message, passing) => log(message, passing ? "status" : "info");
}

/** What a run does with a key or an account. */
const words: Readonly<Record<string, string>> = {
  create: "created",
  read: "read",
  update: "changed",
  delete: "deleted",
};

/** A shorter run shows no count. */
const fromMs = 3 * secondMs;
/** A run in CI prints each of these lines, so they become rarer, up to this interval. */
const rarestMs = 10 * secondMs;

/** Counts what a run has done, and shows it now and then. */
export class RunProgress {
  readonly #nowMs: () => number;
  readonly #tell: ShowStatus;
  readonly #done = new Map<string, number>();
  #beganMs: number | undefined;
  #toldMs = -Infinity;
  #everyMs = secondMs;

  constructor(nowMs: () => number = () => performance.now(), tell: ShowStatus = tellCounts) {
    this.#nowMs = nowMs;
    this.#tell = tell;
  }

  began(): void {
    this.#beganMs ??= this.#nowMs();
  }

  /** Counts a verb that changes or reads something on a service; ignores all others. */
  done(verb: string): void {
    if (words[verb] === undefined) return;
    this.#done.set(verb, (this.#done.get(verb) ?? 0) + 1);
    const nowMs = this.#nowMs();
    if (nowMs - (this.#beganMs ?? nowMs) < fromMs || nowMs - this.#toldMs < this.#everyMs) return;
    this.#everyMs = Math.min(rarestMs, 2 * this.#everyMs);
    this.#toldMs = nowMs;
    const counts = [...this.#done].map(([each, count]) => `${count} ${words[each]}`);
    this.#tell(`API keys and accounts so far: ${counts.join(", ")}`, true);
  }
}
