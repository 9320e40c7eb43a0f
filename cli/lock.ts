import { existsSync } from "node:fs";
import type { Command } from "commander";
import { exitCodes } from "../review/exit-code";
import { plainMessage } from "../review/inert";
import { lockText } from "../review/lock";
import { lockDifferences } from "../review/lock-differences";
import { lockPreview } from "../review/review-preview";
import { lockHelp } from "../review/wording";
import { processHost, readText, runs, usageFailure, writeOutput, type CommandHost } from "./command";
import { addPlaceOptions, loadPolicy, placesOf, readPreviewInput, type PlaceOptions } from "./review-command";

interface LockOptions extends PlaceOptions {
  readonly write: boolean;
  readonly check: boolean;
  readonly allowEmpty: boolean;
  readonly json: boolean;
}

/** `apikeys lock`: writes or checks the declared access of a stack as a committed file. */
export function addLockCommand(program: Command, host: CommandHost = processHost): void {
  const command = program
    .command("lock")
    .description(
      "Writes the declared access of a stack (accounts, scopes, owners, expiry, connections; no ids, no secrets) to a file to commit, or checks that file against a preview.",
    )
    .argument("[file]", "the lock file", "access.lock.json")
    .option("--write", "write the file", false)
    .option("--check", "compare, and exit with 11 if it is out of date", false)
    .option("--allow-empty", "a stack without our resources is fine", false)
    .option("--json", "print the answer as JSON", false);
  addPlaceOptions(command);
  runs(command, host, (options: LockOptions, [file]) => lock(options, file ?? "access.lock.json", host));
}

async function lock(options: LockOptions, file: string, host: CommandHost): Promise<number> {
  if (options.write === options.check) throw usageFailure("Give one of --write and --check.");
  const places = placesOf(options);
  const { policy } = await loadPolicy(options, places);
  const { lock: current, problems } = lockPreview({
    preview: readPreviewInput(options, host),
    policy,
    projectPath: places.projectPath,
    allowEmpty: options.allowEmpty,
  });
  if (problems.length > 0) {
    answer(host, options, { file, state: "not reviewable", differences: problems.map(plainMessage) });
    return exitCodes.notReviewable;
  }
  if (options.write) {
    writeOutput(file, lockText(current), "The lock file");
    answer(host, options, { file, state: "written", differences: [] });
    return exitCodes.fine;
  }
  const differences = lockDifferences(existsSync(file) ? readText(file, "The lock file") : "", current);
  answer(host, options, {
    file,
    state: differences.length === 0 ? "up to date" : "out of date",
    differences: differences.map(plainMessage),
  });
  return differences.length === 0 ? exitCodes.fine : exitCodes.outdated;
}

function answer(
  host: CommandHost,
  options: LockOptions,
  result: { file: string; state: string; differences: string[] },
): void {
  if (options.json) host.stdout(`${JSON.stringify(result)}\n`);
  else {
    const help = result.state === "out of date" ? ` (${plainMessage(lockHelp)})` : "";
    host.stdout(
      [`${result.file}: ${result.state}${help}`, ...result.differences.map((difference) => `  ${difference}`), ""].join(
        "\n",
      ),
    );
  }
}
