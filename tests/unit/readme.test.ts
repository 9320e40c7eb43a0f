import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { builtInBackends } from "../../provider/backends";
import { capabilityTable } from "../../provider/backends/capability-table";

const readme = readFileSync(join(__dirname, "../../README.md"), "utf8");

describe("The README", () => {
  test("shows what each backend can as the code declares it; `node scripts/readme-table.mjs` rewrites the table", () => {
    const shown = /<!-- backends -->\n([\s\S]*?)\n<!-- \/backends -->/.exec(readme)?.[1];
    expect(shown).toBe(capabilityTable(Object.values(builtInBackends).map((load) => load())));
  });

  test("names only files that exist", () => {
    const paths = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path!);
    for (const path of paths) expect(() => readFileSync(join(__dirname, "../..", path))).not.toThrow(/ENOENT/);
  });
});
