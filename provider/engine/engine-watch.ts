/**
 * Notices that the engine has ended. This process outlives a killed engine, and would otherwise go on sending its pending
 * requests: keys would be made and revoked that no state records.
 */
import { readFileSync } from "node:fs";

/**
 * Calls back once when the engine that started this process has ended. The engine holds the other end of standard
 * input. A closed input alone proves nothing, so the engine's process is checked as well.
 */
export function whenEngineEnds(callback: () => void, input: NodeJS.ReadStream = process.stdin): void {
  const before = ancestors().join();
  let told = false;
  const ended = (): void => {
    // The system closes a process's files before its children get a new parent, so look again a moment later.
    for (const delayMs of [0, 20, 100, 500, 2_000]) {
      setTimeout(() => {
        if (told || ancestors().join() === before) return;
        told = true;
        callback();
      }, delayMs).unref();
    }
  };
  input.once("end", ended);
  input.once("error", ended);
  input.resume();
  // Watching must not keep this process alive.
  (input as { unref?: () => void }).unref?.();
}

/**
 * The parent, its parent, and so on: there may be a shell between the engine and this process. Without /proc only the
 * parent.
 */
function ancestors(): number[] {
  const found = [process.ppid];
  for (let at = process.ppid; at > 1 && found.length < 4;) {
    const parent = parentOf(at);
    if (parent === undefined) break;
    found.push(parent);
    at = parent;
  }
  return found;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
