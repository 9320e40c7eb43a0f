import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { capabilityTable } from "../../provider/backends/capability-table";
import { type DocumentSource, evidenceTable } from "../../provider/backends/evidence-table";
import { vendors } from "../../provider/vendors";
import { checkPolicy } from "../../review/policy-schema";
import { rules } from "../../review/rules";

const repository = resolve(__dirname, "../..");
const read = (path: string) => readFileSync(join(repository, path), "utf8");
const backends = read("docs/backends.md");

describe("docs/backends.md", () => {
  test("shows what each backend can as the code declares it; `node scripts/readme-table.mjs` rewrites the table", () => {
    const shown = /<!-- backends -->\n([\s\S]*?)\n<!-- \/backends -->/.exec(backends)?.[1];
    expect(shown).toBe(capabilityTable(Object.values(vendors)));
  });

  test("says what each backend was checked against, and only what a test does", () => {
    const namesIn = (folder: string, ending: string) =>
      readdirSync(join(repository, folder)).flatMap((name) =>
        name.endsWith(ending) ? [name.slice(0, -ending.length)] : [],
      );
    const documents = JSON.parse(read("tests/vendors/documents.json")) as Record<string, DocumentSource>;
    const held = namesIn("tests/vendors", ".test.ts").filter((name) => name in vendors);
    expect(held.filter((name) => !(name in documents))).toEqual([]);
    const shown = /<!-- evidence -->\n([\s\S]*?)\n<!-- \/evidence -->/.exec(backends)?.[1];
    expect(shown).toBe(
      evidenceTable({
        vendors: Object.keys(vendors),
        onServers: new Set(namesIn("tests/servers", ".test.ts")),
        withPage: new Set(namesIn("docs/services", ".md")),
        onDocuments: new Map(Object.entries(documents).filter(([name]) => held.includes(name))),
      }),
    );
  });
});

const documents = [
  ".",
  "docs",
  "docs/reference",
  "docs/services",
  "emulator",
  "examples",
  ...readdirSync(join(repository, "examples"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `examples/${name}`),
]
  .flatMap((folder) => readdirSync(join(repository, folder)).map((name) => join(folder, name)))
  .filter((path) => path.endsWith(".md"));

test.each(documents)("%s links only to files that exist", (path) => {
  const targets = [...read(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = ""]) => target);
  const missing = targets.filter((target) => !existsSync(resolve(repository, dirname(path), target)));
  expect(missing).toEqual([]);
});

test("ARCHITECTURE.md names only files and folders that exist, and every folder of the code", () => {
  const text = read("ARCHITECTURE.md");
  const named = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\/?|[\w-]+\/)`/g)].map(([, path = ""]) => path);
  const paths = named.filter((path) => !path.includes("<") && !path.startsWith("pulumi-apikeys/"));
  expect(paths.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
  const folders = [
    "cli",
    "docs",
    "emulator",
    "examples",
    "policy",
    "provider",
    "review",
    "scripts",
    "sdk",
    "testing",
    "tests",
  ];
  expect(folders.filter((folder) => !named.some((path) => path.startsWith(`${folder}/`)))).toEqual([]);
});

describe("docs/review.md", () => {
  const text = read("docs/review.md");

  test("lists every rule with its level, and whether the policy pack has it", () => {
    const shown = /<!-- rules -->\n.*\n.*\n([\s\S]*?)<!-- \/rules -->/.exec(text)?.[1];
    const row = ({ id, level, title, needs }: (typeof rules)[number]) =>
      `| ${id} | ${level} | ${title} | ${needs === "new-state" ? "yes" : "no"} |\n`;
    expect(shown).toBe(rules.map(row).join(""));
  });

  test("shows a policy file that the command takes", () => {
    const policy: unknown = parse(/```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? "");
    expect(checkPolicy(policy)).toEqual({ document: policy });
  });
});

describe("The way of a create in ARCHITECTURE.md", () => {
  const section = /\n## A create, file by file\n([\s\S]*?)\n## /.exec(read("ARCHITECTURE.md"))?.[1] ?? "";
  const rows = [...section.matchAll(/^\| `([^`]+)` \| `(\w+)`: /gm)];
  const stations = rows.map(([, file = "", name = ""]) => ({ file, name }));
  const importsOf = (file: string) =>
    [...read(file).matchAll(/(?:from|import\(|require\() ?"(\.[^"]+)"/g)].map(
      ([, target = ""]) => `${join(dirname(file), target)}.ts`,
    );

  test("begins at the door of the engine, and comes to the network and back", () => {
    expect(stations.map(({ file }) => file)).toEqual(
      expect.arrayContaining([
        "provider/runtime.ts",
        "provider/http/network.ts",
        "provider/connections/guarded-client.ts",
      ]),
    );
    expect(stations[0]?.file).toBe("provider/runtime.ts");
  });

  test.each(stations)("has $name in $file", ({ file, name }) => {
    expect(read(file)).toMatch(new RegExp(`\\b${name}\\b`));
  });

  // A backend is imported by the list of all of them, and its client is given to the lifecycle.
  const known = ["provider/backends/index.ts"];

  test.each(stations.slice(1).map(({ file }, at) => ({ file, before: stations.slice(0, at + 1) })))(
    "comes to $file from a file before it",
    ({ file, before }) => {
      expect([...before.map((each) => each.file), ...known].flatMap(importsOf)).toContain(file);
    },
  );
});
