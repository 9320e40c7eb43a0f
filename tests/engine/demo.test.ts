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
  expect(stdout).toMatch(/new key: GET \/events → 200 {4}old key: GET \/cameras → 401/);
  expect(stdout).toMatch(/living keys of ours: 0\n\nDone\.\n$/);
  expect(readdirSync(home)).toEqual([]);
  expect(readdirSync(tmp)).toEqual([]);
  const places = readFileSync(notes, "utf8").trimEnd().split("\n");
  expect(places.filter((place) => !place.startsWith(`${tmp}/`))).toEqual([]);
}, 180_000);
