import { sameTarget } from "../access";
import { grantText } from "../grants";
import { quotedList } from "../inert";
import { byAccount, isKey, type Unit } from "../units";
import { nameOf } from "../urn";
import { problemOf, type Problem, type Rule, type RuleContext } from "./rule";

export const scopeRemoved: Rule = {
  id: "SR013",
  title: "scope removed from a key in use",
  level: "warn",
  needs: "both-states",
  help: "Ask the consumer whether it still calls what goes away; the service's last-used or audit data may tell.",
  check: (context) => {
    const ofKeys = context.units
      .filter((unit) => isKey(unit) && unit.change.loses.length > 0)
      .flatMap((key) => removed(key, usersOf(context, [key])));
    const known = new Set(ofKeys.map(({ urn }) => urn));
    const keysOf = byAccount(context.units);
    const ofAccounts = context.units
      .filter((unit) => !isKey(unit) && unit.change.loses.length > 0)
      .flatMap((account) => {
        const keys = keysOf.get(account.urn) ?? [];
        // If the keys have no scopes of their own, the loss is already reported at the key.
        return keys.some(({ urn }) => known.has(urn)) ? [] : removed(account, usersOf(context, keys));
      });
    return [...ofKeys, ...ofAccounts];
  },
};

function removed(unit: Unit, users: string | undefined): Problem[] {
  const { before, after } = unit;
  if (!before || !after || users === undefined || after.access.unreadable.length > 0) return [];
  // SR021 reports a move to another server.
  if (!sameTarget(before.access.target, after.access.target)) return [];
  const loses = unit.change.loses.map(grantText);
  if (loses.length === 0) return [];
  return [problemOf(unit, { subject: [...loses].sort().join(","), message: `loses ${quotedList(loses)}, ${users}` })];
}

/** Who may break, as the end of a sentence; undefined if nobody is seen or suspected. */
function usersOf(context: RuleContext, keys: readonly Unit[]): string | undefined {
  const consumers = [...new Set(keys.flatMap(({ after }) => after?.consumers ?? []))];
  if (consumers.length > 0) return `and ${quotedList(consumers.map(nameOf), 3)} uses it`;
  if (keys.length === 0) return undefined;
  if (!context.knowsConsumers) return "and this form of preview does not say who uses it";
  return context.exportsSecrets ? "and other stacks may use it: this stack has secret outputs" : undefined;
}
