import { quotedList } from "../inert";
import { problemOf, type Rule } from "./rule";

export const mixedEnvironments: Rule = {
  id: "SR009",
  title: "more than one environment",
  level: "warn",
  needs: "new-state",
  help: "Give each environment its own service account, so that what leaks from a test never opens production.",
  check: ({ units }) => {
    const byAccount = new Map<string, Set<string>>();
    for (const { after } of units) {
      if (after?.account.urn === undefined || after.facts.environment === undefined) continue;
      const { urn } = after.account;
      byAccount.set(urn, (byAccount.get(urn) ?? new Set()).add(after.facts.environment));
    }
    return units.flatMap((account) => {
      const environments = [...(byAccount.get(account.urn) ?? [])].sort();
      if (!account.after || environments.length < 2) return [];
      return [
        problemOf(account, {
          subject: environments.join(","),
          message: `has keys in ${environments.length} environments: ${quotedList(environments)}`,
        }),
      ];
    });
  },
};
