/** The command as a person or a pipe meets it. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "@jest/globals";

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

const scratch = mkdtempSync(join(tmpdir(), "apikeys-command-line-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The same line as a person at a terminal sees it: both streams, with its line ends. `script` is a part of every Linux. */
async function terminal(line: string, typed: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, ...rest } = process.env;
  const script = `apikeys() { "${process.execPath}" "${command}" "$@"; }; ${line}`;
  const running = run("script", ["-qec", `bash -c '${script.replaceAll("'", "'\\''")}'`, "/dev/null"], {
    env: { ...rest, TERM: "xterm", ...env },
  });
  running.child.stdin?.end(typed);
  return (await running.catch((error: unknown) => error as Ended)).stdout.replaceAll("\r\n", "\n");
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

  test.each([
    ["due --state -", `{"deployment":{"resources":[]}}\n`, "a state (pulumi stack export)"],
    ["review", `{"steps":[],"changeSummary":{}}\n`, "a preview (pulumi preview --json --show-sames)"],
    [`verify --digest sha256:${"0".repeat(64)} --report -`, "{}\n", "a report (apikeys review --format json)"],
    [`identify --state ${join(scratch, "state.json")}`, "nothing\n", "the secrets to look for, one per line,"],
  ])("says at a terminal what %s waits for, and nothing in a pipe", async (words, typed, what) => {
    writeFileSync(join(scratch, "state.json"), `{"deployment":{"resources":[]}}`);
    const told = `Waiting for ${what} on standard input; end it with Ctrl-D.`;
    expect(await terminal(`apikeys ${words}`, typed)).toContain(`\n${told}\n`);
    expect((await shell(`echo '${typed.trim()}' | apikeys ${words}`)).stderr).not.toContain("Waiting");
  });

  test("says at a terminal how far it is, in a line that is gone at the end, and nothing in a pipe", async () => {
    writeFileSync(join(scratch, "empty.json"), `{"deployment":{"resources":[]}}`);
    const line = `eval "$(apikeys emulator --port 0 --env)"
export APIKEYS_CONNECTIONS="{\\"default\\":{\\"backend\\":\\"pulsely\\",\\"url\\":\\"$APIKEYS_EMULATOR_URL/pulsely/v1\\",\\"tokenEnv\\":\\"PULSELY_ADMIN_TOKEN\\"}}"
apikeys inventory --connection default --state ${join(scratch, "empty.json")}; kill $APIKEYS_EMULATOR_PID`;
    expect(await terminal(line, "")).toBe(
      `\r\u001b[Kconnection "default": accounts and keys\r\u001b[KNo keys and no accounts.\n`,
    );
    expect(await shell(line)).toMatchObject({ stdout: "No keys and no accounts.\n", stderr: "" });
    const { stderr } = await shell(line.replace("PULSELY_ADMIN_TOKEN", "NOT_SET"));
    expect(stderr).toMatch(/^apikeys inventory: connection "default" could not be read: .*NOT_SET/);
    expect(stderr.split('connection "default"')).toHaveLength(2);
  });

  test("paints the text of a review at a terminal, and neither in a pipe nor in a file", async () => {
    const preview = resolve(__dirname, "../fixtures/preview/07-list-becomes-wildcard/preview.json");
    const file = join(scratch, "review.txt");
    const line = `apikeys review --preview ${preview} --format text --out text=${file}`;
    const shown = await terminal(line, "");
    expect(shown).toMatch(/^\u001b\[31mBlocked: .*\u001b\[39m\n/);
    expect(shown).toMatch(/\n\u001b\[1mAccess:\u001b\[22m\n/);
    expect(await terminal(line, "", { NO_COLOR: "1" })).not.toContain("\u001b");
    const { stdout } = await shell(line);
    expect(stdout).toBe(readFileSync(file, "utf8"));
    expect(stdout).not.toContain("\u001b");
    expect((await shell(line, { FORCE_COLOR: "1" })).stdout).toContain("\u001b[31mBlocked");
    expect(readFileSync(file, "utf8")).toBe(stdout);
  });

  test("has --stack and --json where the page of flags says so", async () => {
    const page = readFileSync(resolve(__dirname, "../../docs/exit-codes.md"), "utf8");
    const rows = [...page.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| (.+) \| (yes|no: .+) \|$/gm)];
    const told = rows.flatMap(([, names = "", stack = "", json = ""]) =>
      names.split(", ").map((name) => [name.slice(1, -1), !stack.startsWith("no: "), json === "yes"] as const),
    );
    const { stdout } = await shell("apikeys --help");
    const commands = [...stdout.matchAll(/^ {2}([a-z-]+) /gm)]
      .map(([, name = ""]) => name)
      .filter((name) => name !== "help");
    expect(told.map(([name]) => name).sort()).toEqual(commands.sort());
    for (const [name, stack, json] of told) {
      const { stdout: help } = await shell(`apikeys ${name} --help`);
      expect([name, / --stack <name/.test(help), / --json /.test(help)]).toEqual([name, stack, json]);
      expect((await shell(`apikeys ${name} -v`)).stdout).toBe((await shell("apikeys -v")).stdout);
    }
  });
});
