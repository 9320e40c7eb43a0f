/** What a service gave, beside what it was asked for. Pure. */
import { otherAccess, type ScopeCatalogue } from "../scopes";
import { parseTime } from "../times";
import { sameInstant } from "./expiry";

/** What a key or an account may do, where, and until when: as asked for or as given; what is left out is not told. */
export interface Terms {
  readonly scopes?: readonly string[] | undefined;
  readonly expiresAt?: string | undefined;
  readonly environment?: string | undefined;
  /** Of an account; empty: it has none. */
  readonly role?: string | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}

/** `less`: something that was asked for is not there · `more`: something is there that nobody asked for · `words`: other words. */
export interface Difference {
  readonly kind: "less" | "more" | "words";
  /** Half a sentence about the key or the account. */
  readonly words: string;
}

/** By what a difference is judged to be one. */
export interface Rules {
  readonly catalogue?: ScopeCatalogue | undefined;
  readonly granularityMs: number;
  /** When it was issued: what ends before that was never any good, whatever the service's step of time is. */
  readonly issuedAtMs?: number | undefined;
}

/** What of the given is other than asked; implied scopes and the service's own step of time explain the rest. */
export function differences(asked: Terms, given: Terms, rules: Rules): Difference[] {
  return [
    ...otherScopes(asked, given, rules),
    ...otherEnd(asked, given, rules),
    ...otherPlace(asked, given),
    ...otherRole(asked, given),
    ...otherWords("is called", asked.name, given.name),
    ...otherWords("is described as", asked.description, given.description),
  ];
}

function otherScopes({ scopes: asked }: Terms, { scopes: given }: Terms, { catalogue }: Rules): Difference[] {
  if (!asked || !given) return [];
  const { lacks, more } = otherAccess(catalogue, asked, given);
  return [
    ...(lacks.length > 0 ? [less(`was not given ${quoted(lacks)}, although asked for`)] : []),
    ...(more.length > 0 ? [beyond(`was given ${quoted(more)}, which nobody asked for`)] : []),
  ];
}

function otherEnd({ expiresAt: asked }: Terms, { expiresAt: given }: Terms, rules: Rules): Difference[] {
  if (given === undefined) return [];
  const { granularityMs, issuedAtMs } = rules;
  const endMs = parseTime(given);
  if (issuedAtMs !== undefined && typeof endMs === "number" && endMs <= issuedAtMs)
    return [less(`ends at ${given} on the service, which was over before it was issued`)];
  if (asked === undefined || sameInstant(asked, given, granularityMs)) return [];
  const isEarlier = Date.parse(given) < Date.parse(asked);
  const words = `ends at ${given} on the service, ${isEarlier ? "earlier" : "later"} than ${asked}, which was asked for`;
  return [isEarlier ? less(words) : beyond(words)];
}

/** A key of another environment opens nothing where it is wanted, whichever of the two is the wider one. */
function otherPlace({ environment: asked }: Terms, { environment: given }: Terms): Difference[] {
  if (asked === undefined || given === undefined || asked === given) return [];
  return [less(`is for the environment ${quoted([given])} on the service, and not for ${quoted([asked])}`)];
}

/** Nobody can tell which of two roles is the wider one: another one is not what was asked for. */
function otherRole({ role: asked }: Terms, { role: given }: Terms): Difference[] {
  if (asked === undefined || given === undefined || asked === given) return [];
  return [
    less(`has ${given === "" ? "no role" : `the role ${quoted([given])}`} on the service, and not ${quoted([asked])}`),
  ];
}

/** Space at the ends does not count. */
function otherWords(verb: string, asked: string | undefined, given: string | undefined): Difference[] {
  if (asked === undefined || given === undefined || asked.trim() === given.trim()) return [];
  return [{ kind: "words", words: `${verb} ${quoted([given])} on the service, and not ${quoted([asked])}` }];
}

function less(words: string): Difference {
  return { kind: "less", words };
}

function beyond(words: string): Difference {
  return { kind: "more", words };
}

function quoted(scopes: readonly string[]): string {
  return scopes.map((scope) => JSON.stringify(scope)).join(", ");
}
