import { rmSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { apikeys, scratchDirectory } from "../review/support/command-line";
import { type Files, writeCheckout } from "./support/checkout";

/** Attack: the program and its preview stay as they are, and a file beside them decides what really runs. */
const preview = resolve(__dirname, "../../fixtures/preview/01-first-issue/preview.json");
const scratch = scratchDirectory();
afterAll(scratch.discard);

const project = "name: shop\nruntime: nodejs\n";

const checkout = (name: string, files: Files) => writeCheckout(scratch.path(name), files);

async function told(base: Files, change: Files, link?: readonly [from: string, to: string]): Promise<string[]> {
  const project_ = { "infra/Pulumi.yaml": project };
  const root = checkout("change", { ...project_, ...change });
  if (link) {
    rmSync(`${root}/${link[0]}`, { force: true });
    symlinkSync(link[1], `${root}/${link[0]}`);
  }
  const args = ["--preview", preview, "--repo-root", root, "--project-dir", `${root}/infra`, "--format", "json"];
  const ended = await apikeys(["review", ...args, "--policy-dir", checkout("base", { ...project_, ...base })]);
  const { findings } = JSON.parse(ended.stdout) as {
    findings: { rule: string; level: string; location: { file: string } }[];
  };
  return findings
    .filter(({ rule }) => rule === "SR032")
    .map(({ level, location }) => `${location.file} ${level}`)
    .sort();
}

describe("The stack's file in a folder that the project names", () => {
  const stack = "encryptionsalt: x\n";
  const evil = `${stack}environment: [evil]\n`;

  test.each<[string, string, string]>([
    ["in quotes, with a blank", `${project}stackConfigDir: "conf dir"\n`, "infra/conf dir"],
    ["with letters that are not ASCII", `${project}stackConfigDir: größe\n`, "infra/größe"],
    [
      "in a map with a quoted key",
      `{ "name": shop, "runtime": nodejs, "stackConfigDir" : 'my conf' }\n`,
      "infra/my conf",
    ],
    ["with escapes in its key", `${project}"stackConfigD\\u0069r": conf\n`, "infra/conf"],
    ["as the key that the engine reads as well", `${project}config: "old conf"\n`, "infra/old conf"],
    ["behind an anchor", `description: &d elsewhere\n${project}stackConfigDir: *d\n`, "infra/elsewhere"],
    ["as a number", `${project}stackConfigDir: 2026\n`, "infra/2026"],
    ["behind a merge key, which only the engine reads", `${project}<<: { stackConfigDir: hidden }\n`, "infra/hidden"],
    ["behind a directive", `%YAML 1.1\n---\n${project}stackConfigDir: hidden\n`, "infra/hidden"],
    ["twice", `${project}stackConfigDir: a\nstackConfigDir: hidden\n`, "infra/hidden"],
    ["after a byte order mark", `\ufeff${project}stackConfigDir: hidden\n`, "infra/hidden"],
    ["on a line of its own, folded", `${project}stackConfigDir: >-\n  a\n  b\n`, "infra/a b"],
  ])("is compared, however the project writes the name: %s", async (_how, text, folder) => {
    const name = `${folder}/Pulumi.prod.yaml`;
    const files = (content: string) => ({ "infra/Pulumi.yaml": text, [name]: content });
    expect(await told(files(stack), files(evil))).toEqual([`${name} block`]);
    expect(await told(files(stack), files(stack))).toEqual([]);
  });
});

describe("A file that decides what runs, and that nobody reads as code", () => {
  const connections = `config:
  apikeys:connections:
    default: { backend: pulsely, tokenCommand: [sh, -c, "./scripts/token.sh --quiet"], caFile: certs/ca.der }
    acme: { backend: ./backends/acme, tokenEnv: ACME }
`;
  const stack = { "infra/Pulumi.prod.yaml": connections };
  const json = { "infra/Pulumi.prod.yaml": `config: { "apikeys:connections": '{"a":{"caFile":"certs/ca.der"}}' }\n` };

  test.each<[string, string, Files, string]>([
    ["a script that gives the admin token", "infra/scripts/token.sh", stack, "block"],
    ["the certificate of a service's authority", "infra/certs/ca.der", stack, "block"],
    ["the same where the config is one text", "infra/certs/ca.der", json, "block"],
    ["an own backend", "infra/backends/acme.js", stack, "warn"],
    ["a patch of a package", "infra/patches/pulumi-apikeys+1.0.0.patch", {}, "block"],
    ["a patch above the project", "patches/undici@7.0.0.patch", {}, "block"],
    ["the package manager itself", ".yarn/releases/yarn-4.0.0.cjs", {}, "block"],
    ["a plugin of it", ".yarn/plugins/@yarnpkg/plugin-x.cjs", {}, "block"],
    ["where Yarn finds packages", "infra/.pnp.cjs", {}, "block"],
    [
      "a plugin in a folder of the repository",
      "infra/plugin/bin/run",
      { "infra/Pulumi.yaml": `${project}plugins: { providers: [{ name: apikeys, path: ./plugin }] }\n` },
      "block",
    ],
    [
      "what Node loads before the program",
      "infra/hook.cjs",
      { "infra/Pulumi.yaml": `name: shop\nruntime: { name: nodejs, options: { nodeargs: "--require ./hook.cjs" } }\n` },
      "block",
    ],
    [
      "a script of the installation",
      "tools/post.js",
      { "package.json": '{ "scripts": { "postinstall": "node tools/post.js || true" } }' },
      "block",
    ],
    [
      "a file that the settings of a package manager name",
      "infra/hooks/load.js",
      { "infra/.npmrc": "node-options=-r ./hooks/load.js\n" },
      "block",
    ],
    [
      "what ts-node loads",
      "infra/register.ts",
      { "infra/tsconfig.json": '{ "ts-node": { "require": ["./register"] } }' },
      "block",
    ],
    [
      "what tsconfig.json extends",
      "tsconfig.base.json",
      { "infra/tsconfig.json": '{ "extends": "../tsconfig.base" }' },
      "block",
    ],
    ["variables of a shell", ".envrc", {}, "warn"],
    ["programs of a shell", "infra/mise.toml", {}, "warn"],
    ["the deployment's own job, if it runs pulumi", ".github/workflows/deploy.yml", {}, "warn"],
    ["the same of GitLab", ".gitlab-ci.yml", {}, "warn"],
  ])("is told: %s", async (_what, name, files, level) => {
    const [old, next] = ["run: pulumi up # 1\n", "run: pulumi up # 2\n"];
    const both = { ...files, [name]: old };
    expect(await told(both, { ...files, [name]: next })).toEqual([`${name} ${level}`]);
    // An installation writes Yarn's own file, if the repository does not have it.
    expect(await told(files, both)).toEqual(name.endsWith(".pnp.cjs") ? [] : [`${name} ${level}`]);
    expect(await told(both, files)).toEqual([`${name} ${level}`]);
    expect(await told(both, both)).toEqual([]);
  });

  test("is told where it is no text, and where a link takes its place", async () => {
    const name = "infra/certs/ca.der";
    const bytes = (last: number) => ({ ...stack, [name]: Uint8Array.of(0xff, 0xfe, last) });
    expect(await told(bytes(1), bytes(1))).toEqual([]);
    expect(await told(bytes(1), bytes(2))).toEqual([`${name} block`]);
    expect(await told(bytes(1), bytes(1), [name, "../other.der"])).toEqual([`${name} block`]);
  });

  test("is told where the repository itself has a copy of the package, nearer to the program than the installed one", async () => {
    const copy = (name: string, text = "evil") => ({ [`infra/${name}`]: text });
    const nested = "src/lib/node_modules/pulumi-apikeys/index.js";
    expect(await told({}, copy(nested))).toEqual([`infra/${nested} block`]);
    expect(await told(copy(nested, "old"), copy(nested))).toEqual([`infra/${nested} block`]);
    expect(await told({}, copy("src/node_modules/@pulumi/pulumi/index.js"))).toHaveLength(1);
    // What an installation writes, in a workspace as well, and what nobody here loads.
    const inTool = "tool/node_modules/@pulumi/pulumi/index.js";
    const lock = { "infra/package-lock.json": '{ "packages": { "tool/node_modules/@pulumi/pulumi": {} } }' };
    expect(await told(lock, { ...lock, ...copy(inTool) })).toEqual([]);
    for (const name of ["node_modules/pulumi-apikeys/index.js", "src/node_modules/left-pad/index.js"])
      expect(await told({}, copy(name))).toEqual([]);
  });

  test("is none of the base branch's own checkout, where that is a folder of the change's, as on GitLab", async () => {
    const files = {
      "Pulumi.yaml": `%YAML 1.1\n---\n${project}stackConfigDir: conf\n`,
      "conf/Pulumi.prod.yaml": "encryptionsalt: x\n",
    };
    const tools = { "node_modules/pulumi-apikeys/index.js": "x", "tool/node_modules/pulumi-apikeys/index.js": "x" };
    const inside = Object.fromEntries(
      Object.entries({ ...files, ...tools }).map(([name, text]) => [`base/${name}`, text]),
    );
    const root = checkout("change", { ...files, ...inside });
    const args = ["--preview", preview, "--repo-root", root, "--project-dir", root, "--format", "json"];
    const ended = await apikeys(["review", ...args, "--policy-dir", `${root}/base`]);
    const { findings } = JSON.parse(ended.stdout) as { findings: { rule: string; message: string }[] };
    expect(findings.filter(({ rule }) => rule === "SR032")).toEqual([]);
  });

  test("is none: what a build of the program writes", async () => {
    const options = "{ virtualenv: venv, binary: bin/app }";
    const base = { "infra/Pulumi.yaml": `name: shop\nruntime: { name: python, options: ${options} }\n` };
    expect(await told(base, { ...base, "infra/venv/bin/python": "x", "infra/bin/app": "x" })).toEqual([]);
  });

  test("is none: a workflow that has nothing to do with a deployment", async () => {
    const name = ".github/workflows/lint.yml";
    expect(await told({ [name]: "run: eslint\n" }, { [name]: "run: eslint .\n" })).toEqual([]);
  });

  test.each<[string, string, string, string[]]>([
    [
      "other places for packages",
      '{ "compilerOptions": { "strict": true } }',
      '{ "compilerOptions": { "strict": true, /* */ "paths": { "pulumi-apikeys": ["./evil"] }, } }',
      ["block"],
    ],
    ["code that ts-node loads", "{}", '{ "ts-node": { "require": ["./evil"] } } // x', ["block"]],
    ["another file that it extends", "{}", '{ "extends": "./evil.json" }', ["block"]],
    ["no JSON at all", "{}", "{ paths: 1 }", ["block"]],
    [
      "what decides nothing",
      '{ "compilerOptions": { "strict": true } }',
      '{\n  // looser\n  "compilerOptions": { "target": "ES2024" },\n}',
      [],
    ],
    ["marks of comments inside a text", '{ "include": ["src/**/*.ts"] }', '{ "include": ["lib/**/*.ts", "//x"] }', []],
  ])("is told of tsconfig.json: %s", async (_what, base, change, levels) => {
    const name = "infra/tsconfig.json";
    expect(await told({ [name]: base }, { [name]: change })).toEqual(levels.map((level) => `${name} ${level}`));
  });
});
