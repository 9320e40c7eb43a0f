import { type Command, InvalidArgumentError, Option } from "commander";
import { decisionTime } from "../provider/clock";
import { parseDuration } from "../provider/values/durations";
import { exitCodes, gravestExit } from "../review/exit-code";
import { type DueKey, dueReport } from "./due-report";
import { dueStyles, dueTable } from "./due-table";
import { type CommandHost, processHost, runs } from "./command";
import { addStateOptions, readState, type StateOptions } from "./stack-state";

interface DueOptions extends StateOptions {
  readonly within: number;
  readonly json: boolean;
}

/** `apikeys due`: lists the keys that rotate, expire or have expired. */
export function addDueCommand(program: Command, host: CommandHost = processHost): void {
  const command = addStateOptions(
    program
      .command("due")
      .description(
        "Lists which keys of a stack rotate, expire or have expired, and which are still to be revoked, from its state.",
      )
      .addOption(new Option("--within <duration>", "look ahead: 12h, 7d, 4w").argParser(parseSpan).default(0, "0d"))
      .option("--json", "print JSON", false),
  ).addHelpText("after", "\nExit codes: 0 nothing is due; 2 bad flags; 7 something is due; 10 cannot tell.");
  runs(command, host, async ({ within, json, ...source }: DueOptions) => {
    const nowMs = decisionTime(host.env);
    const keys = dueReport(await readState(source, host), nowMs, within);
    if (json) host.stdout(`${JSON.stringify({ keys }, null, 2)}\n`);
    else host.stdout(dueTable(keys, nowMs, within), dueStyles(keys));
    return exitCodeOf(keys);
  });
}

function exitCodeOf(keys: readonly DueKey[]): number {
  return gravestExit([
    keys.some(({ due }) => due.length > 0) ? exitCodes.somethingDue : exitCodes.fine,
    keys.some(({ problem }) => problem !== undefined) ? exitCodes.cannotBeTold : exitCodes.fine,
  ]);
}

function parseSpan(text: string): number {
  const ms = parseDuration(text);
  if (typeof ms !== "number")
    throw new InvalidArgumentError("Write a whole number and a unit: 30s, 15m, 24h, 7d or 12w.");
  return ms;
}
