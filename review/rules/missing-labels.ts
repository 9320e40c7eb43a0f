import { quotedList } from "../inert";
import { isKey, type Unit } from "../units";
import { problemOf, type Rule, type RuleContext } from "./rule";

export const missingLabels: Rule = {
  id: "SR007",
  title: "owner or purpose missing",
  level: "warn",
  needs: "new-state",
  help: "Set `labels: { owner, purpose }` on the service account (its keys inherit them), so that somebody can be asked about it.",
  check: (context) =>
    context.units.flatMap((unit) => {
      const { after } = unit;
      // The account describes its keys if it is in this stack.
      if (!after || (isKey(unit) && after.account.urn !== undefined)) return [];
      const missing = context
        .limits(after.facts.environment)
        .requiredLabels.filter((label) => !has(after.facts.labels, label) && !byEveryKey(context, unit, label));
      if (missing.length === 0) return [];
      return [problemOf(unit, { subject: missing.join(","), message: `has no label ${quotedList(missing)}` })];
    }),
};

/** True if every key of an account has the label, so that the account need not repeat it. */
function byEveryKey({ units }: RuleContext, account: Unit, label: string): boolean {
  const keys = units.filter(({ after }) => after?.account.urn === account.urn);
  return !isKey(account) && keys.length > 0 && keys.every(({ after }) => has(after?.facts.labels ?? {}, label));
}

function has(labels: Readonly<Record<string, string>>, label: string): boolean {
  return Object.hasOwn(labels, label);
}
