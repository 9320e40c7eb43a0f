import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { TestStack } from "./stack";

/** The parts of a README, by the heading that they stand under, and what each printed. */
export type Printed = Readonly<Record<string, string>>;

/**
 * Runs every `sh` block of an example's README in one bash, as a reader with all of them in the clipboard would: in a copy
 * of the example, and with free ports in the place of those that its files name. The first command that fails ends it.
 *
 * @param options.ports - the ports that its files name
 * @param options.processes - the variables with the ids of processes that the README starts in the background
 */
export async function runReadmeScript(
  name: string,
  options: { readonly ports: readonly string[]; readonly processes: readonly string[] },
): Promise<Printed> {
  const stack = TestStack.ofExample(name, { connections: {}, env: {} });
  try {
    const free = await Promise.all(options.ports.map(freePort));
    for (const file of filesUnder(stack.project))
      replaceIn(file, new Map(options.ports.map((port, index) => [port, String(free[index])])));
    // The README's first emulator is on the default port.
    const readme = readFileSync(join(stack.project, "README.md"), "utf8").replace(
      "emulator --env)",
      `emulator --env --port ${free[0]})`,
    );
    const script = join(stack.dir, "readme.sh");
    writeFileSync(script, scriptOf(readme, options.processes));
    const { APIKEYS_CONNECTIONS: _none, ...env } = stack.env;
    const child = spawn("bash", [script], {
      cwd: stack.project,
      env: { ...env, PULUMI_SKIP_CONFIRMATIONS: "true", npm_config_update_notifier: "false" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit") as Promise<[number]>,
    ]);
    if (code !== 0) throw new Error(`the README ended with ${code}:\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
    const parts = stdout.split(/^@@ (.*)\n/m).slice(1);
    return Object.fromEntries(parts.flatMap((title, at) => (at % 2 === 0 ? [[title, parts[at + 1] ?? ""]] : [])));
  } finally {
    stack.discard();
  }
}

function scriptOf(readme: string, processes: readonly string[]): string {
  const pids = processes.map((name) => `\${${name}:-}`).join(" ");
  const parts = readme.split(/^## (.*)\n/m).slice(1);
  const blocks = parts.flatMap((part, at) => {
    if (at % 2 === 0) return [`echo '@@ ${part}'`];
    return [...part.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  });
  return [
    "set -euo pipefail",
    // Also where a command fails: no process outlives the test.
    `trap 'kill ${pids} 2>/dev/null || true' EXIT`,
    ...blocks,
  ].join("\n");
}

function replaceIn(file: string, words: ReadonlyMap<string, string>): void {
  const before = readFileSync(file, "utf8");
  const after = [...words].reduce((all, [from, to]) => all.replaceAll(from, to), before);
  if (after !== before) writeFileSync(file, after);
}

function filesUnder(dir: string): string[] {
  return readdirSync(dir)
    .map((name) => join(dir, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesUnder(path) : [path]));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
