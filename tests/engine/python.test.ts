/** A Python program with the generated SDK, on the real engine. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { call, story } from "./support/services";

const repository = resolve(__dirname, "../..");
const program = readFileSync(join(repository, "examples", "python", "__main__.py"), "utf8");
const hasTools = ["go", "python3"].every((tool) => spawnSync(tool, ["--help"]).error === undefined);
/** Where a machine cannot have it the test is skipped in plain sight; in CI it fails. */
const testWithPython = hasTools || process.env.CI !== undefined ? test : test.skip;

describe("A program in Python", () => {
  testWithPython(
    "makes, changes and revokes keys like one in TypeScript, and refuses a name that is no input",
    story(async ({ stack, services, connections }) => {
      const { status, stdout, stderr } = spawnSync(join(repository, "scripts", "python-env"), { encoding: "utf8" });
      expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
      stack.env.PATH = `${stdout.trim()}:${stack.env.PATH ?? ""}`;
      const plugins = { providers: [{ name: "apikeys", path: join(repository, "dist", "plugin") }] };
      const config = { "apikeys:connections": { value: connections } };
      stack.write("Pulumi.yaml", JSON.stringify({ name: "engine-test", runtime: "python", plugins, config }));
      stack.write("__main__.py", program);
      await stack.up();
      const first = await stack.outputs();
      const { pulsely } = services.services;
      expect(await call(pulsely.url, "/checks", first.dashboardSecret!)).toBe(200);
      expect(await call(pulsely.url, "/metrics", first.exporterSecret!)).toBe(200);
      expect((await stack.up()).stdout).toMatch(/3 unchanged/);

      stack.write("__main__.py", program.replace('["read:checks"]', '["read:checks", "read:alerts"]'));
      const [step] = (await stack.preview()).filter(({ op }) => op === "replace");
      expect(step?.detailedDiff).toEqual({ 'scopes["read:alerts"]': { kind: "add-replace", inputDiff: true } });
      await stack.up();
      const second = await stack.outputs();
      expect(await call(pulsely.url, "/alerts", second.dashboardSecret!)).toBe(200);
      expect(await call(pulsely.url, "/checks", first.dashboardSecret!)).toBe(401);
      expect(second.exporterSecret).toBe(first.exporterSecret);

      stack.write("__main__.py", program.replace('["read:checks"]', '["read:cheks"]'));
      expect((await stack.failingUp()).text).toContain('has no scope "read:cheks"; did you mean "read:checks"?');
      stack.write("__main__.py", program);
    }),
    600_000,
  );
});
