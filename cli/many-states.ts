/** Reads the states of several stacks. */
import type { Command } from "commander";
import { type RecordedStack, readRecordedStack } from "../inventory/recorded";
import { exitCodes } from "../review/exit-code";
import { CommandFailure, type CommandHost, usageFailure } from "./command";
import { readState, runPulumi, type StateOptions } from "./stack-state";

/** Where a command about several stacks finds their states. */
export interface StatesOptions {
  readonly stack?: readonly string[];
  readonly state?: readonly string[];
  readonly allStacks: boolean;
}

export function addStatesOptions(command: Command): Command {
  return command
    .option("--stack <name...>", "the stacks to ask about (default: the selected one)")
    .option(
      "--state <file...>",
      "read outputs of `pulumi stack export` from these files, one of them perhaps - for standard input",
    )
    .option("--all-stacks", "every stack of the backend that you are logged in to", false);
}

/** A state as it was exported, and what it records. */
export interface ExportedStack {
  readonly exported: unknown;
  readonly recorded: RecordedStack;
}

/** Reads the states that the user named, each time from their source. */
export async function readStates(options: StatesOptions, host: CommandHost): Promise<RecordedStack[]> {
  return (await readExports(options, host)).map(({ recorded }) => recorded);
}

/** The same, each with the export that it came from. */
export async function readExports(options: StatesOptions, host: CommandHost): Promise<ExportedStack[]> {
  const ways = [options.stack, options.state, options.allStacks || undefined].filter((way) => way !== undefined);
  if (ways.length > 1) throw usageFailure("--stack, --state and --all-stacks are three ways to name states; use one.");
  const stacks = await stacksOf(options, host);
  const sources: readonly StateOptions[] =
    options.state?.map((state) => ({ state })) ?? (stacks.length > 0 ? stacks.map((stack) => ({ stack })) : [{}]);
  const states: ExportedStack[] = [];
  for (const source of sources) {
    const exported = await readState(source, host);
    const recorded = readRecordedStack(exported);
    if (!recorded)
      throw usageFailure(
        `${source.state ?? source.stack ?? "The state"} is not the output of \`pulumi stack export\`.`,
      );
    states.push({ exported, recorded });
  }
  return states;
}

async function stacksOf({ stack, allStacks }: StatesOptions, host: CommandHost): Promise<readonly string[]> {
  if (!allStacks) return stack ?? [];
  const listed = JSON.parse(
    await runPulumi(
      ["stack", "ls", "--non-interactive", "--json", "--all"],
      host.env,
      "Log in with `pulumi login`, or name the states with --state",
    ),
  ) as { readonly name?: unknown }[];
  const names = listed.map(({ name }) => name).filter((name) => typeof name === "string");
  if (names.length === 0) throw new CommandFailure(exitCodes.cannotBeTold, "the backend has no stack");
  return names;
}
