import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { nodeRefusal, oldestNode } from "../../../cli/node-version";

const cli = resolve(__dirname, "../../../cli");
const scratch = mkdtempSync(join(tmpdir(), "apikeys-node-"));
const commands = ["", "--help", "emulator", "due", "review", "lock", "verify", "comment", "merge"];

/** The command's first two files as they are shipped, and nothing else: whatever they load beyond that is missing. */
for (const name of ["main", "node-version"]) {
  const { outputText } = transpileModule(readFileSync(join(cli, `${name}.ts`), "utf8"), {
    compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2023 },
  });
  writeFileSync(join(scratch, `${name}.js`), outputText);
}
writeFileSync(
  join(scratch, "old.js"),
  'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });\ndelete Map.groupBy;\n',
);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("on a Node.js that is too old", () => {
  test.each(commands)("`apikeys %s` says so in one sentence, before it loads anything else", (command) => {
    const args = ["-r", join(scratch, "old.js"), join(scratch, "main.js"), ...(command === "" ? [] : [command])];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", input: "" });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: "",
      stderr: "apikeys needs Node.js 22 or newer; this is 20.20.2.\n",
    });
  });

  test.each([
    ["18.20.8", true],
    ["20.20.2", true],
    ["21.7.3", true],
    ["22.0.0", false],
    ["22.0.0-nightly", false],
    ["24.21.0", false],
    ["100.1.0", false],
  ])("%s is refused: %p", (version, refused) => {
    expect(nodeRefusal(version) !== undefined).toBe(refused);
  });

  test("the command and the package agree on the oldest release", () => {
    const manifest = JSON.parse(readFileSync(resolve(cli, "../package.json"), "utf8")) as { engines: { node: string } };
    expect(manifest.engines.node).toBe(`>=${oldestNode}`);
  });
});
