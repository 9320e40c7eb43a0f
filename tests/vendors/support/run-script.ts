import { spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a script of this project to its end. `text`: all that it has printed. */
export async function runScript(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: unknown; readonly text: string }> {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  for (const output of [child.stdout, child.stderr]) output.on("data", (data: Buffer) => said.push(data.toString()));
  const [code] = (await once(child, "close")) as [unknown];
  return { code, text: said.join("") };
}
