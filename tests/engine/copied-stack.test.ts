import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, jest, test } from "@jest/globals";
import { story } from "./support/services";

jest.setTimeout(240_000);

/** The engine prints a warning as it comes and once more below "Diagnostics:". */
const timesIn = (text: string, words: string): number =>
  text.slice(text.indexOf("Diagnostics:")).split(words).length - 1;

describe("A stack under another name", () => {
  test(
    "names the stack whose keys it ends when a copy is destroyed, which then makes new ones; says so once when it was renamed; and names the renamed stack when a copy of that is destroyed",
    story(async ({ stack, services }) => {
      stack.program(`
        const ci = new ApiKey("ci", { scopes: ["read:checks"] });
        const turning = new RotatingApiKey("turning", { scopes: ["read:metrics"], rotateEvery: "30d" });
        exports.ci = ci.secret; exports.turning = turning.secret;`);
      await stack.up();
      await stack.outputs();

      // Copied, and destroyed before it ever ran under its own name.
      const copyOf = async (name: string) => {
        const original = (await stack.must("stack", "export")).stdout;
        writeFileSync(join(stack.dir, "copy.json"), original.replaceAll(`urn:pulumi:${name}::`, "urn:pulumi:copy::"));
        await stack.must("stack", "init", "copy");
        await stack.must("stack", "import", "--file", join(stack.dir, "copy.json"));
      };
      const deletes = (name: string) => `this deletes what the stack organization/engine-test/${name} has in its state`;
      await copyOf("dev");
      const preview = await stack.must("preview");
      expect(timesIn(preview.text, "were made by the stack organization/engine-test/dev")).toBe(1);
      const destroyed = await stack.must("destroy", "--yes", "--skip-preview");
      expect(timesIn(destroyed.text, deletes("dev"))).toBe(1);

      // The original sees it at its next refresh, and makes new keys.
      await stack.must("stack", "rm", "copy", "--yes");
      await stack.must("stack", "select", "dev");
      expect((await stack.refresh()).text).toMatch(/~status/);
      await stack.up();
      await stack.outputs();
      expect((await services.keys.list()).filter(({ state }) => state === "active")).toHaveLength(2);

      await stack.must("stack", "rename", "prod");
      const made = "were made by the stack organization/engine-test/dev";
      const renamed = await stack.up();
      expect(timesIn(renamed.text, made)).toBe(1);
      expect(renamed.text).toMatch(/2 updated/);
      const again = await stack.up();
      expect(again.text).not.toContain(made);
      expect(again.text).toMatch(/3 unchanged/);
      expect((await services.keys.list()).filter(({ state }) => state === "active")).toHaveLength(2);

      // A copy of the renamed stack ends the keys of that stack, whatever it was called when it made them.
      await copyOf("prod");
      expect(timesIn((await stack.up()).text, "were made by the stack organization/engine-test/prod")).toBe(1);
      const ended = await stack.must("destroy", "--yes", "--skip-preview");
      expect(timesIn(ended.text, deletes("prod"))).toBe(1);
      await stack.must("stack", "rm", "copy", "--yes");
      await stack.must("stack", "select", "prod");
    }),
  );
});
