import { formatSpan, parseDuration } from "../../provider/values/durations";
import { parseTime } from "../../provider/values/times";
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
  check: ({ units, nowMs }) => {
    const ended = endedRotations(units);
    return units
      .filter(isKey)
      .flatMap((key) => [...slowerRotation(key), ...switchedOff(key, ended), ...laterEnd(key, nowMs)]);
  },
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

/** The rotating keys that this change removes. */
interface EndedRotations {
  readonly names: ReadonlySet<string>;
  readonly byAccount: ReadonlyMap<string | undefined, readonly Unit[]>;
}

function endedRotations(units: readonly Unit[]): EndedRotations {
  const ended = units.filter(({ kind, op }) => kind === "rotatingKey" && op === "delete");
  return {
    names: new Set(ended.map(({ name }) => name)),
    byAccount: Map.groupBy(ended, ({ before }) => before?.account.urn),
  };
}

/**
 * A RotatingApiKey that becomes an ApiKey: by alias, or because one is removed and another with the same purpose is
 * added.
 */
function switchedOff(key: Unit, ended: EndedRotations): Problem[] {
  const { before, after } = key;
  if (!after || key.kind === "rotatingKey") return [];
  const moved = before?.facts.rotateEvery !== undefined;
  return moved || (key.op === "create" && replacesOne(key, after, ended))
    ? [problemOf(key, { subject: "rotation", message: "takes the place of a key that rotated, and does not rotate" })]
    : [];
}

function replacesOne(key: Unit, after: Side, ended: EndedRotations): boolean {
  if (ended.names.has(key.name)) return true;
  const { urn } = after.account;
  return urn !== undefined && (ended.byAccount.get(urn) ?? []).some((old) => standsFor(after, old));
}

function standsFor(after: Side, { before }: Unit): boolean {
  if (!before) return false;
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
