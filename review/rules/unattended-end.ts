import { dayMs, parseDuration } from "../../provider/values/durations";
import { formatTime, parseTime } from "../../provider/values/times";
import { replacesKey } from "../key-changes";
import type { Facts } from "../resource-facts";
import { everyKey, type Rule } from "./rule";

/** Two weeks: a problem found in one review can still be fixed in the next. */
const leadMs = 14 * dayMs;

export const unattendedEnd: Rule = {
  id: "SR026",
  title: "a key that ends soon and does not rotate",
  level: "warn",
  needs: "new-state",
  help: "Make it a RotatingApiKey, or replace it in time by a changed `keepers` entry or a later end. If nobody uses it any more, remove it.",
  check: (context) =>
    everyKey(context, (key, { facts }) => {
      if (key.op === "create" || replacesKey(key)) return [];
      const end = parseTime(facts.actualExpiresAt ?? facts.expiresAt);
      if (typeof end !== "number") return [];
      const next = parseTime(facts.nextRotationAt);
      if (facts.rotateEvery !== undefined) {
        return typeof next === "number" && next > end
          ? [{ subject: "end", message: `ends on ${dayOf(end)}, before it rotates on ${dayOf(next)}` }]
          : [];
      }
      if (end - context.nowMs > lead(facts, end)) return [];
      return [
        {
          subject: "end",
          message:
            end <= context.nowMs
              ? `ended on ${dayOf(end)}, and nothing replaces it`
              : `ends on ${dayOf(end)}, and nothing replaces it`,
        },
      ];
    }),
};

function dayOf(ms: number): string {
  return formatTime(ms).slice(0, 10);
}

/** A key with a life of a week should not always count as about to end. */
function lead({ createdAt, expiresIn }: Facts, end: number): number {
  const created = parseTime(createdAt);
  const life = typeof created === "number" ? end - created : parseDuration(expiresIn);
  return typeof life === "number" ? Math.min(leadMs, Math.max(0, life) / 3) : leadMs;
}
