import { readdirSync, readFileSync } from "node:fs";

export interface Process {
  readonly pid: number;
  readonly command: string;
}

/** All living descendants of a process, itself first. Linux only: the tests that kill processes read /proc. */
export function treeOf(root: number): Process[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree: Process[] = [];
  const visit = (pid: number): void => {
    const command = commandOf(pid);
    if (command !== undefined) tree.push({ pid, command });
    for (const child of children.get(pid) ?? []) visit(child);
  };
  visit(root);
  return tree;
}

export function killAll(processes: readonly Process[]): void {
  for (const { pid, command } of processes) {
    // A number may have been given to somebody else since.
    if (commandOf(pid) !== command) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return undefined;
  }
}
