import { InvalidArgumentError, type Command } from "commander";
import { isDigest } from "../review/digest-line";
import { exitCodes } from "../review/exit-code";
import { plainMessage } from "../review/inert";
import { readReport } from "../review/read-report";
import type { Report } from "../review/report";
import { reviewPreview } from "../review/review-preview";
import { processHost, readInput, runs, usageFailure, type CommandHost } from "./command";
import {
  addPlaceOptions,
  loadPolicy,
  placesOf,
  readPreviewInput,
  reviewTime,
  type PlaceOptions,
} from "./review-command";

interface VerifyOptions extends PlaceOptions {
  readonly report?: string;
  readonly digest: string;
  readonly allowEmpty: boolean;
  readonly json: boolean;
}

/** `apikeys verify`: the last step before a deployment. It fails unless what will happen is what was approved. */
export function addVerifyCommand(program: Command, host: CommandHost = processHost): void {
  const command = program
    .command("verify")
    .description(
      "Compares the access changes of a fresh preview with the approved digest; exits with 11 if they differ.",
    )
    .requiredOption("--digest <sha256:…>", "the approved digest, as the review's footer shows it", checkDigest)
    .option("--report <file>", "a JSON report of `review` instead of the preview; refused if it contradicts itself")
    .option("--allow-empty", "a stack without our resources is fine", false)
    .option("--json", "print the answer as JSON", false);
  addPlaceOptions(command);
  runs(command, host, (options: VerifyOptions) => verify(options, host));
}

async function verify(options: VerifyOptions, host: CommandHost): Promise<number> {
  const report = options.report === undefined ? await reviewed(options, host) : given(options.report, host);
  const reviewable = report.verdict !== "not-reviewable";
  const matches = reviewable && report.digest === options.digest;
  if (options.json)
    host.stdout(`${JSON.stringify({ approved: options.digest, actual: report.digest, reviewable, matches })}\n`);
  else if (matches) host.stdout(`The access changes are the approved ones: ${report.digest}\n`);
  else if (reviewable) {
    host.stdout(
      `The access changes are not the approved ones. Run the review again and have it approved. A digest of version 0.1 never matches.\n  approved ${options.digest}\n  actual   ${report.digest}\n`,
    );
  } else
    host.stdout(`Not reviewable:\n${report.unreviewed.map(({ reason }) => `  ${plainMessage(reason)}\n`).join("")}`);
  if (!reviewable) return exitCodes.notReviewable;
  return matches ? exitCodes.fine : exitCodes.outdated;
}

async function reviewed(options: VerifyOptions, host: CommandHost): Promise<Report> {
  const places = placesOf(options);
  const { policy } = await loadPolicy(options, places);
  return reviewPreview({
    preview: readPreviewInput(options, host),
    policy,
    nowMs: reviewTime(host),
    projectPath: places.projectPath,
    failOn: "never",
    expectNoAccessChange: false,
    allowEmpty: options.allowEmpty,
  });
}

function given(file: string, host: CommandHost): Report {
  const read = readReport(readInput(file, host, "--report"));
  if ("mistake" in read) throw usageFailure(`--report ${file} is refused: ${read.mistake}.`);
  return read.report;
}

export function checkDigest(text: string): string {
  if (!isDigest(text)) throw new InvalidArgumentError("Give sha256: and 64 hex digits.");
  return text;
}
