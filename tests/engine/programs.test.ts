import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { call, openBench } from "./support/services";

const run = promisify(execFile);
const page = readFileSync(resolve(__dirname, "../../docs/programs.md"), "utf8");

test("The page on programs, word for word: a component in a stack of its own by the Automation API, twice, and its end", async () => {
  const { services, stack, connections } = await openBench();
  try {
    const files = [...page.matchAll(/```js\n\/\/ ([\w.-]+)\n(.*?)```/gs)];
    expect(files.map(([, name]) => name)).toEqual(["team-keys.js", "rotate-all.js"]);
    for (const [, name = "", text = ""] of files) stack.write(name, text);
    stack.env.TEAM_KEYS_CONNECTIONS = JSON.stringify({ default: connections.default });
    const automated = (file: string, env = {}) =>
      run(process.execPath, [file], { cwd: stack.project, env: { ...stack.env, ...env } });

    expect((await automated("rotate-all.js")).stdout).toMatch(/^the next rotation: 20\d\d-.*, secret: true\n$/);
    const [first] = (await services.keys.list()).filter(({ name }) => name.startsWith("web-exporter-"));
    // Another night changes nothing, and the night on which it is due makes another key.
    await automated("rotate-all.js");
    expect((await services.keys.list()).filter(({ name }) => name.startsWith("web-")).length).toBe(2);
    const later = new Date(Date.now() + 91 * 86_400_000).toISOString();
    await automated("rotate-all.js", { APIKEYS_NOW: later, APIKEYS_NOW_WRITES: "1" });
    const exporters = (await services.keys.list()).filter(({ name }) => name.startsWith("web-exporter-"));
    expect(exporters.map(({ state }) => state)).toEqual(["active", "active"]);
    expect(exporters.map(({ id }) => id)).toContain(first?.id);

    const inline = readFileSync(join(stack.project, "rotate-all.js"), "utf8");
    stack.write("destroy.js", inline.replace(/const \{ outputs \}.*?console\.log.*?;/s, "await stack.destroy();"));
    await automated("destroy.js");
    const alive = (await services.keys.list()).filter(
      ({ state, name }) => state === "active" && name.startsWith("web-"),
    );
    expect(alive).toEqual([]);
    expect(await call(services.services.pulsely.url, "/checks", "no key")).toBe(401);
  } finally {
    stack.discard();
    await services.close();
  }
}, 180_000);
