/** Why a key is replaced or updated: the field table, and the comparison of a record with its inputs. Pure. */
import type { ConnectionFacts } from "../connections";
import { sameAccess } from "../scopes";
import { isUnknown } from "../wire";
import type { ApiKeyInputs, ApiKeyOutputs } from "./api-key-inputs";
import { compareExpiry, type ExpiryChange, sameLife } from "./expiry";
import { decideFields, type FieldTable, sameValue } from "./field-table";
import { sameName } from "./names";

export const apiKeyFields: FieldTable<ApiKeyInputs> = {
  connection: "replace",
  serviceAccountId: "replace",
  scopes: "replace",
  environment: "replace",
  keepers: "replace",
  secretValue: "replace",
  exactName: "replace",
  status: "replace",
  name: ({ capabilities }) => (capabilities.rename ? "update" : "replace"),
  // Where the vendor keeps no description, it stands in the record alone.
  description: ({ capabilities }) => (capabilities.description === "replace" ? "replace" : "update"),
  labels: "update",
  // The end of a key is compared as time, not as text: see expiry.ts.
  expiresAt: "keep",
  expiresIn: "keep",
  agreedExpiresAt: "keep",
  fullAccess: "keep",
  allowOutage: "keep",
  origin: "keep",
  target: "keep",
};

interface PlannedChange {
  readonly replaces: string[];
  readonly updates: string[];
  readonly expiry: ExpiryChange;
  /** Where the difference shows: the engine sees inputs only. */
  readonly knownFrom: "inputs" | "outputs";
}

/** What differs between the record and the inputs, and what it takes to bring them together. */
export function planChange(
  olds: ApiKeyOutputs,
  news: ApiKeyInputs,
  facts: ConnectionFacts,
  nowMs: number,
): PlannedChange {
  const changed = (Object.keys(apiKeyFields) as (keyof ApiKeyInputs)[]).filter((name) =>
    differs(name, olds, news, facts),
  );
  const { replaces, updates } = decideFields(apiKeyFields, changed, facts);
  const unknownEnd = isUnknown(news.expiresAt) || isUnknown(news.expiresIn);
  // A key that stays expired by the user's own date has nothing to compare any more.
  const expiry: ExpiryChange =
    news.status === "expired" || unknownEnd
      ? { kind: "none" }
      : compareExpiry(news, askedOf(olds), facts.capabilities, nowMs);
  if (unknownEnd)
    (facts.capabilities.expiry.update ? updates : replaces).push(isUnknown(news.expiresAt) ? "expiresAt" : "expiresIn");
  // The end stays, but is asked for in other words: the record has to say so, or it would not be known when it passes.
  if (expiry.kind === "none" && !unknownEnd && !sameLife(news.expiresIn, olds.expiresIn)) updates.push("expiresIn");
  const knownFrom =
    replaces.length === 0 && updates.length === 0 && expiry.kind === "replace" && expiry.known === "outputs"
      ? "outputs"
      : "inputs";
  if (expiry.kind === "replace") replaces.push(expiry.field);
  if (expiry.kind === "update") updates.push(expiry.field);
  // The answer to its create was lost: nobody knows the secret, so the key is of no use.
  if (olds.secret === undefined)
    return {
      replaces: [...replaces, "secret"],
      updates,
      expiry,
      knownFrom: replaces.length === 0 ? "outputs" : knownFrom,
    };
  return { replaces, updates, expiry, knownFrom };
}

function differs(
  name: keyof ApiKeyInputs,
  olds: ApiKeyOutputs,
  news: ApiKeyInputs,
  { catalogue }: ConnectionFacts,
): boolean {
  if (isUnknown(news[name])) return true;
  if (name === "scopes" && olds.scopes && news.scopes) return !sameAccess(catalogue, olds.scopes, news.scopes);
  if (name === "status") return news.status === "active" && olds.status !== "active";
  if (name === "secretValue") return news.secretValue !== (isCallerChosen(olds) ? olds.secret : undefined);
  if (name === "name") return !sameName(olds, news);
  if (name === "exactName") return (news.exactName ?? false) !== (olds.exactName ?? false);
  return !sameValue(olds[name], news[name]);
}

/** What of the recorded end was asked for, and what the service set by itself. */
function askedOf(olds: ApiKeyOutputs) {
  const { createdAt, expiresAt, expiresIn, expiryImposed, agreedExpiresAt } = olds;
  return { createdAt, expiresAt, expiresIn, expiryImposed, agreedExpiresAt };
}

/** A drawn secret has a fingerprint; a chosen one has none, because short choices could be guessed from it. */
export function isCallerChosen({ secret, fingerprint }: ApiKeyOutputs): boolean {
  return secret !== undefined && fingerprint === undefined;
}
