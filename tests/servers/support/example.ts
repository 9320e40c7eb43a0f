import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "@jest/globals";
import { pulumiCommands } from "../../engine/support/example-readme";
import { TestStack } from "../../engine/support/stack";

export const examplesDir = resolve(__dirname, "../../../examples");
const timeoutMs = 240_000;

/** What a README tells its readers to look at. */
const notRun = new Set(["stack output"]);

/** A test that needs the engine. scripts/test puts it on PATH; by hand, `. scripts/env && need_engine` does. */
export const testWithEngine: (title: string, run: () => Promise<void>) => void =
  spawnSync("pulumi", ["version"]).status === 0
    ? (title, run) => test(title, run, timeoutMs)
    : (title) => test.skip(`${title} (skipped: pulumi is not on PATH)`, () => undefined);

/**
 * Runs the `pulumi` commands of an example's README word for word, against a server of the test's own.
 *
 * @param afterUps - what holds after each `pulumi up`, by its outputs
 */
export async function runReadme(
  name: string,
  settings: { readonly connections: object; readonly env: Readonly<Record<string, string>> },
  afterUps: readonly ((outputs: Readonly<Record<string, string>>, stack: TestStack) => Promise<void>)[],
): Promise<void> {
  const commands = pulumiCommands(readFileSync(join(examplesDir, name, "README.md"), "utf8"));
  const ups = commands.filter(({ args }) => args[0] === "up").length;
  if (ups !== afterUps.length)
    throw new Error(`the README of ${name} has ${ups} updates, and the test knows ${afterUps.length}`);
  const stack = TestStack.ofExample(name, settings);
  try {
    let up = 0;
    for (const { args } of commands) {
      if (args[0] === "destroy") break;
      if (notRun.has(args[0] ?? "") || notRun.has(args.slice(0, 2).join(" "))) continue;
      await stack.must(...args, ...(args[0] === "up" ? ["--yes", "--skip-preview"] : []));
      if (args[0] === "up") await afterUps[up++]?.(await stack.outputs(), stack);
    }
    await stack.close();
  } finally {
    stack.discard();
  }
}
