/** Inputs that a rotating key takes over without a new key: in the record alone, or on the current key as well. Pure. */
import type { KeyChanges } from "../../backends/definition";
import type { ConnectionFacts } from "../../connections";
import { defined } from "../../defined";
import { sameValue } from "../same-value";
import { logicalName, renamed, sameName } from "../names";
import type { Aim } from "./due-issue";
import { type KeyRing, replaced, type RotationRecord } from "./key-ring";
import { changedFields, picked } from "../fields/field";
import { identityNames, recordNames, rotatingFields, type RotatingInputs, silentNames, wordingNames } from "./fields";

/** Inputs that make another identity. */
export function replacements(record: RotationRecord, wanted: RotatingInputs, facts: ConnectionFacts): string[] {
  return [...changedFields(rotatingFields, { olds: record, news: wanted, facts }, identityNames)];
}

/** Inputs that only change the record, or the current key in place. */
export function recordChanges(record: RotationRecord, { wanted, facts }: Pick<Aim, "wanted" | "facts">): string[] {
  const at = { olds: record, news: wanted, facts };
  const names = changedFields(rotatingFields, at, [...wordingNames, ...recordNames]);
  return record.emergency !== undefined && wanted.emergency === undefined ? [...names, "emergency"] : [...names];
}

export function changesInPlace(record: RotationRecord, { wanted, facts }: Pick<Aim, "wanted" | "facts">): KeyChanges {
  const { capabilities } = facts;
  const moved = capabilities.rename && record.physicalName !== undefined && !sameName(record, wanted);
  const reworded = capabilities.description === "update" && (record.description ?? "") !== (wanted.description ?? "");
  const relabelled = capabilities.marker === "metadata" && !sameValue(record.labels ?? {}, wanted.labels ?? {});
  return defined({
    name: moved ? renamed(wanted.name ?? logicalName(wanted.origin), record.physicalName) : undefined,
    description: reworded ? (wanted.description ?? "") : undefined,
    labels: relabelled ? (wanted.labels ?? {}) : undefined,
  });
}

/** Inputs that hold from now on, whatever else could not be done; `worded`: the key has its words. */
export function withInputs(ring: KeyRing, wanted: RotatingInputs, worded: boolean): KeyRing {
  const names = [...recordNames, ...silentNames, ...(worded ? wordingNames : [])] as (keyof RotationRecord)[];
  return replaced(ring, wanted.emergency === undefined ? [...names, "emergency"] : names, picked(names, wanted));
}
