import {
  codeOf,
  different,
  fieldsOf,
  type Fields,
  isSameFile,
  jsonOf,
  partsOf,
  type Parts,
  type ProjectEdit,
  type ProjectFile,
} from "./file-parts";
import { languageFiles, linePlaces } from "./lock-file-places";

/** How a change edits what decides where packages come from, what their installation runs, and where the program begins. */
export function installEdits(
  name: string,
  [base, change]: readonly [ProjectFile | undefined, ProjectFile | undefined],
): ProjectEdit[] {
  const file = name.split("/").at(-1) ?? "";
  if (isSameFile(base, change)) return [];
  if (file === manifestFile) return partEdit(name, [base, change], manifestParts);
  if (languageFiles.includes(file)) return languageEdit(name, base, change);
  if (file === compilerFile) return partEdit(name, [base, change], compilerParts);
  // An installation writes that one itself if the repository does not have it.
  if (!settingsFiles.includes(file) || (pnpFiles.includes(file) && !base)) return [];
  const code =
    change === undefined ? codeOf({}) : change.text === undefined ? "hidden" : codeOf({ [file]: change.text });
  return [{ file: name, parts: [], code, level: "block" }];
}

export const manifestFile = "package.json";
const pnpFiles: readonly string[] = [".pnp.cjs", ".pnp.loader.mjs"];
/** Files of package managers that name registries, hooks and patches. Any edit of them counts. */
export const settingsFiles: readonly string[] = [
  ...[".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", "pnpm-workspace.yaml", "bunfig.toml"],
  ...pnpFiles,
];

export const compilerFile = "tsconfig.json";

export const installFileNames: readonly string[] = [manifestFile, compilerFile, ...settingsFiles, ...languageFiles];

/** Where the program begins, what its imports mean, which plugin it names, and which packages take the place of others. */
const decisive = [
  ...["main", "type", "exports", "imports", "pulumi", "packageManager", "workspaces"],
  ...["overrides", "resolutions", "pnpm", "bundleDependencies", "bundledDependencies"],
] as const;
/** Scripts that an installation runs by itself. */
const lifecycle = ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare", "prepublish"];

function languageEdit(name: string, base: ProjectFile | undefined, change: ProjectFile | undefined): ProjectEdit[] {
  // What is new has nothing that it could differ from, and what is gone names nothing.
  if (!base || !change) return [];
  if (base.text === undefined || change.text === undefined)
    return [{ file: name, parts: [], code: "hidden", level: "block" }];
  const places = linePlaces(base.text, change.text);
  const parts = Object.keys(places);
  return parts.length === 0 ? [] : [{ file: name, parts, code: codeOf(places), level: "block" }];
}

function partEdit(
  name: string,
  files: readonly [base: ProjectFile | undefined, change: ProjectFile | undefined],
  partsIn: (file: ProjectFile) => Parts | undefined,
): ProjectEdit[] {
  const [before, after] = files.map((file) => (file === undefined ? {} : partsIn(file)));
  if (!before || !after) return [{ file: name, parts: [], code: after ? codeOf(after) : "hidden", level: "block" }];
  const parts = different(before, after);
  if (parts.length === 0) return [];
  return [{ file: name, parts, code: codeOf(after), level: "block" }];
}

function manifestParts({ text }: ProjectFile): Parts | undefined {
  const manifest = jsonOf(text);
  if (manifest === undefined) return undefined;
  const fields = fieldsOf(manifest);
  return partsOf([
    // `require("pulumi-apikeys")` in a package of that name is the package itself.
    ...(fields.name === "pulumi-apikeys" ? [["name", fields.name] as [string, unknown]] : []),
    ...pick(fields, decisive, ""),
    ...Object.entries(lifecycleScripts(text)),
    ...dependencyGroups.flatMap((group) => elsewhere(group, fieldsOf(fields[group]))),
  ]);
}

const dependencyGroups = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"] as const;

/** Packages that are no releases of a registry under their own name. */
function elsewhere(group: string, packages: Fields): [string, unknown][] {
  const isOfWorkspace = ([name, from]: [string, unknown]): boolean =>
    /^(?:workspace|catalog):/.test(String(from)) && name !== "pulumi-apikeys" && name !== "@pulumi/pulumi";
  return Object.entries(packages)
    .filter((entry) => typeof entry[1] !== "string" || (/[:/]/.test(entry[1]) && !isOfWorkspace(entry)))
    .map(([name, from]) => [`${group}.${name}`, from]);
}

/** The scripts that an installation runs, by their place in the file. */
export function lifecycleScripts(text: string | undefined): Fields {
  return Object.fromEntries(pick(fieldsOf(fieldsOf(jsonOf(text)).scripts), lifecycle, "scripts."));
}

/** What `ts-node` loads, and where it finds it. The other options say how code is written, not which. */
function compilerParts({ text }: ProjectFile): Parts | undefined {
  return text === undefined || jsonOf(withoutComments(text)) === undefined
    ? undefined
    : partsOf(Object.entries(compilerFields(text)));
}

/** The entries of `tsconfig.json` that decide which code runs. */
export function compilerFields(text = ""): Fields {
  const fields = fieldsOf(jsonOf(withoutComments(text)));
  return Object.fromEntries([
    ...pick(fields, ["extends", "ts-node"], ""),
    ...pick(fieldsOf(fields.compilerOptions), ["paths", "baseUrl", "rootDirs", "plugins"], "compilerOptions."),
  ]);
}

/** The compiler's JSON may have comments and commas at the end. What begins and never ends goes to the end of the text. */
function withoutComments(text: string): string {
  const inText = '"(?:[^"\\\\]|\\\\.)*(?:"|$)';
  return text
    .replace(new RegExp(`${inText}|//[^\n\r\u2028\u2029]*|/\\*[^]*?(?:\\*/|$)`, "g"), (found) =>
      found.startsWith("/") ? " " : found,
    )
    .replace(new RegExp(`${inText}|,(?=\\s*[}\\]])`, "g"), (found) => (found === "," ? " " : found));
}

/** In any letters: not every reader tells `main` from `Main`. */
function pick(
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
  prefix: string,
): [string, unknown][] {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return Object.entries(fields)
    .filter(([name]) => wanted.has(name.toLowerCase()))
    .map(([name, value]) => [`${prefix}${name}`, value]);
}
