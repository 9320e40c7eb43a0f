/** What is told of a key or an account that got something else than was asked for, and when that is no success. */
import type { ConnectionFacts } from "../connections";
import { ProviderError } from "../errors";
import { redact } from "../redact";
import type { ResourceContext } from "./context";
import { type Difference, differences, type Terms } from "./given";
import { type RecordedTerms, termsOnRecord } from "./key-inputs";
import { logicalName, type Origin } from "./names";

/** What was asked for and given, and of whom. */
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

/** What is on record of a key, as a deal. */
export function dealOf(
  recorded: RecordedTerms & { readonly origin: Origin; readonly keyId?: string },
  facts: ConnectionFacts,
  { acceptLess, origin }: { readonly acceptLess?: boolean; readonly origin: Origin },
): Deal {
  return { what: "key", origin, id: recorded.keyId, ...termsOnRecord(recorded), facts, acceptLess };
}

/** Warns of everything that is other than asked: at every run. */
export function tellOtherTerms({ warn }: Teller, deal: Deal): void {
  for (const { words } of found(deal)) warn(sentence(deal, words));
}

/** Warns of what is more than asked or in other words, and of less where the program accepts that. @returns what else is less */
export function judgeTerms({ warn }: Teller, deal: Deal): ProviderError | undefined {
  for (const { kind, words } of found(deal))
    if (kind !== "less" || deal.acceptLess === true) warn(sentence(deal, words));
  return lessThanAsked(deal);
}

/** Why the operation is no success: something that was asked for is not there, and the program does not accept that. */
export function lessThanAsked(deal: Deal): ProviderError | undefined {
  if (deal.acceptLess === true) return undefined;
  const lacks = found(deal).filter(({ kind }) => kind === "less");
  return lacks.length === 0
    ? undefined
    : new ProviderError(`${lacks.map(({ words }) => sentence(deal, words)).join("; ")}. ${wayOut(deal)}`);
}

/** The same for a key that is not kept, because the one before it does more. */
export function lacksOf(deal: Omit<Deal, "what" | "origin">): string | undefined {
  const lacks = deal.acceptLess === true ? [] : found(deal).filter(({ kind }) => kind === "less");
  return lacks.length === 0 ? undefined : lacks.map(({ words }) => redact(words)).join("; ");
}

function found({ asked, given, facts, issuedAtMs }: Omit<Deal, "what" | "origin">): Difference[] {
  const { catalogue, capabilities } = facts;
  return differences(asked, given, { catalogue, granularityMs: capabilities.expiry.granularityMs, issuedAtMs });
}

function sentence({ what, origin }: Deal, words: string): string {
  return `the ${what} "${logicalName(origin)}" ${redact(words)}`;
}

function wayOut({ what, id }: Deal): string {
  const which = id === undefined ? "It" : `The ${what} ${id}`;
  return `${which} is kept in the state. Ask for what the service gives; or see that the service gives the rest, and run "pulumi refresh"; or accept less, with a warning at every run: acceptLess: true`;
}
