import { dayMs } from "../../provider/values/durations";
import { parseTime } from "../../provider/values/times";
import { replacesKey } from "../key-changes";
import { everyKey, type Rule } from "./rule";

export const overdueRotation: Rule = {
  id: "SR005",
  title: "rotation overdue, or key too old",
  level: "warn",
  needs: "new-state",
  help: "Run the rotation job, or `pulumi up`. A key that is not rotated by the clock is replaced by changing one of its `keepers`.",
  check: (context) =>
    everyKey(context, (key, { facts }) => {
      // A key that this run replaces will be new.
      if (key.op === "create" || replacesKey(key)) return [];
      const due = parseTime(facts.nextRotationAt);
      if (typeof due === "number" && wholeDays(context.nowMs - due) >= 1) {
        return [{ subject: "overdue", message: `was due for rotation ${wholeDays(context.nowMs - due)} d ago` }];
      }
      const created = parseTime(facts.createdAt);
      const maxDays = Math.floor(context.limits(facts.environment).maxKeyAgeMs / dayMs);
      const age = typeof created === "number" ? wholeDays(context.nowMs - created) : 0;
      return age > maxDays ? [{ subject: "age", message: `is ${age} d old; the limit is ${maxDays} d` }] : [];
    }),
};

/** Ages round down, so the hour at which CI runs never makes a key a day too old. */
function wholeDays(ms: number): number {
  return Math.floor(ms / dayMs);
}
