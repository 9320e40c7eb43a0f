import {
  codeOf,
  different,
  fieldsOf,
  isSameFile,
  partsOf,
  type Parts,
  type ProjectEdit,
  type ProjectFile,
} from "./file-parts";

/** How a change edits what decides where packages come from, what their installation runs, and where the program begins. */
export function installEdits(
  name: string,
  [base, change]: readonly [ProjectFile | undefined, ProjectFile | undefined],
): ProjectEdit[] {
  const file = name.split("/").at(-1) ?? "";
  if (isSameFile(base, change)) return [];
  if (file === manifestFile) return manifestEdit(name, base, change);
  if (!settingsFiles.includes(file)) return [];
  const code =
    change === undefined ? codeOf({}) : change.text === undefined ? "hidden" : codeOf({ [file]: change.text });
  return [{ file: name, parts: [], code, level: "block" }];
}

const manifestFile = "package.json";
/** Files of package managers that name registries, hooks and patches. Any edit of them counts. */
const settingsFiles = [".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", "pnpm-workspace.yaml", "bunfig.toml"];

export const installFileNames: readonly string[] = [manifestFile, ...settingsFiles];

/** Where the program begins, what its imports mean, which plugin it names, and which packages take the place of others. */
const decisive = [
  ...["main", "type", "exports", "imports", "pulumi", "packageManager", "workspaces"],
  ...["overrides", "resolutions", "pnpm", "bundleDependencies", "bundledDependencies"],
] as const;
/** Scripts that an installation runs by itself. */
const lifecycle = ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare", "prepublish"];

function manifestEdit(name: string, base: ProjectFile | undefined, change: ProjectFile | undefined): ProjectEdit[] {
  const [before, after] = [base, change].map((file) => (file === undefined ? {} : manifestParts(file)));
  if (!before || !after) return [{ file: name, parts: [], code: after ? codeOf(after) : "hidden", level: "block" }];
  const parts = different(before, after);
  if (parts.length === 0) return [];
  return [{ file: name, parts, code: codeOf(after), level: "block" }];
}

function manifestParts({ text }: ProjectFile): Parts | undefined {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
  const fields = fieldsOf(manifest);
  const scripts = fieldsOf(fields.scripts);
  return partsOf([
    // `require("pulumi-apikeys")` in a package of that name is the package itself.
    ...(fields.name === "pulumi-apikeys" ? [["name", fields.name] as [string, unknown]] : []),
    ...pick(fields, decisive, ""),
    ...pick(scripts, lifecycle, "scripts."),
  ]);
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
