import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import type * as Yaml from "yaml";
import {
  isSameFile,
  lockFileNames,
  type ProjectEdit,
  type ProjectFile,
  projectEdits,
  projectFileNames,
} from "../review/project-edits";
import type { Places } from "./review-command";

/**
 * How the change edits what decides which code the engine runs, beside the checkout of the base branch.
 *
 * @param loadYaml - loads the parser, which most reviews do not need
 */
export async function readProjectEdits(
  baseRoot: string,
  { repoRoot, projectPath }: Places,
  loadYaml: () => Promise<Pick<typeof Yaml, "parseDocument">>,
): Promise<readonly ProjectEdit[]> {
  const [base, change] = [filesOf(baseRoot, projectPath), filesOf(repoRoot, projectPath)];
  if (isSame(base, change)) return [];
  return projectEdits(base, change, await loadYaml());
}

function filesOf(root: string, projectPath: string): ProjectFile[] {
  const inProject = [...projectFileNames, ...lockFileNames].map((name) =>
    projectPath ? `${projectPath}/${name}` : name,
  );
  // In a workspace the lockfile is in a folder above.
  const parents = projectPath.split("/").map((_folder, depth, folders) => folders.slice(0, depth).join("/"));
  const above = parents.flatMap((folder) => lockFileNames.map((name) => (folder ? `${folder}/${name}` : name)));
  const names = [...new Set([...inProject, ...above])];
  return names.flatMap((name) => readFile(resolve(root), name) ?? []);
}

/** The largest lockfile that is read. */
const maxBytes = 64 * 1024 * 1024;

function readFile(root: string, name: string): ProjectFile | undefined {
  const file = join(root, name);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found) return undefined;
  // A link leads elsewhere in another checkout.
  const isItself = found.isFile() && realpathSync(file) === join(realpathSync(root), name) && found.size <= maxBytes;
  return { name, text: isItself ? textOf(readFileSync(file)) : undefined };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function isSame(base: readonly ProjectFile[], change: readonly ProjectFile[]): boolean {
  return base.length === change.length && base.every((file, at) => isSameFile(file, change[at]));
}
