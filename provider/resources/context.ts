/** What a resource works with: the process's connections, clocks, warnings and names. */
import { clockIsSet, decisionTime } from "../clock";
import type { Connections } from "../connections/connections";
import { type AskState, noState } from "../engine/engine-state";
import { type Clock, realClock } from "../http/waiting";
import { withoutSecrets } from "../secrets/redact";
import { type Marking, plainMarking } from "./identity/marking";

/** What a resource's methods get from the process they run in. */
export interface ResourceContext {
  readonly connections: Connections;
  /** The decision clock, in milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** Tells the user something that does not stop the run. */
  readonly warn: (message: string) => void;
  /** Waits and deadlines. */
  readonly clock: Clock;
  /** False or left out if the decision clock is set (`APIKEYS_NOW`): no service's clock is compared with that. */
  readonly heedsServiceClock?: () => boolean;
  /** Reads the state of a stack from the engine; left out where none runs. */
  readonly askState?: AskState;
  /** Names new objects, and finds what a killed run has left. */
  readonly marking: Marking;
}

/** How warnings reach the user: the engine shows what a dynamic provider prints. */
let tell = (message: string): void => console.log(`warning: ${message}`);

/** Sends warnings another way, for a process whose output the engine does not show. */
export function tellWarnings(otherwise: (message: string) => void): void {
  tell = otherwise;
}

export function warn(message: string): void {
  tell(withoutSecrets(message));
}

export function createContext(
  connections: Connections,
  marking: Marking = plainMarking,
  askState: AskState = noState,
): ResourceContext {
  return {
    connections,
    nowMs: () => decisionTime(),
    warn,
    clock: realClock,
    heedsServiceClock: () => !clockIsSet(),
    askState,
    marking,
  };
}

/** The topics that have already been reported. */
const told = new WeakMap<ResourceContext["warn"], Set<string>>();
/** Warns of a topic once: one sentence for a service that is down, not one for each of its keys. */
export function tellOnce({ warn }: Pick<ResourceContext, "warn">, topic: string, words: string): void {
  const known = told.get(warn) ?? new Set();
  told.set(warn, known);
  if (known.has(topic)) return;
  known.add(topic);
  warn(words);
}
