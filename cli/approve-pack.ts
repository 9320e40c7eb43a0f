import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve, sep } from "node:path";
import type { Command } from "commander";
import { exitCodes } from "../review/exit-code";
import { readReport } from "../review/read-report";
import { safeJson } from "../review/render/json";
import type { Report } from "../review/report";
import { CommandFailure, processHost, readInput, runs, usageFailure, writeOutput, type CommandHost } from "./command";
import { checkDigest } from "./verify";

interface ApprovePackOptions {
  readonly report: string;
  readonly digest: readonly string[];
  readonly expectNoAccessChange: boolean;
  readonly out: string;
  readonly stack?: string;
  readonly projectDir: string;
  readonly allowHiddenCode: boolean;
  readonly json: boolean;
}

/** `apikeys approve-pack`: turns the approval into a policy pack that applies while the update runs. */
export function addApprovePackCommand(program: Command, host: CommandHost = processHost): void {
  const command = program
    .command("approve-pack")
    .description(
      "Compares the report of the deployment's own preview with what was approved, and writes a policy pack that refuses everything else while `pulumi up --policy-pack DIR/run` runs.",
    )
    .requiredOption("--report <file>", "JSON report of `review` on the deployment's own preview; - reads stdin")
    .option(
      "--digest <sha256:…>",
      "an approved digest; may be given several times, and one must match",
      (text: string, digests: readonly string[]) => [...digests, checkDigest(text)],
      [],
    )
    .option("--expect-no-access-change", "nothing was approved, so nothing may change: for rotation", false)
    .requiredOption("--out <dir>", "folder for the pack: a new or an empty one")
    .option("--stack <name>", "the stack, as you pass it to `pulumi up --stack` (default: the report's)")
    .option("--project-dir <dir>", "folder of Pulumi.yaml", ".")
    .option("--allow-hidden-code", "let dynamic resources run whose code is secret and cannot be compared", false)
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      "\nExit codes: 0 written; 2 bad flags, or a report that contradicts itself; 7 access changes; 10 not reviewable; 11 another digest.",
    );
  runs(command, host, (options: ApprovePackOptions) => approvePack(options, host));
}

function approvePack(options: ApprovePackOptions, host: CommandHost): number {
  if (options.digest.length > 0 === options.expectNoAccessChange)
    throw usageFailure("Give --digest with the approved digest, or --expect-no-access-change if nothing was approved.");
  const read = readReport(readInput(options.report, host, "--report"));
  if ("mistake" in read) throw usageFailure(`--report ${options.report} is refused: ${read.mistake}.`);
  const { report } = read;
  refuseUnapproved(report, options);
  const folder = resolve(options.out);
  const run = writePack(folder, report, options);
  host.stdout(options.json ? `${JSON.stringify({ run, digest: report.digest })}\n` : `${run}\n`);
  return exitCodes.fine;
}

function refuseUnapproved(report: Report, { digest, expectNoAccessChange }: ApprovePackOptions): void {
  if (report.verdict === "not-reviewable" || report.digest === null)
    throw new CommandFailure(exitCodes.notReviewable, "the report says that something could not be reviewed.");
  if (expectNoAccessChange && report.accessChanged)
    throw new CommandFailure(exitCodes.accessChanged, `access changes, and nothing was approved (${report.digest}).`);
  if (!expectNoAccessChange && !digest.includes(report.digest))
    throw new CommandFailure(
      exitCodes.outdated,
      `the access changes are not the approved ones: their digest is ${report.digest}. A digest of version 0.1 never matches.`,
    );
}

/**
 * Writes both forms: an executable, which every engine starts, and a folder, for engines whose language host knows
 * packs.
 */
function writePack(folder: string, report: Report, options: ApprovePackOptions): string {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw usageFailure(`--out ${options.out} is not empty; give a new folder, so that no older approval stays.`);
  mkdirSync(folder, { recursive: true });
  const projectDir = resolve(options.projectDir);
  const modules = moduleFolder(projectDir);
  const settings = {
    stack: options.stack ?? report.stack,
    projectDir,
    allowHiddenCode: options.allowHiddenCode,
  };
  const files: Readonly<Record<string, string>> = {
    "PulumiPolicy.yaml": "runtime: nodejs\nversion: 0.0.1\ndescription: What was approved is what is deployed.\n",
    "package.json": `${JSON.stringify({ name: "approved", version: "0.0.1", private: true, main: "index.js" })}\n`,
    "report.json": safeJson(report),
    "index.js": [
      '"use strict";',
      `const { PolicyPack } = require(${JSON.stringify(modules.policy)});`,
      `const { apikeysApproved } = require(${JSON.stringify(modules.ours)});`,
      `const policies = apikeysApproved(require("node:path").join(__dirname, "report.json"), ${JSON.stringify(settings)});`,
      'new PolicyPack("approved", { policies });',
      "",
    ].join("\n"),
    run: `#!/bin/sh\ncd ${shellQuoted(folder)} && exec ${shellQuoted(process.execPath)} ${shellQuoted(modules.runner)} "$1" .\n`,
  };
  for (const [name, text] of Object.entries(files)) writeOutput(join(folder, name), text, "--out");
  symlinkSync(modules.folder, join(folder, "node_modules"));
  const run = join(folder, "run");
  chmodSync(run, 0o755);
  return run;
}

/** Where the pack finds its code: in the project's own packages, or else beside this command. */
function moduleFolder(projectDir: string): { folder: string; policy: string; ours: string; runner: string } {
  const use = createRequire(join(projectDir, "package.json"));
  const paths = [projectDir, __dirname];
  try {
    const runner = use.resolve("@pulumi/pulumi/cmd/run-policy-pack", { paths });
    const folder = runner.slice(0, runner.lastIndexOf(`${sep}@pulumi${sep}pulumi${sep}`));
    return {
      folder,
      runner: dirname(runner),
      policy: use.resolve("@pulumi/policy", { paths }),
      ours: use.resolve("pulumi-apikeys/policy", { paths }),
    };
  } catch {
    throw usageFailure(
      "The pack needs @pulumi/pulumi and @pulumi/policy: run `npm install --save-dev @pulumi/policy` in the project.",
    );
  }
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
