/** Why a key is replaced or updated: the comparison of a record with its inputs. Pure. */
import type { KeyChanges } from "../../backends/definition";
import type { ConnectionFacts } from "../../connections/connections";
import { defined } from "../../values/defined";
import { isUnknown } from "../../values/wire";
import { apiKeyFields, type ApiKeyInputs } from "./fields";
import type { ApiKeyOutputs } from "./inputs";
import { compareExpiry, type ExpiryChange, sameLife } from "../key/expiry";
import { changedFields, withEffect } from "../fields/field";
import { namesOn } from "../identity/names";
import { changedOptions, optionsToSend } from "../fields/options";

interface PlannedChange {
  readonly replaces: string[];
  readonly updates: string[];
  readonly expiry: ExpiryChange;
  /** Which side shows the difference: the engine itself compares only inputs. */
  readonly knownFrom: "inputs" | "outputs";
}

/** Where and when a change is planned. */
interface Moment {
  readonly facts: ConnectionFacts;
  readonly nowMs: number;
  /** True if the key's status, its age and a moved end ask for nothing. */
  readonly leftAlone?: boolean;
}

/** What differs between the record and the inputs, and whether that replaces or updates the key. */
export function planChange(olds: ApiKeyOutputs, news: ApiKeyInputs, moment: Moment): PlannedChange {
  const { facts } = moment;
  const changed = changedFields(apiKeyFields, { olds, news, facts });
  const replaces = withEffect(apiKeyFields, changed, { effect: "replace", facts, olds, news });
  const updates = withEffect(apiKeyFields, changed, { effect: "update", facts, olds, news });
  const end = planEnd(olds, news, moment);
  const plan: PlannedChange = {
    replaces: [...replaces, ...end.replaces],
    updates: [...updates, ...end.updates],
    expiry: end.expiry,
    knownFrom: replaces.length === 0 && updates.length === 0 ? end.knownFrom : "inputs",
  };
  if (olds.secret !== undefined || olds.adoptedId !== undefined) return plan;
  // The answer to its create was lost, and with it the secret: the key is useless.
  return {
    ...plan,
    replaces: [...plan.replaces, "secret"],
    // The inputs are those of the failed create: only the record shows that there is no key.
    knownFrom: plan.replaces.length === 0 || olds.lostCreate ? "outputs" : plan.knownFrom,
  };
}

/** The same for the end of the key, which is compared as time. */
function planEnd(olds: ApiKeyOutputs, news: ApiKeyInputs, { facts, nowMs, leftAlone }: Moment): PlannedChange {
  const none: PlannedChange = { replaces: [], updates: [], expiry: { kind: "none" }, knownFrom: "inputs" };
  const { expiry: rules } = facts.capabilities;
  const unknown = (["expiresAt", "expiresIn"] as const).find((field) => isUnknown(news[field]));
  if (unknown) return rules.update ? { ...none, updates: [unknown] } : { ...none, replaces: [unknown] };
  if (leftAlone && asksForSameEnd(olds, news)) return none;
  // A key that stays expired by the program's own date has nothing left to compare.
  const expiry: ExpiryChange =
    news.status === "expired" ? none.expiry : compareExpiry(news, olds, { expiry: rules, nowMs });
  switch (expiry.kind) {
    case "replace":
      return { ...none, replaces: [expiry.field], expiry, knownFrom: expiry.known };
    case "update":
      return { ...none, updates: [expiry.field], expiry };
    case "none":
      // The same end, written differently. The record takes the new form, which decides when the end passes.
      return sameLife(news.expiresIn, olds.expiresIn) ? none : { ...none, updates: ["expiresIn"] };
  }
}

/** The changes to send, without those that only the record contains. */
export function changesInPlace(
  olds: ApiKeyOutputs,
  news: ApiKeyInputs,
  { updates, expiry }: Pick<PlannedChange, "updates" | "expiry">,
  facts: ConnectionFacts,
): KeyChanges {
  const { capabilities, keyOptions } = facts;
  const { physicalName } = olds;
  const name = updates.includes("name") ? namesOn(facts, "keys").newPhysicalName(news, physicalName) : physicalName;
  const isReworded = updates.includes("description") && capabilities.description === "update";
  return defined({
    name: name === physicalName ? undefined : name,
    description: isReworded ? (news.description ?? "") : undefined,
    labels: updates.includes("labels") && capabilities.marker === "metadata" ? (news.labels ?? {}) : undefined,
    options: optionsToSend(changedOptions(keyOptions, olds, news)),
    expiresAt: expiry.kind === "update" ? expiry.expiresAt : undefined,
  });
}

function asksForSameEnd(olds: ApiKeyOutputs, { expiresAt, expiresIn }: ApiKeyInputs): boolean {
  return sameLife(expiresIn, olds.expiresIn) && (expiresAt === undefined || expiresAt === olds.expiresAt);
}
