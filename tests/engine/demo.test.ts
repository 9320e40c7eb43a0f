import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "@jest/globals";

const repository = resolve(__dirname, "../..");
const dir = mkdtempSync(join(tmpdir(), "apikeys-demo-test-"));

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Goes before `pulumi` on PATH, and notes where the engine is told to put its files. */
function spyOnPulumi(notes: string): string {
  const folder = join(dir, "spy");
  mkdirSync(folder);
  const spy = join(folder, "pulumi");
  writeFileSync(
    spy,
    `#!/bin/sh\nprintf '%s\\n' "$HOME" "$TMPDIR" >> '${notes}'\nPATH='${process.env.PATH ?? ""}' exec pulumi "$@"\n`,
  );
  chmodSync(spy, 0o755);
  return folder;
}

test("The demo tells its story to the end, and leaves nothing in the user's home or temporary directory", async () => {
  const [home, tmp, notes] = [join(dir, "home"), join(dir, "tmp"), join(dir, "notes")];
  for (const folder of [home, tmp]) mkdirSync(folder);
  const { stdout } = await promisify(execFile)(process.execPath, [join("scripts", "demo.mjs")], {
    cwd: repository,
    env: { PATH: [spyOnPulumi(notes), process.env.PATH].join(delimiter), HOME: home, TMPDIR: tmp },
  });
  for (const told of [
    /block SR001 rotating key "exporter"[^]*✔ exit code 5/,
    /gains "events:read"[^]*✔ exit code 0/,
    / POST .*\/keys\n.* POST .*\/revoke\n *✔ the new key reads events: 200\n *✔ the old key is refused: 401/,
    /due: age 31 d of 30 d[^]*✔ the consumer was answered 200 all \d+ times/,
    /a key of ours[^]*✔ the leaked key is refused: 401\n *✔ its successor works: 200/,
    /✔ 5 keys were made, and 0 of them live\n\nDone in \d+ s/,
  ])
    expect(stdout).toMatch(told);
  expect(stdout).not.toMatch(/\u001b|⟨U\+/);
  expect(readdirSync(home)).toEqual([]);
  expect(readdirSync(tmp)).toEqual([]);
  const places = readFileSync(notes, "utf8").trimEnd().split("\n");
  expect(places.filter((place) => !place.startsWith(`${tmp}/`))).toEqual([]);
}, 180_000);

test("The demo has colours on a terminal, and when somebody asks for them", async () => {
  const say = `import(${JSON.stringify(join(repository, "scripts/demo.d/terminal.mjs"))}).then((t) => t.chapter("One"))`;
  const said = async (env: NodeJS.ProcessEnv) =>
    (await promisify(execFile)(process.execPath, ["-e", say], { env: { PATH: process.env.PATH, ...env } })).stdout;
  expect(await said({})).toBe("\n1. One\n");
  expect(await said({ FORCE_COLOR: "1" })).toContain("\u001b[1mOne\u001b[0m");
  expect(await said({ FORCE_COLOR: "1", NO_COLOR: "1" })).toBe("\n1. One\n");
});
