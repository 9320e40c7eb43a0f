/**
 * Compares what a service gave with what was requested: what differs, what the user is told, and when the operation
 * counts as failed.
 */
import type { ConnectionFacts } from "../../connections/connections";
import { ProviderError } from "../../errors";
import { redact } from "../../secrets/redact";
import { otherAccess, type ScopeCatalogue } from "../../scopes";
import { parseTime } from "../../values/times";
import type { ToldOptions } from "../../backends/definition";
import type { DeclaredOptions, OptionValue, OptionValues } from "../../vendors/options";
import type { ResourceContext } from "../context";
import { sameInstant } from "./expiry";
import { type RecordedTerms, termsOnRecord } from "./key-inputs";
import { logicalName, type Origin } from "../identity/names";
import { otherOptions } from "../fields/given-options";

/**
 * What a key or an account may do, where, and until when: as requested or as given. A field is left out if nobody says
 * anything about it.
 */
export interface Terms {
  readonly scopes?: readonly string[] | undefined;
  readonly expiresAt?: string | undefined;
  readonly environment?: string | undefined;
  /** Of an account; empty: it has none. */
  readonly role?: string | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** A vendor's own inputs; "" and null: none. */
  readonly options?: ToldOptions | undefined;
}

/**
 * `less`: something requested is missing · `more`: something was given that nobody requested · `words`: only the words
 * differ.
 */
export interface Difference {
  readonly kind: "less" | "more" | "words";
  /** Half a sentence about the key or the account. */
  readonly words: string;
}

/** What a comparison depends on. */
export interface Rules {
  readonly catalogue?: ScopeCatalogue | undefined;
  readonly granularityMs: number;
  readonly options?: DeclaredOptions | undefined;
  /** The time of the issue: a key that ends before it never worked, whatever the service's time step is. */
  readonly issuedAtMs?: number | undefined;
}

/** The requested terms beside the given ones. */
interface ComparedTerms {
  readonly asked: Terms;
  readonly given: Terms;
  readonly rules: Rules;
}

/** What differs from the request, beyond implied scopes and the service's own time step. */
export function differences(terms: ComparedTerms): Difference[] {
  const { asked, given } = terms;
  return [
    ...otherScopes(terms),
    ...otherEnd(terms),
    ...otherPlace(terms),
    ...otherRole(terms),
    ...otherInputs(terms),
    ...otherWords("is called", asked.name, given.name),
    ...otherWords("is described as", asked.description, given.description),
  ];
}

function otherScopes({ asked: { scopes: asked }, given: { scopes: given }, rules }: ComparedTerms): Difference[] {
  if (!asked || !given) return [];
  const { lacks, more } = otherAccess(rules.catalogue, asked, given);
  return [
    ...(lacks.length > 0 ? [less(`was not given ${quoted(lacks)}, although asked for`)] : []),
    ...(more.length > 0 ? [beyond(`was given ${quoted(more)}, which nobody asked for`)] : []),
  ];
}

function otherEnd({ asked: { expiresAt: asked }, given: { expiresAt: given }, rules }: ComparedTerms): Difference[] {
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

/** A key for another environment counts as less, because it does not work where it is needed. */
function otherPlace({ asked: { environment: asked }, given: { environment: given } }: ComparedTerms): Difference[] {
  if (asked === undefined || given === undefined || asked === given) return [];
  return [less(`is for the environment ${quoted([given])} on the service, and not for ${quoted([asked])}`)];
}

/** Another role always counts as less, because no rule says which of two roles gives more. */
function otherRole({ asked: { role: asked }, given: { role: given } }: ComparedTerms): Difference[] {
  if (asked === undefined || given === undefined || asked === given) return [];
  return [
    less(`has ${given === "" ? "no role" : `the role ${quoted([given])}`} on the service, and not ${quoted([asked])}`),
  ];
}

function otherInputs({ asked, given, rules }: ComparedTerms): Difference[] {
  const wanted = Object.entries(asked.options ?? {}).filter(
    (entry): entry is [string, OptionValue] => entry[1] != null,
  );
  const known: OptionValues = Object.fromEntries(wanted);
  return otherOptions({ declared: rules.options, asked: known, told: given.options }).map(
    ({ name, kind, asked: value, given: found }) => ({
      kind,
      words: `was given the option "${name}" as ${shown(found)} instead of ${shown(value)}, which was asked for`,
    }),
  );
}

/** Blanks at the ends do not count. */
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

/** A key or an account with what was requested and what was given. */
export interface Deal {
  readonly what: "key" | "service account";
  readonly origin: Origin;
  /** The service's id of it. */
  readonly id?: string | undefined;
  readonly asked: Terms;
  readonly given: Terms;
  readonly facts: ConnectionFacts;
  readonly issuedAtMs?: number | undefined;
  /** The program's consent to less. */
  readonly acceptLess?: boolean | undefined;
}

type Teller = Pick<ResourceContext, "warn">;

/** What the program wants now, and where. */
interface Wanted {
  readonly news: { readonly acceptLess?: boolean; readonly origin: Origin };
  readonly facts: ConnectionFacts;
}

/** The deal that a key's record contains. */
export function dealOf(
  recorded: RecordedTerms & { readonly origin: Origin; readonly keyId?: string },
  { news: { acceptLess, origin }, facts }: Wanted,
): Deal {
  return { what: "key", origin, id: recorded.keyId, ...termsOnRecord(recorded), facts, acceptLess };
}

/** Warns of every difference, at every run. */
export function tellOtherTerms({ warn }: Teller, deal: Deal): void {
  for (const { words } of found(deal)) warn(sentence(deal, words));
}

/**
 * Warns of what is more or in other words, and of what is less if the program accepts that.
 *
 * @returns an error for what is less without consent
 */
export function judgeTerms({ warn }: Teller, deal: Deal): ProviderError | undefined {
  for (const { kind, words } of found(deal))
    if (kind !== "less" || deal.acceptLess === true) warn(sentence(deal, words));
  return lessThanAsked(deal);
}

/** Why the operation failed: the service gave less than requested, and the program does not accept less. */
export function lessThanAsked(deal: Deal): ProviderError | undefined {
  if (deal.acceptLess === true) return undefined;
  const lacks = found(deal).filter(({ kind }) => kind === "less");
  return lacks.length === 0
    ? undefined
    : new ProviderError(`${lacks.map(({ words }) => sentence(deal, words)).join("; ")}. ${wayOut(deal)}`);
}

/** The same for a new key that is not kept, because the previous key can do more. */
export function lacksOf(deal: Omit<Deal, "what" | "origin">): string | undefined {
  const lacks = deal.acceptLess === true ? [] : found(deal).filter(({ kind }) => kind === "less");
  return lacks.length === 0 ? undefined : lacks.map(({ words }) => redact(words)).join("; ");
}

function found({ what = "key", ...deal }: Omit<Deal, "what" | "origin"> & Partial<Pick<Deal, "what">>): Difference[] {
  const { asked, given, facts, issuedAtMs } = deal;
  const { catalogue, capabilities, keyOptions, accountOptions } = facts;
  const options = what === "key" ? keyOptions : accountOptions;
  const { granularityMs } = capabilities.expiry;
  return differences({ asked, given, rules: { catalogue, granularityMs, options, issuedAtMs } });
}

function sentence({ what, origin }: Deal, words: string): string {
  return `the ${what} "${logicalName(origin)}" ${redact(words)}`;
}

function wayOut({ what, id }: Deal): string {
  const which = id === undefined ? "It" : `The ${what} ${id}`;
  return `${which} is kept in the state. Ask for what the service gives; or see that the service gives the rest, and run "pulumi refresh"; or accept less, with a warning at every run: acceptLess: true`;
}

function shown(value: OptionValue): string {
  return value === "" ? "none" : JSON.stringify(value);
}
