import { inert } from "./inert";
import type { AccessLock, LockedConnection, LockEntry } from "./lock";
import { isRecord } from "./preview-form";
import { sha256 } from "./sha256";

/**
 * Program text in a lock file. What had to be cut or spelt out looks like other texts that were, so a fingerprint
 * tells it from them.
 */
export function lockedText(text: string, max?: number): string {
  const shown = inert(text, max);
  return shown === text && !text.includes(mark) ? shown : `${shown} ${mark}${sha256(text).slice(0, 16)}⟩`;
}

const mark = "⟨sha256:";

/**
 * The lock of a program as version 0.1 wrote it: a file of then goes on to be compared by what it says. What it has
 * of the rest counts all the same.
 */
export function asEarlierSaid(program: AccessLock, committed: AccessLock): AccessLock {
  const { revision: _revision, ...lock } = withoutFingerprints(program);
  return {
    ...lock,
    connections: earlierConnections(lock.connections, committed.connections),
    accounts: lock.accounts.map((entry) => earlierEntry(entry, committed.accounts)),
    keys: lock.keys.map((entry) => earlierEntry(entry, committed.keys)),
  };
}

function withoutFingerprints(lock: AccessLock): AccessLock {
  return JSON.parse(JSON.stringify(lock).replaceAll(/ ⟨sha256:[0-9a-f]{16}⟩(?=")/g, "")) as AccessLock;
}

/** The place of a credential counts where the file has one. */
function earlierConnections(
  current: readonly LockedConnection[],
  committed: readonly LockedConnection[],
): readonly LockedConnection[] {
  const recorded = new Set(committed.filter(({ credential }) => credential !== undefined).map(({ name }) => name));
  const comparable = current.map(({ credential, route: _route, ...rest }) =>
    credential !== undefined && recorded.has(rest.name) ? { ...rest, credential } : rest,
  );
  // Two that differ in the place alone are one to a file that has none.
  return [...new Map(comparable.map((each) => [JSON.stringify(each), each])).values()];
}

const newFields: readonly string[] = ["onDisabled", "retainOnDelete", "deletedWith"];
const newExpiryFields: readonly string[] = ["rotateBefore", "maxOverlap", "jitter"];

function earlierEntry(entry: LockEntry, committed: readonly LockEntry[]): LockEntry {
  const file = committed.find(({ resource }) => resource === entry.resource);
  const said = without(entry, newFields, file);
  if (!isRecord(entry.expiry)) return said;
  const expiry = without(entry.expiry, newExpiryFields, isRecord(file?.expiry) ? file.expiry : undefined);
  // A key that had nothing else was one without an end.
  return { ...said, expiry: Object.keys(expiry).length === 0 ? { kind: "never" } : expiry };
}

function without<Fields extends Readonly<Record<string, unknown>>>(
  entry: Fields,
  fields: readonly string[],
  file: Readonly<Record<string, unknown>> | undefined,
): Fields {
  return Object.fromEntries(
    Object.entries(entry).filter(([name]) => !fields.includes(name) || file?.[name] !== undefined),
  ) as Fields;
}
