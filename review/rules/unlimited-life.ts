import { dayMs, formatDuration, parseDuration } from "../../provider/values/durations";
import { parseTime } from "../../provider/values/times";
import { replacesKey } from "../key-changes";
import { everyKey, type Rule } from "./rule";

export const unlimitedLife: Rule = {
  id: "SR006",
  title: "no expiry and no rotation, or too long a life",
  level: "warn",
  needs: "new-state",
  help: "Give the key `expiresIn` or `expiresAt`, or make it a RotatingApiKey with `rotateEvery`.",
  check: (context) =>
    everyKey(context, (key, { facts }) => {
      const limitMs = context.limits(facts.environment).maxKeyLifeMs;
      const every = parseDuration(facts.rotateEvery);
      if (typeof every === "number") return longer(every, limitMs, "rotates every");
      // SR015 reports it: nobody can judge this expiry.
      if (facts.expiryHidden) return [];
      const lifeMs = parseDuration(facts.expiresIn);
      if (typeof lifeMs === "number") return longer(lifeMs, limitMs, "is valid for");
      const fresh = key.op === "create" || replacesKey(key);
      const end = parseTime(facts.expiresAt ?? (fresh ? undefined : facts.actualExpiresAt));
      if (typeof end !== "number") return [{ subject: "life", message: "never expires and is not rotated" }];
      const created = parseTime(facts.createdAt);
      const lifeToEnd = end - (fresh || typeof created !== "number" ? context.nowMs : created);
      // Whole days: a key that ends at any hour of the last allowed day is within the limit.
      return longer(limitMs < dayMs ? lifeToEnd : Math.floor(lifeToEnd / dayMs) * dayMs, limitMs, "is valid for");
    }),
};

function longer(lifeMs: number, limitMs: number, of: string): { subject: string; message: string }[] {
  return lifeMs > limitMs
    ? [{ subject: "life", message: `${of} ${formatDuration(lifeMs)}; the limit is ${formatDuration(limitMs)}` }]
    : [];
}
