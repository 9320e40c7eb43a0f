import { changeOfAccess, sameTarget, type Access } from "./access";
import { changeOfGrants, grantText, unionOfGrants, type Grant, type GrantChange } from "./grants";
import type { Target } from "./resource-facts";
import { isKey, type Unit } from "./units";

/**
 * A row of the first table: what an account and all its keys may do in one environment. A key without an account in
 * this stack has a row of its own.
 */
export interface AccountRow {
  /** The account's URN, or the key's. */
  readonly urn: string;
  readonly environment?: string;
  /** The account, if it is part of the stack. */
  readonly account?: Unit;
  /** The keys that count in this row, before or after. */
  readonly keys: readonly Unit[];
  readonly targetBefore?: Target;
  readonly targetAfter?: Target;
  readonly before: readonly Grant[];
  readonly after: readonly Grant[];
  readonly gains: readonly Grant[];
  readonly loses: readonly Grant[];
}

interface Draft {
  readonly urn: string;
  readonly environment: string | undefined;
  readonly keys: Unit[];
  readonly before: Access[];
  readonly after: Access[];
}

export function accountRows(units: readonly Unit[]): AccountRow[] {
  const accounts = new Map(units.filter((unit) => !isKey(unit)).map((unit) => [unit.urn, unit]));
  const drafts = new Map<string, Draft[]>();
  const draft = (urn: string, environment: string | undefined): Draft => {
    const known = drafts.get(urn) ?? [];
    const found = known.find((row) => row.environment === environment);
    if (found) return found;
    const row: Draft = { urn, environment, keys: [], before: [], after: [] };
    drafts.set(urn, [...known, row]);
    return row;
  };
  for (const unit of units) {
    if (!isKey(unit)) continue;
    for (const at of ["before", "after"] as const) {
      const side = unit[at];
      if (!side) continue;
      const row = draft(side.account.urn ?? unit.urn, side.facts.environment);
      // The two sides of a key come in sequence.
      if (row.keys.at(-1) !== unit) row.keys.push(unit);
      row[at].push(side.access);
      if (unit.staysAlive !== undefined) row.after.push(side.access);
    }
  }
  for (const account of accounts.values()) {
    // The account's own access counts in each of its rows.
    for (const row of drafts.get(account.urn) ?? [draft(account.urn, undefined)]) {
      if (account.before) row.before.push(account.before.access);
      if (account.after) row.after.push(account.after.access);
      else if (account.before && account.staysAlive !== undefined) row.after.push(account.before.access);
    }
  }
  return [...drafts.values()]
    .flat()
    .map((row) => finish(row, accounts.get(row.urn)))
    .sort(byName);
}

function finish(row: Draft, account: Unit | undefined): AccountRow {
  const before = merged(row.before);
  const after = merged(row.after);
  return {
    urn: row.urn,
    ...(row.environment === undefined ? {} : { environment: row.environment }),
    ...(account ? { account } : {}),
    keys: row.keys,
    ...(before?.target ? { targetBefore: before.target } : {}),
    ...(after?.target ? { targetAfter: after.target } : {}),
    before: before?.grants ?? [],
    after: after?.grants ?? [],
    ...delta(row, before, after),
  };
}

/** Compares each target separately: the same scope on another server is another grant. */
function delta(row: Draft, before: Access | undefined, after: Access | undefined): GrantChange {
  const targets: (Target | undefined)[] = [];
  for (const { target } of [...row.before, ...row.after]) {
    if (!targets.some((known) => sameTarget(known, target))) targets.push(target);
  }
  if (targets.length < 2) return changeOfAccess(before, after);
  const parts = targets.map((target) => {
    const old = row.before.filter((access) => sameTarget(access.target, target));
    const next = row.after.filter((access) => sameTarget(access.target, target));
    const catalogue = next[0]?.catalogue ?? old[0]?.catalogue;
    return changeOfGrants(
      catalogue,
      unionOfGrants(
        catalogue,
        old.map(({ grants }) => grants),
      ),
      unionOfGrants(
        catalogue,
        next.map(({ grants }) => grants),
      ),
    );
  });
  return {
    gains: distinct(parts.flatMap(({ gains }) => gains)),
    loses: distinct(parts.flatMap(({ loses }) => loses)),
  };
}

function distinct(grants: readonly Grant[]): Grant[] {
  return [...new Map(grants.map((grant) => [grantText(grant), grant])).values()];
}

function merged(parts: readonly Access[]): Access | undefined {
  if (parts.length < 2) return parts[0];
  const catalogue = parts.find((part) => part.catalogue)?.catalogue;
  const target = parts.find((part) => part.target)?.target;
  return {
    ...(target ? { target } : {}),
    grants: unionOfGrants(
      catalogue,
      parts.map(({ grants }) => grants),
    ),
    unreadable: parts.flatMap(({ unreadable }) => unreadable),
    ...(catalogue ? { catalogue } : {}),
  };
}

function byName(a: AccountRow, b: AccountRow): number {
  const keys = [a, b].map(({ urn, environment }) => `${urn}\n${environment ?? ""}`) as [string, string];
  return keys[0] < keys[1] ? -1 : keys[0] > keys[1] ? 1 : 0;
}
