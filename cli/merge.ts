import type { Command } from "commander";
import { mergeReports, type MergedPart } from "../review/merge-reports";
import { readReport } from "../review/read-report";
import { processHost, readInput, runs, usageFailure, writeOutput, type CommandHost } from "./command";
import { defaultMaxChars, maxCharsOption } from "./review-command";

interface MergeOptions {
  readonly id: string;
  readonly expect: readonly string[];
  readonly maxChars: number;
  readonly out?: string;
}

/**
 * `apikeys merge`: writes one comment for a matrix of stacks, and exits with the most serious exit code of them all.
 */
export function addMergeCommand(program: Command, host: CommandHost = processHost): void {
  const command = program
    .command("merge")
    .description(
      "Joins JSON reports of several stacks into one Markdown comment. Exits with the most serious of their exit codes, so that one check can gate them all.",
    )
    .argument("<part...>", "files written by `apikeys review --out json=FILE`")
    .option("--id <id>", "name of this comment, if the repository has several merged ones", "all")
    .option(
      "--expect <part>",
      "name of a part (--part, else project/stack) that must be there; may be given several times",
      (name: string, names: readonly string[]) => [...names, name],
      [],
    )
    .option("--max-chars <number>", "longest Markdown", maxCharsOption, defaultMaxChars)
    .option("--out <file>", "also write the Markdown to a file");
  runs(command, host, (options: MergeOptions, files) => merge(options, files, host));
}

function merge(options: MergeOptions, files: readonly string[], host: CommandHost): number {
  const parts = new Map<string, MergedPart>();
  for (const file of files) {
    const text = readPart(file, host);
    const read = text.trim() === "" ? { mistake: "" } : readReport(text);
    if ("mistake" in read && read.mistake !== "") throw usageFailure(`${file} is refused: ${read.mistake}.`);
    const report = "report" in read ? read.report : undefined;
    const name = report ? (report.part ?? `${report.project}/${report.stack}`) : file;
    if (parts.has(name)) throw usageFailure(`Two parts are called ${name}: give each review its own --part.`);
    parts.set(name, report ? { name, report } : { name });
  }
  for (const name of options.expect) if (!parts.has(name)) parts.set(name, { name });
  const { markdown, exitCode } = mergeReports([...parts.values()], options.id, options.maxChars);
  if (options.out !== undefined) writeOutput(options.out, markdown, "--out");
  host.stdout(markdown);
  return exitCode;
}

/** Nobody has reviewed the stack of a missing part; the comment says so. */
function readPart(file: string, host: CommandHost): string {
  try {
    return readInput(file, host, "The part");
  } catch {
    return "";
  }
}
