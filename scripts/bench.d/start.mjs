// How long the provider process of each form takes until the engine can call it, with what its first call loads.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

// Nobody listens there, and neither process asks before it is asked.
const engine = "127.0.0.1:1";
const processes = {
  dynamic: ["--require", "pulumi-apikeys/runtime", "node_modules/@pulumi/pulumi/cmd/dynamic-provider", engine],
  plugin: ["dist/plugin/pulumi-resource-apikeys", engine],
};

/** Milliseconds until its first line, which is its port. */
async function startOf(args) {
  const startedMs = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  try {
    await once(createInterface({ input: child.stdout }), "line");
    return performance.now() - startedMs;
  } finally {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

/** The smallest of seven. They alternate, so that a slow moment of the machine affects both. */
export async function benchStart() {
  const best = {};
  for (let round = 0; round < 7; round += 1)
    for (const [face, args] of Object.entries(processes))
      best[face] = Math.min(best[face] ?? Infinity, await startOf(args));
  console.log(
    `start: the host of dynamic resources ${best.dynamic.toFixed(0)} ms, the plugin ${best.plugin.toFixed(0)} ms`,
  );
  return [
    {
      claim: "the plugin's start, relative to the host of dynamic resources",
      value: best.plugin / best.dynamic,
      limit: 1,
    },
  ];
}
