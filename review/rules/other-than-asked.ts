import { dayMs, formatSpan, minuteMs, parseDuration } from "../../provider/values/durations";
import { otherAccess } from "../../provider/scopes";
import { parseTime } from "../../provider/values/times";
import { vendorNamed } from "../../provider/vendors";
import { quoted, quotedList } from "../inert";
import { replacesKey } from "../key-changes";
import { optionGrants } from "../option-grants";
import type { Facts } from "../resource-facts";
import { isKey, type Side, type Unit } from "../units";
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
  check: ({ units }) => units.filter((unit) => unit.after && !isMadeAnew(unit)).flatMap(differences),
};

/** What the service gave for the old object says nothing about the next one. */
function isMadeAnew(unit: Unit): boolean {
  return isKey(unit) ? replacesKey(unit) : unit.op === "replace";
}

function differences(unit: Unit): Problem[] {
  const { before } = unit;
  if (!before) return [];
  const found = [
    ...otherScopes(before),
    ...otherPlace(before.facts),
    ...otherOptions(before.facts),
    ...(isKey(unit) ? otherEnd(before.facts) : []),
  ];
  return found.map(([subject, message]) => problemOf(unit, { subject, message }));
}

/** The subject of a finding, and its message. */
type Found = readonly [string, string];

function otherScopes({ facts: { scopes, grantedScopes }, access: { catalogue } }: Side): Found[] {
  if (grantedScopes === undefined || scopes.kind !== "list") return [];
  const { lacks, more } = otherAccess(catalogue, scopes.scopes, grantedScopes);
  return [
    ...(more.length > 0 ? [["more", `was given ${quotedList(more)}, which nobody asked for`] as const] : []),
    ...(lacks.length > 0 ? [["less", `was not given ${quotedList(lacks)}, although asked for`] as const] : []),
  ];
}

function otherPlace({ grantedEnvironment, grantedRole }: Facts): Found[] {
  const found = { environment: grantedEnvironment, role: grantedRole };
  return Object.entries(found).flatMap(([subject, given]) =>
    given === undefined
      ? []
      : [[subject, `was given the ${subject} ${quotedList([given])}, which nobody asked for`] as const],
  );
}

/** What nobody asked for and the service has by itself is no difference. */
function otherOptions(facts: Facts): Found[] {
  const { options = {}, grantedOptions = {} } = facts;
  return Object.entries(grantedOptions).flatMap(([name, given]): Found[] => {
    if (!Object.hasOwn(options, name)) return [];
    const grants = optionGrants({ ...facts, options: { [name]: given } }, "keyOptions").map((grant) => grant.name);
    if (given === "" || grants.length === 0)
      return [[`option ${name}`, `was not given the option ${quoted(name)}, although asked for`]];
    return [[`option ${name}`, `was given the option ${quotedList(grants)}, which nobody asked for`]];
  });
}

/** A difference within the service's own time step is rounding; for a backend that is not built in, up to a day. */
function otherEnd(facts: Facts): Found[] {
  const { expiresAt, expiresIn, actualExpiresAt, expiryHidden, target } = facts;
  if (expiryHidden || (expiresAt === undefined && expiresIn === undefined)) return [];
  const [asked, actual] = [askedEnd(facts), parseTime(actualExpiresAt)];
  if (typeof asked !== "number" || typeof actual !== "number") return [];
  const vendor = vendorNamed(target?.backend ?? "");
  const isExact = facts.askedExpiresAt !== undefined && vendor !== undefined;
  const stepMs = isExact ? Math.max(vendor.capabilities.expiry?.granularityMs ?? 0, minuteMs) : dayMs;
  const otherMs = Math.abs(actual - asked);
  if (otherMs <= stepMs) return [];
  const how = otherMs < dayMs ? formatSpan(otherMs) : `${Math.round(otherMs / dayMs)} d`;
  return [["expiry", `ends ${how} ${actual > asked ? "later" : "earlier"} on the service than was asked for`]];
}

/** The requested end, from the record or else from the program. */
function askedEnd({ askedExpiresAt, expiresAt, expiresIn, createdAt }: Facts): number | undefined {
  const told = parseTime(askedExpiresAt ?? expiresAt);
  if (typeof told === "number") return told;
  const [life, start] = [parseDuration(expiresIn), parseTime(createdAt)];
  return typeof life === "number" && typeof start === "number" ? start + life : undefined;
}
