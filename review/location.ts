/** A place in the repository, for annotations. Lines and columns count from 1. */
export interface Location {
  /** Path relative to the repository, with `/`. Never empty. */
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

/**
 * The source line of a resource. `project:///src/index.ts#10,11` is relative to the Pulumi project, which may be in a
 * subfolder of the repository. Without a usable path, the location is the project file.
 */
export function sourceLocation(
  sourcePosition: string | undefined,
  projectPath: string,
  files = new Map<string, string | undefined>(),
): Location {
  const match = /^project:\/\/\/([^#]+)#(\d{1,7})(?:,(\d{1,7}))?$/.exec(sourcePosition ?? "");
  const file = match ? rememberedPath(projectPath, match[1] ?? "", files) : undefined;
  const line = Number(match?.[2]);
  if (file === undefined || !(line >= 1)) return projectFile(projectPath);
  const column = Number(match?.[3]);
  return { file, line, ...(column >= 1 ? { column } : {}) };
}

/** A program has a thousand keys but only a few files. */
function rememberedPath(projectPath: string, path: string, files: Map<string, string | undefined>): string | undefined {
  if (!files.has(path)) files.set(path, repositoryPath(projectPath, decode(path)));
  return files.get(path);
}

/** The location of everything that has no line of its own. */
export function projectFile(projectPath: string): Location {
  return { file: repositoryPath(projectPath, "Pulumi.yaml") ?? "Pulumi.yaml", line: 1 };
}

/** The joined path; undefined if it leaves the repository or contains invisible characters. */
export function repositoryPath(projectPath: string, path: string): string | undefined {
  const parts: string[] = [];
  for (const part of `${projectPath}/${path}`.replaceAll("\\", "/").split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  const joined = parts.join("/");
  // Most paths are ASCII, and compiling the other expression takes longer than checking a thousand of them.
  if (/^[\x20-\x7e]+$/.test(joined)) return joined;
  return joined !== "" && /^[\p{L}\p{N}\p{M}\p{P}\p{S} ]+$/u.test(joined) ? joined : undefined;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A stray % belongs to the name.
    return path;
  }
}
