import { spawn } from "node:child_process";
import { type FSWatcher, mkdirSync, watch } from "node:fs";
import { join } from "node:path";
import type { TestStack } from "../../engine/support/stack";
import type { Hold, HoldingProxy, HoldPoint } from "./holding-proxy";
import { killAll, type Process, treeOf } from "./process-tree";

/** Who is killed, and how: everything, `pulumi` alone, the provider's process alone, `pulumi` by two signals, or only the connection. */
export const victims = ["tree", "engine", "host", "term-twice", "int-twice", "connection"] as const;
export type Victim = (typeof victims)[number];

/**
 * The moment of the kill, along the way of a request: K0 before the service has it, K2 when the service has answered
 * and nothing was delivered, K3 with half an answer, K4 with all of it, K5 a moment later, K6 when the engine begins to
 * write the state, K7 when it has written it once.
 */
export const killPoints = ["K0", "K2", "K3", "K4", "K5", "K6", "K7"] as const;
export type KillPoint = (typeof killPoints)[number];

const holdPoints: Readonly<Record<KillPoint, HoldPoint>> = {
  K0: "arrived",
  K2: "committed",
  K3: "half",
  K4: "delivered",
  K5: "delivered",
  K6: "delivered",
  K7: "delivered",
};

export interface Kill {
  readonly point: KillPoint;
  readonly victim: Victim;
  /** Milliseconds after the answers were delivered, with K5. */
  readonly afterMs: number;
}

/** What is left of a killed update. */
export interface Wreck {
  /** `pulumi` ended before the moment came: nothing was killed. */
  readonly missed: boolean;
  readonly output: string;
  /** Ends whatever survived its engine. */
  clear(): void;
}

/** An update of the matrix takes seconds. One that hangs fails with its moment, and leaves no process. */
const longestUpdateMs = 180_000;

/** Runs `pulumi up` and kills it where it is told to. */
export async function killedUpdate(
  stack: TestStack,
  proxy: HoldingProxy,
  requests: Pick<Hold, "method" | "path" | "count">,
  { point, victim, afterMs }: Kill,
): Promise<Wreck> {
  const reached = proxy.hold({ ...requests, point: holdPoints[point] });
  const child = spawn("pulumi", ["up", "--yes", "--skip-preview", "--non-interactive", "--parallel", "32"], {
    cwd: stack.project,
    env: stack.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const engine = child.pid;
  if (engine === undefined) throw new Error("pulumi could not be started");
  const printed: Buffer[] = [];
  const survivors: Process[] = [];
  child.stdout.on("data", (part: Buffer) => printed.push(part));
  child.stderr.on("data", (part: Buffer) => printed.push(part));
  const ended = new Promise<void>((done, fail) => {
    const late = setTimeout(() => {
      killAll([...treeOf(engine), ...survivors]);
      fail(new Error(`${point}, ${victim}: the update did not end:\n${Buffer.concat(printed).toString("utf8")}`));
    }, longestUpdateMs);
    child.on("exit", () => {
      clearTimeout(late);
      done();
    });
  });
  const state = watchState(stack);
  const wreck = (missed: boolean): Wreck => ({
    missed,
    output: Buffer.concat(printed).toString("utf8"),
    clear: () => killAll(survivors),
  });

  try {
    if ((await Promise.race([reached.then(() => "reached"), ended.then(() => "ended")])) === "ended")
      return wreck(true);
    if (point === "K5") await new Promise((done) => setTimeout(done, afterMs));
    // The kill is the event that is waited for; where the engine writes nothing more, it comes at its end.
    if (point === "K6") await Promise.race([state.changes(1), ended]);
    if (point === "K7") await Promise.race([state.changes(2), ended]);
    const tree = treeOf(engine);
    survivors.push(...tree);
    strike(tree, engine, victim, proxy);
    if (victim === "term-twice" || victim === "int-twice" || victim === "host" || victim === "connection")
      await proxy.release();
    await ended;
    await proxy.release();
    return wreck(false);
  } finally {
    state.close();
  }
}

function strike(tree: readonly Process[], engine: number, victim: Victim, proxy: HoldingProxy): void {
  switch (victim) {
    case "tree":
      return killAll(tree);
    case "engine":
      return killAll(tree.filter(({ pid }) => pid === engine));
    case "host":
      return killAll(tree.filter(({ command }) => command.includes("dynamic-provider")));
    case "connection":
      return proxy.reset();
    case "term-twice":
    case "int-twice": {
      const signal = victim === "term-twice" ? "SIGTERM" : "SIGINT";
      process.kill(engine, signal);
      process.kill(engine, signal);
    }
  }
}

/** Counts what happens in the folder of the stack's state, from now on. */
function watchState(stack: TestStack): { changes(count: number): Promise<void>; close(): void } {
  const folder = join(stack.dir, "backend", ".pulumi", "stacks", "engine-test");
  mkdirSync(folder, { recursive: true });
  const waiting: { left: number; readonly done: () => void }[] = [];
  const watcher: FSWatcher = watch(folder, (_event, name) => {
    if (name?.startsWith("dev.json") !== true) return;
    for (const each of waiting) if (--each.left === 0) each.done();
  });
  return {
    changes: (count) => new Promise((done) => waiting.push({ left: count, done })),
    close: () => watcher.close(),
  };
}
