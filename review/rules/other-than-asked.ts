import { dayMs, parseDuration } from "../../provider/durations";
import { accessDelta } from "../../provider/scopes";
import { parseTime } from "../../provider/times";
import { quotedList } from "../inert";
import { replacesKey } from "../key-changes";
import type { Facts } from "../resource-facts";
import { isKey, type Unit } from "../units";
import { problemOf, type Problem, type Rule } from "./rule";

/**
 * The service has the last word: what a key can do, and when it ends, is what the service gave when it issued the key.
 */
export const otherThanAsked: Rule = {
  id: "SR025",
  title: "the service gave something else than was asked",
  level: "warn",
  needs: "both-states",
  help: "Ask for what the service gives, or find out why it gives something else: the report's tables show what the program asks for.",
  check: ({ units }) => units.filter((unit) => isKey(unit) && unit.after && !replacesKey(unit)).flatMap(differences),
};

function differences(key: Unit): Problem[] {
  const { before } = key;
  if (!before) return [];
  const { facts, access } = before;
  const problems: Problem[] = [];
  if (facts.grantedScopes !== undefined && facts.scopes.kind === "list") {
    const { gains, loses } = accessDelta(access.catalogue, facts.scopes.scopes, facts.grantedScopes);
    if (gains.length > 0)
      problems.push(
        problemOf(key, { subject: "more", message: `was given ${quotedList(gains)}, which nobody asked for` }),
      );
    if (loses.length > 0)
      problems.push(
        problemOf(key, { subject: "less", message: `was not given ${quotedList(loses)}, although asked for` }),
      );
  }
  const end = otherEnd(facts);
  return end === undefined ? problems : [...problems, problemOf(key, { subject: "expiry", message: end })];
}

/** A day's difference is rounding: some services store the end as a date. */
function otherEnd({ expiresAt, expiresIn, actualExpiresAt, createdAt, expiryHidden }: Facts): string | undefined {
  if (expiryHidden || (expiresAt === undefined && expiresIn === undefined)) return undefined;
  const life = parseDuration(expiresIn);
  const start = parseTime(createdAt);
  const asked =
    expiresAt !== undefined
      ? parseTime(expiresAt)
      : typeof life === "number" && typeof start === "number"
        ? start + life
        : undefined;
  if (typeof asked !== "number") return undefined;
  const actual = parseTime(actualExpiresAt);
  if (typeof actual !== "number" || Math.abs(actual - asked) <= dayMs) return undefined;
  return `ends ${Math.round(Math.abs(actual - asked) / dayMs)} d ${actual > asked ? "later" : "earlier"} on the service than was asked for`;
}
