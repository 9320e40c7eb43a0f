/**
 * Runs a server's processes for as long as its own stdin stays open. A test holds the other end, so
 * however the test process ends (a failed test, Ctrl-C, SIGKILL), the servers end too, and their
 * data directory goes. Started as the leader of a process group of its own.
 *
 *   node supervise.mjs '{"processes": [["command", "argument"]], "directory": "…"}'
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";

const graceMs = 10_000;
const { processes, directory } = JSON.parse(process.argv[2]);
const running = new Set();
let stopping = false;

for (const [command, ...args] of processes) {
  const child = spawn(command, args, { cwd: directory, stdio: ["ignore", "inherit", "inherit"] });
  running.add(child);
  const ended = (why) => {
    if (!stopping) console.error(`${command} ended: ${why}`);
    running.delete(child);
    stop();
  };
  child.on("error", (error) => ended(error.message));
  child.on("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
}

process.stdin.resume().on("close", stop);
// The group's signals are for the servers; this process goes last.
process.on("SIGTERM", stop).on("SIGINT", stop);

function stop() {
  if (!stopping) {
    stopping = true;
    for (const child of running) child.kill("SIGTERM");
    setTimeout(end, graceMs);
  }
  if (running.size === 0) end();
}

function end() {
  for (const child of running) child.kill("SIGKILL");
  try {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  } finally {
    // What the servers themselves have started: all of this group, this process included.
    process.kill(-process.pid, "SIGKILL");
  }
}
