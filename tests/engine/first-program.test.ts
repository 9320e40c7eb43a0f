import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, jest, test } from "@jest/globals";
import { story } from "./support/services";

jest.setTimeout(180_000);

const readme = readFileSync(resolve(__dirname, "../../README.md"), "utf8");
/** The README's first block of a language: what it is to be written into a file. */
const block = (language: string): string => new RegExp("```" + language + "\n([\\s\\S]*?)```").exec(readme)?.[1] ?? "";

describe("The README's first program", () => {
  test(
    "runs word for word, and is quiet: no warning and no unknown output, at the first update and after it",
    story(async ({ stack, services }) => {
      const { url } = services.services.pulsely;
      const project = block("yaml");
      expect(project).toContain("http://127.0.0.1:4010/pulsely/v1");
      stack.write("Pulumi.yaml", project.replace("http://127.0.0.1:4010/pulsely/v1", url));
      stack.write("package.json", JSON.stringify({ name: "keys", private: true, main: "index.ts" }));
      stack.write("index.ts", block("ts"));
      await stack.must("stack", "init", "dev");
      const first = ["preview"];
      for (const command of [
        first,
        ["up", "--yes", "--skip-preview"],
        ["preview", "--expect-no-changes"],
        ["up", "--yes", "--skip-preview"],
        ["refresh", "--yes"],
      ]) {
        const { text } = await stack.must(...command);
        expect(text).not.toMatch(/warning|will not show|undefined/i);
        // Before the first update nobody knows the secrets.
        if (command !== first) expect(text).not.toMatch(/\[unknown\]/);
      }
      expect(Object.keys(await stack.outputs()).sort()).toEqual(["current", "secret"]);
    }),
  );
});
