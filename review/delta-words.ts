import type { DeltaEntry, ReviewedSide } from "./delta-schema";
import { lifeFields } from "./life-fields";
import { nameOf, parseUrn } from "./urn";

/** A change that is not a grant: where a resource is, whose it is, how long it lives. */
export interface ChangedFact {
  readonly fact: string;
  readonly before: string;
  readonly after: string;
}

/** The changes of a resource other than its grants. Program text that is not harmless yet. */
export function changedFacts({ before, after }: DeltaEntry): ChangedFact[] {
  if (!before || !after) return [];
  const rows: [string, string, string][] = [
    ["service", placeOf(before), placeOf(after)],
    ["connection", before.connection, after.connection],
    ["credential", before.credential ?? "not on record", after.credential ?? "not on record"],
    ["environment", before.environment ?? "none", after.environment ?? "none"],
    ["account", accountOf(before), accountOf(after)],
    ...lifeFields.map((name): [string, string, string] => [name, lifeOf(before, name), lifeOf(after, name)]),
    ["takes over", before.adopts ?? "nothing", after.adopts ?? "nothing"],
    ["also used by", "nobody else", usersOf(after)],
    ["on removal", endOf(before), endOf(after)],
  ];
  return rows.filter(([, old, next]) => old !== next).map(([fact, old, next]) => ({ fact, before: old, after: next }));
}

function placeOf({ backend, origin }: ReviewedSide): string {
  return backend === null || origin === null ? "unknown" : `${backend} at ${origin}`;
}

function accountOf({ account }: ReviewedSide): string {
  if (account === null) return "none";
  if ("id" in account) return account.id;
  return "outputOf" in account ? `the new one of ${nameOf(account.outputOf)}, known during the update` : "hidden";
}

function lifeOf({ life }: ReviewedSide, name: (typeof lifeFields)[number]): string {
  return life.hidden.includes(name) ? "hidden" : (life[name] ?? "none");
}

function usersOf({ alsoUsedBy = [] }: ReviewedSide): string {
  const names = alsoUsedBy.map((urn) => `${nameOf(urn)} (${parseUrn(urn)?.type ?? "unknown"})`);
  return names.length === 0 ? "nobody else" : names.join(", ");
}

function endOf({ staysAlive }: ReviewedSide): string {
  return staysAlive ? "stays alive" : "revoked";
}
