import { type Command, InvalidArgumentError, Option } from "commander";
import { decisionTime } from "../provider/clock";
import { parseDuration } from "../provider/durations";
import { dueReport, dueTable } from "./due-report";
import { readState } from "./stack-state";

/** `apikeys due`: what rotates when. Exit code 0 = nothing is due, 7 = something is. */
export function addDueCommand(program: Command): void {
  program
    .command("due")
    .description(
      "Tells what rotates when, from the state of the selected stack. Exit code 0: nothing is due; 7: something is.",
    )
    .addOption(new Option("--within <duration>", "look ahead: 12h, 7d, 4w").argParser(parseSpan).default(0, "0d"))
    .option("--json", "print JSON", false)
    .option("--state <file>", "read the output of `pulumi stack export` from this file, or from standard input with -")
    .action(async (options: { within: number; json: boolean; state?: string }) => {
      const keys = dueReport(await readState(options.state), decisionTime(), options.within);
      process.stdout.write(options.json ? `${JSON.stringify({ keys }, null, 2)}\n` : dueTable(keys));
      if (keys.some(({ reason }) => reason !== undefined)) process.exitCode = 7;
    });
}

function parseSpan(text: string): number {
  const ms = parseDuration(text);
  if (typeof ms !== "number")
    throw new InvalidArgumentError("Write a whole number and a unit: 30s, 15m, 24h, 7d or 12w.");
  return ms;
}
