import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "@jest/globals";

const run = promisify(execFile);
const command = resolve(__dirname, "../../dist/cli/main.js");
const scratch = mkdtempSync(join(tmpdir(), "apikeys-completion-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** In CI all shells are there; elsewhere one that the machine lacks is skipped in plain sight. */
const testIn = (shell: string) => (process.env.CI || isThere(shell) ? test : test.skip);

function isThere(shell: string): boolean {
  try {
    execFileSync(shell, ["-c", "exit 0"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function scriptFor(shell: string): Promise<string> {
  const { stdout } = await run(process.execPath, [command, "completion", shell]);
  const file = join(scratch, shell);
  writeFileSync(file, stdout);
  return file;
}

/** What is offered for the last of the words. */
const asked: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["rev"], ["review"]],
  [["--ver"], ["--version"]],
  [["approved", "--js"], ["--json"]],
  [
    ["review", "--fail-on", ""],
    ["block", "warn", "never"],
  ],
  [["due", "--with"], ["--within"]],
  [["completion", "z"], ["zsh"]],
];

describe("A shell that has read the script of apikeys completion", () => {
  testIn("bash")("bash: offers commands, flags and values", async () => {
    const script = await scriptFor("bash");
    for (const [words, offered] of asked) {
      const line = `source "$0"; COMP_WORDS=(apikeys "$@"); COMP_CWORD=$#; _apikeys; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await run("bash", ["-c", line, script, ...words]);
      expect(stdout.trim().split("\n").sort()).toEqual([...offered].sort());
    }
  });

  testIn("fish")("fish: offers commands, flags and values", async () => {
    const script = await scriptFor("fish");
    for (const [words, offered] of asked) {
      const { stdout } = await run("fish", ["-c", `source ${script}; complete -C "apikeys ${words.join(" ")}"`]);
      const names = stdout
        .trim()
        .split("\n")
        .map((line) => line.split("\t")[0]);
      expect(names.sort()).toEqual([...offered].sort());
    }
  });

  testIn("zsh")("zsh: offers commands, flags and values", async () => {
    const script = await scriptFor("zsh");
    // The functions that show completions are asked what they were given.
    const told = `_describe() { print -rl -- "\${(@P)2%%:*}" }; _arguments() { print -rl -- "$@" }; compdef() { : }`;
    for (const [words, offered] of asked) {
      const line = `${told}; source "$1"; shift; words=(apikeys "$@"); CURRENT=$#words; _apikeys`;
      const { stdout } = await run("zsh", ["-f", "-c", line, "zsh", script, ...words]);
      for (const word of offered) expect(stdout).toContain(word);
    }
  });

  test("a shell that nobody names is asked for by the names that there are", async () => {
    await expect(run(process.execPath, [command, "completion"])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("missing required argument 'bash|zsh|fish'"),
    });
  });

  test("another shell is refused by the name of those that there are", async () => {
    await expect(run(process.execPath, [command, "completion", "powershell"])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Allowed choices are bash, zsh, fish."),
    });
  });
});

test("A flag with a slip is answered in three lines", async () => {
  await expect(run(process.execPath, [command, "due", "--witin", "3d"])).rejects.toMatchObject({
    code: 2,
    stderr: "error: unknown option '--witin'\n(Did you mean --within?)\nAdd --help to see every flag.\n",
  });
});

test("A reader that has seen enough ends the command without a stack trace", async () => {
  const { stderr, stdout } = await run("bash", [
    "-c",
    `set -o pipefail; "$0" "$1" --help | true; echo "\${PIPESTATUS[0]}"; for i in 1 2 3; do "$0" "$1" completion fish | head -1 >/dev/null; done`,
    process.execPath,
    command,
  ]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^\d+\n$/);
});
