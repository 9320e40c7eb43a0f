/** Inputs that change without a new key: only in the record, or on the current key too. Pure. */
import type { KeyChanges } from "../../backends/definition";
import { defined } from "../../values/defined";
import { sameValue } from "../fields/field";
import { logicalName, namesOn, sameName } from "../identity/names";
import {
  type ChangedOption,
  changedOptions,
  optionsToSend,
  withChangedInPlace,
  withoutChanged,
} from "../fields/options";
import { optionFields } from "../fields/given-options";
import type { Aim } from "./due-issue";
import { type KeyRing, replaced, type RotationRecord } from "./key-ring";
import { changedFields, picked } from "../fields/field";
import { identityNames, recordNames, rotatingFields, silentNames, wordingNames } from "./fields";

/** Changed inputs that replace the resource. */
export function replacements(record: RotationRecord, { wanted, facts }: Pick<Aim, "wanted" | "facts">): string[] {
  return [...changedFields(rotatingFields, { olds: record, news: wanted, facts }, identityNames)];
}

/** Inputs that only change the record, or the current key in place. */
export function recordChanges(record: RotationRecord, { wanted, facts }: Pick<Aim, "wanted" | "facts">): string[] {
  const at = { olds: record, news: wanted, facts };
  const names: string[] = [...changedFields(rotatingFields, at, [...wordingNames, ...recordNames])];
  if (record.emergency !== undefined && wanted.emergency === undefined) names.push("emergency");
  if (changedOptions(facts.keyOptions, at).some(({ effect }) => effect === "update")) names.push("options");
  return names;
}

export function changesInPlace(record: RotationRecord, { wanted, facts }: Pick<Aim, "wanted" | "facts">): KeyChanges {
  const { capabilities, keyOptions } = facts;
  const moved = capabilities.rename && record.physicalName !== undefined && !sameName(record, wanted);
  const reworded = capabilities.description === "update" && (record.description ?? "") !== (wanted.description ?? "");
  const relabelled = capabilities.marker === "metadata" && !sameValue(record.labels ?? {}, wanted.labels ?? {});
  return defined({
    name: moved
      ? namesOn(facts, "keys").renamed(wanted.name ?? logicalName(wanted.origin), record.physicalName)
      : undefined,
    description: reworded ? (wanted.description ?? "") : undefined,
    options: optionsToSend(changedOptions(keyOptions, { olds: record, news: wanted })),
    labels: relabelled ? (wanted.labels ?? {}) : undefined,
  });
}

/**
 * The record with the inputs that apply from now on, even if other work failed. `worded`: the key on the service has the
 * new name and description.
 */
export function withInputs(ring: KeyRing, { wanted, facts }: Pick<Aim, "wanted" | "facts">, worded: boolean): KeyRing {
  const names = [...recordNames, ...silentNames, ...(worded ? wordingNames : [])] as (keyof RotationRecord)[];
  const old = wanted.emergency === undefined ? [...names, "emergency" as const] : names;
  const now = replaced(ring, old, picked(names, wanted));
  return worded ? withOptionsInPlace(now, changedOptions(facts.keyOptions, { olds: ring.record, news: wanted })) : now;
}

function withOptionsInPlace(ring: KeyRing, changed: readonly ChangedOption[]): KeyRing {
  const inPlace = changed.filter(({ effect }) => effect === "update");
  if (inPlace.length === 0) return ring;
  const { options, serverOptions, agreedOptions } = ring.record;
  return replaced(
    ring,
    optionFields,
    defined({
      options: withChangedInPlace(options, inPlace),
      serverOptions: withoutChanged(serverOptions, inPlace),
      agreedOptions: agreedOptions && withChangedInPlace(agreedOptions, inPlace),
    }),
  );
}
