import { quotedList } from "../inert";
import { byAccount, isKey, type Unit } from "../units";
import { problemOf, type Rule } from "./rule";

export const missingLabels: Rule = {
  id: "SR007",
  title: "owner or purpose missing",
  level: "warn",
  needs: "new-state",
  help: "Set `labels: { owner, purpose }` on the service account (its keys inherit them), so that somebody can be asked about it.",
  check: ({ units, limits }) => {
    const keysOf = byAccount(units);
    return units.flatMap((unit) => {
      const { after } = unit;
      // The account describes its keys if it is in this stack.
      if (!after || (isKey(unit) && after.account.urn !== undefined)) return [];
      const keys = isKey(unit) ? [] : (keysOf.get(unit.urn) ?? []);
      const missing = limits(after.facts.environment).requiredLabels.filter(
        (label) => !has(after.facts.labels, label) && !allHave(keys, label),
      );
      if (missing.length === 0) return [];
      return [problemOf(unit, { subject: missing.join(","), message: `has no label ${quotedList(missing)}` })];
    });
  },
};

/** True if every key of an account has the label, so that the account need not repeat it. */
function allHave(keys: readonly Unit[], label: string): boolean {
  return keys.length > 0 && keys.every(({ after }) => has(after?.facts.labels ?? {}, label));
}

function has(labels: Readonly<Record<string, string>>, label: string): boolean {
  return Object.hasOwn(labels, label);
}
