/** Why a key or an account is replaced, in words: the input `replacementReason`, the counterpart of `rotationReason`. */
import type { ConnectionFacts } from "../connections/connections";
import { dayMs } from "../values/durations";
import { formatTime } from "../values/times";
import { isUnknown, unknownValue } from "../values/wire";
import type { KeyComparison, PlannedChange } from "./api-key/change";
import { accountFields } from "./service-account/fields";
import { apiKeyFields } from "./api-key/fields";
import { changeWords } from "./change-words";
import { type ComparedBy, effectsOf, type Fields } from "./fields/field";
import type { Origin } from "./identity/names";
import { statusReason } from "./rotation/words";

/** A kind of resource: its inputs, and the options that a backend declares for it. */
interface Kind {
  readonly fields: Fields;
  readonly declared: (facts: ConnectionFacts) => ComparedBy["keyOptions"];
}

export const ofKeys: Kind = { fields: apiKeyFields, declared: ({ keyOptions }) => keyOptions };
export const ofAccounts: Kind = { fields: accountFields, declared: ({ accountOptions }) => accountOptions };

/** What is compared. */
interface Compared {
  readonly olds: object;
  readonly news: object;
  readonly facts: ConnectionFacts;
}

/** Inputs that are compared with the record alone. */
const judgedByRecord: ReadonlySet<string> = new Set(["adopt", "secretValue"]);

/** The reason as far as the inputs alone show it. A preview lists what `check` adds. */
function reasonInInputs(kind: Kind, compared: Compared): string | undefined {
  const { replaces } = effectsOf(kind.fields, compared);
  return reasonFor({ replaces: replaces.filter((name) => !judgedByRecord.has(name)) }, kind, compared);
}

/** The reason for the planned replacement of a key, according to its record; undefined if nothing is replaced. */
export function reasonInRecord({ replaces, expiry }: PlannedChange, at: KeyComparison): string | undefined {
  const { agreedExpiresAt, expiresAt } = at.olds;
  const isOver = expiry.kind === "replace" && expiry.known === "outputs";
  const expired = isOver ? expiredWords(agreedExpiresAt ?? expiresAt, at.nowMs) : undefined;
  return reasonFor({ replaces, expired }, ofKeys, at);
}

/** The inputs that replace the object. `expired`: the words for an end that has passed. */
interface Replacement {
  readonly replaces: readonly string[];
  readonly expired?: string | undefined;
}

/** Why these inputs replace the object. */
export function reasonFor(
  { replaces, expired }: Replacement,
  { declared }: Kind,
  { olds, news, facts }: Compared,
): string | undefined {
  if (replaces.length === 0) return undefined;
  // The real values may give other words, and a saved plan would refuse an update with other words.
  if (replaces.some((name) => isUnknown((news as Readonly<Record<string, unknown>>)[name]))) return unknownValue;
  const words = replaces.map((name) => {
    if (name === "status") return statusReason((olds as { readonly status?: string }).status) ?? "status changed";
    if (name === "secret") return "the answer to its create was lost, and with it the secret";
    if (name === "expiresAt" && expired !== undefined) return expired;
    return changeWords(name, { olds, news, declared: declared(facts) });
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
  /** The reason for `check` to add: that of the coming replacement, or of the last one. */
  forCheck(checked: CheckedRun): string | undefined;
  /** Notes the reason that `diff` found. */
  note(news: Replaced, reason: string | undefined): void;
}

/** The inputs of a check beside those of the last update. */
interface CheckedRun {
  readonly olds: Partial<Replaced>;
  readonly news: Replaced;
  readonly facts: ConnectionFacts | undefined;
}

interface Replaced {
  readonly origin: Origin;
  readonly replacementReason?: string | undefined;
}

export function createReasonMemory(kind: Kind): ReasonMemory {
  const planned = new Map<string, string>();
  return {
    forCheck({ olds, news, facts }) {
      if (olds.origin === undefined) return planned.get(news.origin);
      planned.delete(news.origin);
      return (facts && reasonInInputs(kind, { olds, news, facts })) ?? olds.replacementReason;
    },
    note({ origin }, reason) {
      if (reason === undefined) planned.delete(origin);
      else planned.set(origin, reason);
    },
  };
}
