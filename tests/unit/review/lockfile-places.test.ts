import { describe, expect, it } from "@jest/globals";
import * as yaml from "yaml";
import type { ProjectFile } from "../../../review/file-parts";
import { projectEdits } from "../../../review/project-edits";

/**
 * Attack: nobody reads the difference of a lockfile. One line in it lets another program take the place of a package that the
 * program, or this package, loads.
 */
const file = (text: string, name: string): ProjectFile => ({ name, text });
const plain = file("name: keys\nruntime: nodejs\n", "Pulumi.yaml");

function told(base: ProjectFile | undefined, change: ProjectFile): string[] {
  const both = [base ? [plain, base] : [plain], [plain, change]] as const;
  return projectEdits(both[0], both[1], yaml).map(({ parts, level }) => [...parts, level].join(" "));
}

const ourRegistry = "https://packages.example";
const entry = (name: string, version = "1.0.0", more: object = {}) => ({
  version,
  resolved: `${ourRegistry}/${name}/-/${name.split("/").at(-1)}-${version}.tgz`,
  integrity: `sha512-${version}`,
  ...more,
});
const npm = (packages: object) => file(JSON.stringify({ lockfileVersion: 3, packages }), "package-lock.json");
const usual = {
  "": { name: "keys" },
  "node_modules/pulumi-apikeys": entry("pulumi-apikeys"),
  "node_modules/undici": entry("undici"),
  "node_modules/@pulumi/pulumi": entry("@pulumi/pulumi"),
  "node_modules/@pulumi/pulumi/node_modules/semver": entry("semver"),
  "packages/tool": { version: "1.0.0" },
  "node_modules/tool": { resolved: "packages/tool", link: true },
};
const undici = "node_modules/undici";

describe("npm's lockfile", () => {
  it.each<[string, object, string]>([
    ["from another server", { [undici]: entry("undici", "1.0.1", { resolved: "https://evil.example/u.tgz" }) }, undici],
    ["another package of the same server", { [undici]: { ...entry("evil"), version: "1.0.1" } }, undici],
    ["another package by name", { [undici]: { ...entry("evil"), name: "evil" } }, undici],
    ["a folder of the repository", { [undici]: { resolved: "packages/undici", link: true } }, undici],
    ["a file", { [undici]: entry("undici", "1.0.1", { resolved: "file:u.tgz" }) }, undici],
    [
      "a commit",
      { [undici]: entry("undici", "1.0.1", { resolved: "git+ssh://git@github.com/evil/u.git#abc" }) },
      undici,
    ],
    [
      "nearer to whoever loads it",
      { "node_modules/pulumi-apikeys/node_modules/undici": { resolved: "packages/undici", link: true } },
      "node_modules/pulumi-apikeys/node_modules/undici",
    ],
    [
      "a path that climbs out of its own package",
      { [undici]: entry("undici", "1.0.1", { resolved: `${ourRegistry}/undici/-/../../evil/-/undici-1.0.1.tgz` }) },
      undici,
    ],
  ])("is told where a package comes as %s", (_what, more, place) => {
    expect(told(npm(usual), npm({ ...usual, ...more }))).toEqual([`${place} block`]);
  });

  it("is told in the form of npm 6 as well", () => {
    const old = (dependencies: object) =>
      file(JSON.stringify({ lockfileVersion: 1, dependencies }), "package-lock.json");
    const evil = { ...entry("undici"), resolved: "https://evil.example/u.tgz" };
    expect(
      told(
        old({ a: { ...entry("a"), dependencies: { undici: entry("undici") } } }),
        old({ a: { ...entry("a"), dependencies: { undici: evil } } }),
      ),
    ).toEqual(["a > undici block"]);
  });

  it.each<[string, object]>([
    ["an upgrade", { [undici]: entry("undici", "2.0.0") }],
    ["a new package", { "node_modules/@scope/new": entry("@scope/new") }],
    ["one without its place", { "node_modules/left-pad": { version: "2.0.0" } }],
    [
      "a new package of the workspace",
      { "packages/more": {}, "node_modules/more": { resolved: "packages/more", link: true } },
    ],
    [
      "an alias with a name of its own",
      { "node_modules/undici-next": { ...entry("undici", "9.0.0"), name: "undici" } },
    ],
  ])("is not told of %s", (_what, more) => {
    expect(told(npm(usual), npm({ ...usual, ...more }))).toEqual([]);
  });

  it("is not told of another registry that was there before, nor where it is new itself", () => {
    const own = {
      ...usual,
      "node_modules/own": entry("own", "1.0.0", { resolved: "https://npm.corp.example/x/own/-/own-1.0.0.tgz" }),
    };
    const more = {
      ...own,
      "node_modules/own2": entry("own2", "1.0.0", { resolved: "https://npm.corp.example/x/own2/-/own2-1.0.0.tgz" }),
    };
    expect(told(npm(own), npm(more))).toEqual([]);
    expect(told(undefined, npm({ "": {}, [undici]: entry("undici") }))).toEqual([]);
  });
});

describe("the lockfiles of other package managers", () => {
  const yarn = (resolved: string) => `undici@^7:\n  version "7.0.0"\n  resolved "${resolved}"\n  integrity sha512-a\n`;
  const good = `${ourRegistry}/undici/-/undici-7.0.0.tgz#abc`;
  const berry = (resolution: string) => `"undici@npm:^7":\n  version: 7.0.0\n  resolution: "${resolution}"\n`;
  const pnpm = (resolution: string) => `packages:\n\n  undici@7.0.0:\n    resolution: {${resolution}}\n`;

  it.each<[string, string, string, string, string]>([
    [
      "another server",
      "yarn.lock",
      yarn(good),
      yarn("https://evil.example/undici/-/undici-7.0.0.tgz"),
      "places of packages",
    ],
    ["another package", "yarn.lock", yarn(good), yarn(`${ourRegistry}/evil/-/evil-7.0.0.tgz`), "undici"],
    ["a file", "yarn.lock", yarn(good), yarn("file:./u.tgz"), "places of packages undici"],
    ["another package", "yarn.lock", berry("undici@npm:7.0.0"), berry("evil@npm:7.0.0"), "undici"],
    [
      "a patch",
      "yarn.lock",
      berry("undici@npm:7.0.0"),
      berry("undici@patch:undici@npm%3A7.0.0#./x.patch"),
      "places of packages",
    ],
    [
      "another server",
      "pnpm-lock.yaml",
      pnpm("integrity: a"),
      pnpm("tarball: https://evil.example/u.tgz"),
      "places of packages",
    ],
    [
      "a folder",
      "infra/pnpm-lock.yaml",
      pnpm("integrity: a"),
      pnpm("directory: ../u, type: directory"),
      "places of packages",
    ],
  ])("are told where a package comes as %s: %s", (_what, name, before, after, parts) => {
    expect(told(file(before, name), file(after, name))).toEqual([`${parts} block`]);
  });

  it("are not told of an upgrade, nor of a new package", () => {
    const next = `${yarn(good.replaceAll("7.0.0", "7.1.0"))}"@scope/a@^1":\n  resolved "${ourRegistry}/@scope/a/-/a-1.tgz"\n`;
    expect(told(file(yarn(good), "yarn.lock"), file(next, "yarn.lock"))).toEqual([]);
    const berries = `${berry("undici@npm:7.1.0")}\n"a@npm:undici@^6":\n  resolution: "undici@npm:6.0.0"\n`;
    expect(told(file(berry("undici@npm:7.0.0"), "yarn.lock"), file(berries, "yarn.lock"))).toEqual([]);
    const pnpms = pnpm("integrity: b").replace("7.0.0", "7.1.0");
    expect(told(file(pnpm("integrity: a"), "pnpm-lock.yaml"), file(pnpms, "pnpm-lock.yaml"))).toEqual([]);
  });
});

describe("what programs in other languages say of their packages", () => {
  const uv = (source: string) => `[[package]]\nname = "pulumi-apikeys"\nversion = "1.0.0"\nsource = { ${source} }\n`;
  const pythonIndex = 'registry = "https://python.example/simple"';
  const go = "module keys\n\nrequire example.com/pulumi-apikeys/sdk v1.0.0\n";

  it.each<[string, string, string, string, string]>([
    [
      "a registry",
      "requirements.txt",
      "pulumi-apikeys==1.0.0\n",
      "--index-url https://evil.example/simple\npulumi-apikeys==1.0.0\n",
      "--index-url https://evil.example/simple",
    ],
    [
      "an address",
      "infra/requirements.txt",
      "pulumi-apikeys==1.0.0\n",
      "pulumi-apikeys @ https://evil.example/x.whl\n",
      "pulumi-apikeys @ https://evil.example/x.whl",
    ],
    ["a folder", "requirements.txt", "pulumi-apikeys==1.0.0\n", "-e ./evil\n", "-e ./evil"],
    [
      "a folder",
      "pyproject.toml",
      "[tool.uv]\n",
      '[tool.uv.sources]\npulumi-apikeys = { path = "./evil" }\n',
      'pulumi-apikeys = { path = "./evil" }',
    ],
    [
      "a commit",
      "uv.lock",
      uv(pythonIndex),
      uv('git = "https://pythonIndex.org/evil"'),
      'source = { git = "https://pythonIndex.org/evil" }',
    ],
    [
      "another server",
      "poetry.lock",
      uv(pythonIndex),
      uv('url = "https://evil.example"'),
      'source = { url = "https://evil.example" }',
    ],
    [
      "a replacement",
      "go.mod",
      go,
      `${go}replace example.com/pulumi-apikeys/sdk => ./evil\n`,
      "replace example.com/pulumi-apikeys/sdk => ./evil",
    ],
  ])("is told where it is %s, in %s", (_what, name, before, after, part) => {
    expect(told(file(before, name), file(after, name))).toEqual([`${part} block`]);
  });

  it.each([
    [
      "requirements.txt",
      "pulumi-apikeys==1.0.0\n",
      "# see https://elsewhere.example\npulumi-apikeys==1.1.0\npulumi>=3\n",
    ],
    ["uv.lock", uv(pythonIndex), uv(pythonIndex).replace("1.0.0", "1.1.0")],
    ["go.mod", go, go.replace("v1.0.0", "v1.1.0")],
    ["pyproject.toml", "[project]\n", '[project]\ndependencies = ["pulumi-apikeys>=1"]\n'],
  ])("is not told of another release in %s", (name, before, after) => {
    expect(told(file(before, name), file(after, name))).toEqual([]);
    expect(told(undefined, file(after, name))).toEqual([]);
  });
});
