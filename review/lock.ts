import { canonicalScopes, type ExtraScopes } from "../provider/scopes";
import { leavesAlive } from "./delta";
import { lockedText } from "./earlier-lock";
import { visible } from "./inert";
import type { KeyAccount } from "./key-account";
import { optionGrants } from "./option-grants";
import { sha256 } from "./sha256";
import { isKey, type ForeignCode, type Side, type Unit } from "./units";
import { urnInsideStack } from "./urn";

/**
 * `access.lock.json`: the declared access of one stack, in a file to commit. It shows access where no state can be read
 * (a fork), and lets CODEOWNERS assign its changes. It contains no ids and no secrets.
 */
export interface AccessLock {
  readonly lockVersion: 1;
  /** The extent of the file; 0.1 left this out and recorded less: see `asEarlierSaid`. */
  readonly revision?: 2;
  readonly project: string;
  readonly stack: string;
  readonly connections: readonly LockedConnection[];
  readonly accounts: readonly LockEntry[];
  readonly keys: readonly LockEntry[];
  /** Other dynamic resources, with a fingerprint of their code. Left out if there are none. */
  readonly code?: readonly LockEntry[];
}

export interface LockedConnection {
  readonly name: string;
  readonly backend: string;
  readonly origin: string;
  /** The source of the admin credential. */
  readonly credential?: string;
  /** Path and dialect on the origin, if they are not the backend's own. */
  readonly route?: string;
}

export type LockEntry = Readonly<Record<string, unknown>> & { readonly resource: string };

/** The lock of the state after the update; the state before does not matter. */
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
    project: visible(project),
    stack: visible(stack),
    connections: [...connections.entries()].sort(byFirst).map(([, entry]) => entry),
    accounts: sorted(future.filter(({ unit }) => !isKey(unit)).map(({ unit, after }) => lockedAccount(unit, after))),
    keys: sorted(future.filter(({ unit }) => isKey(unit)).map(({ unit, after }) => lockedKey(unit, after))),
    ...(code.length > 0 ? { code: sorted(code.map(lockedCode)) } : {}),
  };
}

/** The file's text: stable order and one fact per line, so that a diff is easy to read. */
export function lockText(lock: AccessLock): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}

function lockedAccount(unit: Unit, { facts, state }: Side): LockEntry {
  const isAnother = state.id !== undefined && unit.before !== undefined && state.id !== unit.before.state.id;
  return {
    resource: lockedText(urnInsideStack(unit.urn), 300),
    ...(isAnother ? { account: "another one than in the state" } : {}),
    ...leftAlive(unit, "account"),
    ...common(facts),
    ...(facts.role === undefined ? {} : { role: lockedText(facts.role) }),
    ...lockedOptions(facts, "accountOptions"),
    ...(facts.scopes.kind === "list"
      ? { scopes: canonicalScopes(facts.scopes.scopes).map((scope) => lockedText(scope)) }
      : {}),
  };
}

function lockedKey(unit: Unit, { facts, account }: Side): LockEntry {
  return {
    resource: lockedText(urnInsideStack(unit.urn), 300),
    ...lockedAccountOf(unit, account),
    ...leftAlive(unit, "key"),
    ...common(facts),
    ...(facts.environment === undefined ? {} : { environment: lockedText(facts.environment) }),
    ...lockedOptions(facts, "keyOptions"),
    ...(facts.scopes.kind === "list"
      ? { scopes: canonicalScopes(facts.scopes.scopes).map((scope) => lockedText(scope)) }
      : {}),
    expiry: expiryPolicy(facts),
  };
}

/** No ids: a fingerprint tells accounts outside the stack apart. */
function lockedAccountOf(unit: Unit, { known, urn, id }: KeyAccount): { readonly account?: string } {
  if (urn !== undefined) {
    const name = lockedText(urnInsideStack(urn), 300);
    // A copy of the stack without a state knows no ids at all, which proves nothing.
    if (known === "after-update" && unit.before) return { account: `${name} (as it will be made)` };
    const old = unit.before?.account;
    const isAnother = old?.urn === urn && old.id !== undefined && id !== undefined && old.id !== id;
    return { account: isAnother ? `${name} (another one than in the state)` : name };
  }
  return id === undefined ? {} : { account: `outside of this stack, ${sha256(id).slice(0, 16)}` };
}

/** A fingerprint of what the replacement leaves behind, so that approving one does not approve the next. */
function leftAlive(unit: Unit, noun: "account" | "key"): { readonly leavesAlive?: string } {
  if (!leavesAlive(unit)) return {};
  return { leavesAlive: `the old ${noun}, ${sha256(unit.before?.state.id ?? "").slice(0, 16)}` };
}

function lockedCode({ urn, after: { text } }: ForeignCode): LockEntry {
  return {
    resource: lockedText(urnInsideStack(urn), 300),
    sha256: text === undefined ? "cannot be read" : sha256(text),
  };
}

function lockedOptions(facts: Side["facts"], part: "keyOptions" | "accountOptions"): { readonly options?: string[] } {
  const options = optionGrants(facts, part).map(({ name }) => lockedText(name));
  return options.length > 0 ? { options } : {};
}

function common(facts: Side["facts"]): Record<string, unknown> {
  const { owner, purpose } = facts.labels;
  return {
    connection: lockedText(facts.connection),
    ...(owner === undefined ? {} : { owner: visible(owner) }),
    ...(purpose === undefined ? {} : { purpose: visible(purpose) }),
    ...(facts.onDisabled === undefined || facts.onDisabled === "ignore"
      ? {}
      : { onDisabled: lockedText(facts.onDisabled) }),
    ...(facts.target?.extraScopes === undefined ? {} : { extraScopes: lockedClaims(facts.target.extraScopes) }),
    ...(facts.acceptLess ? { acceptLess: true } : {}),
    ...(facts.selfRotate ? { selfRotate: true } : {}),
    ...(facts.adopts === undefined ? {} : { adopts: `what is there, ${sha256(facts.adopts).slice(0, 16)}` }),
    ...(facts.revokeOnDestroy ? { revokeOnDestroy: true } : {}),
    ...(facts.retainOnDelete ? { retainOnDelete: true } : {}),
    ...(facts.deletedWith === undefined ? {} : { deletedWith: lockedText(urnInsideStack(facts.deletedWith), 300) }),
  };
}

function lockedClaims(claims: ExtraScopes): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, { level, implies }]) => [
      lockedText(name),
      {
        ...(level && { level }),
        ...(implies && { implies: canonicalScopes(implies).map((scope) => lockedText(scope)) }),
      },
    ]),
  );
}

function expiryPolicy(facts: Side["facts"]): Record<string, string> {
  const { expiresAt, expiresIn, rotateEvery, rotateBefore, overlap, retire, maxOverlap, jitter, firstRotation } = facts;
  const given = {
    expiresAt,
    expiresIn,
    rotateEvery,
    rotateBefore,
    overlap,
    retire,
    maxOverlap,
    jitter,
    ...(firstRotation === "due" ? {} : { firstRotation }),
  };
  const policy = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, lockedText(value)] as const],
  );
  if (policy.length > 0) return Object.fromEntries(policy);
  return { kind: facts.expiryHidden ? "known after the update" : "never" };
}

function sorted<Entry extends { readonly resource: string }>(entries: Entry[]): Entry[] {
  return entries.sort((a, b) => (a.resource < b.resource ? -1 : a.resource > b.resource ? 1 : 0));
}

function byFirst(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
