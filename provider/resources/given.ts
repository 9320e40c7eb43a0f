/** What a service gave, beside what it was asked for. Pure. */
import { accessDelta, isWildcard, type ScopeCatalogue, unlimitedScope } from "../scopes";
import { sameInstant } from "./expiry";

/** The scopes and the end of a key, as asked for or as given; what is left out is not told. */
export interface Terms {
  readonly scopes?: readonly string[] | undefined;
  readonly expiresAt?: string | undefined;
}

/** By what a difference is judged to be one. */
interface Rules {
  readonly catalogue?: ScopeCatalogue | undefined;
  readonly granularityMs: number;
}

/** What of the given is other than asked, in half sentences; implied scopes and the service's own step of time explain the rest. */
export function otherThanAsked(asked: Terms, given: Terms, rules: Rules): string[] {
  return [...otherScopes(asked, given, rules), ...otherEnd(asked, given, rules)];
}

function otherScopes({ scopes: asked }: Terms, { scopes: given }: Terms, { catalogue }: Rules): string[] {
  if (!asked || !given) return [];
  const { gains, loses } = accessDelta(catalogue, asked, given);
  // A word for everything comes back as what it stands for, and what concerns the key alone is limited to its owner.
  const standsForMore = (scope: string) =>
    isWildcard(catalogue, scope) || catalogue?.scopes[unlimitedScope(catalogue, scope)]?.mintsKeys === true;
  const lacks = loses.filter((scope) => !standsForMore(scope));
  const more = asked.some(standsForMore) ? [] : gains.filter((scope) => unlimitedScope(catalogue, scope) === scope);
  return [
    ...(lacks.length > 0 ? [`was not given ${quoted(lacks)}, although asked for`] : []),
    ...(more.length > 0 ? [`was given ${quoted(more)}, which nobody asked for`] : []),
  ];
}

function otherEnd({ expiresAt: asked }: Terms, { expiresAt: given }: Terms, { granularityMs }: Rules): string[] {
  if (asked === undefined || given === undefined || sameInstant(asked, given, granularityMs)) return [];
  const how = Date.parse(given) < Date.parse(asked) ? "earlier" : "later";
  return [`ends at ${given} on the service, ${how} than ${asked}, which was asked for`];
}

function quoted(scopes: readonly string[]): string {
  return scopes.map((scope) => JSON.stringify(scope)).join(", ");
}
