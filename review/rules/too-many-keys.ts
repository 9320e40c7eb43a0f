import { parseTime } from "../../provider/values/times";
import { isKey } from "../units";
import { problemOf, type Rule } from "./rule";

export const tooManyKeys: Rule = {
  id: "SR011",
  title: "too many live keys of one account",
  level: "warn",
  needs: "new-state",
  help: "Remove keys that nobody uses, or split the account by purpose. The limit is `maxKeysPerAccount` in the policy file.",
  check: ({ units, limits, nowMs }) => {
    const live = new Map<string, number>();
    for (const { after } of units.filter(isKey)) {
      const account = after?.account.urn;
      if (!after || account === undefined) continue;
      // During its overlap the previous key lives beside the next one.
      const previousEnd = parseTime(after.facts.previousValidUntil);
      const keys = typeof previousEnd === "number" && previousEnd > nowMs ? 2 : 1;
      live.set(account, (live.get(account) ?? 0) + keys);
    }
    return units.flatMap((account) => {
      const count = live.get(account.urn) ?? 0;
      const limit = limits(undefined).maxKeysPerAccount;
      return account.after && count > limit
        ? [problemOf(account, { message: `has ${count} live keys; the limit is ${limit}` })]
        : [];
    });
  },
};
