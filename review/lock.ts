import { canonicalScopes } from "../provider/scopes";
import { canonicalJson } from "./canonical";
import { inert, quoted } from "./inert";
import { isRecord } from "./preview-form";
import { isKey, type Side, type Unit } from "./units";
import { urnInsideStack } from "./urn";

/**
 * `access.lock.json`: the declared access of one stack as a file to commit. It makes access visible
 * where no state can be read (a fork), and lets CODEOWNERS route its changes. No ids and no secrets.
 */
export interface AccessLock {
  readonly lockVersion: 1;
  readonly project: string;
  readonly stack: string;
  readonly connections: readonly { readonly name: string; readonly backend: string; readonly origin: string }[];
  readonly accounts: readonly LockEntry[];
  readonly keys: readonly LockEntry[];
}

type LockEntry = Readonly<Record<string, unknown>> & { readonly resource: string };

/** The lock of what will be; the state before plays no part. */
export function lockOf(project: string, stack: string, units: readonly Unit[]): AccessLock {
  const future = units.flatMap((unit) => (unit.after ? [{ unit, after: unit.after }] : []));
  const connections = new Map<string, { name: string; backend: string; origin: string }>();
  for (const { after } of future) {
    const { connection, target } = after.facts;
    const entry = {
      name: inert(connection),
      backend: inert(target?.backend ?? ""),
      origin: inert(target?.origin ?? "", 300),
    };
    connections.set(JSON.stringify(entry), entry);
  }
  return {
    lockVersion: 1,
    project: inert(project),
    stack: inert(stack),
    connections: [...connections.entries()].sort(byFirst).map(([, entry]) => entry),
    accounts: sorted(future.filter(({ unit }) => !isKey(unit)).map(({ unit, after }) => lockedAccount(unit, after))),
    keys: sorted(future.filter(({ unit }) => isKey(unit)).map(({ unit, after }) => lockedKey(unit, after))),
  };
}

/** The file's text: stable order, one fact per line, so that a diff of it reads well. */
export function lockText(lock: AccessLock): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/** What differs between the committed file and the program, as sentences; empty = up to date. */
export function lockDifferences(text: string, current: AccessLock): string[] {
  if (text.trim() === "") return ["the file is missing or empty"];
  const committed = parseLock(text);
  if (!committed) return ["the file is not a lock file of this version"];
  const differences: string[] = [];
  for (const field of ["project", "stack"] as const) {
    if (committed[field] !== current[field])
      differences.push(`${field} ${quoted(committed[field])} in the file, ${quoted(current[field])} in the preview`);
  }
  if (JSON.stringify(committed.connections) !== JSON.stringify(current.connections))
    differences.push("connections differ");
  for (const list of ["accounts", "keys"] as const) {
    const old = new Map(committed[list].map((entry) => [entry.resource, entry]));
    const next = new Map(current[list].map((entry) => [entry.resource, entry]));
    for (const resource of [...new Set([...old.keys(), ...next.keys()])].sort()) {
      const before = old.get(resource);
      const after = next.get(resource);
      if (!before) differences.push(`${quoted(resource)} is missing in the file`);
      else if (!after) differences.push(`${quoted(resource)} is not in the program any more`);
      else if (canonicalJson(before) !== canonicalJson(after))
        differences.push(`${quoted(resource)}: ${changedFields(before, after)}`);
    }
  }
  return differences;
}

/** Undefined where the text is no lock of this version: the caller says what to do, and nothing of the text. */
function parseLock(text: string): AccessLock | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isLock(value) ? value : undefined;
}

function isLock(value: unknown): value is AccessLock {
  if (!isRecord(value) || value.lockVersion !== 1) return false;
  if (typeof value.project !== "string" || typeof value.stack !== "string" || !Array.isArray(value.connections))
    return false;
  const isEntry = (entry: unknown): boolean => isRecord(entry) && typeof entry.resource === "string";
  return [value.accounts, value.keys].every((list) => Array.isArray(list) && list.every(isEntry));
}

function lockedAccount(unit: Unit, { facts }: Side): LockEntry {
  return {
    resource: inert(urnInsideStack(unit.urn), 300),
    ...common(facts),
    ...(facts.role === undefined ? {} : { role: inert(facts.role) }),
    ...(facts.scopes.kind === "list"
      ? { scopes: canonicalScopes(facts.scopes.scopes).map((scope) => inert(scope)) }
      : {}),
  };
}

function lockedKey(unit: Unit, { facts, account }: Side): LockEntry {
  return {
    resource: inert(urnInsideStack(unit.urn), 300),
    ...(account.urn === undefined ? {} : { account: inert(urnInsideStack(account.urn), 300) }),
    ...common(facts),
    ...(facts.environment === undefined ? {} : { environment: inert(facts.environment) }),
    ...(facts.scopes.kind === "list"
      ? { scopes: canonicalScopes(facts.scopes.scopes).map((scope) => inert(scope)) }
      : {}),
    expiry: expiryPolicy(facts),
  };
}

function common(facts: Side["facts"]): Record<string, string> {
  const { owner, purpose } = facts.labels;
  return {
    connection: inert(facts.connection),
    ...(owner === undefined ? {} : { owner: inert(owner) }),
    ...(purpose === undefined ? {} : { purpose: inert(purpose) }),
  };
}

function expiryPolicy(facts: Side["facts"]): Record<string, string> {
  const { expiresAt, expiresIn, rotateEvery, overlap, retire } = facts;
  const given = { expiresAt, expiresIn, rotateEvery, overlap, retire };
  const policy = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, inert(value)] as const],
  );
  if (policy.length > 0) return Object.fromEntries(policy);
  return { kind: facts.expiryHidden ? "known after the update" : "never" };
}

function changedFields(before: Record<string, unknown>, after: Record<string, unknown>): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changed = names.filter((name) => canonicalJson(before[name]) !== canonicalJson(after[name]));
  return changed
    .map((name) => `${quoted(name)} ${shown(before[name])} in the file, ${shown(after[name])} in the program`)
    .join("; ");
}

function shown(value: unknown): string {
  if (value === undefined) return "absent";
  if (Array.isArray(value)) return quoted(value.map(String).join(" "), 200);
  return quoted(typeof value === "string" ? value : JSON.stringify(value), 200);
}

function sorted<Entry extends { readonly resource: string }>(entries: Entry[]): Entry[] {
  return entries.sort((a, b) => (a.resource < b.resource ? -1 : a.resource > b.resource ? 1 : 0));
}

function byFirst(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
