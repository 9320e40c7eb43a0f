import type { ConnectionFacts } from "../connections";
import { defined } from "../defined";
import { ConfigError } from "../errors";

/** Where a connection leads: an internal input that `check` adds, read by the scope review; alone it makes no diff. */
export interface Target {
  readonly backend: string;
  readonly origin: string;
  /** The place of the admin credential, never its value; left out where it stands in the encrypted config. */
  readonly credential?: string;
  /** Path and dialect on that origin; left out where they are the backend's own. */
  readonly route?: string;
}

export function targetOf({ backend, origin, credential, route }: ConnectionFacts): Target {
  return defined({ backend, origin, credential, route });
}

/**
 * Refuses to go on where a connection leads elsewhere than the object's record says: on another
 * server every key would look missing, and would be made anew.
 */
export function assertSameTarget(
  facts: ConnectionFacts,
  recorded: { readonly service?: string; readonly target?: Target; readonly connection?: string },
): void {
  if (recorded.connection !== facts.name) return;
  const backend = recorded.target?.backend;
  if (backend !== undefined && backend !== facts.backend) {
    throw new ConfigError(
      `connection "${facts.name}" now uses the backend "${facts.backend}", but this object was made with "${backend}". Nothing was sent. Configure "${facts.backend}" as a connection of its own, and change the resource's connection.`,
    );
  }
  if (recorded.service === undefined || recorded.service === facts.origin || facts.movedFrom.includes(recorded.service))
    return;
  throw new ConfigError(
    `connection "${facts.name}" now leads to ${facts.origin}, but this object was made on ${recorded.service}. Nothing was sent. If the service has moved, add movedFrom: ["${recorded.service}"] to the connection; if this is another service, give it a connection of its own.`,
  );
}
