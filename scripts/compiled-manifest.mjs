// compiled-manifest.mjs FILE: makes the manifest of a generated Node SDK that of a compiled package: nothing to build at the install.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const [file] = process.argv.slice(2);
const { scripts: _build, dependencies, ...manifest } = JSON.parse(readFileSync(file, "utf8"));
const { typescript: _compiler, "@types/node": _types, ...needed } = dependencies;
const compiled = { ...manifest, types: "bin/index.d.ts", files: ["bin"], dependencies: needed };
writeFileSync(file, `${JSON.stringify(compiled, undefined, 2)}\n`);
