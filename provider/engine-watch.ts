/**
 * Notices that the engine has gone. The process that hosts this provider outlives an engine that was killed, and would go on
 * with every request that it still had to send: keys would be made, and revoked, that nobody records.
 */
import { readFileSync } from "node:fs";

/**
 * Calls back once, when the engine that started this process has ended. The engine holds the other end of standard input; that
 * it was closed alone proves nothing, so the engine's process is looked for as well.
 */
export function whenEngineEnds(callback: () => void, input: NodeJS.ReadStream = process.stdin): void {
  const before = ancestors().join();
  let told = false;
  const ended = (): void => {
    // The system closes the files of a process before it gives its children away: look again a moment later.
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
  // Watching must not keep the process alive.
  (input as { unref?: () => void }).unref?.();
}

/** Parent, its parent, and so on: the parent alone may be a shell between the engine and this process. Without /proc only the parent. */
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
