import { isKey, type Unit } from "../units";
import { problemOf, type Problem, type Rule } from "./rule";

export const weakerProtection: Rule = {
  id: "SR019",
  title: "protection removed, or key kept alive on delete",
  level: "warn",
  needs: "both-states",
  help: "`retainOnDelete` leaves a live key behind that nobody manages; without `protect` a key can be deleted by mistake.",
  check: ({ units }) => units.filter(isKey).flatMap((key) => [...unprotected(key), ...retained(key)]),
};

function unprotected(key: Unit): Problem[] {
  if (!key.before?.facts.protect || key.after?.facts.protect) return [];
  return [problemOf(key, { subject: "protect", message: "is no longer protected against deletion" })];
}

/** Of a deleted key the old state decides whether it is revoked. */
function retained(key: Unit): Problem[] {
  const kept = key.after ? key.after.facts.retainOnDelete : key.before?.facts.retainOnDelete;
  if (!kept) return [];
  const message = key.after
    ? "has `retainOnDelete`: deleting it will not revoke it"
    : "is removed with `retainOnDelete`: it stays valid, and nobody manages it any more";
  return [problemOf(key, { subject: "retainOnDelete", message })];
}
