/** Files that import each other run in an order that nobody reads: one of them sees the other before it has run. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { expect, test } from "@jest/globals";

const repository = join(__dirname, "../..");
const folders = ["cli", "inventory", "plugin", "policy", "provider", "review", "sdk"];

/** The files whose code an import runs; types run nothing. */
function importedBy(file: string): string[] {
  const text = readFileSync(join(repository, file), "utf8");
  const imports = [...text.matchAll(/^(?:import|export) ([^;"]*?)from "(\.[^"]+)";/gm)];
  return imports.flatMap(([, names = "", path = ""]) => {
    const braced = /^\{(.*)\}/s
      .exec(names)?.[1]
      ?.split(",")
      .map((name) => name.trim());
    const onlyTypes = names.startsWith("type ") || braced?.every((name) => name === "" || name.startsWith("type "));
    const target = normalize(join(file, "..", path));
    return onlyTypes === true
      ? []
      : [existsSync(join(repository, `${target}.ts`)) ? `${target}.ts` : `${target}/index.ts`];
  });
}

/** The first circle that is found from this file; empty if there is none. */
function circleFrom(file: string, path: readonly string[], clear: Set<string>): readonly string[] {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
  if (clear.has(file) || !existsSync(join(repository, file))) return [];
  for (const next of importedBy(file)) {
    const circle = circleFrom(next, [...path, file], clear);
    if (circle.length > 0) return circle;
  }
  clear.add(file);
  return [];
}

test("No file imports one that imports it", () => {
  const clear = new Set<string>();
  const files = folders.flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(folder, file)),
  );
  expect(files.length).toBeGreaterThan(200);
  expect(files.map((file) => circleFrom(file, [], clear)).filter((circle) => circle.length > 0)).toEqual([]);
});
