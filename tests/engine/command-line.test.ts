/** The command as a person or a pipe meets it. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";

const run = promisify(execFile);
const command = resolve(__dirname, "../../dist/cli/main.js");

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A shell's line, in which `apikeys` is the command. */
async function shell(line: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const script = `set -o pipefail; apikeys() { "${process.execPath}" "${command}" "$@"; }; ${line}`;
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...rest } = process.env;
  try {
    return { code: 0, ...(await run("bash", ["-c", script], { env: { ...rest, ...env } })) };
  } catch (error) {
    return error as Ended;
  }
}

describe("apikeys", () => {
  test("tells its version by -v too, and a slip in three lines", async () => {
    expect((await shell("apikeys -v")).stdout).toBe((await shell("apikeys --version")).stdout);
    for (const [line, words] of [
      ["apikeys due --whithin 7d", "Did you mean --within?"],
      ["apikeys revew", "Did you mean review?"],
    ] as const) {
      const { code, stderr } = await shell(line);
      expect([code, stderr.trim().split("\n").length <= 3]).toEqual([2, true]);
      expect(stderr).toContain(words);
    }
  });

  test("colours what a terminal shows, and nothing in a pipe unless it is forced to", async () => {
    const wrong = "apikeys due --state /nowhere";
    expect((await shell(wrong)).stderr).toBe("apikeys due: --state /nowhere cannot be read (ENOENT).\n");
    expect((await shell(wrong, { FORCE_COLOR: "1" })).stderr).toBe(
      "\u001b[31mapikeys due: --state /nowhere cannot be read (ENOENT).\u001b[39m\n",
    );
    expect((await shell(wrong, { FORCE_COLOR: "1", NO_COLOR: "1" })).stderr).not.toContain("\u001b");
    expect((await shell("apikeys --help", { FORCE_COLOR: "1" })).stdout).toContain("\u001b[1mUsage:\u001b[22m");
    expect((await shell("apikeys --help")).stdout).not.toContain("\u001b");
  });

  test("ends quietly when nobody reads on", async () => {
    expect(await shell("apikeys completion bash | head -c 1 && apikeys --help | head -c 1")).toMatchObject({
      stderr: "",
      stdout: "_U",
    });
  });

  test("prints JSON where data come out, by the same flag", async () => {
    const state = `'{"deployment":{"resources":[]}}'`;
    for (const [words, input] of [
      ["due --state -", state],
      ["inventory --state -", state],
      ["sweep --state -", state],
      ["review --allow-empty", `'{"steps":[],"changeSummary":{}}'`],
    ] as const) {
      const { stdout } = await shell(`echo ${input} | apikeys ${words} --json`);
      expect([words, typeof JSON.parse(stdout)]).toEqual([words, "object"]);
    }
  });
});
