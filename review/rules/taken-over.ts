import { vendorNamed } from "../../provider/vendors";
import { quoted } from "../inert";
import { isKey, type Side, type Unit } from "../units";
import { problemOf, type Rule } from "./rule";

/** Nobody reviewed how it was made, and whoever made it may still have the secret. */
export const takenOver: Rule = {
  id: "SR030",
  title: "key or account that was there before",
  level: "block",
  needs: "both-states",
  followsFromDelta: true,
  help: "Look the id up on the service: whose is it, what may it do, and who has its secret? A rotation (`firstRotation: now`) makes a secret that nobody else has.",
  check: ({ units }) =>
    units.flatMap((unit) => {
      const { before, after } = unit;
      const id = after?.facts.adopts;
      if (!after || id === undefined || id === before?.facts.adopts) return [];
      const message = `takes over ${quoted(id)}, which was there before${isKey(unit) ? ": others may have its secret" : ""}`;
      return isToldBy(unit, after)
        ? [{ ...problemOf(unit, { subject: id, message }), level: "warn" as const }]
        : [problemOf(unit, { subject: id, message: `${message}, and its service does not tell its scopes` })];
    }),
};

/** If a service never tells the scopes of a key, only the pull request says what it may do. */
function isToldBy(unit: Unit, { facts: { target } }: Side): boolean {
  const capabilities = vendorNamed(target?.backend ?? "")?.capabilities;
  return !isKey(unit) || capabilities?.scopesTold !== false;
}
