import { reachOf, scopeLevel, waysTo, wordsOf, type ScopeCatalogue, type ScopeLevel } from "../../provider/scopes";
import { sameTarget } from "../access";
import { isScope, type Grant } from "../grants";
import type { AccountRow } from "../account-rows";
import { quoted } from "../inert";
import { isKey, type Unit } from "../units";
import { problemOf, type Problem, type Rule } from "./rule";

/** Only gains count: a key that could always write is not news. */
export const readToWrite: Rule = {
  id: "SR002",
  title: "read becomes write or admin",
  level: "warn",
  needs: "both-states",
  followsFromDelta: true,
  help: "Ask whether the key really has to change things. If only one consumer does, give that consumer a key of its own.",
  check: ({ units, rows }) => {
    const ofKeys = units.filter(isKey).flatMap(raisedByKey);
    const seen = new Set(ofKeys.map(({ subject }) => subject));
    return [
      ...ofKeys,
      ...units.filter((unit) => !isKey(unit)).flatMap(raisedRole),
      ...rows.flatMap((row) => raisedByAccount(row, seen)),
    ];
  },
};

function raisedByKey(unit: Unit): Problem[] {
  const { before, after } = unit;
  if (!before || !after || !sameTarget(before.access.target, after.access.target)) return [];
  if (before.facts.environment !== after.facts.environment) return [];
  return raises(after.access.catalogue, before.access.grants, unit.change.gains).map((raise) => problemOf(unit, raise));
}

/** A new key may widen what its account can do, even if no existing key of the account changes. */
function raisedByAccount(row: AccountRow, seen: ReadonlySet<string | undefined>): Problem[] {
  if (!row.account || !sameTarget(row.targetBefore, row.targetAfter)) return [];
  const { account, keys } = row;
  return raises(keys[0]?.after?.access.catalogue, row.before, row.gains).flatMap((raise) => {
    const key = keys.find(({ after }) => after?.access.grants.some(({ name }) => name === raise.subject));
    return seen.has(raise.subject) ? [] : [problemOf(key ?? account, raise)];
  });
}

function raisedRole(account: Unit): Problem[] {
  const { before, after } = account;
  if (!before?.facts.role || !after?.facts.role || before.facts.role === after.facts.role) return [];
  if (rank(scopeLevel(undefined, after.facts.role)) <= rank(scopeLevel(undefined, before.facts.role))) return [];
  const message = `its role changes from ${quoted(before.facts.role)} to ${quoted(after.facts.role)}`;
  return [problemOf(account, { subject: after.facts.role, message })];
}

function raises(
  catalogue: ScopeCatalogue | undefined,
  before: readonly Grant[],
  gains: readonly Grant[],
): { subject: string; message: string }[] {
  if (gains.length === 0) return [];
  const had = before.filter(isScope).map(({ name }) => name);
  const related = relationTo(catalogue, had);
  return gains.filter(isScope).flatMap(({ name: gain }) => {
    const level = scopeLevel(catalogue, gain);
    const weaker = related(gain).find((held) => rank(scopeLevel(catalogue, held)) < rank(level));
    if (weaker === undefined) return [];
    return [
      {
        subject: gain,
        message: `gains ${quoted(gain)} (${level}), where it had ${quoted(weaker)} (${scopeLevel(catalogue, weaker)})`,
      },
    ];
  });
}

function rank(level: ScopeLevel): number {
  return ["read", "write", "admin"].indexOf(level);
}

/**
 * The scopes of a list about the same subject as a given one, in the list's order: `read:checks` and `write:checks`,
 * with the words in either order, or scopes that the given one covers. Indexed, because lists have thousands.
 */
function relationTo(catalogue: ScopeCatalogue | undefined, had: readonly string[]): (gain: string) => string[] {
  const about = had.map((held) => wordsOf(held).filter((word) => !verbs.has(word)));
  const byWord = Map.groupBy(had.keys(), (at) => about[at]?.[0]);
  const byWay = new Map<string, number[]>();
  for (const [at, held] of had.entries())
    for (const way of waysTo(catalogue, held)) {
      const list = byWay.get(way);
      if (list) list.push(at);
      else byWay.set(way, [at]);
    }
  return (gain) => {
    const gained = new Set(wordsOf(gain));
    const covered = [...reachOf(catalogue, [gain])].flatMap((way) => byWay.get(way) ?? []);
    const alike = [...gained].flatMap((word) =>
      (byWord.get(word) ?? []).filter((at) => about[at]?.every((each) => gained.has(each))),
    );
    return [...new Set([...covered, ...alike])].sort((a, b) => a - b).map((at) => had[at] ?? "");
  };
}

const verbs = new Set([
  "read",
  "reader",
  "list",
  "view",
  "viewer",
  "get",
  "write",
  "writer",
  "edit",
  "create",
  "update",
  "delete",
  "run",
  "admin",
  "manage",
  "*",
]);
