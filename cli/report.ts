import { type Command, InvalidArgumentError, Option } from "commander";
import { reportPage } from "../inventory/report-page";
import { readInventory } from "../inventory/read-inventory";
import { concernsOf, type ReportedStack, type ReportInput } from "../inventory/reported-facts";
import { decisionTime } from "../provider/clock";
import { dayMs, parseDuration } from "../provider/values/durations";
import { exitCodes, gravestExit } from "../review/exit-code";
import { type CommandHost, processHost, readInput, runs, usageFailure, writeOutput } from "./command";
import { dueReport } from "./due-report";
import { addStatesOptions, type ExportedStack, readExports, type StatesOptions } from "./many-states";

interface ReportOptions extends StatesOptions {
  readonly html: string;
  readonly inventory?: string;
  readonly maxAge: number;
  readonly within: number;
}

/** `apikeys report`: shows the states on one page for people. */
export function addReportCommand(program: Command, host: CommandHost = processHost): void {
  const command = addStatesOptions(
    program
      .command("report")
      .description(
        "Writes one self-contained HTML page: who may do what, a calendar of rotations and expiries, ages against a limit, what is unknown or stale. It contains no secret and no fingerprint.",
      )
      .requiredOption("--html <file>", "write the page here, or to standard output with -")
      .option(
        "--inventory <file>",
        "add what `apikeys inventory --format json` printed: keys that no state names, last uses",
      )
      .addOption(
        new Option("--max-age <duration>", "how old a key may become").argParser(parseSpan).default(90 * dayMs, "90d"),
      )
      .addOption(
        new Option("--within <duration>", "how far the calendar looks ahead")
          .argParser(parseSpan)
          .default(180 * dayMs, "180d"),
      ),
  ).addHelpText(
    "after",
    "\nExit codes, once the page is written: 0 nothing needs attention; 7 something does; 10 something on it is unknown. 2 bad flags.",
  );
  runs(command, host, async (options: ReportOptions) => {
    if (options.inventory === "-" && options.state?.includes("-"))
      throw usageFailure("Standard input can be the state or the inventory, not both.");
    const nowMs = decisionTime(host.env);
    const exported = await readExports(options, host);
    const input: ReportInput = {
      stacks: exported.map((each) => reported(each, nowMs)),
      ...(options.inventory === undefined ? {} : { inventory: inventoryOf(options.inventory, host) }),
      nowMs,
      maxAgeMs: options.maxAge,
      aheadMs: options.within,
    };
    const page = reportPage(input);
    if (options.html === "-") host.stdout(page);
    else writeOutput(options.html, page, "--html");
    return exitCodeOf(input);
  });
}

function reported({ exported, recorded }: ExportedStack, nowMs: number): ReportedStack {
  const { deployment } = exported as { readonly deployment?: { readonly manifest?: { readonly time?: unknown } } };
  const writtenAt = deployment?.manifest?.time;
  return {
    recorded,
    waiting: dueReport(exported, nowMs, 0),
    ...(typeof writtenAt === "string" ? { writtenAt } : {}),
  };
}

function inventoryOf(file: string, host: CommandHost): NonNullable<ReportInput["inventory"]> {
  const inventory = readInventory(readInput(file, host, "--inventory"));
  if (!inventory) throw usageFailure(`--inventory ${file} is not the output of \`apikeys inventory --format json\`.`);
  return inventory;
}

function exitCodeOf(input: ReportInput): number {
  return gravestExit(
    concernsOf(input).map(({ kind }) => (kind === "cannot be told" ? exitCodes.cannotBeTold : exitCodes.somethingDue)),
  );
}

function parseSpan(text: string): number {
  const ms = parseDuration(text);
  if (typeof ms !== "number" || ms === 0)
    throw new InvalidArgumentError("Write a whole number above 0 and a unit: 24h, 90d or 12w.");
  return ms;
}
