// paused-traces.mjs FOLDER: the classes of a generated Node SDK register without stack traces, as those of sdk/ do.
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const [folder] = process.argv.slice(2);
const registration = /^ {8}(super\(\w+\.__pulumiType, .*\);)$/m;
let changed = 0;
for (const name of readdirSync(folder).filter((each) => each.endsWith(".ts"))) {
  const file = join(folder, name);
  const text = readFileSync(file, "utf8");
  if (!/ extends pulumi\.CustomResource \{/.test(text)) continue;
  if (!registration.test(text)) throw new Error(`${name}: the code generation registers in another way`);
  const paused = text
    .replace(
      registration,
      `        const traces = new PausedTraces();
        try {
            $1
        } catch (error) {
            throw traces.retaken(error, new.target);
        } finally {
            traces.resume();
        }`,
    )
    .replace(/^import \* as utilities .*$/m, (line) => `${line}\nimport { PausedTraces } from "./pausedTraces";`);
  writeFileSync(file, paused);
  changed += 1;
}
if (changed === 0) throw new Error(`no class of a resource in ${folder}`);
copyFileSync(join(import.meta.dirname, "../../sdk/paused-traces.ts"), join(folder, "pausedTraces.ts"));
const settings = join(folder, "tsconfig.json");
writeFileSync(
  settings,
  readFileSync(settings, "utf8").replace(/"index\.ts",\n/, (line) => `${line}        "pausedTraces.ts",\n`),
);
