// Compiles to dist/ from scratch, so that a deleted source file leaves nothing behind in the package.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
for (const file of ["review/policy-file.schema.json"]) if (existsSync(file)) cpSync(file, `dist/${file}`);
chmodSync("dist/cli/main.js", 0o755);
