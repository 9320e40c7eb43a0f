/** Reads the state of one stack. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Command } from "commander";
import { exitCodes } from "../review/exit-code";
import { codeOf, CommandFailure, type CommandHost, readInput, usageFailure } from "./command";

const run = promisify(execFile);

/** Where a command about a stack finds its state. */
export interface StateOptions {
  readonly state?: string;
  readonly stack?: string;
}

export function addStateOptions(command: Command): Command {
  return command
    .option("--stack <name>", "the stack to ask about (default: the selected one)")
    .option("--state <file>", "read the output of `pulumi stack export` from this file, or from standard input with -");
}

/**
 * The state of a stack, from a file, or (with `-`) from standard input. Secrets stay encrypted.
 *
 * @throws CommandFailure with exit code 2 for wrong input of the user, 10 if the stack's state is not available
 */
export async function readState({ state, stack }: StateOptions, host: CommandHost): Promise<unknown> {
  if (state !== undefined && stack !== undefined)
    throw usageFailure("--state and --stack name two places; give one of them.");
  const place = state === undefined ? "pulumi stack export" : state === "-" ? "standard input" : `--state ${state}`;
  const content = state === undefined ? await exportState(stack, host.env) : readInput(state, host, "--state");
  try {
    return JSON.parse(content) as unknown;
  } catch {
    throw usageFailure(`${place} gave no JSON; give the output of \`pulumi stack export\``);
  }
}

function exportState(stack: string | undefined, env: NodeJS.ProcessEnv): Promise<string> {
  const remedy = `${stack === undefined ? "Select a stack, name one with --stack" : "Check the name in --stack"}, or give the state with --state`;
  return runPulumi(
    ["stack", "export", "--non-interactive", ...(stack === undefined ? [] : ["--stack", stack])],
    env,
    remedy,
  );
}

/**
 * Runs the engine's command line and returns its output.
 *
 * @param remedy - what to do if it fails, without a full stop
 * @throws CommandFailure with exit code 10
 */
export async function runPulumi(args: readonly string[], env: NodeJS.ProcessEnv, remedy: string): Promise<string> {
  try {
    return (await run("pulumi", [...args], { maxBuffer: 1024 * 1024 * 1024, env })).stdout;
  } catch (error) {
    const command = `pulumi ${args.slice(0, 2).join(" ")}`;
    throw new CommandFailure(exitCodes.cannotBeTold, engineFailure(command, error, remedy));
  }
}

/** What went wrong, in the engine's words if it ran, and what to do. */
function engineFailure(command: string, error: unknown, remedy: string): string {
  const code = codeOf(error);
  if (code === "ENOENT") return "`pulumi` is not on PATH. Install it, or give the state with --state.";
  const { stderr } = error as { readonly stderr?: unknown };
  const words = typeof stderr === "string" ? stderr.trim().replace(/\s+/g, " ").slice(0, 500).replace(/\.$/, "") : "";
  const way = /no (?:Pulumi\.yaml )?project file/.test(words)
    ? "Run it in the folder of Pulumi.yaml, or give the state with --state"
    : remedy;
  return `\`${command}\` failed (exit code ${code})${words === "" ? "" : `: ${words}`}. ${way}.`;
}
