import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "@jest/globals";
import { parse } from "yaml";
import { startEmulator, type TestEmulator } from "../../../testing/emulator";
import { pulumiCommands, type ReadmeCommand, shellLines } from "./example-readme";
import { ReadmeShell } from "./readme-shell";
import { type Run, TestStack } from "./stack";
import { isOwnName } from "./own-name";

const repository = resolve(__dirname, "../../..");
export const examplesDir = join(repository, "examples");
/** The stand-in for the plugin of @pulumi/random. */
const randomPluginDir = join(__dirname, "random-plugin");

interface ConnectionText {
  readonly backend: string;
  readonly url: string;
  readonly tokenEnv: string;
}

/** The service of the example of one's own backend, run as its README says. */
export interface Parcels {
  readonly url: string;
  readonly adminToken: string;
  close(): Promise<void>;
}

/** Admin tokens, by the variables that the example's connections name. */
type Tokens = Readonly<Record<string, string>>;

/** One example with the services that its connections lead to. */
export interface ExampleBench {
  readonly stack: TestStack;
  /** By the port that the example's connections name. */
  readonly emulators: ReadonlyMap<string, TestEmulator>;
  readonly parcels: Parcels | undefined;
}

/** What holds after an update: its outputs, and what the engine said. */
export type AfterUp = (bench: ExampleBench, outputs: Record<string, string>, run: Run) => Promise<void>;

/**
 * Runs the `pulumi` commands of an example's README, word for word and in their order, against services of its own:
 * previews without any admin token; `destroy` with the canary scan, after which no key may live.
 *
 * @param afterUps - one for each `pulumi up` of the README; left out, an update has to succeed and no more
 */
export async function runExample(name: string, afterUps?: readonly AfterUp[]): Promise<void> {
  const commands = pulumiCommands(readFileSync(join(examplesDir, name, "README.md"), "utf8"));
  const ups = commands.filter(({ args }) => args[0] === "up").length;
  if (afterUps && afterUps.length !== ups)
    throw new Error(`the README of ${name} has ${ups} updates, and the test knows ${afterUps.length}`);
  const { bench, tokens, close } = await openExample(name);
  try {
    let up = 0;
    for (const command of commands) {
      if (command.args[0] === "destroy") break;
      const run = await runCommand(bench.stack, command, Object.keys(tokens));
      if (command.args[0] !== "up") continue;
      await afterUps?.[up]?.(bench, await bench.stack.outputs(), run);
      up += 1;
    }
    await bench.stack.close();
    await expectNoLivingKey(bench);
  } finally {
    await close();
  }
}

/**
 * Runs every command of an example's README in one shell, word for word and in their order: also those that set up what the
 * program needs. The emulator is another one, so its address and token are put in.
 */
export async function runWholeReadme(name: string, afterUps: readonly AfterUp[]): Promise<void> {
  const { bench, tokens, close } = await openExample(name);
  bench.stack.linkCheckout();
  const { stack } = bench;
  Object.assign(stack.env, goSettings());
  const withoutTokens = Object.entries(stack.env).filter(([variable]) => !(variable in tokens));
  const shell = new ReadmeShell(stack.project, Object.fromEntries(withoutTokens));
  let up = 0;
  try {
    for (const line of shellLines(readFileSync(join(examplesDir, name, "README.md"), "utf8"))) {
      // What would print a secret, or end the emulators of the bench.
      if (/^npx apikeys emulator|^pulumi stack output[^>]*$|^kill /.test(line)) continue;
      const run = await shell.run(typed(line, tokens, bench.emulators));
      stack.keep(`$ ${line}`, run.text);
      const isTold = run.code === 7 && /\bapikeys due\b/.test(line);
      if (run.code !== 0 && !isTold)
        throw new Error(`"${line}" of the README of ${name} ended with ${run.code}:\n${run.text}`);
      if (/^(export PATH=|\. )/.test(line)) stack.env.PATH = (await shell.run('echo "$PATH"')).stdout.trim();
      if (!/\bpulumi up\b/.test(line)) continue;
      await afterUps[up]?.(bench, await stack.outputs(), run);
      up += 1;
    }
    expect(up).toBe(afterUps.length);
    stack.scan();
    await expectNoLivingKey(bench);
  } finally {
    await shell.close();
    await close();
  }
}

/** What is in place of a word that the reader has from elsewhere. */
function typed(line: string, tokens: Tokens, emulators: ReadonlyMap<string, TestEmulator>): string {
  if (/^eval "\$\(npx apikeys emulator --env\)"$/.test(line))
    return Object.entries(tokens)
      .map(([variable, token]) => `export ${variable}='${token}'`)
      .join("; ");
  // A preview needs no admin token, wherever it stands.
  if (/\bpulumi preview\b/.test(line)) return `(unset ${Object.keys(tokens).join(" ")}; ${line})`;
  const token = line.replace(
    /^export (\w+)=\S*…$/,
    (_all, variable: string) => `export ${variable}=${tokens[variable] ?? ""}`,
  );
  return token.replace(/http:\/\/127\.0\.0\.1:(\d+)/g, (url, port: string) => emulators.get(port)?.url ?? url);
}

/** Pulumi compiles Go programs, and with a HOME of its own it would compile Pulumi's SDK each time. */
function goSettings(): Record<string, string> {
  const { stdout, error } = spawnSync("go", ["env", "-json", "GOCACHE", "GOENV", "GOMODCACHE"], { encoding: "utf8" });
  return error ? {} : (JSON.parse(stdout) as Record<string, string>);
}

async function expectNoLivingKey({ emulators }: ExampleBench): Promise<void> {
  for (const emulator of emulators.values()) {
    const alive = (await emulator.keys.list()).filter((key) => key.state === "active" && isOwnName(key.name));
    if (alive.length > 0) throw new Error(`destroy left ${alive.length} living keys behind`);
  }
}

/** What a README runs beside the updates for its readers' eyes and hands, not for the stack. */
const notRun = new Set(["stack output", "stack rm", "stack select"]);

async function runCommand(stack: TestStack, { args, env }: ReadmeCommand, tokenNames: readonly string[]): Promise<Run> {
  if (notRun.has(args.slice(0, 2).join(" ")) || notRun.has(args[0] ?? ""))
    return { code: 0, stdout: "", stderr: "", text: "" };
  const full = stack.env;
  const without = args[0] === "preview" ? tokenNames : [];
  stack.env = { ...Object.fromEntries(Object.entries(full).filter(([name]) => !without.includes(name))), ...env };
  const unattended = ["up", "refresh"].includes(args[0] ?? "") ? ["--yes", "--skip-preview"] : [];
  try {
    return await stack.must(...args, ...unattended);
  } finally {
    stack.env = full;
  }
}

async function openExample(name: string): Promise<{
  readonly bench: ExampleBench;
  readonly tokens: Tokens;
  readonly close: () => Promise<void>;
}> {
  const emulators = new Map<string, TestEmulator>();
  const connections: Record<string, { readonly url: string }> = {};
  const env: Record<string, string> = {};
  let parcels: Parcels | undefined;
  const closeServices = async () => {
    await Promise.all([...emulators.values(), ...(parcels ? [parcels] : [])].map((service) => service.close()));
  };
  try {
    for (const [connection, { backend, url, tokenEnv }] of Object.entries(connectionsOf(name))) {
      const { port } = new URL(url);
      if (backend.endsWith("/parcels.js")) {
        parcels ??= await startParcels();
        [connections[connection], env[tokenEnv]] = [{ url: parcels.url }, parcels.adminToken];
        continue;
      }
      const emulator = emulators.get(port) ?? (await startEmulator());
      emulators.set(port, emulator);
      const service = emulator.services[backend as keyof typeof emulator.services];
      [connections[connection], env[tokenEnv]] = [{ url: service.url }, service.adminToken];
    }
    const stack = TestStack.ofExample(name, { connections, env });
    stack.env.PATH = `${randomPluginDir}:${stack.env.PATH ?? ""}`;
    const close = async () => {
      stack.discard();
      await closeServices();
    };
    return { bench: { stack, emulators, parcels }, tokens: env, close };
  } catch (error) {
    await closeServices();
    throw error;
  }
}

/** The connections of the example's own project, or of the repository's, whose `main` is the quick start. */
function connectionsOf(name: string): Record<string, ConnectionText> {
  const own = join(examplesDir, name, "Pulumi.yaml");
  const project = parse(readFileSync(existsSync(own) ? own : join(repository, "Pulumi.yaml"), "utf8")) as {
    config: Record<string, { value: Record<string, ConnectionText> }>;
  };
  return project.config["apikeys:connections"]?.value ?? {};
}

/** Starts the service as a process of its own, on a free port. */
export async function startParcels(): Promise<Parcels> {
  const adminToken = crypto.randomUUID();
  const child = spawn("node", [join(examplesDir, "own-backend", "service.mjs"), "0"], {
    env: { PATH: process.env.PATH, PARCELS_ADMIN_TOKEN: adminToken },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await firstAddress(child);
  return {
    url,
    adminToken,
    async close() {
      const gone = once(child, "exit");
      child.kill();
      await gone;
    },
  };
}

/** The first http address that a process prints. */
export async function firstAddress(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("the process has no output to read");
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\/\/[\d.]+:\d+/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error("the process ended without an address");
}
