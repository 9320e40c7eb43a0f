/** The connections that a command uses, from a stack's state. */
import type { RecordedStack } from "../inventory/recorded";
import { type Connections, createConnections } from "../provider/connections/connections";
import { ConfigError } from "../provider/errors";
import { usageFailure } from "./command";

/**
 * Connections from one stack's state. `APIKEYS_CONNECTIONS` overrides them as it does for an update.
 *
 * @throws ConfigError - neither has any: the engine records the config with the first resource
 */
export function connectionsOf({ stack, config }: RecordedStack, env: NodeJS.ProcessEnv): Connections {
  if (config["apikeys:connections"] === undefined && env.APIKEYS_CONNECTIONS === undefined)
    throw new ConfigError(
      `the state${stack === "" ? "" : ` of ${stack}`} has no connections yet. \`pulumi up\` records them with the first key or account; until then, give them in the environment variable APIKEYS_CONNECTIONS.`,
    );
  return createConnections({ get: (key) => config[key] }, env);
}

/** The connections that the user named, or else all that the states use. */
export function connectionNames(
  states: readonly RecordedStack[],
  wanted: readonly string[] | undefined,
): [RecordedStack, string][] {
  const used = states.flatMap((stack) =>
    [...new Set(stack.keys.map(({ connection }) => connection))].map((name): [RecordedStack, string] => [stack, name]),
  );
  if (wanted === undefined) return used;
  return wanted.map((name) => {
    const stack = states.find(({ config }) => definesConnection(config, name)) ?? states[0];
    if (!stack) throw usageFailure("There is no state to take connections from.");
    return [stack, name];
  });
}

function definesConnection(config: Readonly<Record<string, string>>, name: string): boolean {
  try {
    const connections: unknown = JSON.parse(config["apikeys:connections"] ?? "{}");
    return typeof connections === "object" && connections !== null && Object.hasOwn(connections, name);
  } catch {
    return false;
  }
}
