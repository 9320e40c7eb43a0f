/** What all commands share: their surroundings, their failures, and how they read input. */
import { readFileSync, writeFileSync } from "node:fs";
import { isatty } from "node:tty";
import { InvalidArgumentError, Option, type Command } from "commander";
import { ConfigError } from "../provider/errors";
import { exitCodes } from "../review/exit-code";
import { hasColours, painted, type Style } from "./colour";
import { printable } from "./printable";
import { statusLine } from "./progress";
import { readBytes, readFileBytes, standardInput } from "./read-bytes";

/** Everything that a command needs from its environment, so that a test can replace it. */
export interface CommandHost {
  /** `styles`: how each line looks at a terminal. A line without one has no colour. */
  readonly stdout: (text: string, styles?: readonly (Style | undefined)[]) => void;
  readonly stderr: (text: string, styles?: readonly (Style | undefined)[]) => void;
  /** True if standard output goes to a terminal. */
  readonly isTerminal?: boolean;
  /** Replaces the progress line at a terminal. Left out where no terminal shows it. */
  readonly status?: ((words: string) => void) | undefined;
  /** Reads standard input. `what`: what to ask a person at a terminal for. */
  readonly stdin: (what: string) => string;
  /** Reads standard input, at most `max` bytes. */
  readonly stdinBytes: (max: number, what: string) => Uint8Array;
  readonly env: NodeJS.ProcessEnv;
  /** Sets the exit code and lets the process end by itself, so that no output is cut. */
  readonly exit: (code: number) => void;
  /** Ends at once, for bad flags: there is no output left to write. */
  readonly abort: (code: number) => never;
}

function standardInputBytes(max: number, what: string): Uint8Array {
  if (isatty(standardInput)) process.stderr.write(`Waiting for ${what} on standard input; end it with Ctrl-D.\n`);
  return readBytes(standardInput, max);
}

function write(stream: NodeJS.WriteStream, text: string, styles: readonly (Style | undefined)[] = []): void {
  const safe = printable(text);
  stream.write(hasColours(stream, process.env) ? painted(safe, styles) : safe);
}

export const processHost: CommandHost = {
  stdout: (text, styles) => write(process.stdout, text, styles),
  stderr: (text, styles) => write(process.stderr, text, styles),
  isTerminal: process.stdout.isTTY,
  status: statusLine(process.stderr, process.env),
  stdin: (what) => Buffer.from(standardInputBytes(Number.MAX_SAFE_INTEGER, what)).toString("utf8"),
  stdinBytes: standardInputBytes,
  env: process.env,
  exit: (code) => {
    process.exitCode = code;
  },
  abort: (code) => process.exit(code),
};

/** A failure that the command itself reports, with the exit code that scripts branch on. */
export class CommandFailure extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}

export function usageFailure(message: string): CommandFailure {
  return new CommandFailure(exitCodes.usage, message);
}

/**
 * Sets the action of a command. The action returns an exit code, and bad flags exit with 2 instead of commander's 1.
 */
export function runs(
  command: Command,
  host: CommandHost,
  action: (options: never, operands: string[]) => Promise<number> | number,
): Command {
  return command
    .exitOverride((error) => {
      if (error.code === "commander.excessArguments") host.stderr(flagsInstead(command));
      // Help and version are not failures. The message is already printed.
      host.abort(error.exitCode === 0 ? exitCodes.fine : exitCodes.usage);
    })
    .action(async (...input: unknown[]) => {
      const operands = input.slice(0, -2).flat() as string[];
      try {
        // Commander checked the flags; each command declares their type in its action.
        host.exit(await action(input.at(-2) as never, operands));
      } catch (error) {
        const usage = error instanceof ConfigError || error instanceof InvalidArgumentError;
        const code = error instanceof CommandFailure ? error.exitCode : usage ? exitCodes.usage : exitCodes.internal;
        host.stderr(`apikeys ${command.name()}: ${error instanceof Error ? error.message : String(error)}\n`, ["red"]);
        host.exit(code);
      }
    });
}

/** The hint for `apikeys review preview.json`: the flag that was forgotten. */
function flagsInstead(command: Command): string {
  const flags = command.options.filter(({ required }) => required).map(({ flags: written }) => written);
  return flags.length === 0 ? "" : `Give its input with a flag: ${flags.slice(0, 3).join(", ")}.\n`;
}

/** `--json`, for commands that have several formats. */
export function jsonOption(): Option {
  return new Option("--json", "the same as --format json").implies({ format: "json" });
}

/** The input of each flag, in words for the prompt at a terminal. */
const wanted: Readonly<Record<string, string>> = {
  "--preview": "a preview (pulumi preview --json --show-sames)",
  "--state": "a state (pulumi stack export)",
  "--report": "a report (apikeys review --format json)",
  "--inventory": "an inventory (apikeys inventory --json)",
  "The part": "a part (apikeys review --part)",
};

/** The text of the file, or of standard input for `-`. */
export function readInput(path: string, host: CommandHost, what: string): string {
  return path === "-" ? host.stdin(wanted[what] ?? "the input") : readText(path, what);
}

/** The same as bytes, at most `max`. */
export function readInputBytes(path: string, host: CommandHost, max: number, what: string): Uint8Array {
  if (path === "-") return host.stdinBytes(max, wanted[what] ?? "the input");
  try {
    return readFileBytes(path, max);
  } catch (error) {
    throw usageFailure(`${what} ${path} cannot be read (${codeOf(error)}).`);
  }
}

/** Reads a file that a flag or an operand names. */
export function readText(path: string, what: string): string {
  try {
    // Two steps: in a single call, Node takes twice as long for a preview of several megabytes.
    return readFileSync(path).toString("utf8");
  } catch (error) {
    throw usageFailure(`${what} ${path} cannot be read (${codeOf(error)}).`);
  }
}

export function writeOutput(path: string, text: string, what: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw usageFailure(`${what} ${path} cannot be written (${codeOf(error)}).`);
  }
}

/** The code of a failure: `ENOENT`, or the exit code of a program. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "string" || typeof code === "number" ? String(code) : "unknown reason";
}
