import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "@jest/globals";

const run = promisify(execFile);
const repository = resolve(__dirname, "../..");
const program = join(repository, "dist", "cli", "main.js");

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe("`apikeys new-backend`", () => {
  const folder = mkdtempSync(join(tmpdir(), "apikeys-new-backend-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(repository, join(folder, "node_modules", "pulumi-apikeys"));
  afterAll(() => rmSync(folder, { recursive: true }));

  const node = (...args: readonly string[]): Promise<Answer> =>
    run(process.execPath, args, { cwd: folder }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: unknown) => error as Answer,
    );
  const newBackend = (...args: readonly string[]) => node(program, "new-backend", ...args);

  test("writes a backend that type-checks and passes its own test, a second one beside it as well", async () => {
    for (const name of ["parking-lots", "yard"]) {
      const { code, stdout, stderr } = await newBackend(name);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(`node --test ${join("backends", `${name}.test.mjs`)}`);
      expect(stdout).toContain(`catalogues: { ${name}: `);
      expect(readFileSync(join(folder, "backends", `${name}.js`), "utf8")).not.toMatch(/acme/i);
    }
    expect(readdirSync(join(folder, "backends")).sort()).toEqual([
      "jsconfig.json",
      "parking-lots.js",
      "parking-lots.stub.mjs",
      "parking-lots.test.mjs",
      "yard.js",
      "yard.stub.mjs",
      "yard.test.mjs",
    ]);
    const types = await node(
      join(repository, "node_modules", "typescript", "bin", "tsc"),
      "-p",
      "backends/jsconfig.json",
    );
    expect([types.code, types.stdout]).toEqual([0, ""]);
    const proof = await node("--test", "--test-reporter=tap", "backends/parking-lots.test.mjs");
    expect(proof.stdout).toMatch(/^# fail 0$/m);
    expect(proof.stdout).toMatch(/^# skipped 0$/m);
    expect(proof.stdout).toMatch(/^# pass [2-9]\d$/m);
    expect(proof.code).toBe(0);
  }, 120_000);

  test("a fault in it fails its test", async () => {
    expect((await newBackend("faulty", "--dir", "other")).code).toBe(0);
    const file = join(folder, "other", "faulty.js");
    const working = readFileSync(file, "utf8");
    writeFileSync(
      file,
      working.replace('return absent ? "absent" : "revoked";', 'return absent ? "absent" : "absent";'),
    );
    const proof = await node("--test", "--test-reporter=tap", "other/faulty.test.mjs");
    expect(proof.code).not.toBe(0);
  }, 120_000);

  test("writes over nothing", async () => {
    expect((await newBackend("mine", "--dir", "taken")).code).toBe(0);
    const before = readFileSync(join(folder, "taken", "mine.js"), "utf8");
    const { code, stderr } = await newBackend("mine", "--dir", "taken");
    expect([code, stderr]).toEqual([2, expect.stringMatching(/mine\.js exists already, and nothing was written/)]);
    expect(readFileSync(join(folder, "taken", "mine.js"), "utf8")).toBe(before);
  });

  test.each([
    ["Acme Corp", /1 to 40 small letters/],
    ["../evil", /1 to 40 small letters/],
    ["pulsely", /"pulsely" is a built-in backend/],
  ])("refuses the name %s", async (name, words) => {
    const { code, stderr } = await newBackend(name, "--dir", "refused");
    expect([code, stderr]).toEqual([2, expect.stringMatching(words)]);
    expect(readdirSync(folder)).not.toContain("refused");
  });
});
