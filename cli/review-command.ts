/** What the commands that read a preview share: options, places, and the policy. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { decisionTime } from "../provider/clock";
import { defaultPolicy, policyFileName, type Policy } from "../review/policy";
import { maxPreviewBytes } from "../review/preview-text";
import type { PolicyEdit } from "../review/rules/rule";
import { readInputBytes, readText, usageFailure, type CommandHost } from "./command";

/** The location options of every command that reads a preview. */
export interface PlaceOptions {
  readonly preview: string;
  readonly projectDir: string;
  readonly repoRoot?: string;
  readonly policy?: string;
  readonly policyDir?: string;
}

export function addPlaceOptions(command: Command): Command {
  return command
    .option(
      "--preview <file>",
      "output of `pulumi preview --json --show-sames`, as one document or as an event stream; - reads stdin",
      "-",
    )
    .option("--project-dir <dir>", "folder of Pulumi.yaml, for places in the source", ".")
    .option("--repo-root <dir>", "root of the repository (default: the nearest folder above with .git)")
    .option("--policy <file>", `policy file (default: ${policyFileName} in the project, else in the repository)`)
    .option(
      "--policy-dir <dir>",
      `checkout whose ${policyFileName} decides, beside the project or in its root; in CI that of the base branch`,
    );
}

/** The content of `--preview`, with a limit: one byte more than a review reads makes it refuse everything. */
export function readPreviewInput(options: PlaceOptions, host: CommandHost): Uint8Array {
  return readInputBytes(options.preview, host, maxPreviewBytes + 1, "--preview");
}

export interface Places {
  readonly projectDir: string;
  readonly repoRoot: string;
  /** Path of the project inside the repository, with `/`. */
  readonly projectPath: string;
}

export function placesOf(options: PlaceOptions): Places {
  const projectDir = resolve(options.projectDir);
  if (!existsSync(projectDir)) throw usageFailure(`--project-dir ${options.projectDir} does not exist.`);
  const repoRoot = options.repoRoot === undefined ? (rootAbove(projectDir) ?? projectDir) : resolve(options.repoRoot);
  const path = relative(repoRoot, projectDir);
  if (path.startsWith("..") || isAbsolute(path))
    throw usageFailure(`--project-dir ${options.projectDir} is not inside --repo-root ${repoRoot}.`);
  return { projectDir, repoRoot, projectPath: path.split(sep).join("/") };
}

export interface LoadedPolicy {
  readonly policy: Policy;
  /** Set if the project's own policy file differs from the given one. */
  readonly edit?: PolicyEdit;
}

/**
 * The policy that decides. With `--policy-dir` or `--policy` (in CI: the base branch's), the project's own file decides
 * nothing, but a difference from it is reported.
 */
export async function loadPolicy(options: PlaceOptions, places: Places): Promise<LoadedPolicy> {
  const own = policyFileIn(places.repoRoot, places);
  if (options.policyDir !== undefined) return policyOfBase(options, options.policyDir, own, places);
  if (options.policy === undefined)
    return { policy: own === undefined ? defaultPolicy : await parsePolicyFile(own, places) };
  if (!existsSync(options.policy))
    throw usageFailure(`--policy ${options.policy} does not exist. For the default policy, give an empty file.`);
  const given = await parsePolicyFile(options.policy, places, own);
  const edit = editOf(options.policy, own);
  return { policy: given, ...(edit === undefined ? {} : { edit }) };
}

/** Looks in only two places: beside `Pulumi.yaml`, then in the root of the checkout. */
function policyFileIn(root: string, { projectPath }: Places): string | undefined {
  return [join(root, projectPath), root]
    .map((directory) => join(directory, policyFileName))
    .find((file) => existsSync(file));
}

async function policyOfBase(
  options: PlaceOptions,
  root: string,
  own: string | undefined,
  places: Places,
): Promise<LoadedPolicy> {
  if (options.policy !== undefined) throw usageFailure("Give --policy or --policy-dir, not both.");
  if (!existsSync(root)) throw usageFailure(`--policy-dir ${root} does not exist.`);
  const base = policyFileIn(resolve(root), places);
  // Without a file the defaults decide, which is not the same as an empty file.
  if (base === undefined)
    return own === undefined
      ? { policy: defaultPolicy }
      : { policy: { ...defaultPolicy, path: pathInRepository(own, places) }, edit: "added" };
  const policy = await parsePolicyFile(base, places, own);
  if (own === undefined) return { policy, edit: "removed" };
  return readFileSync(base, "utf8") === readFileSync(own, "utf8") ? { policy } : { policy, edit: "changed" };
}

async function parsePolicyFile(file: string, places: Places, own?: string): Promise<Policy> {
  // Only a policy needs the YAML parser and its schema, and most of the time of a small review is loading code.
  /* eslint-disable-next-line @typescript-eslint/no-require-imports -- see main.ts */
  const { parsePolicy } = require("../review/parse-policy") as typeof import("../review/parse-policy");
  const parsed = parsePolicy(readText(file, "The policy"), pathInRepository(own ?? file, places), await import("yaml"));
  if ("policy" in parsed) return parsed.policy;
  throw usageFailure(`${file} is not a policy file:\n${parsed.problems.map((problem) => `  ${problem}`).join("\n")}`);
}

/** If the base has such a file and the change has none, the change removes it. */
function editOf(given: string, own: string | undefined): PolicyEdit | undefined {
  if (own === undefined) {
    const isProjectFile = given.split(/[\\/]/).at(-1) === policyFileName && readFileSync(given, "utf8").trim() !== "";
    return isProjectFile ? "removed" : undefined;
  }
  if (realpathSync(own) === realpathSync(given)) return undefined;
  const [base, change] = [readFileSync(given, "utf8"), readFileSync(own, "utf8")];
  if (base === change) return undefined;
  return base.trim() === "" ? "added" : "changed";
}

/** The path for annotations: relative to the repository, even if the file itself was checked out elsewhere. */
function pathInRepository(file: string, { repoRoot, projectPath }: Places): string {
  const path = relative(repoRoot, resolve(file)).split(sep).join("/");
  return path.startsWith("..") || isAbsolute(path)
    ? projectPath === ""
      ? policyFileName
      : `${projectPath}/${policyFileName}`
    : path;
}

/** The clock of every decision: APIKEYS_NOW or now. */
export function reviewTime(host: CommandHost): number {
  return decisionTime(host.env);
}

/** Accepts digits only: parseInt would read `64k` as 64. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** GitHub allows 65,536 characters in a comment. */
export const defaultMaxChars = 64_000;
export const maxCharsOption = wholeNumber(2_000, 1_000_000);

function rootAbove(directory: string): string | undefined {
  for (let folder = directory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
