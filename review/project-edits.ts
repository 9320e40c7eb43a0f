import {
  codeOf,
  different,
  fieldsOf,
  isSameFile,
  jsonOf,
  partsOf,
  type Fields,
  type Parser,
  type Parts,
  type ProjectEdit,
  type ProjectFile,
  yamlFields,
} from "./file-parts";
import { installEdits } from "./install-edits";
import { npmPlaces, textPlaces } from "./lock-file-places";
import { isStackFile, stackFileEdits } from "./stack-file-edits";

/**
 * How a change edits the files that decide which code the engine runs, and with which credentials: the project file, the
 * stacks' own files, what decides where packages come from, and what a lockfile says of this package.
 */

/** The first of these that exists is the project; the engine takes them in this order. */
export const projectFileNames = ["Pulumi.json", "Pulumi.yaml", "Pulumi.yml"] as const;
/** Keys under which the engine looks for the folder of the stacks' own files. JSON does not tell letters apart. */
const folderKeys: ReadonlySet<string> = new Set(["stackconfigdir", "config"]);

/**
 * The folders beside the project that may hold the stacks' own files, as the project file names them. Undefined: nobody can
 * tell how the engine reads it.
 */
export function stackFolders(files: readonly ProjectFile[], yaml: Parser): readonly string[] | undefined {
  const project = deciding(files);
  if (!project) return [];
  const read = yamlFields(project.text, yaml);
  // The engine's parser merges what stands there into the map.
  if (!read || Object.hasOwn(read.written, "<<")) return undefined;
  return Object.entries(read.written).flatMap(([key, value]) =>
    folderKeys.has(key.toLowerCase()) && typeof value === "string" ? [value] : [],
  );
}

export const lockFileNames = [
  "npm-shrinkwrap.json",
  "package-lock.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "bun.lock",
] as const;

export function projectEdits(
  base: readonly ProjectFile[],
  change: readonly ProjectFile[],
  yaml: Parser,
): ProjectEdit[] {
  const project = projectEdit(deciding(base), deciding(change), yaml);
  const names = [...new Set([...base, ...change].map(({ name }) => name))].sort();
  const both = (name: string) => [named(base, name), named(change, name)] as const;
  return [
    ...(project ? [project] : []),
    ...[
      ...names.filter(isStackFile).flatMap((name) => stackFileEdits(name, both(name), yaml)),
      ...names.flatMap((name) => installEdits(name, both(name))),
      ...names.flatMap((name) => wholeEdit(name, ...both(name))),
    ].map((edit) => (deciding(base) ? edit : { ...edit, level: "warn" as const })),
    ...names.filter(isLockFile).flatMap((name) => lockEdit(name, ...both(name))),
  ];
}

function deciding(files: readonly ProjectFile[]): ProjectFile | undefined {
  return projectFileNames
    .map((wanted) => files.find(({ name }) => name.split("/").at(-1) === wanted))
    .find((file) => file !== undefined);
}

function projectEdit(
  base: ProjectFile | undefined,
  change: ProjectFile | undefined,
  yaml: Parser,
): ProjectEdit | undefined {
  if (isSameFile(base, change)) return undefined;
  const file = (change ?? base)?.name ?? "";
  const [before, after] = [base && projectParts(base, yaml), change && projectParts(change, yaml)];
  const code = after ? codeOf(after) : "hidden";
  if (before && after) {
    const parts = different(before, after);
    return parts.length === 0 ? undefined : { file, parts, code, level: "block" };
  }
  // A project that was not there before has nothing that it could differ from.
  return { file, parts: [], code, level: after && !base ? "warn" : "block" };
}

/** What nobody runs. Whatever else stands in the file, known today or not, may decide. */
const harmless: ReadonlySet<string> = new Set(["description", "author", "license", "website", "template", "config"]);

/** What decides, by its key; undefined if nobody can tell how the engine reads the file. */
function projectParts({ text }: ProjectFile, yaml: Parser): Parts | undefined {
  const read = yamlFields(text, yaml);
  if (!read) return undefined;
  const { fields, written } = read;
  return partsOf(decisiveFields(fields).map(([key, value]) => [key, [value, written[key]]]));
}

/** The entries of a project file that may decide what runs. */
export function decisiveFields(fields: Fields): [string, unknown][] {
  // A config that is no map is the name of a folder.
  const decides = ([key, value]: [string, unknown]) =>
    !harmless.has(key) || (key === "config" && (typeof value !== "object" || Array.isArray(value)));
  return Object.entries(fields).filter(decides);
}

/** A file whose every edit counts: a script, a certificate, a patch. */
function wholeEdit(name: string, base: ProjectFile | undefined, change: ProjectFile | undefined): ProjectEdit[] {
  const level = (change ?? base)?.level;
  if (level === undefined || isSameFile(base, change)) return [];
  const code = change?.text === undefined && change ? "hidden" : codeOf({ [name]: change?.text ?? "" });
  return [{ file: name, parts: change?.text === undefined ? [] : ["contents"], code, level }];
}

function isLockFile(name: string): boolean {
  return lockFileNames.some((lock) => name === lock || name.endsWith(`/${lock}`));
}

function lockEdit(name: string, base: ProjectFile | undefined, change: ProjectFile | undefined): ProjectEdit[] {
  if (isSameFile(base, change)) return [];
  const [before, after] = [lockParts(base), lockParts(change)];
  if (!before || !after) return [{ file: name, parts: [], code: after ? codeOf(after) : "hidden", level: "block" }];
  const own = different(before, after);
  const elsewhere = placesOf(base, change);
  const parts = [...new Set([...own, ...Object.keys(elsewhere)])];
  if (parts.length === 0) return [];
  const isUpgrade = Object.keys(elsewhere).length === 0 && own.every((part) => isRelease(before[part], after[part]));
  return [{ file: name, parts, code: codeOf({ ...elsewhere, ...after }), level: isUpgrade ? "warn" : "block" }];
}

/** What other packages come from elsewhere. A lockfile that is new has nothing it could differ from. */
function placesOf(base: ProjectFile | undefined, change: ProjectFile | undefined): Parts {
  if (base?.text === undefined || change?.text === undefined) return {};
  return change.name.endsWith(".json")
    ? npmPlaces(JSON.parse(base.text), JSON.parse(change.text))
    : textPlaces(base.text, change.text);
}

/** Where this package comes from, in every folder that the lockfile fills. */
function lockParts(file: ProjectFile | undefined): Parts | undefined {
  if (file === undefined) return {};
  if (file.text === undefined) return undefined;
  return file.name.endsWith(".json") ? npmParts(file.text) : otherParts(file.text);
}

function npmParts(text: string): Parts | undefined {
  const lock = jsonOf(text);
  if (lock === undefined) return undefined;
  const { packages, dependencies } = fieldsOf(lock);
  const isOurs = ([place, entry]: [string, unknown]) =>
    /(^|\/)node_modules\/pulumi-apikeys$/.test(place) || fieldsOf(entry).name === packageName;
  const old = fieldsOf(dependencies)[packageName];
  return partsOf([
    ...Object.entries(fieldsOf(packages)).filter(isOurs),
    ...(old === undefined ? [] : [[packageName, old] as [string, unknown]]),
  ]);
}

/**
 * The lines that name the package, each with all that stands deeper below it. In a text with a backslash it may be
 * named otherwise.
 */
function otherParts(text: string): Parts {
  const lines = text.split(/\r?\n/);
  const about = lines.flatMap((line, at) => (line.includes(packageName) ? blockAt(lines, at) : []));
  const escapes = lines.filter((line) => line.includes("\\"));
  return partsOf([
    ...(about.length === 0 ? [] : [[packageName, about] as [string, unknown]]),
    ...(escapes.length === 0 ? [] : [["lines with a backslash", escapes] as [string, unknown]]),
  ]);
}

function blockAt(lines: readonly string[], at: number): readonly string[] {
  const depth = (line: string): number => line.search(/\S/);
  const start = depth(lines[at] ?? "");
  // An empty line or a comment ends nothing.
  const end = lines.findIndex((line, index) => index > at && /^\s*[^\s#]/.test(line) && depth(line) <= start);
  return lines.slice(at, end < 0 ? undefined : end);
}

const packageName = "pulumi-apikeys";

/** Another release of the same registry, with its hash: an upgrade. */
function isRelease(before: string | undefined, after: string | undefined): boolean {
  const [old, next] = [before, after].map((part) => fieldsOf(part === undefined ? undefined : JSON.parse(part)));
  return (
    placeOf(old) !== undefined &&
    placeOf(old) === placeOf(next) &&
    [old, next].every((entry) => entry?.link === undefined && entry?.inBundle === undefined) &&
    old?.name === next?.name &&
    old?.version !== next?.version &&
    typeof next?.integrity === "string"
  );
}

/** The address of a release without its version: a registry has other packages as well. */
function placeOf({ version, resolved }: Fields = {}): string | undefined {
  if (typeof version !== "string" || !/^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/.test(version)) return undefined;
  const end = `/${packageName}-${version}.tgz`;
  return typeof resolved === "string" && /^https:\/\/[^/]/.test(resolved) && resolved.endsWith(end)
    ? resolved.slice(0, -end.length)
    : undefined;
}

function named(files: readonly ProjectFile[], name: string): ProjectFile | undefined {
  return files.find((file) => file.name === name);
}
