// Compiles to dist/ from scratch, so that a deleted source file leaves nothing in the package.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);
cpSync("review/schema.json", "dist/review/schema.json");
chmodSync("dist/cli/main.js", 0o755);
cpSync("plugin/schema.json", "dist/plugin/schema.json");
cpSync("plugin/bin", "dist/plugin", { recursive: true });
removeInternalTypes();
// npm links a command only if its file exists, and a fresh clone is built after the packages are installed.
mkdirSync("node_modules/.bin", { recursive: true });
for (const [name, file] of Object.entries(JSON.parse(readFileSync("package.json", "utf8")).bin)) {
  rmSync(join("node_modules/.bin", name), { force: true });
  symlinkSync(join("../..", file), join("node_modules/.bin", name));
}

/** Keeps only the declarations that the entries of `exports` lead to: editors read no others. */
function removeInternalTypes() {
  const { exports: entries } = JSON.parse(readFileSync("package.json", "utf8"));
  const wanted = Object.values(entries).flatMap(({ types }) => (types ? [join(types)] : []));
  for (const file of wanted)
    for (const [, target] of readFileSync(file, "utf8").matchAll(/(?:from |import\()"(\.[^"]*)"/g)) {
      const found = declarationOf(join(dirname(file), target));
      if (!wanted.includes(found)) wanted.push(found);
    }
  for (const entry of readdirSync("dist", { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (file.endsWith(".d.ts") && !wanted.includes(file)) rmSync(file);
  }
}

function declarationOf(path) {
  const candidates = [`${path.replace(/\.js$/, "")}.d.ts`, join(path, "index.d.ts")];
  for (const file of candidates) {
    try {
      readFileSync(file);
      return file;
    } catch {
      // the other form
    }
  }
  throw new Error(`${path} is imported by a public declaration, and there is no ${candidates.join(" or ")}.`);
}
