import { canonicalScopes } from "../provider/scopes";
import { canonicalJson } from "./canonical";
import { asEarlierSaid, lockedText } from "./earlier-lock";
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
  /** What the file says; 0.1 left it out, and said less: see `asEarlierSaid`. */
  readonly revision?: 2;
  readonly project: string;
  readonly stack: string;
  readonly connections: readonly LockedConnection[];
  readonly accounts: readonly LockEntry[];
  readonly keys: readonly LockEntry[];
  /** Other dynamic resources, with a fingerprint of their code. Left out where there are none. */
  readonly code?: readonly LockEntry[];
}

export interface LockedConnection {
  readonly name: string;
  readonly backend: string;
  readonly origin: string;
  /** The place of the admin credential. */
  readonly credential?: string;
  /** Path and dialect on the origin, where they are not the backend's own. */
  readonly route?: string;
}

export type LockEntry = Readonly<Record<string, unknown>> & { readonly resource: string };

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
      name: lockedText(connection),
      backend: lockedText(target?.backend ?? ""),
      origin: lockedText(target?.origin ?? "", 300),
      ...(target?.credential === undefined ? {} : { credential: lockedText(target.credential, 300) }),
      ...(target?.route === undefined ? {} : { route: lockedText(target.route, 300) }),
    };
    connections.set(JSON.stringify(entry), entry);
  }
  return {
    lockVersion: 1,
    revision: 2,
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
export function lockDifferences(text: string, program: AccessLock): string[] {
  if (text.trim() === "") return ["the file is missing or empty"];
  const committed = parseLock(text);
  if (!committed) return ["the file is not a lock file of this version"];
  const current = committed.revision === undefined ? asEarlierSaid(program, committed) : program;
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

function sameConnections(committed: readonly LockedConnection[], current: readonly LockedConnection[]): boolean {
  const texts = (connections: readonly LockedConnection[]): string =>
    JSON.stringify(connections.map((each) => canonicalJson(each)).sort());
  return texts(committed) === texts(current);
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
  if (!isRecord(value) || value.lockVersion !== 1 || ![undefined, 2].includes(value.revision as undefined))
    return false;
  if (typeof value.project !== "string" || typeof value.stack !== "string" || !Array.isArray(value.connections))
    return false;
  const isEntry = (entry: unknown): boolean => isRecord(entry) && typeof entry.resource === "string";
  return [value.accounts, value.keys, value.code ?? []].every((list) => Array.isArray(list) && list.every(isEntry));
}

function lockedAccount(unit: Unit, { facts, state }: Side): LockEntry {
  const isAnother = state.id !== undefined && unit.before !== undefined && state.id !== unit.before.state.id;
  return {
    resource: lockedText(urnInsideStack(unit.urn), 300),
    ...(isAnother ? { account: "another one than in the state" } : {}),
    ...common(facts),
    ...(facts.role === undefined ? {} : { role: lockedText(facts.role) }),
    ...(facts.scopes.kind === "list"
      ? { scopes: canonicalScopes(facts.scopes.scopes).map((scope) => lockedText(scope)) }
      : {}),
  };
}

function lockedKey(unit: Unit, { facts, account }: Side): LockEntry {
  return {
    resource: lockedText(urnInsideStack(unit.urn), 300),
    ...lockedAccountOf(unit, account),
    ...common(facts),
    ...(facts.environment === undefined ? {} : { environment: lockedText(facts.environment) }),
    ...(facts.scopes.kind === "list"
      ? { scopes: canonicalScopes(facts.scopes.scopes).map((scope) => lockedText(scope)) }
      : {}),
    expiry: expiryPolicy(facts),
  };
}

/** No ids: an account outside of the stack is told from another one by a fingerprint. */
function lockedAccountOf(unit: Unit, { known, urn, id }: KeyAccount): { readonly account?: string } {
  if (urn !== undefined) {
    const name = lockedText(urnInsideStack(urn), 300);
    // A copy of the stack without a state knows no ids at all, and says nothing by that.
    if (known === "after-update" && unit.before) return { account: `${name} (as it will be made)` };
    const old = unit.before?.account;
    const isAnother = old?.urn === urn && old.id !== undefined && id !== undefined && old.id !== id;
    return { account: isAnother ? `${name} (another one than in the state)` : name };
  }
  return id === undefined ? {} : { account: `outside of this stack, ${sha256(id).slice(0, 16)}` };
}

function lockedCode({ urn, after: { text } }: ForeignCode): LockEntry {
  return {
    resource: lockedText(urnInsideStack(urn), 300),
    sha256: text === undefined ? "cannot be read" : sha256(text),
  };
}

function common(facts: Side["facts"]): Record<string, unknown> {
  const { owner, purpose } = facts.labels;
  return {
    connection: lockedText(facts.connection),
    ...(owner === undefined ? {} : { owner: inert(owner) }),
    ...(purpose === undefined ? {} : { purpose: inert(purpose) }),
    ...(facts.retainOnDelete ? { retainOnDelete: true } : {}),
    ...(facts.deletedWith === undefined ? {} : { deletedWith: lockedText(urnInsideStack(facts.deletedWith), 300) }),
  };
}

function expiryPolicy(facts: Side["facts"]): Record<string, string> {
  const { expiresAt, expiresIn, rotateEvery, rotateBefore, overlap, retire, maxOverlap, jitter } = facts;
  const given = { expiresAt, expiresIn, rotateEvery, rotateBefore, overlap, retire, maxOverlap, jitter };
  const policy = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, lockedText(value)] as const],
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
