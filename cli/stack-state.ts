import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The state of the selected stack, of a file, or (with `-`) of standard input. Secrets stay encrypted. */
export async function readState(source: string | undefined): Promise<unknown> {
  const place = source === undefined ? "pulumi stack export" : source === "-" ? "standard input" : source;
  const content = await readContent(source);
  try {
    return JSON.parse(content) as unknown;
  } catch {
    throw new Error(`${place} gave no JSON; give the output of \`pulumi stack export\``);
  }
}

async function readContent(source: string | undefined): Promise<string> {
  if (source === "-") return text(process.stdin);
  if (source !== undefined) {
    return readFile(source, "utf8").catch((error: unknown) => {
      throw new Error(`the file ${source} cannot be read (${codeOf(error)})`, { cause: error });
    });
  }
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

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" || typeof code === "number" ? String(code) : "unknown reason";
}
