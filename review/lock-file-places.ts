import { fieldsOf, partsOf, type Fields, type Parts } from "./file-parts";

/**
 * What a lockfile takes from another place than before: nobody reads its difference, and one line lets another program
 * take the place of a package. A new release, a new package and a new part of a workspace come from a place that is known.
 */

/** Of `package-lock.json`: each package that comes from elsewhere, by where it is installed. */
export function npmPlaces(base: unknown, change: unknown): Parts {
  const [before, after] = [packagesOf(base), packagesOf(change)];
  const places = new Set([...before.values()].flatMap((found) => placeOf(found) ?? []));
  const names = new Set([...before.values()].flatMap(({ name, entry }) => (entry.link === true ? [] : [name])));
  const strange = [...after].filter(([at, { name, entry }]) => {
    const old = before.get(at);
    if (old && JSON.stringify(old.entry) === JSON.stringify(entry)) return false;
    const another = entry.link === true || (typeof entry.name === "string" && entry.name !== name);
    if (another && names.has(name) && (old === undefined || old.entry.link !== true)) return true;
    const place = entry.link === true ? undefined : placeOf({ name, entry });
    return place !== undefined && !places.has(place);
  });
  // A lockfile without packages has no place to compare with.
  return before.size === 0 ? {} : partsOf(strange.map(([at, { entry }]) => [at, entry]));
}

interface Installed {
  /** As programs import it. */
  readonly name: string;
  readonly entry: Fields;
}

function packagesOf(lock: unknown): ReadonlyMap<string, Installed> {
  const { packages, dependencies } = fieldsOf(lock);
  const found = new Map<string, Installed>();
  for (const [at, entry] of Object.entries(fieldsOf(packages))) {
    const start = at.lastIndexOf("node_modules/");
    if (start >= 0) found.set(at, { name: at.slice(start + "node_modules/".length), entry: fieldsOf(entry) });
  }
  // The form of npm 6; later ones repeat it.
  const nested = (inside: unknown, above: readonly string[]): void => {
    for (const [name, value] of Object.entries(fieldsOf(inside))) {
      const { dependencies: below, requires: _requires, ...entry } = fieldsOf(value);
      const path = [...above, name];
      const version = String(entry.version);
      // A link has its folder in the place of a version.
      const link = version.startsWith("file:") && entry.resolved === undefined;
      found.set(path.join(" > "), { name, entry: link ? { ...entry, link } : entry });
      nested(below, path);
    }
  };
  if (found.size === 0) nested(dependencies, []);
  return found;
}

/** A registry, or for another form of address what is left of it without name, version and file. */
function placeOf({ name, entry }: Installed): string | undefined {
  const { resolved, version } = entry;
  if (typeof resolved !== "string") return undefined;
  const own = typeof entry.name === "string" ? entry.name : name;
  const end = `/${own}/-/${own.split("/").at(-1) ?? ""}-${String(version)}.tgz`;
  if (resolved.endsWith(end)) return resolved.slice(0, -end.length);
  const rest = resolved.split(own).join("").split(String(version)).join("");
  return `other ${rest.slice(0, rest.lastIndexOf("/"))}`;
}

/** Of the lockfiles of other package managers, by their lines: new places, and packages under another's name. */
export function textPlaces(base: string, change: string): Parts {
  const [before, known] = [placesIn(base), new Set(base.split(/\r?\n/))];
  const fresh = [...placesIn(change)].filter((place) => !before.has(place)).sort();
  const other: [string, unknown][] = [];
  let name = "";
  for (const line of change.split(/\r?\n/)) {
    const header = /^"?(@?[^@\s"]+)@(?:npm:(@?[^@\s"]+)@)?[^\s].*:$/.exec(line);
    if (header) name = header[2] ?? header[1] ?? "";
    const source = /^ +resolved "([^"]*)"/.exec(line)?.[1];
    const resolution = /^ +resolution: "(@?[^@"]+)@/.exec(line)?.[1];
    const isOther =
      (source !== undefined && !source.includes(`/${name}/`)) || (resolution !== undefined && resolution !== name);
    if (isOther && !known.has(line)) other.push([name, line]);
  }
  return partsOf([...(fresh.length === 0 ? [] : [["places of packages", fresh] as [string, unknown]]), ...other]);
}

/** Servers, and the kinds of place that are none. */
function placesIn(text: string): ReadonlySet<string> {
  const urls = text.match(/\b(?:git\+)?(?:https?|ssh|git):\/\/[^/\s"'#?]+/g) ?? [];
  const kinds = text.match(/(?<=[\s"'@{])(?:file|link|portal|patch|exec|github|gitlab|bitbucket|directory):/g) ?? [];
  return new Set([...urls, ...kinds]);
}

/** Files in which programs of other languages say where their packages come from. */
export const languageFiles: readonly string[] = [
  ...["requirements.txt", "pyproject.toml", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile", "Pipfile.lock"],
  ...["go.mod", "go.work"],
];

/** Of those: each new line that names a folder, a commit or a replacement, or a server that was not there before. */
export function linePlaces(base: string, change: string): Parts {
  const [lines, servers] = [new Set(linesOf(base)), serversIn(base)];
  const strange = linesOf(change).filter(
    (line) =>
      !lines.has(line) && (namesPlace.test(line) || [...serversIn(line)].some((server) => !servers.has(server))),
  );
  return partsOf(strange.map((line) => [line, line]));
}

const namesPlace =
  /=>|\b(?:path|git|editable|directory)"?\s*[=:]|^-e\b|^--editable\b|\bgit\+|\bfile:|(?:^|@ ?)\.{1,2}\//;

function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(?:#|\/\/)/.test(line));
}

function serversIn(text: string): ReadonlySet<string> {
  return new Set(text.match(/\bhttps?:\/\/[^/\s"'#?]+/g) ?? []);
}
