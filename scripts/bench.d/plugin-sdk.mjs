// The plugin's Node SDK, as users install it: made once for a run of the bench, and only if a program uses it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

let folder;

/** The folder of the package. */
export function pluginSdk() {
  if (folder) return join(folder, "package");
  folder = mkdtempSync(join(tmpdir(), "apikeys-bench-sdk-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const sdks = join(folder, "sdks");
  execFileSync("scripts/packages", [sdks], { stdio: ["ignore", "ignore", "inherit"] });
  const packed = readdirSync(sdks).find((name) => name.endsWith(".tgz"));
  execFileSync("tar", ["-xzf", join(sdks, packed), "-C", folder]);
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  return join(folder, "package");
}
