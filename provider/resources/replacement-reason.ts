/** Why an ApiKey is replaced, in words: the input `replacementReason`, as `rotationReason` is of a rotating key. */
import type { ConnectionFacts } from "../connections";
import { dayMs } from "../durations";
import { formatTime } from "../times";
import { isUnknown, unknownValue } from "../wire";
import type { planChange } from "./api-key-change";
import { apiKeyFields, type ApiKeyInputs } from "./api-key-fields";
import type { ApiKeyOutputs } from "./api-key-inputs";
import { changeWords } from "./change-words";
import { changedFields, namesOf, withEffect } from "./fields/field";
import { statusReason } from "./rotation/words";

/** What is compared, and when. */
interface Compared<Olds> {
  readonly olds: Olds;
  readonly news: ApiKeyInputs;
  readonly facts: ConnectionFacts;
}

/** Inputs that are compared with the record alone. */
const judgedByRecord: ReadonlySet<string> = new Set(["adopt", "secretValue"]);

/** The reason as far as the inputs alone show it: what `check` adds, a preview lists. */
export function reasonInInputs({ olds, news, facts }: Compared<Partial<ApiKeyInputs>>): string | undefined {
  const names = namesOf(apiKeyFields).filter((name) => !judgedByRecord.has(name));
  const changed = changedFields(apiKeyFields, { olds, news, facts }, names);
  const replaces = withEffect(apiKeyFields, changed, { effect: "replace", facts, olds, news });
  return reasonFor(replaces, { olds, news, facts });
}

/** The reason for the planned replacement, by the record; undefined where nothing is replaced. */
export function reasonInRecord(
  { replaces, expiry }: ReturnType<typeof planChange>,
  { nowMs, ...compared }: Compared<ApiKeyOutputs> & { readonly nowMs: number },
): string | undefined {
  const { agreedExpiresAt, expiresAt } = compared.olds;
  const isOver = expiry.kind === "replace" && expiry.known === "outputs";
  return reasonFor(replaces, compared, isOver ? expiredWords(agreedExpiresAt ?? expiresAt, nowMs) : undefined);
}

function reasonFor(
  replaces: readonly string[],
  { olds, news, facts }: Compared<Partial<ApiKeyInputs> | ApiKeyOutputs>,
  expired?: string,
): string | undefined {
  if (replaces.length === 0) return undefined;
  // A saved plan would hold an update to words that the values may change.
  if (replaces.some((name) => isUnknown(news[name as keyof ApiKeyInputs]))) return unknownValue;
  const words = replaces.map((name) => {
    if (name === "status") return statusReason((olds as Partial<ApiKeyInputs>).status) ?? "status changed";
    if (name === "secret") return "the answer to its create was lost, and with it the secret";
    if (name === "expiresAt" && expired !== undefined) return expired;
    return changeWords(name, { olds, news, facts });
  });
  return [...new Set(words)].join("; ");
}

/** In whole UTC days, so that a saved plan stays valid for the rest of the day. */
function expiredWords(end: string | undefined, nowMs: number): string {
  if (end === undefined) return "expired";
  const days = Math.floor(nowMs / dayMs) - Math.floor(Date.parse(end) / dayMs);
  return days > 0 ? `expired ${days} d ago` : `expired at ${formatTime(Date.parse(end))}`;
}

/**
 * Carries the reason from `diff`, which knows the record, to the second `check` of a replacement, which gets no old inputs.
 * The calls for one resource follow each other at once.
 */
interface ReasonMemory {
  /** What `check` answers: the reason of the replacement that comes, or of the one that was. */
  forCheck(olds: Partial<ApiKeyInputs>, news: ApiKeyInputs, facts: ConnectionFacts | undefined): string | undefined;
  /** What `diff` found. */
  note(news: ApiKeyInputs, reason: string | undefined): void;
}

export function createReasonMemory(): ReasonMemory {
  const planned = new Map<string, string>();
  return {
    forCheck(olds, news, facts) {
      if (olds.origin === undefined) return planned.get(news.origin);
      planned.delete(news.origin);
      return (facts && reasonInInputs({ olds, news, facts })) ?? olds.replacementReason;
    },
    note({ origin }, reason) {
      if (reason === undefined) planned.delete(origin);
      else planned.set(origin, reason);
    },
  };
}
