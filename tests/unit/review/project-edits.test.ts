import { describe, expect, it } from "@jest/globals";
import * as yaml from "yaml";
import { created, found, key, review } from "./support/preview-builder";
import type { ProjectFile } from "../../../review/file-parts";
import { projectEdits } from "../../../review/project-edits";

const file = (text: string | undefined, name = "Pulumi.yaml"): ProjectFile => ({ name, text });
const plain = "name: keys\nruntime: nodejs\n";
const named = `${plain}plugins:\n  providers:\n    - { name: apikeys, path: node_modules/pulumi-apikeys/dist/plugin }\n`;

/** What the review tells of a change: the parts that differ, or nothing. */
function edits(base: readonly ProjectFile[], change: readonly ProjectFile[]) {
  return projectEdits(base, change, yaml).map(({ file: name, parts, level }) => [name, ...parts, level].join(" "));
}

describe("A change of what decides which code the engine runs", () => {
  it.each<[string, string, string, string]>([
    ["a plugin's path", named, named.replace("node_modules/pulumi-apikeys/dist/plugin", "./evil"), "plugins"],
    ["plugins where there were none", plain, named, "plugins"],
    ["a package", plain, `${plain}packages:\n  apikeys: ./evil\n`, "packages"],
    ["another program", plain, `${plain}main: evil\n`, "main"],
    [
      "options of the runtime",
      plain,
      plain.replace("nodejs", "{ name: nodejs, options: { nodeargs: -r ./x } }"),
      "runtime",
    ],
    ["another backend of the state", plain, `${plain}backend: { url: file:///tmp }\n`, "backend"],
    ["a field that nobody knows today", plain, `${plain}hooks: [./evil]\n`, "hooks"],
    ["a config that is the name of a folder", plain, `${plain}config: evil\n`, "config"],
    [
      "an anchor in a harmless field",
      `description: &x ./a\n${plain}main: *x\n`,
      `description: &x ./evil\n${plain}main: *x\n`,
      "main",
    ],
    ["a merge key", plain, `${plain}description: &x { main: evil }\n<<: *x\n`, "<<"],
    ["a quoted key with escapes", plain, `${plain}"m\\u0061in": evil\n`, "main"],
    [
      "a version that is the same number and another text",
      `${plain}packages: { apikeys: { source: a, version: 1.1 } }\n`,
      `${plain}packages: { apikeys: { source: a, version: 1.10 } }\n`,
      "packages",
    ],
    ["a text for a flag", `${plain}main: "true"\n`, `${plain}main: true\n`, "main"],
    ["a key in other letters, which JSON does not tell apart", plain, `${plain}MAIN: evil\n`, "MAIN"],
  ])("is told: %s", (_what, base, change, part) => {
    expect(edits([file(base)], [file(change)])).toEqual([`Pulumi.yaml ${part} block`]);
  });

  it.each<[string, string | undefined]>([
    ["a line that ends for the engine's parser alone (U+0085)", `${plain}description: a\u0085main: evil\n`],
    ["the same with U+2028", `${plain}description: a\u2028main: evil\n`],
    ["a byte order mark, which the engine's parser skips at any line's beginning", `${plain}\ufeff# a\n`],
    ["a directive, which may say what a tag means", `%TAG !e! tag:yaml.org,2002:\n---\n${plain}`],
    ["a lone carriage return", `${plain}description: a\rmain: evil\n`],
    ["a key that stands there twice", `${plain}main: a\nmain: b\n`],
    ["two documents", `${plain}---\nmain: evil\n`],
    ["aliases without end", `a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n${"c: *b\n".repeat(2)}`],
    ["no map", "- a\n"],
    ["a link, or bytes that are no text", undefined],
  ])("is told as unreadable: %s", (_what, change) => {
    expect(edits([file(plain)], [file(change)])).toEqual(["Pulumi.yaml block"]);
  });

  it("is told where a file takes the place of another, whatever it says", () => {
    expect(
      edits([file(plain)], [file(plain), file('{"name":"keys","runtime":"nodejs","MAIN":"evil"}', "Pulumi.json")]),
    ).toEqual(["Pulumi.json MAIN block"]);
    expect(edits([file(plain)], [])).toEqual(["Pulumi.yaml block"]);
    expect(edits([file(plain)], [file('{"name":"keys","runtime":"go","runtime":"nodejs"}', "Pulumi.json")])).toEqual([
      "Pulumi.json block",
    ]);
    // The engine takes the first of them only.
    expect(edits([file(plain)], [file(plain), file(named, "Pulumi.yml")])).toEqual([]);
    expect(edits([], [file(plain)])).toEqual(["Pulumi.yaml warn"]);
  });

  it("is none: what nobody runs, comments, and the order of things", () => {
    const other = `# a comment\nruntime: nodejs\nname: 'keys'\ndescription: näher\nconfig: { "aws:region": x }\ntemplate: { quickstart: y }\n`;
    expect(edits([file(plain)], [file(other)])).toEqual([]);
    expect(edits([file(named)], [file(named)])).toEqual([]);
  });
});

describe("A change of a stack's own file", () => {
  const salted = "encryptionsalt: v1:abc\nconfig:\n  aws:region: x\n";
  const tokens = (value: string) => `${salted}  apikeys:tokens: ${value}\n`;
  const of = (base: string | undefined, change: string | undefined, name = "Pulumi.prod.yaml") =>
    edits(
      [file(plain), ...(base === undefined ? [] : [file(base, name)])],
      [file(plain), ...(change === undefined ? [] : [file(change, name)])],
    );

  it.each<[string, string | undefined, string | undefined, string[]]>([
    [
      "an environment, whose variables every process gets",
      salted,
      `${salted}environment: [evil]\n`,
      ["environment block"],
    ],
    ["the same where there was no file", undefined, "environment: [evil]\n", ["environment block"]],
    [
      "who can read the state's secrets",
      salted,
      `${salted}secretsprovider: awskms://evil\n`,
      ["secretsprovider block"],
    ],
    ["another salt", salted, salted.replace("abc", "xyz"), ["encryptionsalt block"]],
    ["a field that nobody knows today", salted, `${salted}hooks: [evil]\n`, ["hooks block"]],
    ["an admin token in clear", tokens("{ a: { secure: x } }"), tokens("{ a: evil }"), ["config apikeys:tokens block"]],
    [
      "one beside others",
      tokens("{ a: { secure: x } }"),
      tokens("{ a: { secure: x }, b: evil }"),
      ["config apikeys:tokens block"],
    ],
    [
      "an encrypted one",
      tokens("{ a: { secure: x } }"),
      tokens("{ a: { secure: y } }"),
      ["config apikeys:tokens warn"],
    ],
    ["a new stack's encryption", undefined, salted, ["encryptionsalt warn"]],
    ["a file that is gone", `${salted}environment: [team]\n`, undefined, ["encryptionsalt environment block"]],
    ["a key that stands there twice", salted, `${salted}environment: [a]\nenvironment: [b]\n`, ["block"]],
    ["other config", salted, salted.replace("region: x", "region: y"), []],
  ])("is told: %s", (_what, base, change, told) => {
    expect(of(base, change)).toEqual(told.map((each) => `Pulumi.prod.yaml ${each}`));
  });

  it("concerns its own stack only", () => {
    const [edit] = projectEdits(
      [file(plain)],
      [file(plain), file("environment: [x]\n", "conf/Pulumi.prod.yaml")],
      yaml,
    );
    const told = (stack: string) => found(review([created(key("ci"))], { projectEdits: [{ ...edit!, stack }] }));
    expect(edit).toMatchObject({ file: "conf/Pulumi.prod.yaml", stack: "prod" });
    expect([told("prod"), told("dev")].map((rules) => rules.includes("SR032 shop-prod"))).toEqual([true, false]);
  });
});

describe("A change of what an installation runs, and from where", () => {
  const manifest = (more: object) => file(JSON.stringify({ name: "shop", version: "1.0.0", ...more }), "package.json");

  it.each<[string, object, string[]]>([
    ["where the program begins", { main: "evil.js" }, ["main"]],
    ["the same in other letters", { Main: "evil.js" }, ["Main"]],
    ["which plugin a package names", { pulumi: { resource: true, server: "https://evil.example" } }, ["pulumi"]],
    ["a package in the place of another", { overrides: { "pulumi-apikeys": "file:evil" } }, ["overrides"]],
    ["a script that an installation runs", { scripts: { postinstall: "node evil" } }, ["scripts.postinstall"]],
    ["the name of this package, which its imports then mean", { name: "pulumi-apikeys" }, ["name"]],
    // A repository without a lockfile says nowhere else where its packages come from.
    [
      "this package from a folder",
      { dependencies: { "pulumi-apikeys": "file:evil" } },
      ["dependencies.pulumi-apikeys"],
    ],
    ["another in its place", { dependencies: { "pulumi-apikeys": "npm:evil@1" } }, ["dependencies.pulumi-apikeys"]],
    [
      "a package from somebody's repository",
      { devDependencies: { undici: "evil/undici" } },
      ["devDependencies.undici"],
    ],
    [
      "this package from the workspace",
      { dependencies: { "pulumi-apikeys": "workspace:*" } },
      ["dependencies.pulumi-apikeys"],
    ],
    [
      "releases, tags, parts of the workspace",
      { dependencies: { "pulumi-apikeys": "^1.2.0 || >=2.0.0-rc.1+x", a: "latest", b: "workspace:^", c: "catalog:" } },
      [],
    ],
    ["what nobody runs by itself", { description: "x", scripts: { test: "jest" }, dependencies: { a: "1" } }, []],
  ])("is told of package.json: %s", (_what, more, parts) => {
    const told = parts.map((part) => `package.json ${part} block`);
    expect(edits([file(plain), manifest({})], [file(plain), manifest(more)])).toEqual(told);
  });

  it.each([".npmrc", ".yarnrc.yml", ".pnpmfile.cjs", "pnpm-workspace.yaml", "infra/.npmrc"])(
    "is told of %s",
    (name) => {
      const base = [file(plain), file("a", name)];
      expect(edits(base, [file(plain), file("b", name)])).toEqual([`${name} block`]);
      expect(edits(base, [file(plain)])).toEqual([`${name} block`]);
      expect(edits([file(plain)], base)).toEqual([`${name} block`]);
      expect(edits(base, base)).toEqual([]);
    },
  );

  it("cannot be told of a manifest that nobody can read, and only warns where the project is new", () => {
    expect(edits([file(plain), manifest({})], [file(plain), file("{", "package.json")])).toEqual([
      "package.json block",
    ]);
    expect(edits([], [file(plain), manifest({ main: "index.js" })])).toEqual([
      "Pulumi.yaml warn",
      "package.json main warn",
    ]);
  });
});

describe("A stack's config that the engine reads as the place of the plugin", () => {
  const withConfig = (config: object) => found(review([created(key("ci"))], { digest: { config } }));

  it.each(["apikeys:name", "apikeys:version", "apikeys:pluginDownloadURL", "apikeys:__internal"])(
    "blocks: %s",
    (name) => {
      expect(withConfig({ [name]: "https://evil.example" })).toContain("SR032 shop-prod");
    },
  );

  it("is none of the connections", () => {
    expect(withConfig({ "apikeys:connections": "{}" })).not.toContain("SR032 shop-prod");
  });
});

describe("What a lockfile says of this package", () => {
  const entry = { version: "1.0.0", resolved: "https://r.example/pulumi-apikeys-1.0.0.tgz", integrity: "sha512-a" };
  const upgrade = {
    version: "1.1.0",
    resolved: "https://r.example/pulumi-apikeys-1.1.0.tgz",
    integrity: "sha512-b",
  };
  const lock = (ours: object, more: object = {}, name = "package-lock.json") =>
    file(JSON.stringify({ packages: { "": {}, "node_modules/pulumi-apikeys": ours, ...more } }), name);

  it.each<[string, object, object, string[]]>([
    ["a link", { resolved: "evil", link: true }, {}, ["node_modules/pulumi-apikeys block"]],
    ["another package under its name", { ...entry, name: "evil" }, {}, ["node_modules/pulumi-apikeys block"]],
    [
      "another hash of the same release",
      { ...entry, integrity: "sha512-b" },
      {},
      ["node_modules/pulumi-apikeys block"],
    ],
    [
      "another server",
      { ...entry, version: "1.1.0", resolved: "https://evil.example/a.tgz" },
      {},
      ["node_modules/pulumi-apikeys block"],
    ],
    [
      "a second copy, nearer to the program",
      entry,
      { "app/node_modules/pulumi-apikeys": { link: true } },
      ["app/node_modules/pulumi-apikeys block"],
    ],
    ["an upgrade", upgrade, {}, ["node_modules/pulumi-apikeys warn"]],
    [
      "another package of the same server, as an upgrade",
      { ...upgrade, resolved: "https://r.example/evil-1.1.0.tgz" },
      {},
      ["node_modules/pulumi-apikeys block"],
    ],
    [
      "the same behind a version that is a path",
      {
        ...upgrade,
        version: "1.1.0/../evil-1.1.0",
        resolved: "https://r.example/pulumi-apikeys-1.1.0/../evil-1.1.0.tgz",
      },
      {},
      ["node_modules/pulumi-apikeys block"],
    ],
    [
      "an upgrade that another package brings along",
      { ...upgrade, inBundle: true },
      {},
      ["node_modules/pulumi-apikeys block"],
    ],
    ["other packages", entry, { "node_modules/left-pad": { version: "2.0.0" } }, []],
  ])("is told: %s", (_what, ours, more, told) => {
    expect(edits([file(plain), lock(entry)], [file(plain), lock(ours, more)])).toEqual(
      told.map((each) => `package-lock.json ${each}`),
    );
  });

  it("is read in the lockfiles of other package managers by its lines, and cannot be read in a broken one", () => {
    const yarn = (resolved: string) =>
      file(`left-pad@1:\n  version "1"\n\npulumi-apikeys@^1:\n  version "1"\n  resolved "${resolved}"\n`, "yarn.lock");
    expect(edits([yarn("https://r.example/a")], [yarn("file:evil")])).toEqual([
      "yarn.lock pulumi-apikeys places of packages block",
    ]);
    expect(edits([lock(entry)], [file("{", "package-lock.json")])).toEqual(["package-lock.json block"]);
  });

  const classic = `pulumi-apikeys@^1:\n  version "1"\n  resolved "https://r.example/a"\n  integrity sha512-a\n`;
  const berry = `"pulumi-apikeys@npm:^1":\n  version: 1\n  resolution: "pulumi-apikeys@npm:1"\n  dependencies:\n    a: 1\n    b: 1\n    c: 1\n  checksum: `;
  it.each<[string, string, string, string]>([
    [
      "a second source below the first, which counts",
      classic,
      `${classic}  resolved "file:evil"\n  integrity sha512-b\n`,
      "pulumi-apikeys places of packages",
    ],
    [
      "the same behind a comment",
      classic,
      `${classic}# a\n\n  resolved "file:evil"\n`,
      "pulumi-apikeys places of packages",
    ],
    ["a hash far below the name", `${berry}a\n`, `${berry}b\n`, "pulumi-apikeys"],
    [
      "a name with escapes",
      `a@1:\n  version "1"\n`,
      `a@1:\n  version "1"\n"pulumi\\u002dapikeys@^1":\n  resolved "file:evil"\n`,
      "lines with a backslash places of packages pulumi\\u002dapikeys",
    ],
  ])("is told of other package managers: %s", (_what, before, after, part) => {
    expect(edits([file(before, "yarn.lock")], [file(after, "yarn.lock")])).toEqual([`yarn.lock ${part} block`]);
    expect(edits([file(before, "yarn.lock")], [file(`${before}\nz@1:\n  version "1"\n`, "yarn.lock")])).toEqual([]);
  });
});
