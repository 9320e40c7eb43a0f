import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { CustomResource } from "@pulumi/pulumi";
import { parse } from "yaml";
import { loadBackend } from "../../provider/connections/backend-loading";
import { builtInBackends } from "../../provider/backends";
import * as sdk from "../../sdk";
import { pulumiCommands, shellLines } from "../engine/support/example-readme";

const repository = resolve(__dirname, "../..");
const examplesDir = join(repository, "examples");
const has = (...path: string[]) => existsSync(join(examplesDir, ...path));
/** Pulumi projects; the other folders hold templates. */
const examples = readdirSync(examplesDir).filter((name) => has(name, "package.json") || has(name, "Pulumi.yaml"));
/** Those in TypeScript; the others have no npm packages. */
const inTypeScript = examples.filter((name) => has(name, "package.json"));

const read = (...path: string[]) => readFileSync(join(examplesDir, ...path), "utf8");
/** An example that has no project of its own is run in the root, whose project leads to it. */
const projectDir = (name: string) =>
  existsSync(join(examplesDir, name, "Pulumi.yaml")) ? join(examplesDir, name) : repository;

/** What git ignores there: what the commands of the README make. */
const ignoredBy = (name: string): string[] =>
  existsSync(join(examplesDir, name, ".gitignore")) ? read(name, ".gitignore").split("\n") : [];

function backendsOf(name: string): string[] {
  const { config } = parse(readFileSync(join(projectDir(name), "Pulumi.yaml"), "utf8")) as {
    config: Record<string, { value: Record<string, { backend: string }> }>;
  };
  return Object.values(config["apikeys:connections"]?.value ?? {}).map(({ backend }) => backend);
}

describe("The examples", () => {
  test("tell the review the scopes that the backend of one's own has", () => {
    const { name, catalogue } = loadBackend("parcels", "./backends/parcels.js", join(examplesDir, "own-backend"));
    const [, policy = ""] =
      /```yaml\n# apikeys-review\.yaml\n([\s\S]*?)```/.exec(read("own-backend", "README.md")) ?? [];
    expect(parse(policy)).toEqual({ catalogues: { [name]: catalogue } });
  });

  test.each(Object.keys(builtInBackends))("have one that uses the built-in backend %s", (backend) => {
    expect(examples.filter((name) => backendsOf(name).includes(backend))).not.toEqual([]);
  });

  const resources = Object.entries(sdk).filter(([, { prototype }]) => prototype instanceof CustomResource);
  test.each(resources.map(([name]) => name))("have one that makes a %s", (resource) => {
    expect(inTypeScript.filter((name) => read(name, "index.ts").includes(`new ${resource}(`))).not.toEqual([]);
  });

  test("are all told of in the list of examples", () => {
    const listed = [...read("README.md").matchAll(/\]\(([\w-]+)\/README\.md\)/g)].map(([, name]) => name);
    expect([...new Set(listed)].sort()).toEqual([...examples].sort());
  });
});

test("The page on unit tests shows the Python example as it is", () => {
  const page = readFileSync(join(repository, "docs", "unit-tests.md"), "utf8");
  const blocks = [...page.matchAll(/^```py\n(.*?)^```$/gms)].map(([, block]) => block);
  expect(blocks).toEqual([read("python", "test_keys.py"), read("python", "keys.py")]);
});

describe.each(examples)("The example %s", (name) => {
  const readme = existsSync(join(examplesDir, name, "README.md")) ? read(name, "README.md") : "";

  test("starts the emulator in the background, takes its tokens from there, and stops it", () => {
    const lines = shellLines(readme);
    const started = lines.filter((line) => line.includes("apikeys emulator"));
    expect(started.filter((line) => !/^eval "\$\(npx apikeys emulator --env( --port \d+)?\)"$/.test(line))).toEqual([]);
    const pids = lines.filter((line) => /^kill .*PID/.test(line)).flatMap((line) => line.split(" ").slice(1));
    expect(pids).toHaveLength(started.length);
    const taken = started.length > 0 ? lines.filter((line) => /^export [A-Z_]*ADMIN_TOKEN=\S*…/.test(line)) : [];
    // A token of somebody's own, in the middle of the story.
    expect(taken.filter((line) => lines.indexOf(line) < lines.findIndex((each) => /\bpulumi up\b/.test(each)))).toEqual(
      [],
    );
  });

  test("has a README that goes up, makes a change, and ends with destroy", () => {
    const verbs = pulumiCommands(readme).map(({ args }) => args[0] ?? "");
    expect(verbs.filter((verb) => verb === "up").length).toBeGreaterThanOrEqual(2);
    expect(verbs.lastIndexOf("destroy")).toBeGreaterThan(verbs.lastIndexOf("up"));
  });

  test("has a README whose commands and links name files that are there, and scripts that package.json has", () => {
    const manifest = has(name, "package.json") ? read(name, "package.json") : "{}";
    const { scripts = {} } = JSON.parse(manifest) as { scripts?: Record<string, string> };
    const wanted = shellLines(readme).flatMap((line) =>
      [...line.matchAll(/\bnpm (?:run )?(test|start|check)\b/g)].map(([, script = ""]) => script),
    );
    expect(wanted.filter((script) => !(script in scripts))).toEqual([]);
    const files = [...filesInCommands(readme, projectDir(name)), ...filesInLinks(readme, join(examplesDir, name))];
    const made = (file: string) => ignoredBy(name).includes(`${relative(projectDir(name), file).split("/")[0] ?? ""}/`);
    expect(files.filter((file) => !existsSync(file) && !made(file))).toEqual([]);
  });

  test("keeps what its README sets up in folders, which git ignores and the end removes", () => {
    const lines = shellLines(readme);
    const folders = lines.flatMap((line) => /^(?:python3 -m venv|\S*scripts\/packages) ([\w-]+)/.exec(line)?.[1] ?? []);
    expect(folders.filter((folder) => !ignoredBy(name).includes(`${folder}/`))).toEqual([]);
    expect(folders.filter((folder) => !lines.includes(`rm -r ${folder}`))).toEqual([]);
    expect(lines.filter((line) => line.startsWith("pulumi login"))).toEqual([]);
  });

  test("has the backends that its connections name", () => {
    const isThere = (backend: string) => backend in builtInBackends || existsSync(resolve(projectDir(name), backend));
    expect(backendsOf(name).filter((backend) => !isThere(backend))).toEqual([]);
  });
});

describe.each(inTypeScript)("The example %s", (name) => {
  test("depends on what its program imports", () => {
    const { name: packageName, dependencies } = JSON.parse(read(name, "package.json")) as {
      name: string;
      dependencies: Record<string, string>;
    };
    expect(packageName).toBe(`example-${name}`);
    const imported = [...read(name, "index.ts").matchAll(/from "([^."][^"]*)"/g)].map(([, from = ""]) =>
      from
        .split("/")
        .slice(0, from.startsWith("@") ? 2 : 1)
        .join("/"),
    );
    expect(imported.filter((module) => !module.startsWith("node:") && !(module in dependencies))).toEqual([]);
  });
});

/** Source files among the words of the commands, where `cd` has led to by then; without those in a folder that an earlier word has made. */
function filesInCommands(readme: string, start: string): string[] {
  let dir = start;
  const named = new Set<string>();
  return shellLines(readme).flatMap((line) => {
    const words = line.split(/[\s"'=;&|()<>]+/);
    const [, into] = /\bcd ([^\s;&|]+)/.exec(line) ?? [];
    if (into !== undefined) dir = resolve(dir, into);
    const files = words.filter(
      (word) =>
        /^(?!-)[\w./-]+\.(mjs|js|ts|py|conf|json|ya?ml|sh)$/.test(word) || /^(\.\.?\/)*scripts\/[\w-]+$/.test(word),
    );
    const given = files
      .map((word) => resolve(dir, word))
      .filter((file) => !named.has(relative(start, file).split("/")[0] ?? ""));
    for (const word of words) if (/^[\w-]+$/.test(word)) named.add(word);
    return given;
  });
}

function filesInLinks(readme: string, dir: string): string[] {
  const targets = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target.replace(/#.*$/, ""));
  return targets.filter((target) => target !== "" && !/^[a-z]+:/.test(target)).map((target) => resolve(dir, target));
}
