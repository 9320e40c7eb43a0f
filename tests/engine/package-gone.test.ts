import { mkdirSync, readdirSync, realpathSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, jest, test } from "@jest/globals";
import { story } from "./support/services";

jest.setTimeout(120_000);

const modules = resolve(__dirname, "../../node_modules");

describe("A library of components in a workspace that isolates packages", () => {
  test(
    "whose program lacks this package is told what to install and where, before anything is made",
    story(async ({ stack, services }) => {
      const at = join(stack.project, "node_modules");
      renameSync(at, `${at}-before`);
      // As pnpm links it: the library sees this package, and the program sees the library.
      const library = join(stack.dir, "library");
      for (const folder of [at, join(library, "node_modules")]) mkdirSync(folder, { recursive: true });
      for (const name of readdirSync(modules).filter((each) => !each.startsWith("."))) {
        symlinkSync(join(modules, name), join(library, "node_modules", name));
        if (name !== "pulumi-apikeys") symlinkSync(join(modules, name), join(at, name));
      }
      stack.write("index.js", `require(${JSON.stringify(join(library, "keys.js"))});`);
      writeFileSync(
        join(library, "keys.js"),
        'const { ApiKey } = require("pulumi-apikeys"); new ApiKey("ci", { scopes: ["read:checks"] });',
      );
      const { text } = await stack.failingUp();
      expect(text).toContain(
        `the engine loads pulumi-apikeys from the folder of the Pulumi program, ${realpathSync(stack.project)}, and does not find it there`,
      );
      expect(text).toContain('run "npm install pulumi-apikeys" (or "pnpm add pulumi-apikeys") in that folder');
      expect(text).not.toMatch(/Cannot find module| at Object/);
      expect(await services.keys.list()).toEqual([]);

      symlinkSync(join(modules, "pulumi-apikeys"), join(at, "pulumi-apikeys"));
      await stack.up();
      expect((await services.keys.list()).filter(({ state }) => state === "active")).toHaveLength(1);
    }),
  );
});

describe("A commit that removes a key and the package with it", () => {
  test(
    "is told what to install and which key is alive, and the key is revoked once that is done",
    story(async ({ stack, services }) => {
      stack.program('const key = new ApiKey("ci", { scopes: ["read:checks"] }); exports.key = key.keyId;');
      await stack.up();
      const { key } = await stack.outputs();

      // The program's dependencies, all but this one.
      const at = join(stack.project, "node_modules");
      renameSync(at, `${at}-before`);
      mkdirSync(at);
      for (const name of readdirSync(modules).filter((each) => each !== "pulumi-apikeys" && !each.startsWith(".")))
        symlinkSync(join(modules, name), join(at, name));
      stack.write("index.js", "exports.nothing = 1;");
      const { text: told } = await stack.failingUp();
      expect(told).toContain(
        `Still alive: ${key}. Run: npm install pulumi-apikeys. Error: Cannot find module 'pulumi-apikeys/runtime'`,
      );
      expect(told).not.toMatch(/Require stack/);

      renameSync(at, `${at}-without`);
      renameSync(`${at}-before`, at);
      stack.write("index.js", "exports.nothing = 1;");
      // The stack that made the key is the one that deletes it: no word of a copy.
      expect((await stack.up()).text).not.toMatch(/seems to be a copy/);
      expect((await services.keys.list()).filter(({ state }) => state === "active")).toEqual([]);
    }),
  );
});
