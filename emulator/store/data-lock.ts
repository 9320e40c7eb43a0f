import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { randomHex } from "./secrets";

interface Holder {
  readonly pid: number;
  /** Distinguishes a process from a later one with the same id; missing if the system does not report it. */
  readonly startedAt?: string;
}

/**
 * One emulator per data file: two would overwrite each other's keys. The lock is a file beside it that names its
 * holder, so a lock from a killed emulator is recognized and taken over.
 *
 * @returns a function that releases the lock.
 */
export function lockDataFile(dataFile: string): () => void {
  const lockFile = `${dataFile}.lock`;
  const { pid, startedAt } = describe(process.pid);
  const own = JSON.stringify({ pid, startedAt } satisfies Record<keyof Holder, unknown>);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (tryLock(lockFile, own)) return () => rmSync(lockFile, { force: true });
    const found = readHolder(lockFile);
    if (found && isAlive(found.holder)) {
      throw new Error(`${dataFile} is in use by another emulator (process ${found.holder.pid})`);
    }
    if (found) removeStale(lockFile, found.text);
  }
  throw new Error(`cannot lock ${dataFile}: other emulators are starting on it`);
}

/** A hard link makes the lock appear with its content, or not at all. */
function tryLock(lockFile: string, content: string): boolean {
  const prepared = `${lockFile}.${randomHex(8)}`;
  writeFileSync(prepared, content, { mode: 0o600 });
  try {
    linkSync(prepared, lockFile);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(prepared, { force: true });
  }
}

/** Moves the lock away before deleting it. If someone has just taken it, it is put back. */
function removeStale(lockFile: string, staleText: string): void {
  const aside = `${lockFile}.${randomHex(8)}`;
  try {
    renameSync(lockFile, aside);
    if (readFileSync(aside, "utf8") !== staleText) linkSync(aside, lockFile);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readHolder(lockFile: string): { text: string; holder: Holder } | undefined {
  try {
    const text = readFileSync(lockFile, "utf8");
    return { text, holder: JSON.parse(text) as Holder };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Error(`${lockFile} is unreadable; remove it if no emulator runs on that file`, { cause: error });
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is alive and belongs to another user.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const found = describe(holder.pid);
  // A killed process stays listed as a zombie until its parent has read its exit status.
  return found.state !== "Z" && found.startedAt === holder.startedAt;
}

/** Reports more than the process id only on Linux. */
function describe(pid: number): Holder & { readonly state?: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Fields 3 and 22, counted after the command name, which may itself contain spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, startedAt] = [fields[0], fields[19]];
    return state === undefined || startedAt === undefined ? { pid } : { pid, state, startedAt };
  } catch {
    return { pid };
  }
}
