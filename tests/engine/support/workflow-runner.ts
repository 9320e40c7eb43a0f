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
const stepFields = {
  name: z.string().optional(),
  id: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  with: texts.optional(),
  run: z.string().optional(),
  env: texts.optional(),
  "working-directory": z.string().optional(),
  "continue-on-error": z.boolean().optional(),
};
const step = z.strictObject(stepFields);
/** `action.yml` in the repository's root. Its steps say their shell, because GitHub has no default there. */
const action = z.strictObject({
  name: z.string(),
  description: z.string(),
  inputs: z.record(
    z.string(),
    z.strictObject({ description: z.string(), required: z.boolean().optional(), default: z.string().optional() }),
  ),
  runs: z.strictObject({
    using: z.literal("composite"),
    steps: z.array(
      z
        .strictObject({ ...stepFields, shell: z.literal("bash").optional() })
        .refine(({ run, shell }) => (run === undefined) === (shell === undefined), "a script says its shell"),
    ),
  }),
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
  /** The job's folder for passing things. */
  readonly temp: string;
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
  /** Where `action.yml` is: this repository, or a copy of it. */
  readonly actionRoot: string;
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
    return {
      id: surroundings.runId,
      conclusion: "skipped",
      steps: [],
      log: "",
      summary: "",
      exitCode: 0,
      temp: places.temp,
    };

  // A job's own `env` sees no `runner` and no `env`, which is how GitHub has it.
  const job = new JobRun(surroundings, places, { ...file.env, ...interpolated(only.env, outside) }, status);
  await job.steps(only.steps, contexts, {});
  const log = job.runs.map((run) => `== ${run.name}: ${run.outcome}\n${run.log}`).join("\n");
  return {
    id: surroundings.runId,
    conclusion: status.failed ? "failure" : "success",
    steps: job.runs,
    log,
    summary: job.summary,
    exitCode: job.exitCode,
    temp: places.temp,
  };
}

/** Where this project's action is in a workflow file: by commit, or as a copy in the user's repository. */
const ownAction = /^(?:OWNER\/pulumi-apikeys@[0-9a-f]{40}|\.\/(?:base\/)?\.github\/pulumi-apikeys)$/;

/** What lasts from one step of a job to the next, those of an action included. */
class JobRun {
  readonly runs: StepRun[] = [];
  summary = "";
  exitCode = 0;
  readonly #paths: string[] = [];
  readonly #env: Record<string, string> = {};
  #files = 0;

  readonly #surroundings: Surroundings;
  readonly #places: Places;
  readonly #jobEnv: Readonly<Record<string, string>>;
  readonly #status: { failed: boolean; cancelled: boolean };

  constructor(
    surroundings: Surroundings,
    places: Places,
    jobEnv: Readonly<Record<string, string>>,
    status: { failed: boolean; cancelled: boolean },
  ) {
    this.#surroundings = surroundings;
    this.#places = places;
    this.#jobEnv = jobEnv;
    this.#status = status;
  }

  /** The steps of a job or, with its inputs among the contexts and its caller's `env` around it, of an action. */
  async steps(
    steps: readonly Step[],
    contexts: Readonly<Record<string, Value>>,
    around: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    const known: Record<string, Value> = {};
    const before = this.#status.failed;
    for (const [index, each] of steps.entries()) {
      const name = each.name ?? each.uses ?? `step ${index + 1}`;
      const env = { ...this.#jobEnv, ...this.#env, ...around };
      const runner = { temp: this.#places.temp };
      const scope: Scope = { contexts: { ...contexts, env, runner, steps: known }, status: this.#status };
      const note = (outcome: string, outputs: Record<string, string> = {}): void => {
        if (each.id !== undefined) known[each.id] = { outcome, outputs };
      };
      if (!condition(each.if, scope)) {
        this.runs.push({ name, outcome: "skipped", exitCode: null, log: "", env: {} });
        note("skipped");
        continue;
      }
      const own = { ...env, ...interpolated(each.env, scope) };
      if (ownAction.test(each.uses ?? "")) {
        const good = await this.#action(each, contexts, scope, own);
        note(good ? "success" : "failure");
        continue;
      }
      const { result, channels } = await this.#run(each, scope, own);
      const outcome = result.code === 0 ? "success" : "failure";
      this.runs.push({ name, outcome, exitCode: result.code, log: result.log, env: own });
      this.#paths.unshift(...linesOf(channels.PATH));
      Object.assign(this.#env, pairsOf(channels.ENV));
      note(outcome, pairsOf(channels.OUTPUT));
      this.summary += readFileSync(channels.STEP_SUMMARY ?? "", "utf8");
      if (outcome === "failure" && each["continue-on-error"] !== true) {
        this.#status.failed = true;
        this.exitCode = this.exitCode === 0 ? result.code : this.exitCode;
      }
    }
    return before === this.#status.failed;
  }

  async #action(
    each: Step,
    contexts: Readonly<Record<string, Value>>,
    scope: Scope,
    env: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    // A copy in the repository is the one of the checkout that the path names.
    const uses = each.uses ?? "";
    const root = uses.startsWith("./") ? join(this.#places.workspace, uses) : this.#surroundings.actionRoot;
    const { inputs, runs } = action.parse(parse(readFileSync(join(root, "action.yml"), "utf8")));
    const given = interpolated(each.with, scope);
    const unknown = Object.keys(given).filter((name) => !Object.hasOwn(inputs, name));
    if (unknown.length > 0) throw new Error(`the action has no input ${unknown.join(", ")}`);
    const values = Object.entries(inputs).map(([name, input]) => {
      const value = given[name] ?? (input.default === undefined ? undefined : interpolate(input.default, scope));
      if (value === undefined) throw new Error(`the action needs ${name}`);
      return [name, value] as const;
    });
    const github = { ...(contexts.github as Record<string, Value>), action_path: root };
    return this.steps(runs.steps, { ...contexts, github, inputs: Object.fromEntries(values) }, env);
  }

  async #run(
    each: Step,
    scope: Scope,
    own: Readonly<Record<string, string>>,
  ): Promise<{ readonly result: Result; readonly channels: Readonly<Record<string, string>> }> {
    const places = this.#places;
    const surroundings = this.#surroundings;
    const file = join(places.files, String((this.#files += 1)));
    const channels = Object.fromEntries(
      ["OUTPUT", "ENV", "PATH", "STEP_SUMMARY"].map((channel) => [channel, `${file}-${channel}`]),
    );
    for (const channel of Object.values(channels)) writeFileSync(channel, "");
    if (each.run === undefined) return { result: await act(each, scope, places, surroundings), channels };
    const machine = {
      ...surroundings.machine,
      HOME: places.home,
      PATH: [...this.#paths, surroundings.machine.PATH].join(delimiter),
      RUNNER_TEMP: places.temp,
      GITHUB_WORKSPACE: places.workspace,
      ...Object.fromEntries(Object.entries(channels).map(([channel, path]) => [`GITHUB_${channel}`, path])),
    };
    const folder = join(places.workspace, interpolate(each["working-directory"] ?? ".", scope));
    const result = await bash(interpolate(each.run, scope), folder, { ...machine, ...own }, `${file}.sh`);
    return { result, channels };
  }
}

interface Places {
  readonly workspace: string;
  readonly temp: string;
  readonly home: string;
  readonly files: string;
}

interface Result {
  readonly code: number;
  readonly log: string;
}

interface StandIn {
  readonly inputs: readonly string[];
  readonly run: (
    given: Readonly<Record<string, string>>,
    places: Places,
    surroundings: Surroundings,
  ) => Result | Promise<Result>;
}

const nothing = { inputs: [], run: () => ({ code: 0, log: "" }) };

/** Stand-ins for the actions. Each takes the inputs that the files give, and no other. */
const standIns: Readonly<Record<string, StandIn>> = {
  "actions/checkout": {
    inputs: ["path", "ref", "persist-credentials"],
    run: (given, places, surroundings) => {
      const { path = ".", ref = surroundings.defaultRef } = given;
      if (given["persist-credentials"] !== "false") throw new Error("checkout leaves a token behind");
      return checkout(surroundings.repository, ref, join(places.workspace, path));
    },
  },
  "actions/setup-node": { ...nothing, inputs: ["node-version"] },
  "pulumi/actions": nothing,
  "actions/upload-artifact": {
    inputs: ["name", "path", "retention-days"],
    run: (given, _places, surroundings) => {
      const kept = mkdtempSync(join(surroundings.dir, "artifact-"));
      if (!existsSync(given.path ?? "")) return { code: 0, log: "no files were found\n" };
      cpSync(given.path ?? "", kept, { recursive: true });
      surroundings.artifacts.set(`${surroundings.runId}/${given.name ?? ""}`, kept);
      return { code: 0, log: "" };
    },
  },
  "actions/download-artifact": {
    inputs: ["name", "path", "run-id", "github-token"],
    run: (given, _places, surroundings) => {
      const kept = surroundings.artifacts.get(`${given["run-id"] ?? ""}/${given.name ?? ""}`);
      if (kept === undefined) return { code: 1, log: "Artifact not found\n" };
      cpSync(kept, given.path ?? "", { recursive: true });
      return { code: 0, log: "" };
    },
  },
};

async function act(each: Step, scope: Scope, places: Places, surroundings: Surroundings): Promise<Result> {
  const given = interpolated(each.with, scope);
  const standIn = standIns[/^[\w/-]+(?=@(?:[0-9a-f]{40}|v\d+)$)/.exec(each.uses ?? "")?.[0] ?? ""];
  if (!standIn) throw new Error(`the runner has no stand-in for ${each.uses ?? "a step without run and uses"}`);
  const unknown = Object.keys(given).filter((name) => !standIn.inputs.includes(name));
  if (unknown.length > 0) throw new Error(`${each.uses ?? ""}: the runner does not know ${unknown.join(", ")}`);
  return standIn.run(given, places, surroundings);
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
