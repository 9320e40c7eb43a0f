import { quoted } from "../inert";
import { isKey, type Unit } from "../units";
import { nameOf } from "../urn";
import { problemOf, type Problem, type Rule } from "./rule";

export const weakerProtection: Rule = {
  id: "SR019",
  title: "protection removed, or key kept alive on delete",
  level: "warn",
  needs: "both-states",
  help: "`retainOnDelete`, `deletedWith` and `adopt` without `revokeOnDestroy` leave a live key behind that nobody manages; without `protect` a key, or an account with all its keys, can be deleted by mistake.",
  check: ({ units }) => units.flatMap((unit) => [...unprotected(unit), ...retained(unit)]),
};

/** An account takes its keys with it. */
function unprotected(unit: Unit): Problem[] {
  if (!unit.before?.facts.protect || unit.after?.facts.protect) return [];
  return [problemOf(unit, { subject: "protect", message: "is no longer protected against deletion" })];
}

/** For a deleted resource, the old state decides whether it is revoked. */
function retained(unit: Unit): Problem[] {
  if (!unit.after) {
    if (unit.staysAlive === undefined) return [];
    return [
      problemOf(unit, {
        subject: unit.staysAlive,
        message: `is removed with ${quoted(unit.staysAlive)}: it stays alive, and nobody manages it any more`,
      }),
    ];
  }
  const { retainOnDelete, deletedWith, isLeft } = unit.after.facts;
  const problems: Problem[] = [];
  if (retainOnDelete && isKey(unit))
    problems.push(
      problemOf(unit, {
        subject: "retainOnDelete",
        message: "has `retainOnDelete`: deleting it will not revoke it",
      }),
    );
  if (isLeft)
    problems.push(
      problemOf(unit, {
        subject: "adopt",
        message: "was there before it was adopted, and has no `revokeOnDestroy`: deleting it will not revoke it",
      }),
    );
  if (deletedWith !== undefined)
    problems.push(
      problemOf(unit, {
        subject: "deletedWith",
        message: `has \`deletedWith\`: when ${quoted(nameOf(deletedWith))} goes, nothing revokes it`,
      }),
    );
  return problems;
}
