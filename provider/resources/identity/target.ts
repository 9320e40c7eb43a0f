/** Where a resource's connection leads, and the refusal to work elsewhere than its record says. */
import type { Connection, ConnectionFacts, WritableConnection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { pathOfRoute } from "../../connections/connection-address";
import { ConfigError } from "../../errors";
import type { Failures } from "../checks/failures";
import type { ResourceContext } from "../context";
import { tellOnce } from "../context";
import { type ExtraScopes, extraScopesOf } from "../../scopes";

/** Where a connection leads: an internal input that `check` adds for the scope review. It causes no diff by itself. */
export interface Target {
  readonly backend: string;
  readonly origin: string;
  /** Where the admin credential is, never its value. States of 0.1 do not have it. */
  readonly credential?: string;
  /** Path and dialect on that origin; left out if they are the backend's own. */
  readonly route?: string;
  /** What only the connection knows about the resource's scopes; left out if the catalogue knows them all. */
  readonly extraScopes?: ExtraScopes;
}

export function targetOf({ backend, origin, credential, route, catalogue }: ConnectionFacts, scopes?: unknown): Target {
  const words = Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === "string") : [];
  return defined({ backend, origin, credential, route, extraScopes: extraScopesOf(catalogue, words) });
}

/**
 * Throws if a connection leads elsewhere than the object's record says: on another server every key would look missing,
 * and would be issued again.
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
  if (recorded.service === facts.origin) return assertSamePath(facts, recorded.target);
  if (recorded.service === undefined || facts.movedFrom.includes(recorded.service)) return;
  throw new ConfigError(
    `connection "${facts.name}" now leads to ${facts.origin}, but this object was made on ${recorded.service}. Nothing was sent. If the service has moved, add movedFrom: ["${recorded.service}"] to the connection; if this is another service, give it a connection of its own.`,
  );
}

/**
 * Two services may share a host, so another path is another service, if the record has a path (states of 0.1 do not).
 * If the record has the place of the credential and no path, it means the backend's own path.
 */
function assertSamePath({ name, origin, route, movedFromAddresses }: ConnectionFacts, recorded?: Target): void {
  if (recorded === undefined || lacksPath(recorded)) return;
  const [before, now] = [recorded.route, route].map(pathOfRoute);
  if (before === now) return;
  const address = origin + (before ?? "");
  if ([address, origin].some((each) => movedFromAddresses.includes(each))) return;
  const under = (path: string | undefined) => (path === undefined ? "the backend's own path" : `the path ${path}`);
  throw new ConfigError(
    `connection "${name}" now leads to ${under(now)} of ${origin}, but this object was made under ${under(before)}. Nothing was sent. If the service has moved, add movedFrom: ["${address}"] to the connection; if this is another service, give it a connection of its own.`,
  );
}

/** True for a record of 0.1, which says nothing about a path. */
function lacksPath({ credential, route }: Target): boolean {
  return credential === undefined && route === undefined;
}

/**
 * Checks the path. The old inputs say where the connection led at the last update, even if that update changed nothing.
 * If they do not say it, the user is told once: the next update records it.
 */
export function checkPath(
  context: Pick<ResourceContext, "warn">,
  olds: { readonly target?: Target; readonly connection?: string },
  { facts, failures }: { readonly facts: ConnectionFacts | undefined; readonly failures: Failures },
): void {
  const { target, connection = "default" } = olds;
  if (!facts || connection !== facts.name || target?.origin !== facts.origin || target.backend !== facts.backend)
    return;
  const path = pathOfRoute(facts.route);
  if (lacksPath(target) && path !== undefined)
    tellOnce(
      context,
      `path ${facts.name}`,
      `an earlier version made keys or accounts on the connection "${facts.name}" and did not record under which path of ${facts.origin}; they are taken to be those under ${path}, which is recorded now. If they were made under another path, give that one a connection of its own before the next update`,
    );
  try {
    assertSamePath(facts, target);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    failures.add("connection", error.message);
  }
}

/**
 * The target input of an object that was read, if it differs from the recorded one: an object that is found there
 * proves what an earlier version did not record.
 */
export function foundTarget(
  facts: ConnectionFacts,
  { target, scopes, status }: { readonly target?: Target; readonly scopes?: unknown; readonly status?: string },
): { readonly target?: Target } {
  return target && lacksPath(target) && status !== "missing" ? { target: targetOf(facts, scopes) } : {};
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
