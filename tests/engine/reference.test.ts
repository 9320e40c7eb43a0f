import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "@jest/globals";

const repository = resolve(__dirname, "../..");

// Here, and not among the unit tests, because it reads dist/ and takes a compiler's time.
test("the reference in docs/ is what the sources and the commands say today; `node scripts/reference.mjs` writes it", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(repository, "scripts", "reference.mjs"), "--check"], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const read = (name: string) => readFileSync(join(repository, "docs", "reference", name), "utf8");
  for (const title of ["### ApiKey", "### RotatingApiKey", "### ServiceAccount"])
    expect(read("sdk.md")).toContain(title);
  for (const command of ["review", "verify", "due", "emulator"])
    expect(read("cli.md")).toContain(`## apikeys ${command}\n`);
}, 180_000);

test("the plugin's schema is what the sources say today; `node scripts/schema.mjs` writes it", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(repository, "scripts", "schema.mjs"), "--check"], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}, 60_000);
