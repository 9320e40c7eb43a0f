import { canonicalJson } from "./canonical";
import { asEarlierSaid } from "./earlier-lock";
import { quoted } from "./inert";
import type { AccessLock, LockedConnection, LockEntry } from "./lock";
import { movedForms } from "./moved-forms";
import { isRecord } from "./preview-form";

/** The differences between the committed file and the program, as sentences. Empty: the file is up to date. */
export function lockDifferences(text: string, program: AccessLock): string[] {
  if (text.trim() === "") return ["the file is missing or empty"];
  const written = parseLock(text);
  if (!written) return ["the file is not a lock file of this version"];
  const committed = inFormsOf(program, written);
  const current = committed.revision === undefined ? asEarlierSaid(program, committed) : program;
  const differences = [...otherForm(text, written), ...repeated(committed)];
  for (const field of ["project", "stack"] as const) {
    if (committed[field] !== current[field])
      differences.push(`${field} ${quoted(committed[field])} in the file, ${quoted(current[field])} in the preview`);
  }
  if (!sameConnections(committed.connections, current.connections)) differences.push("connections differ");
  for (const list of ["accounts", "keys", "code"] as const) {
    const old = new Map((committed[list] ?? []).map((entry) => [entry.resource, entry]));
    const next = new Map((current[list] ?? []).map((entry) => [entry.resource, entry]));
    for (const resource of [...new Set([...old.keys(), ...next.keys()])].sort()) {
      const difference = entryDifference(old.get(resource), next.get(resource));
      if (difference !== undefined) differences.push(`${quoted(resource)}${difference}`);
    }
  }
  return differences;
}

/** People read the file in a diff, so each fact stands in it once, and in the one spelling that they know. */
function otherForm(text: string, file: AccessLock): string[] {
  const spaces = /("(?:[^"\\]|\\.)*")|\s+/g;
  return [
    ...Object.keys(file)
      .filter((name) => !Object.hasOwn(fields, name))
      .map((name) => `${quoted(name)} in the file, which no lock file has`),
    ...(text.replace(spaces, "$1") === JSON.stringify(file)
      ? []
      : [
          "the file is not as `apikeys lock --write` writes it: it has a name twice, or a text or a number in another spelling",
        ]),
  ];
}

/** All fields of a file. */
const fields: Readonly<Record<keyof AccessLock, true>> = {
  ...{ lockVersion: true, revision: true, project: true, stack: true },
  ...{ connections: true, accounts: true, keys: true, code: true },
};

/** Resources of which the file says two things, or one thing twice. */
function repeated(file: AccessLock): string[] {
  return (["accounts", "keys", "code"] as const).flatMap((list) =>
    [...Map.groupBy(file[list] ?? [], ({ resource }) => resource)]
      .filter(([, entries]) => entries.length > 1)
      .map(([resource]) => `${quoted(resource)} stands in the file more than once`),
  );
}

/** The file with the names that its resources have in the program: a move between dynamic resources and the plugin is no difference. */
function inFormsOf(program: AccessLock, file: AccessLock): AccessLock {
  const resourcesOf = (lock: AccessLock) => [...lock.accounts, ...lock.keys].map(({ resource }) => resource);
  const nameNow = movedForms(resourcesOf(file), resourcesOf(program));
  const renamed = (entry: LockEntry): LockEntry => ({
    ...entry,
    resource: nameNow(entry.resource),
    ...(typeof entry.account === "string" ? { account: nameNow(entry.account) } : {}),
  });
  return { ...file, accounts: file.accounts.map(renamed), keys: file.keys.map(renamed) };
}

/** The end of a sentence about one resource; undefined if both are the same. */
function entryDifference(committed: LockEntry | undefined, current: LockEntry | undefined): string | undefined {
  if (!committed) return " is missing in the file";
  if (!current) return " is not in the program any more";
  const before = current.leavesAlive === undefined ? withoutThePast(committed) : committed;
  return canonicalJson(before) === canonicalJson(current) ? undefined : `: ${changedFields(before, current)}`;
}

/** A finished replacement was approved, so what the file says of it does not concern the future. */
function withoutThePast({ leavesAlive: _over, ...entry }: LockEntry): Readonly<Record<string, unknown>> {
  return entry;
}

function sameConnections(committed: readonly LockedConnection[], current: readonly LockedConnection[]): boolean {
  const texts = (connections: readonly LockedConnection[]): string =>
    JSON.stringify(connections.map((each) => canonicalJson(each)).sort());
  return texts(committed) === texts(current);
}

/** Undefined if the text is not a lock of this version. The caller says what to do, and quotes nothing. */
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
