import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { exitCodes } from "../review/exit-code";
import { failOnLevels, type FailOn } from "../review/levels";
import { formats, renderReport, type Format } from "../review/render/formats";
import { tonedText, type Tone } from "../review/render/text";
import type { Report } from "../review/report";
import { failedReview, reviewPreview } from "../review/review-preview";
import { verdictWords } from "../review/wording";
import type { Style } from "./colour";
import { CommandFailure, jsonOption, processHost, readText, runs, writeOutput, type CommandHost } from "./command";
import { readProjectEdits } from "./project-files";
import {
  addPlaceOptions,
  defaultMaxChars,
  loadPolicy,
  maxCharsOption,
  placesOf,
  readPreviewInput,
  reviewTime,
  type PlaceOptions,
} from "./review-command";

interface ReviewOptions extends PlaceOptions {
  readonly lock?: string;
  readonly format: Format;
  readonly out: readonly Output[];
  readonly failOn: FailOn;
  readonly expectNoAccessChange: boolean;
  readonly allowEmpty: boolean;
  readonly maxChars: number;
  readonly part?: string;
  readonly stack?: string;
  readonly project?: string;
}

interface Output {
  readonly format: Format;
  readonly file: string;
}

/** `apikeys review`: says who gains what, what breaks, which keys are replaced, and whether the change may merge. */
export function addReviewCommand(program: Command, host: CommandHost = processHost): void {
  const command = program
    .command("review")
    .description(
      "Reads a preview, without network and credentials, and says who gains what, what breaks, which keys are replaced or rotate, and whether it may merge.",
    );
  addPlaceOptions(command)
    .option("--lock <file>", "committed lock file that must agree with the preview")
    .addOption(new Option("--format <format>", "what to print").choices(formats).default("markdown"))
    .addOption(jsonOption())
    .addOption(
      new Option("--out <format=file>", "also write this format to a file; may be given several times")
        .argParser(addOutput)
        .default([], "none"),
    )
    .addOption(
      new Option("--fail-on <level>", "the weakest finding that fails the command")
        .choices(failOnLevels)
        .default("block"),
    )
    .option("--expect-no-access-change", "fail if anybody gains or loses anything: for rotation jobs", false)
    .option("--allow-empty", "a stack without our resources is fine", false)
    .option("--max-chars <number>", "longest Markdown", maxCharsOption, defaultMaxChars)
    .option("--part <id>", "name of this review among those that `merge` joins")
    .option("--stack <name>", "stack, for a preview that failed before it named its own")
    .option("--project <name>", "project, likewise")
    .addHelpText("after", exitCodeHelp);
  runs(command, host, (options: ReviewOptions) => review(options, host));
}

const exitCodeHelp = `
Exit codes: 0 nothing at or above --fail-on; 1 internal; 2 bad flags, policy or catalogue; 5 finding;
7 access changed although --expect-no-access-change; 10 not reviewable; 11 lock file out of date.`;

async function review(options: ReviewOptions, host: CommandHost): Promise<number> {
  const nowMs = reviewTime(host);
  const preview = readPreviewInput(options, host);
  const given = { part: options.part, stack: options.stack, project: options.project };
  const names = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  try {
    const places = placesOf(options);
    const { policy, edit } = await loadPolicy(options, places);
    const projectEdits =
      options.policyDir === undefined ? [] : await readProjectEdits(options.policyDir, places, () => import("yaml"));
    const lock = options.lock === undefined ? undefined : readLock(options.lock);
    const report = reviewPreview({
      preview,
      policy,
      ...(edit === undefined ? {} : { policyEdit: edit }),
      projectEdits,
      nowMs,
      projectPath: places.projectPath,
      failOn: options.failOn,
      expectNoAccessChange: options.expectNoAccessChange,
      allowEmpty: options.allowEmpty,
      ...(lock === undefined ? {} : { lock }),
      ...names,
    });
    writeFiles(report, options);
    print(report, options, host);
    if (report.exitCode !== exitCodes.fine)
      host.stderr(`apikeys review: ${verdictWords(report)} (exit code ${report.exitCode}).\n`);
    return report.exitCode;
  } catch (error) {
    // Without this report, an old verdict would stay in the comment.
    const exitCode = error instanceof CommandFailure ? error.exitCode : exitCodes.internal;
    const reason = error instanceof CommandFailure ? error.message : "the review itself failed; its job log says more";
    const failed = failedReview({ preview, exitCode, reason, failOn: options.failOn, ...names });
    writeFiles(failed, options);
    // At a terminal nobody posts the report, and the error says the same.
    if (!host.isTerminal) print(failed, options, host);
    throw error;
  }
}

function writeFiles(report: Report, options: ReviewOptions): void {
  for (const { format, file } of options.out)
    writeOutput(file, renderReport(report, format, settingsOf(options)), "--out");
}

function print(report: Report, options: ReviewOptions, host: CommandHost): void {
  if (options.format === "text") {
    const { text, tones } = tonedText(report);
    host.stdout(
      text,
      tones.map((tone) => tone && styles[tone]),
    );
  } else host.stdout(renderReport(report, options.format, settingsOf(options)));
}

function settingsOf({ maxChars }: ReviewOptions) {
  return { maxChars, toolVersion: packageVersion() };
}

/** Colours at a terminal. Files and comments have none. */
const styles: Readonly<Record<Tone, Style>> = {
  title: "bold",
  blocks: "red",
  warns: "yellow",
  gains: "green",
  loses: "red",
  fine: "green",
  aside: "dim",
};

/** A lock file that does not exist yet is out of date, not a mistake in the flags. */
function readLock(file: string): string {
  return existsSync(file) ? readText(file, "--lock") : "";
}

function addOutput(text: string, outputs: readonly Output[]): readonly Output[] {
  const [format, ...file] = text.split("=");
  const known = formats.find((each) => each === format);
  if (!known || file.length === 0 || file.join("=") === "")
    throw new InvalidArgumentError(`Write FORMAT=FILE, with one of ${formats.join(", ")}.`);
  return [...outputs, { format: known, file: file.join("=") }];
}

function packageVersion(): string {
  // The compiled file is one folder deeper.
  for (const folder of [dirname(__dirname), dirname(dirname(__dirname))]) {
    const file = join(folder, "package.json");
    if (!existsSync(file)) continue;
    const { name, version } = JSON.parse(readFileSync(file, "utf8")) as { name?: unknown; version?: unknown };
    if (name === "pulumi-apikeys" && typeof version === "string") return version;
  }
  return "0.0.0";
}
