import { type Fields, fieldsOf, jsonOf, yamlFields, type Parser, type ProjectFile } from "./file-parts";
import { compilerFile, compilerFields, manifestFile, lifecycleScripts, settingsFiles } from "./install-edits";
import type { Level } from "./levels";
import { isRecord } from "./preview-form";
import { decisiveFields, projectFileNames } from "./project-edits";
import { isStackFile } from "./stack-file-edits";

/** A word that may be the path of another file of the repository. */
export interface NamedFile {
  readonly path: string;
  /** `project`: relative to the project's folder. `file`: relative to the file that names it. */
  readonly from: "project" | "file";
  /** That file. */
  readonly by: string;
  /** The level of an edit of what it names. */
  readonly level: Level;
  /** It may be a folder, and then everything below counts. */
  readonly isFolder?: true;
}

/**
 * What the files of a project name. An edit there decides as much as one of the name: a script that prints the admin token, a
 * certificate of an authority, a plugin in a folder, a script of an installation. Nobody reads those as code of the
 * program. An own backend is such code, so an edit of it is only named.
 */
export function namedFiles(files: readonly ProjectFile[], yaml: Parser): NamedFile[] {
  return files.flatMap((file): NamedFile[] => {
    const last = lastOf(file.name);
    const isProject = (projectFileNames as readonly string[]).includes(last);
    if (!isProject && !isStackFile(file.name))
      return namesIn(file).map((path) => ({ path, from: "file", by: file.name, level: "block" }));
    const fields = yamlFields(file.text, yaml)?.fields ?? {};
    return [...connectionFiles(file.name, fields), ...(isProject ? engineFiles(file.name, fields) : [])];
  });
}

function lastOf(name: string): string {
  return name.split("/").at(-1) ?? "";
}

/** What a file of package managers or of the compiler names. */
function namesIn({ name, text }: ProjectFile): string[] {
  const last = lastOf(name);
  if (last === manifestFile) return textsIn(lifecycleScripts(text)).flatMap(wordsOf);
  if (last === compilerFile) return textsIn(compilerFields(text)).flatMap(asModule).flatMap(wordsOf);
  return settingsFiles.includes(last) ? wordsOf(text ?? "") : [];
}

/** What the engine starts or loads besides the program. */
function engineFiles(name: string, all: Fields): NamedFile[] {
  const fields = Object.fromEntries(decisiveFields(all));
  const options = Object.entries(fieldsOf(fieldsOf(fields.runtime).options)).filter(
    ([option]) => !isOfProgram.has(option),
  );
  const words = (value: unknown) => textsIn(value).flatMap(wordsOf);
  const found = (path: string) => ({ path, from: "project", by: name, level: "block" }) as const;
  return [
    ...words(Object.fromEntries(options)).map(found),
    ...words([fields.plugins, fields.packages]).map((path) => ({ ...found(path), isFolder: true as const })),
  ];
}

/** Options that name the program itself, which a build may write. */
const isOfProgram: ReadonlySet<string> = new Set(["binary", "buildTarget", "virtualenv"]);

/** The files of `apikeys:connections`, in a map or in a text that holds one. */
function connectionFiles(name: string, fields: Fields): NamedFile[] {
  const config = fieldsOf(fields.config);
  const found: NamedFile[] = [];
  const look = (value: unknown, field: string): void => {
    const inside = typeof value === "string" && value.startsWith("{") ? jsonOf(value) : undefined;
    if (inside !== undefined) look(inside, field);
    else if (typeof value === "string") {
      const isCode = field === "backend";
      for (const path of isCode ? asModule(value) : wordsOf(value))
        found.push({ path, from: "project", by: name, level: isCode ? "warn" : "block" });
    } else if (Array.isArray(value)) for (const each of value as unknown[]) look(each, field);
    else if (isRecord(value)) for (const [key, each] of Object.entries(value)) look(each, key);
  };
  look(config["apikeys:connections"], "");
  return found;
}

/** The text, and each word of it: a command may be a whole line of a shell. */
function wordsOf(text: string): string[] {
  return [...new Set([text, ...text.split(/[\s"'`;|&()<>=:,[\]{}]+/)])].filter(
    (word) => word !== "" && word.length < 1_000 && !word.startsWith("/") && !word.includes("\0"),
  );
}

/** As `require` looks for it. */
function asModule(text: string): string[] {
  return ["", ".js", ".cjs", ".mjs", ".ts", ".json", "/index.js"].map((end) => text + end);
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
