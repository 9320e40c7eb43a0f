/** From which level on the engine itself prints what is encrypted in its state: measured, because the README names it. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { storyOn } from "./support/services";
import type { Face } from "./support/stack";

const named = ["README.md", "docs/secrets.md"].map((page) => {
  const [, level] = /[Ff]rom `-v=(\d+)` on/.exec(readFileSync(resolve(__dirname, "../..", page), "utf8")) ?? [];
  return Number(level);
});

describe.each<Face>(["dynamic", "plugin"])("The engine's logs of %s resources", (face) => {
  test(
    "hold keys from the level that the documentation names, none below it, and never an admin token",
    storyOn(face, async ({ stack, services }) => {
      const [level = NaN, ...others] = named;
      expect(others).toEqual([level]);
      const program = (release: string) =>
        stack.program(
          `exports.secret = new ApiKey("export", { scopes: ["read:checks"], keepers: { release: "${release}" } }).secret;`,
        );
      const logged = async (verbosity: number) => {
        const { code, text } = await stack.aside("up", "--yes", "--skip-preview", `-v=${verbosity}`, "--logtostderr");
        expect(code).toBe(0);
        // There is a log, whichever form it has.
        expect(text).toMatch(/"level":"INFO"|^I\d{4} /m);
        const { secret } = await stack.outputs();
        const { adminToken } = services.services.pulsely;
        return { key: text.includes(secret ?? "none"), adminToken: text.includes(adminToken) };
      };
      program("1");
      expect(await logged(level - 1)).toEqual({ key: false, adminToken: false });
      program("2");
      expect(await logged(level)).toEqual({ key: true, adminToken: false });
    }),
    120_000,
  );
});
