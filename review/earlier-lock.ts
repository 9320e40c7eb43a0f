import { visible } from "./inert";
import type { AccessLock, LockedConnection, LockEntry } from "./lock";
import { isRecord } from "./preview-form";
import { sha256 } from "./sha256";

/**
 * Program text in a lock file. Different texts can look the same once they are cut or spelled out, so a fingerprint
 * tells them apart.
 */
export function lockedText(text: string, max?: number): string {
  const shown = visible(text, max);
  return shown === text && !text.includes(mark) ? shown : `${shown} ${mark}${sha256(text).slice(0, 16)}⟩`;
}

const mark = "⟨sha256:";

/**
 * The lock of a program in the form of version 0.1, for comparison with a file of that version. Newer fields in the
 * file still count.
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

/** The source of a credential counts if the file records it. */
function earlierConnections(
  current: readonly LockedConnection[],
  committed: readonly LockedConnection[],
): readonly LockedConnection[] {
  const recorded = new Set(committed.filter(({ credential }) => credential !== undefined).map(({ name }) => name));
  const comparable = current.map(({ credential, route: _route, ...rest }) =>
    credential !== undefined && recorded.has(rest.name) ? { ...rest, credential } : rest,
  );
  // Without that record, two connections that differ only in the source are one.
  return [...new Map(comparable.map((each) => [JSON.stringify(each), each])).values()];
}

const newFields: readonly string[] = [
  "onDisabled",
  "acceptLess",
  "selfRotate",
  "retainOnDelete",
  "deletedWith",
  "adopts",
  "revokeOnDestroy",
];
const newExpiryFields: readonly string[] = ["rotateBefore", "maxOverlap", "jitter", "firstRotation"];

function earlierEntry(entry: LockEntry, committed: readonly LockEntry[]): LockEntry {
  const file = committed.find(({ resource }) => resource === entry.resource);
  const said = without(entry, newFields, file);
  if (!isRecord(entry.expiry)) return said;
  const expiry = without(entry.expiry, newExpiryFields, isRecord(file?.expiry) ? file.expiry : undefined);
  // A key with nothing else never expired.
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
