import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { exitCodes } from "../../review/exit-code";

const repository = resolve(__dirname, "../..");
const read = (path: string) => readFileSync(join(repository, path), "utf8");

test("docs/reference/messages.md lists what the product says today; `node scripts/messages.mjs` writes it", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(repository, "scripts", "messages.mjs"), "--check"], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}, 30_000);

test("docs/exit-codes.md has every code, and each with the commands whose help names it", () => {
  const rows = new Map(
    [...read("docs/exit-codes.md").matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, row = ""]) => [
      Number(code),
      row,
    ]),
  );
  expect([...rows.keys()].sort((a, b) => a - b)).toEqual([...new Set(Object.values(exitCodes))].sort((a, b) => a - b));
  const missing = [
    ...read("docs/reference/cli.md").matchAll(/^## apikeys ([\w-]+)\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm),
  ].flatMap(([, command = "", help = ""]) => {
    const [, told = ""] = /Exit codes[^:]*:([\s\S]*?)```/.exec(help) ?? [];
    const codes = [...told.matchAll(/(?:^|[;.:]|\n)\s*(\d+) /g)].map(([, code]) => Number(code));
    return codes.flatMap((code) => {
      const row = rows.get(code) ?? "";
      return row.includes("every command") || row.includes(`\`${command}`) ? [] : [`${command} ${code}`];
    });
  });
  expect(missing).toEqual([]);
});
