/** What a resource works with: the process's connections, clocks, warnings and names, and the connection of a record. */
import type { CheckFailure } from "@pulumi/pulumi/dynamic";
import { clockIsSet, decisionTime } from "../clock";
import type { Connection, ConnectionFacts, Connections, WritableConnection } from "../connections/connections";
import { type AskState, noState } from "../engine/engine-state";
import { ConfigError } from "../errors";
import { type Clock, realClock } from "../http/waiting";
import { kindOf, withoutSecrets } from "../secrets/redact";
import { isUnknown } from "../values/wire";
import { Failures } from "./checks/failures";
import { type Marking, plainMarking } from "./identity/marking";
import { assertSameTarget, type Target } from "./identity/target";

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

/** Where an object is, according to its record. */
export interface Recorded {
  readonly connection: string;
  readonly service?: string;
  readonly target?: Target;
}

/** The connection of a recorded object. Throws if it leads to another service than recorded. */
export function openRecorded({ connections }: ResourceContext, recorded: Recorded): Connection {
  const connection = connections.open(recorded.connection);
  assertSameTarget(connection, recorded);
  return connection;
}

/** The same, for the engine's read of a resource: see `shared-reads.ts`. */
export function openRecordedForRefresh(context: ResourceContext, recorded: Recorded): Connection {
  const { name } = openRecorded(context, recorded);
  return context.connections.openForRefresh(name);
}

/** The same, for a write. */
export function openRecordedForWrite(context: ResourceContext, recorded: Recorded): WritableConnection {
  const { name } = openRecorded(context, recorded);
  return context.connections.openForWrite(name);
}

/** A connection's facts for `check`: a wrong configuration is a failure of the input `connection`. */
export function describeForCheck(
  { connections }: ResourceContext,
  name: unknown,
  failures: Failures,
): ConnectionFacts | undefined {
  if (isUnknown(name)) return undefined;
  if (typeof name !== "string" || name === "") {
    failures.add(
      "connection",
      `"connection" is ${kindOf(name)}; write the name of a connection, or leave it out for "default"`,
    );
    return undefined;
  }
  try {
    return connections.describe(name);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    failures.add("connection", error.message);
    return undefined;
  }
}

/** What `check` answers. */
export function checkAnswer<Inputs>(inputs: Inputs, failures: Failures): { inputs: Inputs; failures: CheckFailure[] } {
  return { inputs, failures: failures.list };
}
