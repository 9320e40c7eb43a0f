/** Why a key is replaced or updated: the comparison of a record with its inputs. Pure. */
import type { ConnectionFacts } from "../connections";
import { isUnknown } from "../wire";
import { apiKeyFields, type ApiKeyInputs } from "./api-key-fields";
import type { ApiKeyOutputs } from "./api-key-inputs";
import { changedFields, withEffect } from "./fields/field";
import { compareExpiry, type ExpiryChange, sameLife } from "./expiry";

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
  const changed = changedFields(apiKeyFields, { olds, news, facts });
  const replaces = withEffect(apiKeyFields, changed, { effect: "replace", facts });
  const updates = withEffect(apiKeyFields, changed, { effect: "update", facts });
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
      // The inputs are those of the create that failed: only the record tells that there is no key.
      knownFrom: replaces.length === 0 || olds.lostCreate ? "outputs" : knownFrom,
    };
  return { replaces, updates, expiry, knownFrom };
}

/** What of the recorded end was asked for, and what the service set by itself. */
function askedOf(olds: ApiKeyOutputs) {
  const { createdAt, expiresAt, expiresIn, expiryImposed, agreedExpiresAt } = olds;
  return { createdAt, expiresAt, expiresIn, expiryImposed, agreedExpiresAt };
}
