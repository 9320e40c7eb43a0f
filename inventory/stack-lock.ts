import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * True if no update of the stack `project/stack` is running; false if one is; undefined if the state's backend does not
 * tell. Only a backend in a folder shows its locks.
 */
export function isUnlocked(stack: string, env: NodeJS.ProcessEnv): boolean | undefined {
  const url = env.PULUMI_BACKEND_URL;
  if (url === undefined || !url.startsWith("file://")) return undefined;
  try {
    const locks = join(
      fileURLToPath(url.replace(/\?.*$/, "").replace("file://~", `file://${env.HOME ?? ""}`)),
      ".pulumi",
      "locks",
    );
    const folders = [
      join(locks, "organization", ...stack.split("/")),
      join(locks, "organization", stack.slice(stack.indexOf("/") + 1)),
    ];
    return !folders.some((folder) => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith(".json")));
  } catch {
    return undefined;
  }
}
