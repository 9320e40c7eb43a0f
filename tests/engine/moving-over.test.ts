import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { call, story } from "./support/services";

const page = readFileSync(resolve(__dirname, "../../docs/moving-over.md"), "utf8");
const [, json = ""] = /```json\n(.*?)```/s.exec(page) ?? [];
const [, program = ""] = /```js\n\/\/ index\.js\n(.*?)```/s.exec(page) ?? [];

interface Legacy {
  keyId: string;
  readonly scopes: readonly string[];
  moved: boolean;
}

test(
  "The page on moving over, word for word: nothing is touched, a moved key has a successor with a secret, and the old one works on",
  story(async ({ stack, services }) => {
    const { pulsely } = services.services;
    const legacy = JSON.parse(json) as Record<string, Legacy>;
    const secrets: Record<string, string> = {};
    for (const [name, known] of Object.entries(legacy)) {
      const headers = { authorization: `Bearer ${pulsely.adminToken}`, "content-type": "application/json" };
      const body = JSON.stringify({ name: `by hand ${name}`, scopes: known.scopes });
      const made = (await (await fetch(`${pulsely.url}/api-keys`, { method: "POST", headers, body })).json()) as {
        id: string;
        key: string;
      };
      [known.keyId, secrets[name]] = [made.id, made.key];
      stack.guard(made.key);
    }
    const write = (moved: boolean) => {
      legacy["status-page"]!.moved = moved;
      stack.write("legacy.json", JSON.stringify(legacy));
    };
    const writes = async () => (await services.requests("pulsely")).filter(({ method }) => method !== "GET").length;
    write(false);
    stack.write("index.js", program);
    const before = await writes();
    await stack.up();
    expect((await stack.must("up", "--yes", "--skip-preview")).text).toMatch(/3 unchanged/);
    expect(await writes()).toBe(before);

    write(true);
    await stack.up();
    const { "status-page": successor, "nightly-export": unmoved } = await stack.outputs();
    expect(unmoved).toBeUndefined();
    expect(await call(pulsely.url, "/checks", successor!)).toBe(200);
    expect(await call(pulsely.url, "/checks", secrets["status-page"]!)).toBe(200);

    // Without adopt and moved: nothing.
    stack.write("index.js", program.replace(/ *adopt: .*\n/, "").replace(/ *\.\.\.\(moved.*\n/, ""));
    expect((await stack.must("up", "--yes", "--skip-preview")).text).toMatch(/3 unchanged/);
  }),
  240_000,
);
