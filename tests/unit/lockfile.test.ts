import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";

const repository = resolve(__dirname, "../..");
const script = join(repository, "scripts", "complete-lockfile.mjs");

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

interface Lock {
  readonly packages: Readonly<Record<string, Entry>>;
}

const text = readFileSync(join(repository, "package-lock.json"), "utf8");
const lock = JSON.parse(text) as Lock;
const served = Object.entries(lock.packages).filter(([path, { link }]) => path.includes("node_modules/") && !link);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "apikeys-lockfile-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function complete(contents: Lock, ...flags: readonly string[]) {
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(contents, null, 2));
  const { status, stderr } = spawnSync(process.execPath, [script, ...flags], { cwd: folder, encoding: "utf8" });
  const written = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as Lock;
  return { status, stderr, written };
}

function git(...words: readonly string[]): void {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
  execFileSync("git", [...identity, ...words], { cwd: folder, stdio: "ignore" });
}

test.each([
  ["site", 100],
  ["tests/servers/support/kubernetes", 20],
])("the lockfile in %s keeps the same rules", (place, atLeast) => {
  const other = JSON.parse(readFileSync(join(repository, place, "package-lock.json"), "utf8")) as Lock;
  expect(Object.keys(other.packages).length).toBeGreaterThan(atLeast);
  expect(complete(other, "--check")).toMatchObject({ status: 0, stderr: "" });
});

test("npm ci verifies every package: each one in the lockfile has a SHA-512", () => {
  expect(served.length).toBeGreaterThan(500);
  const unverified = served.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ""));
  expect(unverified.map(([path]) => path)).toEqual([]);
});

test("any registry serves the lockfile: it names no host", () => {
  expect(served.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  // Addresses of funding pages are the packages' own words.
  const withoutFunding = JSON.stringify(lock, (name, value: unknown) => (name === "funding" ? undefined : value));
  expect(withoutFunding).not.toMatch(/https?:\/\//);
});

test("the script's check passes on what is committed, and names what is missing", () => {
  expect(complete(lock, "--check")).toMatchObject({ status: 0, stderr: "" });
  const zod = lock.packages["node_modules/zod"]!;
  const { integrity: _, ...bare } = zod;
  const hosted = { ...bare, resolved: "https://registry.example.com/zod.tgz" };
  const { status, stderr } = complete({ packages: { "node_modules/zod": hosted } }, "--check");
  expect(status).toBe(1);
  expect(stderr).toContain(`cannot verify them: zod@${zod.version}`);
  expect(stderr).toContain("names a registry's host for 1 packages");
});

test("the script puts back the hashes that npm dropped, from what git has of the same version, and removes hosts", () => {
  const zod = lock.packages["node_modules/zod"]!;
  git("init", "--quiet");
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages: { "node_modules/zod": zod } }));
  git("add", ".");
  git("commit", "--quiet", "--message", "A lockfile");
  const { integrity: _, ...bare } = zod;
  const hosted = { ...bare, resolved: "https://registry.example.com/zod.tgz" };
  const { status, written } = complete({ packages: { "node_modules/zod": hosted } });
  expect(status).toBe(0);
  expect(written.packages["node_modules/zod"]).toEqual(zod);
});
