import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { codeOf, type CommandHost, readInput, usageFailure } from "./command";

const run = promisify(execFile);

/** The state of the selected stack, of a file, or (with `-`) of standard input. Secrets stay encrypted. */
export async function readState(source: string | undefined, host: CommandHost): Promise<unknown> {
  const place = source === undefined ? "pulumi stack export" : source === "-" ? "standard input" : `--state ${source}`;
  const content = source === undefined ? await exportState() : readInput(source, host, "--state");
  try {
    return JSON.parse(content) as unknown;
  } catch {
    throw usageFailure(`${place} gave no JSON; give the output of \`pulumi stack export\``);
  }
}

async function exportState(): Promise<string> {
  try {
    return (await run("pulumi", ["stack", "export", "--non-interactive"], { maxBuffer: 1024 * 1024 * 1024 })).stdout;
  } catch (error) {
    const words = (error as { stderr?: unknown }).stderr;
    throw new Error(
      `pulumi stack export failed (${codeOf(error)}): ${typeof words === "string" ? words.trim().slice(0, 500) : ""} Select a stack, or use --state.`,
      { cause: error },
    );
  }
}
