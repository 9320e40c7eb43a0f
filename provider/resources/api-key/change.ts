/** Why a key is replaced or updated, and its record after an update in place: a record beside the inputs of a run. Pure. */
import type { ApiKey, KeyChanges } from "../../backends/definition";
import type { ConnectionFacts } from "../../connections/connections";
import { defined } from "../../values/defined";
import { isUnknown, unknownValue } from "../../values/wire";
import { effectsOf, picked } from "../fields/field";
import { changedOptions, optionsToSend, withoutChanged } from "../fields/options";
import { namesOn } from "../identity/names";
import { recordedEnd, resolveExpiry, sameLife } from "../key/expiry";
import { type ExpiryChange, planEnd } from "./end";
import { apiKeyFields, type ApiKeyInputs } from "./fields";
import type { ApiKeyOutputs } from "./inputs";

/** The record of a key and the inputs of a run, and by what they are compared. */
export interface KeyComparison {
  readonly olds: ApiKeyOutputs;
  readonly news: ApiKeyInputs;
  readonly facts: ConnectionFacts;
  readonly nowMs: number;
  /** True if the key's status, its age and a moved end ask for nothing. */
  readonly leftAlone?: boolean;
}

export interface PlannedChange {
  readonly replaces: string[];
  readonly updates: string[];
  readonly expiry: ExpiryChange;
  /** Which side shows the difference: the engine itself compares only inputs. */
  readonly knownFrom: "inputs" | "outputs";
}

/** What differs between the record and the inputs, and whether that replaces or updates the key. */
export function planChange(at: KeyComparison): PlannedChange {
  const { olds } = at;
  const { replaces, updates } = effectsOf(apiKeyFields, at);
  const end = planEnd(at);
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

/** The changes to send, without those that only the record contains. */
export function changesInPlace({ olds, news, facts }: KeyComparison, { updates, expiry }: PlannedChange): KeyChanges {
  const { capabilities, keyOptions } = facts;
  const { physicalName } = olds;
  const name = updates.includes("name") ? namesOn(facts, "keys").newPhysicalName(news, physicalName) : physicalName;
  const isReworded = updates.includes("description") && capabilities.description === "update";
  return defined({
    name: name === physicalName ? undefined : name,
    description: isReworded ? (news.description ?? "") : undefined,
    labels: updates.includes("labels") && capabilities.marker === "metadata" ? (news.labels ?? {}) : undefined,
    options: optionsToSend(changedOptions(keyOptions, { olds, news })),
    expiresAt: expiry.kind === "update" ? expiry.expiresAt : undefined,
  });
}

/** What an update in place does, and what the service answered. */
export interface KeyUpdate {
  readonly expiry: ExpiryChange;
  readonly changes: KeyChanges;
  /** True if the update enables a disabled key. */
  readonly enables: boolean;
  /** Left out in a preview, which assumes that the service does what is requested. */
  readonly told?: ApiKey | undefined;
}

export function planUpdate(at: KeyComparison): KeyUpdate {
  const plan = planChange(at);
  return { expiry: plan.expiry, changes: changesInPlace(at, plan), enables: plan.updates.includes("status") };
}

/** The record after the update. */
export function updatedRecord(at: KeyComparison, update: KeyUpdate): ApiKeyOutputs {
  const { olds, news, facts } = at;
  const { changes } = update;
  const { secretValue: _secret, status: _status, ...given } = news;
  const serverOptions = withoutChanged(olds.serverOptions, changedOptions(facts.keyOptions, at));
  const name = isUnknown(news.name) && changes.name !== undefined ? unknownValue : changes.name;
  const physicalName = name ?? olds.physicalName;
  const end = endAfter(at, update);
  const status = update.enables ? "active" : olds.status;
  const record = { ...picked(ofTheKey, olds), status, ...end, serverOptions, physicalName, service: facts.origin };
  return defined({ ...given, ...record }) as ApiKeyOutputs;
}

/** The fields that never change for one key. */
const ofTheKey = [
  "keyId",
  "adoptedId",
  "accessId",
  "hint",
  "fingerprint",
  "secretVersion",
  "createdAt",
  "serverScopes",
  "serverEnvironment",
  "expiryImposed",
  "optionsTold",
  "ownCredential",
  "secret",
] as const satisfies readonly (keyof ApiKeyOutputs)[];

function endAfter(at: KeyComparison, { expiry, told }: KeyUpdate): ReturnType<typeof recordedEnd> {
  const { olds, news } = at;
  if (isUnknown(news.expiresAt) || isUnknown(news.expiresIn)) return { expiresAt: unknownValue };
  return expiry.kind === "update"
    ? recordedEnd(expiry.expiresAt ?? undefined, told?.expiresAt)
    : recordedEnd(askedEnd(at), olds.serverExpiresAt ?? olds.expiresAt);
}

/** The end that the program asks for of a key that stays: its date, or its life from the issue. */
function askedEnd({ olds, news, nowMs }: KeyComparison): string | undefined {
  if (news.expiresAt !== undefined) return news.expiresAt;
  if (sameLife(news.expiresIn, olds.expiresIn)) return olds.askedExpiresAt ?? olds.expiresAt;
  return resolveExpiry(news, olds.createdAt === undefined ? nowMs : Date.parse(olds.createdAt));
}
