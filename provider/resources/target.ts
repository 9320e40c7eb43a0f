import type { ConnectionFacts } from "../connections";
import { defined } from "../defined";
import { pathOfRoute } from "../connection-settings";
import { ConfigError } from "../errors";
import { type ExtraScopes, extraScopesOf } from "../scopes";

/** Where a connection leads: an internal input that `check` adds, read by the scope review; alone it makes no diff. */
export interface Target {
  readonly backend: string;
  readonly origin: string;
  /** The place of the admin credential, never its value; states of 0.1 do not have it. */
  readonly credential?: string;
  /** Path and dialect on that origin; left out where they are the backend's own. */
  readonly route?: string;
  /** What only the connection says of the resource's scopes; left out where the catalogue knows them all. */
  readonly extraScopes?: ExtraScopes;
}

export function targetOf({ backend, origin, credential, route, catalogue }: ConnectionFacts, scopes?: unknown): Target {
  const words = Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === "string") : [];
  return defined({ backend, origin, credential, route, extraScopes: extraScopesOf(catalogue, words) });
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
  if (recorded.service === facts.origin) return assertSamePath(facts, recorded.target?.route);
  if (recorded.service === undefined || facts.movedFrom.includes(recorded.service)) return;
  throw new ConfigError(
    `connection "${facts.name}" now leads to ${facts.origin}, but this object was made on ${recorded.service}. Nothing was sent. If the service has moved, add movedFrom: ["${recorded.service}"] to the connection; if this is another service, give it a connection of its own.`,
  );
}

/**
 * Two services may share a host, so another path is another service, as far as the record says one: it does not
 * where the path is the backend's own, and in states of 0.1.
 */
function assertSamePath({ name, origin, route, movedFromAddresses }: ConnectionFacts, recorded?: string): void {
  const before = pathOfRoute(recorded);
  const now = pathOfRoute(route);
  if (before === undefined || before === now) return;
  if ([origin + before, origin].some((address) => movedFromAddresses.includes(address))) return;
  throw new ConfigError(
    `connection "${name}" now leads to ${now === undefined ? "the backend's own path" : `the path ${now}`} of ${origin}, but this object was made under ${before}. Nothing was sent. If the service has moved, add movedFrom: ["${origin + before}"] to the connection; if this is another service, give it a connection of its own.`,
  );
}
