// Compiles to dist/ from scratch, so that a deleted source file leaves nothing behind in the package.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, rmSync, symlinkSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);
cpSync("review/schema.json", "dist/review/schema.json");
chmodSync("dist/cli/main.js", 0o755);
// npm links a command only where its file exists, and on a fresh clone it is built after the packages are installed.
mkdirSync("node_modules/.bin", { recursive: true });
rmSync("node_modules/.bin/apikeys", { force: true });
symlinkSync("../../dist/cli/main.js", "node_modules/.bin/apikeys");
