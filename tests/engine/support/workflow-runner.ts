import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { condition, interpolate, type Scope, type Value } from "./expression";
import type { Permissions } from "./fake-github";

/**
 * Runs a workflow file's steps in order, as GitHub would: `run:` with bash, and stand-ins for the few
 * actions that the delivery files use. Whatever it does not know is an error, never skipped.
 */

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const texts = z.record(z.string(), text);
const step = z.strictObject({
  name: z.string().optional(),
  id: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  with: texts.optional(),
  run: z.string().optional(),
  env: texts.optional(),
  "working-directory": z.string().optional(),
  "continue-on-error": z.boolean().optional(),
});
const job = z.strictObject({
  if: z.string().optional(),
  "runs-on": z.literal("ubuntu-latest"),
  "timeout-minutes": z.number(),
  environment: z.string().optional(),
  permissions: texts.optional(),
  concurrency: z.unknown().optional(),
  env: texts.optional(),
  steps: z.array(step),
});
const workflow = z.strictObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: texts,
  concurrency: z.unknown().optional(),
  env: texts,
  defaults: z.strictObject({ run: z.strictObject({ shell: z.literal("bash") }) }),
  jobs: z.record(z.string(), job),
});
type Step = z.infer<typeof step>;

export interface StepRun {
  readonly name: string;
  readonly outcome: "success" | "failure" | "skipped";
  readonly exitCode: number | null;
  readonly log: string;
  /** What the step could see, for the proof that no other step has a credential. */
  readonly env: Readonly<Record<string, string>>;
}

export interface WorkflowRun {
  readonly id: number;
  readonly conclusion: "success" | "failure" | "skipped";
  readonly steps: readonly StepRun[];
  readonly log: string;
  readonly summary: string;
  /** Of the step that failed; 0 where none did. */
  readonly exitCode: number;
}

export interface Surroundings {
  readonly dir: string;
  /** The workflow's text, from the branch that GitHub takes it from. */
  readonly source: string;
  readonly github: Readonly<Record<string, Value>>;
  readonly inputs: Readonly<Record<string, Value>>;
  readonly secretsFor: (environment: string | undefined) => Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly tokenFor: (permissions: Permissions) => string;
  /** What the machine has before a step says anything. */
  readonly machine: Readonly<Record<string, string>>;
  readonly repository: string;
  readonly defaultRef: string;
  /** Artifacts by run and name. */
  readonly artifacts: Map<string, string>;
  readonly runId: number;
}

export async function runWorkflow(surroundings: Surroundings): Promise<WorkflowRun> {
  const file = workflow.parse(parse(surroundings.source));
  const jobs = Object.values(file.jobs);
  const [only] = jobs;
  if (!only || jobs.length > 1) throw new Error(`${file.name}: one job is expected`);
  const dir = mkdtempSync(join(surroundings.dir, `${file.name}-`));
  const places = {
    workspace: join(dir, "workspace"),
    temp: join(dir, "temp"),
    home: join(dir, "home"),
    files: join(dir, "files"),
  };
  for (const place of Object.values(places)) mkdirSync(place);

  const contexts: Record<string, Value> = {
    github: { ...surroundings.github, token: surroundings.tokenFor(only.permissions ?? file.permissions) },
    inputs: surroundings.inputs,
    secrets: surroundings.secretsFor(only.environment),
    vars: surroundings.variables,
  };
  const status = { failed: false, cancelled: false };
  const outside: Scope = { contexts, status };
  if (!condition(only.if, outside))
    return { id: surroundings.runId, conclusion: "skipped", steps: [], log: "", summary: "", exitCode: 0 };

  // A job's own `env` sees no `runner` and no `env`, which is how GitHub has it.
  const jobEnv = { ...file.env, ...interpolated(only.env, outside) };
  const state = { paths: [] as string[], env: {} as Record<string, string>, steps: {} as Record<string, Value> };
  const runs: StepRun[] = [];
  let summary = "";
  let exitCode = 0;
  for (const [index, each] of only.steps.entries()) {
    const name = each.name ?? each.uses ?? `step ${index + 1}`;
    const env = { ...jobEnv, ...state.env };
    const scope: Scope = { contexts: { ...contexts, env, runner: { temp: places.temp }, steps: state.steps }, status };
    if (!condition(each.if, scope)) {
      runs.push({ name, outcome: "skipped", exitCode: null, log: "", env: {} });
      continue;
    }
    const own = { ...env, ...interpolated(each.env, scope) };
    const channels = Object.fromEntries(
      ["OUTPUT", "ENV", "PATH", "STEP_SUMMARY"].map((channel) => [channel, join(places.files, `${index}-${channel}`)]),
    );
    for (const channel of Object.values(channels)) writeFileSync(channel, "");
    const machine = {
      ...surroundings.machine,
      HOME: places.home,
      PATH: [...state.paths, surroundings.machine.PATH].join(delimiter),
      RUNNER_TEMP: places.temp,
      GITHUB_WORKSPACE: places.workspace,
      ...Object.fromEntries(Object.entries(channels).map(([channel, path]) => [`GITHUB_${channel}`, path])),
    };
    const result =
      each.run === undefined
        ? await act(each, scope, places, surroundings)
        : await bash(
            interpolate(each.run, scope),
            join(places.workspace, interpolate(each["working-directory"] ?? ".", scope)),
            { ...machine, ...own },
            join(places.files, `${index}.sh`),
          );
    const outcome = result.code === 0 ? "success" : "failure";
    runs.push({ name, outcome, exitCode: result.code, log: result.log, env: own });
    state.paths.unshift(...linesOf(channels.PATH));
    Object.assign(state.env, pairsOf(channels.ENV));
    if (each.id !== undefined) state.steps[each.id] = { outcome, outputs: pairsOf(channels.OUTPUT) };
    summary += readFileSync(channels.STEP_SUMMARY ?? "", "utf8");
    if (outcome === "failure" && each["continue-on-error"] !== true) {
      status.failed = true;
      exitCode = exitCode === 0 ? result.code : exitCode;
    }
  }
  const log = runs.map((run) => `== ${run.name}: ${run.outcome}\n${run.log}`).join("\n");
  return {
    id: surroundings.runId,
    conclusion: status.failed ? "failure" : "success",
    steps: runs,
    log,
    summary,
    exitCode,
  };
}

interface Places {
  readonly workspace: string;
  readonly temp: string;
}

interface Result {
  readonly code: number;
  readonly log: string;
}

/** Stand-ins for the actions. Each takes the inputs that the files give, and no other. */
async function act(each: Step, scope: Scope, places: Places, surroundings: Surroundings): Promise<Result> {
  const given = interpolated(each.with, scope);
  const only = (...known: string[]): void => {
    const unknown = Object.keys(given).filter((name) => !known.includes(name));
    if (unknown.length > 0) throw new Error(`${each.uses ?? ""}: the runner does not know ${unknown.join(", ")}`);
  };
  switch (/^[\w/-]+(?=@(?:[0-9a-f]{40}|v\d+)$)/.exec(each.uses ?? "")?.[0]) {
    case "actions/checkout": {
      only("path", "ref", "persist-credentials");
      const { path = ".", ref = surroundings.defaultRef } = given;
      if (given["persist-credentials"] !== "false") throw new Error("checkout leaves a token behind");
      return checkout(surroundings.repository, ref, join(places.workspace, path));
    }
    case "actions/setup-node":
      only("node-version");
      return { code: 0, log: "" };
    case "pulumi/actions":
      only();
      return { code: 0, log: "" };
    case "actions/upload-artifact": {
      only("name", "path", "retention-days");
      const kept = join(places.temp, `artifact-${given.name ?? ""}`);
      if (!existsSync(given.path ?? "")) return { code: 0, log: "no files were found\n" };
      cpSync(given.path ?? "", kept, { recursive: true });
      surroundings.artifacts.set(`${surroundings.runId}/${given.name ?? ""}`, kept);
      return { code: 0, log: "" };
    }
    case "actions/download-artifact": {
      only("name", "path", "run-id", "github-token");
      const kept = surroundings.artifacts.get(`${given["run-id"] ?? ""}/${given.name ?? ""}`);
      if (kept === undefined) return { code: 1, log: "Artifact not found\n" };
      cpSync(kept, given.path ?? "", { recursive: true });
      return { code: 0, log: "" };
    }
    default:
      throw new Error(`the runner has no stand-in for ${each.uses ?? "a step without run and uses"}`);
  }
}

async function checkout(repository: string, ref: string, target: string): Promise<Result> {
  mkdirSync(target, { recursive: true });
  const commands = [
    "git init --quiet .",
    `git fetch --quiet '${repository}' '${ref}'`,
    "git checkout --quiet FETCH_HEAD",
  ];
  return bash(commands.join("\n"), target, { PATH: process.env.PATH ?? "", GIT_CONFIG_GLOBAL: "/dev/null" });
}

/** GitHub's `shell: bash`. */
export function bash(
  script: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  file?: string,
): Promise<Result> {
  const shell = ["--noprofile", "--norc", "-eo", "pipefail"];
  if (file !== undefined) writeFileSync(file, script);
  return new Promise((done, fail) => {
    const child = spawn("bash", [...shell, ...(file === undefined ? ["-c", script] : [file])], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (part: string) => (log += part));
    child.once("error", fail);
    child.once("close", (code) => done({ code: code ?? 255, log }));
  });
}

function interpolated(values: Readonly<Record<string, string>> | undefined, scope: Scope): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, interpolate(value, scope)]));
}

function linesOf(file: string | undefined): string[] {
  return readFileSync(file ?? "", "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

function pairsOf(file: string | undefined): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const line of linesOf(file)) {
    const [, name, value] = /^([\w-]+)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error("the runner reads `name=value` lines only");
    pairs[name] = value;
  }
  return pairs;
}
