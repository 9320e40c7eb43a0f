/** Reads, from two checkouts, the files that decide which code the engine runs. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, type Stats } from "node:fs";
import { join, posix, resolve } from "node:path";
import type * as Yaml from "yaml";
import { isSameFile, type ProjectEdit, type ProjectFile } from "../review/file-parts";
import { installFileNames } from "../review/install-edits";
import type { Level } from "../review/levels";
import { namedFiles, type NamedFile } from "../review/named-files";
import { lockFileNames, projectEdits, projectFileNames, stackFolders } from "../review/project-edits";
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
  const roots = [resolve(baseRoot), resolve(repoRoot)] as const;
  const yaml = await loadYaml();
  const folders = [...new Set(roots.flatMap((root) => stackFoldersOf(root, projectPath, { yaml, other: roots[0] })))];
  // An installation of the base branch's tools may have more of them; only those of the change count.
  const copies = nestedCopies(roots[1], projectPath, roots[0]);
  const [base, change] = roots.map((root) => filesOf(root, projectPath, { folders, copies })) as [
    ProjectFile[],
    ProjectFile[],
  ];
  // One checkout may name a file that only the other one has.
  const named = namedFiles([...base, ...change], yaml);
  const before = [...base, ...filesNamed(named, roots[0], projectPath, base)];
  const after = [...change, ...filesNamed(named, roots[1], projectPath, change)];
  return isSame(before, after) ? [] : projectEdits(before, after, yaml);
}

function filesOf(
  root: string,
  projectPath: string,
  { folders, copies }: { readonly folders: readonly string[]; readonly copies: readonly string[] },
): ProjectFile[] {
  const around = foldersAround(projectPath);
  const names = [
    ...projectFileNames.map((name) => posix.join(projectPath, name)),
    ...folders.flatMap((folder) => stackFilesIn(root, folder)),
    // In a workspace the lockfile is in a folder above.
    ...around.flatMap((folder) => [...installFileNames, ...lockFileNames].map((name) => posix.join(folder, name))),
  ];
  const whole = (level: Level, wanted: readonly string[]) =>
    wanted.flatMap((name) => readWhole(root, name, level) ?? []);
  return [
    ...[...new Set(names)].flatMap((name) => readFile(root, name) ?? []),
    ...around.flatMap((folder) => [
      ...codeFolders.flatMap((name) => whole("block", filesBelow(root, posix.join(folder, name)))),
      ...whole(
        "warn",
        shellFiles.map((name) => posix.join(folder, name)),
      ),
    ]),
    ...whole("block", copies),
    ...whole("warn", [...workflowFolders.flatMap((folder) => filesBelow(root, folder)), ".gitlab-ci.yml"]).filter(
      deploys,
    ),
  ];
}

/** Folders of code that an installation applies or runs, although no package contains it. */
const codeFolders = ["patches", ".yarn/patches", ".yarn/plugins", ".yarn/releases"];
/** Files that give variables and programs to people's shells, and to jobs that ask for it. */
const shellFiles = [".envrc", "mise.toml", ".mise.toml", ".tool-versions"];
const workflowFolders = [".github/workflows", ".github/actions"];

/** The packages whose copy in the repository would decide what the engine runs for a key. */
const copied = ["pulumi-apikeys", "@pulumi/pulumi"];
/** How deep, and in how many folders, to search: a repository may be large. */
const [mostDeep, mostFolders] = [8, 5_000];

/** The files of such copies below the project, where no installation puts any. */
function nestedCopies(root: string, projectPath: string, other: string): string[] {
  const found: string[] = [];
  const left = [{ folder: projectPath, depth: 0 }];
  for (let seen = 0; seen < mostFolders; seen += 1) {
    const next = left.shift();
    if (!next) break;
    for (const entry of entriesOf(root, next.folder)) {
      const inner = posix.join(next.folder, entry.name);
      if (!entry.isDirectory() || entry.name === ".git" || join(root, inner) === other) continue;
      if (entry.name !== "node_modules") {
        if (next.depth < mostDeep) left.push({ folder: inner, depth: next.depth + 1 });
      } else if (next.depth > 0) {
        found.push(...copied.map((name) => posix.join(inner, name)));
      }
    }
  }
  const around = foldersAround(projectPath);
  return found.filter((copy) => !isInstalled(root, copy, around)).flatMap((copy) => filesBelow(root, copy));
}

/** True for a copy that an installation of a workspace has made: npm lists it in its lockfile, pnpm links to a folder above. */
function isInstalled(root: string, copy: string, around: readonly string[]): boolean {
  if (!existsSync(join(root, copy))) return true;
  const real = realpathSync(join(root, copy));
  return around.some((folder) => {
    if (real.startsWith(`${join(realpathSync(root), folder, "node_modules")}/`)) return true;
    const lock = readFile(root, posix.join(folder, "package-lock.json"))?.text;
    return lock?.includes(JSON.stringify(posix.relative(folder, copy))) === true;
  });
}

/** True for a workflow that mentions one of the two, or that cannot be read: most workflows do not deploy. */
function deploys({ text }: ProjectFile): boolean {
  return text === undefined || /pulumi|apikeys/i.test(text);
}

/** `apps/infra` and the folders above it: `""` and `apps`. */
function foldersAround(projectPath: string): string[] {
  const above = projectPath.split("/").map((_folder, depth, all) => all.slice(0, depth).join("/"));
  return [...new Set([projectPath, ...above])];
}

/** The folders of a stack's own file: that of the project file, or the one that the project file names. */
function stackFoldersOf(
  root: string,
  projectPath: string,
  { yaml, other }: { readonly yaml: Pick<typeof Yaml, "parseDocument">; readonly other: string },
): string[] {
  const projects = projectFileNames.flatMap((name) => readFile(root, posix.join(projectPath, name)) ?? []);
  const named = stackFolders(projects, yaml);
  // If the name cannot be read, it may be any folder.
  if (named === undefined) return [...new Set([projectPath, ...allFolders(root, "", other)])];
  return ["", ...named].map((folder) => posix.join(projectPath, folder)).filter(isInside);
}

function isInside(path: string): boolean {
  return path !== ".." && !path.startsWith("../");
}

/** Without `other`: the base branch's checkout may be a folder of the change's. */
function allFolders(root: string, folder: string, other: string): string[] {
  return entriesOf(root, folder)
    .filter((entry) => entry.isDirectory() && entry.name !== ".git" && entry.name !== "node_modules")
    .map(({ name }) => posix.join(folder, name))
    .filter((inner) => join(root, inner) !== other)
    .flatMap((inner) => [inner, ...allFolders(root, inner, other)]);
}

function stackFilesIn(root: string, folder: string): string[] {
  return entriesOf(root, folder).flatMap(({ name }) => (isStackFile(name) ? [posix.join(folder, name)] : []));
}

function filesBelow(root: string, folder: string): string[] {
  return entriesOf(root, folder).flatMap((entry) => {
    const name = posix.join(folder, entry.name);
    if (entry.name === "node_modules" || entry.name === ".git") return [];
    return entry.isDirectory() ? filesBelow(root, name) : [name];
  });
}

function entriesOf(root: string, folder: string) {
  const path = join(root, folder);
  return existsSync(path) && lstatSync(realpathSync(path)).isDirectory()
    ? readdirSync(path, { withFileTypes: true })
    : [];
}

/** The files that other files name, without the known ones. The lockfile covers packages' folders. */
function filesNamed(
  named: readonly NamedFile[],
  root: string,
  projectPath: string,
  known: readonly ProjectFile[],
): ProjectFile[] {
  const levels = new Map<string, Level>();
  for (const { path, from, by, level, isFolder } of named) {
    const name = posix.join(from === "project" ? projectPath : posix.dirname(by), path);
    const isAbove = name === "." || projectPath === name || projectPath.startsWith(`${name}/`);
    if (!isInside(name) || isAbove || name.split("/").includes("node_modules")) continue;
    for (const file of [name, ...(isFolder ? filesBelow(root, name) : [])])
      if (levels.get(file) !== "block") levels.set(file, level);
  }
  const names = new Set(known.map((file) => file.name));
  return [...levels].flatMap(([name, level]) => (names.has(name) ? [] : (readWhole(root, name, level) ?? [])));
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

/** Reads a file of any kind. The target of a symbolic link counts as part of the content. */
function readWhole(root: string, name: string, level: Level): ProjectFile | undefined {
  const file = join(root, name);
  const found = whatIsAt(file);
  if (!found || found.isDirectory()) return undefined;
  const link = found.isSymbolicLink() ? `link to ${readlinkSync(file)}: ` : "";
  const target = link === "" ? found : existsSync(file) ? lstatSync(realpathSync(file)) : undefined;
  if (target?.isFile() !== true) return { name, text: link === "" ? undefined : link, level };
  if (target.size > maxBytes) return { name, text: undefined, level };
  const bytes = readFileSync(file);
  return { name, text: link + (textOf(bytes) ?? createHash("sha256").update(bytes).digest("hex")), level };
}

/** The file's facts; undefined also if the name is no path at all. */
function whatIsAt(file: string): Stats | undefined {
  try {
    return lstatSync(file);
  } catch {
    return undefined;
  }
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
