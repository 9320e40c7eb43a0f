import { canonicalScopes } from "../provider/scopes";
import { canonicalJson } from "./canonical";
import { inert, quoted } from "./inert";
import { isRecord } from "./preview-form";
import type { KeyAccount } from "./key-account";
import { sha256 } from "./sha256";
import { isKey, type ForeignCode, type Side, type Unit } from "./units";
import { urnInsideStack } from "./urn";

/**
 * `access.lock.json`: the declared access of one stack as a file to commit. It makes access visible
 * where no state can be read (a fork), and lets CODEOWNERS route its changes. No ids and no secrets.
 */
export interface AccessLock {
  readonly lockVersion: 1;
  readonly project: string;
  readonly stack: string;
  readonly connections: readonly LockedConnection[];
  readonly accounts: readonly LockEntry[];
  readonly keys: readonly LockEntry[];
  /** Other dynamic resources, with a fingerprint of their code. Left out where there are none. */
  readonly code?: readonly LockEntry[];
}

interface LockedConnection {
  readonly name: string;
  readonly backend: string;
  readonly origin: string;
  /** The place of the admin credential; files of 0.1 do not have it. */
  readonly credential?: string;
}

type LockEntry = Readonly<Record<string, unknown>> & { readonly resource: string };

/** The lock of what will be; the state before plays no part. */
export function lockOf(
  project: string,
  stack: string,
  { units, code }: { readonly units: readonly Unit[]; readonly code: readonly ForeignCode[] },
): AccessLock {
  const future = units.flatMap((unit) => (unit.after ? [{ unit, after: unit.after }] : []));
  const connections = new Map<string, LockedConnection>();
  for (const { after } of future) {
    const { connection, target } = after.facts;
    const entry = {
      name: inert(connection),
      backend: inert(target?.backend ?? ""),
      origin: inert(target?.origin ?? "", 300),
      ...(target?.credential === undefined ? {} : { credential: inert(target.credential, 300) }),
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
    ...(code.length > 0 ? { code: sorted(code.map(lockedCode)) } : {}),
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
  if (!sameConnections(committed.connections, current.connections)) differences.push("connections differ");
  for (const list of ["accounts", "keys", "code"] as const) {
    const old = new Map((committed[list] ?? []).map((entry) => [entry.resource, entry]));
    const next = new Map((current[list] ?? []).map((entry) => [entry.resource, entry]));
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

/** The place of a credential counts where the file has one. */
function sameConnections(committed: readonly LockedConnection[], current: readonly LockedConnection[]): boolean {
  const recorded = new Set(committed.filter(({ credential }) => credential !== undefined).map(({ name }) => name));
  const comparable = current.map(({ credential, ...rest }) =>
    credential !== undefined && recorded.has(rest.name) ? { ...rest, credential } : rest,
  );
  // Two that differ in the place alone are one to a file that has none.
  const texts = [...new Set(comparable.map((each) => canonicalJson(each)))].sort();
  return JSON.stringify(texts) === JSON.stringify(committed.map((each) => canonicalJson(each)).sort());
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
  return [value.accounts, value.keys, value.code ?? []].every((list) => Array.isArray(list) && list.every(isEntry));
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
    ...lockedAccountOf(unit, account),
    ...common(facts),
    ...(facts.environment === undefined ? {} : { environment: inert(facts.environment) }),
    ...(facts.scopes.kind === "list"
      ? { scopes: canonicalScopes(facts.scopes.scopes).map((scope) => inert(scope)) }
      : {}),
    expiry: expiryPolicy(facts),
  };
}

/** No ids: an account outside of the stack is told from another one by a fingerprint. */
function lockedAccountOf(unit: Unit, { known, urn, id }: KeyAccount): { readonly account?: string } {
  if (urn !== undefined) {
    const name = inert(urnInsideStack(urn), 300);
    // A copy of the stack without a state knows no ids at all, and says nothing by that.
    return { account: known === "after-update" && unit.before ? `${name} (as it will be made)` : name };
  }
  return id === undefined ? {} : { account: `outside of this stack, ${sha256(id).slice(0, 16)}` };
}

function lockedCode({ urn, after: { text } }: ForeignCode): LockEntry {
  return {
    resource: inert(urnInsideStack(urn), 300),
    sha256: text === undefined ? "cannot be read" : sha256(text),
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
