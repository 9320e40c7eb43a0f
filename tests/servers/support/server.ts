import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "@jest/globals";

type Health =
  | { readonly url: string; readonly headers?: Readonly<Record<string, string>> }
  | ((signal: AbortSignal) => Promise<{ readonly ok: boolean }>);

/** How to run an installed server. */
export interface ServerPlan {
  /** Names the data directory. */
  readonly name: string;
  /** The processes it consists of, each a command with its arguments; they run in {@link directory}. */
  readonly processes: readonly (readonly string[])[];
  /** A directory of this run alone, from {@link newDataDirectory}; it goes when the server stops. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Asked until it answers with a success; a function asks in a way of its own. */
  readonly health: Health;
}

export interface RunningServer {
  /** The end of what the server has printed, for messages. */
  log(): string;
  /** Ends the processes and removes the data. */
  stop(): Promise<void>;
}

/** For `beforeAll`: how long a server may take to start on a busy machine. */
export const startTimeoutMs = 180_000;
const pollMs = 150;
const stopTimeoutMs = 20_000;

/**
 * A suite that needs a real server. It is installed here and now, because jest wants to know of every
 * test before the first one runs. Where this machine cannot have it, the reason is printed and the
 * tests count as skipped; with APIKEYS_REQUIRE_SERVERS=1 that is a failure.
 */
export function describeServer(name: string, suite: (installation: string) => void): void {
  const { status, stdout, error } = spawnSync(join(__dirname, "install"), [name], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = stdout?.trim() ?? "";
  if (status === 0) {
    describe(name, () => suite(line));
    return;
  }
  const why = line || error?.message || "its installation was stopped";
  if (process.env.APIKEYS_REQUIRE_SERVERS === "1")
    throw new Error(`the real server ${name} is required (APIKEYS_REQUIRE_SERVERS=1), but: ${why}`);
  process.stderr.write(`skipped: the tests against a real ${name}: ${why}\n`);
  describe.skip(`${name} (skipped: ${why})`, () => suite(""));
}

/** A private directory for one run of a server. */
export function newDataDirectory(name: string): string {
  return mkdtempSync(join(tmpdir(), `apikeys-${name}-`));
}

/** Free ports on the loopback address, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const listeners = await Promise.all(
    Array.from({ length: count }, async () => {
      const listener = createServer();
      await new Promise<void>((listening) => listener.listen(0, "127.0.0.1", listening));
      return listener;
    }),
  );
  const ports = listeners.map((listener) => (listener.address() as { port: number }).port);
  await Promise.all(listeners.map((listener) => new Promise((closed) => listener.close(closed))));
  return ports;
}

/** Starts a server and waits until it is healthy; it ends with {@link RunningServer.stop}, at the latest with this process. */
export async function startServer({ name, processes, directory, env, health }: ServerPlan): Promise<RunningServer> {
  const logFile = join(directory, "server.log");
  const log = openSync(logFile, "w");
  const { PATH = "" } = process.env;
  const supervisor = spawn(
    process.execPath,
    [join(__dirname, "supervise.mjs"), JSON.stringify({ processes, directory })],
    {
      detached: true,
      env: { PATH, HOME: directory, TMPDIR: directory, ...env },
      stdio: ["pipe", log, log],
    },
  );
  closeSync(log);
  const ended = new Promise<void>((done) => supervisor.once("exit", () => done()));
  const server: RunningServer = {
    log: () => tail(logFile),
    stop: async () => {
      supervisor.stdin?.end();
      const timer = setTimeout(() => killGroup(supervisor), stopTimeoutMs);
      await ended;
      clearTimeout(timer);
    },
  };
  try {
    await untilHealthy(name, health, supervisor, server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

async function untilHealthy(
  name: string,
  health: Health,
  supervisor: ChildProcess,
  server: RunningServer,
): Promise<void> {
  const ask =
    typeof health === "function"
      ? health
      : (signal: AbortSignal) => fetch(health.url, { headers: health.headers ?? {}, signal });
  const deadlineMs = performance.now() + startTimeoutMs - stopTimeoutMs;
  while (supervisor.exitCode === null && supervisor.signalCode === null) {
    try {
      if ((await ask(AbortSignal.timeout(5_000))).ok) return;
    } catch {
      // Not listening yet.
    }
    if (performance.now() > deadlineMs) throw new Error(`${name} did not become healthy:\n${server.log()}`);
    await new Promise((waited) => setTimeout(waited, pollMs));
  }
  throw new Error(`${name} ended before it was healthy:\n${server.log()}`);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, "SIGKILL");
}

function tail(file: string): string {
  try {
    return readFileSync(file, "utf8").split("\n").slice(-40).join("\n");
  } catch {
    return "(it left no log)";
  }
}
