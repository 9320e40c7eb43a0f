/** Inputs that a rotating key takes over without a new key: in the record alone, or on the current key as well. Pure. */
import type { KeyChanges } from "../../backends/definition";
import { defined } from "../../defined";
import { isUnknown } from "../../wire";
import { sameValue } from "../field-table";
import { logicalName, renamed, sameName } from "../names";
import type { Aim } from "./due-issue";
import { type KeyRing, replaced, type RotationRecord } from "./key-ring";
import type { RotatingInputs } from "./request";
import { scheduleFields } from "./schedule";

const identityFields = ["connection", "serviceAccountId", "environment"] as const;
const wordingFields = ["labels", "name", "description"] as const;
const silentFields = ["fullAccess", "allowOutage", "origin", "target"] as const;

/** Inputs that make another identity. */
export function replacements(record: RotationRecord, wanted: RotatingInputs): readonly string[] {
  return identityFields.filter((name) => isUnknown(wanted[name]) || !sameValue(record[name], wanted[name]));
}

/** Inputs that only change the record, or the current key in place. */
export function recordChanges(record: RotationRecord, { wanted }: Pick<Aim, "wanted">): readonly string[] {
  const names = [...wordingFields, ...scheduleFields].filter((name) => !sameValue(record[name], wanted[name]));
  return record.emergency !== undefined && wanted.emergency === undefined ? [...names, "emergency"] : names;
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
  const names = [...scheduleFields, ...silentFields, ...(worded ? wordingFields : [])];
  const given = Object.fromEntries(names.map((name) => [name, wanted[name]]));
  return replaced(
    ring,
    [...names, ...(wanted.emergency === undefined ? (["emergency"] as const) : [])],
    defined(given),
  );
}
