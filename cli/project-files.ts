import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import type * as Yaml from "yaml";
import { isSameFile, type ProjectEdit, type ProjectFile } from "../review/file-parts";
import { installFileNames } from "../review/install-edits";
import { lockFileNames, projectEdits, projectFileNames } from "../review/project-edits";
import { isStackFile } from "../review/stack-file-edits";
import type { Places } from "./review-command";

/**
 * Compares the files that decide which code the engine runs with those of the base branch's checkout.
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
  const inProject = [...projectFileNames, ...ofPackages].map((name) => posix.join(projectPath, name));
  // In a workspace the lockfile is in a folder above.
  const parents = projectPath.split("/").map((_folder, depth, folders) => folders.slice(0, depth).join("/"));
  const above = parents.flatMap((folder) => ofPackages.map((name) => posix.join(folder, name)));
  const names = [...new Set([...inProject, ...stackFilesOf(root, projectPath), ...above])];
  return names.flatMap((name) => readFile(resolve(root), name) ?? []);
}

const ofPackages = [...installFileNames, ...lockFileNames];

/** The stacks' own files: beside the project file, or in the folder that it names. */
function stackFilesOf(root: string, projectPath: string): string[] {
  const projects = projectFileNames.map((name) => readFile(resolve(root), posix.join(projectPath, name))?.text ?? "");
  const named = [...projects.join("\n").matchAll(/(?:stackConfigDir|config)["']?\s*:\s*["']?([\w./-]+)/gi)];
  const folders = ["", ...named.map(([, folder = ""]) => folder)].map((folder) => posix.join(projectPath, folder));
  return folders
    .filter((folder) => !folder.startsWith("..") && existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder))
        .filter(isStackFile)
        .map((name) => posix.join(folder, name)),
    );
}

/** The largest lockfile that is read. */
const maxBytes = 64 * 1024 * 1024;

function readFile(root: string, name: string): ProjectFile | undefined {
  const file = join(root, name);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found) return undefined;
  // A symbolic link may point elsewhere in the other checkout.
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
