import { type Command, InvalidArgumentError, Option } from "commander";
import { decisionTime } from "../provider/clock";
import { parseDuration } from "../provider/durations";
import { dueReport, dueTable } from "./due-report";
import { type CommandHost, processHost, runs } from "./command";
import { readState } from "./stack-state";

interface DueOptions {
  readonly within: number;
  readonly json: boolean;
  readonly state?: string;
}

const somethingIsDue = 7;

/** `apikeys due`: what rotates when. Exit code 0 = nothing is due, 7 = something is. */
export function addDueCommand(program: Command, host: CommandHost = processHost): void {
  const command = program
    .command("due")
    .description(
      "Tells what rotates when, from the state of the selected stack. Exit code 0: nothing is due; 7: something is.",
    )
    .addOption(new Option("--within <duration>", "look ahead: 12h, 7d, 4w").argParser(parseSpan).default(0, "0d"))
    .option("--json", "print JSON", false)
    .option("--state <file>", "read the output of `pulumi stack export` from this file, or from standard input with -");
  runs(command, host, async (options: DueOptions) => {
    const keys = dueReport(await readState(options.state, host), decisionTime(host.env), options.within);
    host.stdout(options.json ? `${JSON.stringify({ keys }, null, 2)}\n` : dueTable(keys));
    return keys.some(({ reason }) => reason !== undefined) ? somethingIsDue : 0;
  });
}

function parseSpan(text: string): number {
  const ms = parseDuration(text);
  if (typeof ms !== "number")
    throw new InvalidArgumentError("Write a whole number and a unit: 30s, 15m, 24h, 7d or 12w.");
  return ms;
}
