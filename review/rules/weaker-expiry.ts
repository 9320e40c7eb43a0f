import { formatSpan, parseDuration } from "../../provider/durations";
import { parseTime } from "../../provider/times";
import { changeOfGrants } from "../grants";
import { replacesKey } from "../key-changes";
import { isKey, type Side, type Unit } from "../units";
import { problemOf, type Problem, type Rule } from "./rule";

export const weakerExpiry: Rule = {
  id: "SR014",
  title: "expiry extended, or rotation slowed or switched off",
  level: "warn",
  needs: "both-states",
  help: "A longer life needs a reason: say it in the change, or keep the expiry and rotate.",
  check: ({ units, nowMs }) =>
    units.filter(isKey).flatMap((key) => [...slowerRotation(key), ...switchedOff(key, units), ...laterEnd(key, nowMs)]),
};

function slowerRotation(key: Unit): Problem[] {
  const before = parseDuration(key.before?.facts.rotateEvery);
  const after = parseDuration(key.after?.facts.rotateEvery);
  if (typeof before !== "number" || typeof after !== "number" || after <= before) return [];
  return [
    problemOf(key, {
      subject: "rotateEvery",
      message: `rotates every ${formatSpan(after)} instead of every ${formatSpan(before)}`,
    }),
  ];
}

/**
 * A RotatingApiKey that becomes an ApiKey: by alias, or because one is removed and another with the same purpose is
 * added.
 */
function switchedOff(key: Unit, units: readonly Unit[]): Problem[] {
  const { before, after } = key;
  if (!after || key.kind === "rotatingKey") return [];
  const moved = before?.facts.rotateEvery !== undefined;
  const replaced =
    key.op === "create" &&
    units.some((old) => old.kind === "rotatingKey" && old.op === "delete" && standsFor(key, after, old));
  return moved || replaced
    ? [problemOf(key, { subject: "rotation", message: "takes the place of a key that rotated, and does not rotate" })]
    : [];
}

function standsFor(key: Unit, after: Side, old: Unit): boolean {
  if (old.name === key.name) return true;
  const { before } = old;
  if (!before || !before.account.urn || before.account.urn !== after.account.urn) return false;
  const { gains, loses } = changeOfGrants(after.access.catalogue, before.access.grants, after.access.grants);
  return gains.length === 0 && loses.length === 0;
}

function laterEnd(key: Unit, nowMs: number): Problem[] {
  const { before, after } = key;
  if (!before || !after || before.facts.expiryHidden || after.facts.expiryHidden) return [];
  const message = extension(before, after, replacesKey(key), nowMs);
  return message === undefined ? [] : [problemOf(key, { subject: "expiry", message })];
}

function extension(before: Side, after: Side, isReplaced: boolean, nowMs: number): string | undefined {
  const old = before.facts;
  const next = after.facts;
  if (old.expiresAt === undefined && old.expiresIn === undefined) return undefined;
  if (next.expiresAt === undefined && next.expiresIn === undefined) return "loses its expiry";
  const oldLife = parseDuration(old.expiresIn);
  const nextLife = parseDuration(next.expiresIn);
  if (typeof oldLife === "number" && typeof nextLife === "number") {
    return nextLife > oldLife ? `is valid for ${formatSpan(nextLife)} instead of ${formatSpan(oldLife)}` : undefined;
  }
  const issued = parseTime(old.createdAt);
  const start = typeof issued === "number" ? issued : nowMs;
  const oldEnd = typeof oldLife === "number" ? start + oldLife : parseTime(old.expiresAt);
  const nextEnd = typeof nextLife === "number" ? (isReplaced ? nowMs : start) + nextLife : parseTime(next.expiresAt);
  if (typeof oldEnd !== "number" || typeof nextEnd !== "number" || nextEnd <= oldEnd) return undefined;
  return `expires ${formatSpan(nextEnd - oldEnd)} later than before`;
}
