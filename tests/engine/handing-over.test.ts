import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "@jest/globals";
import { compile, linkPackages, programsOf } from "./support/page-programs";

const dir = mkdtempSync(join(tmpdir(), "apikeys-handing-over-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/**
 * The part of three providers that the page uses, as kubernetes 4.34, aws 7.48 and gitlab 8 declare it. The packages
 * themselves are too large, or run a script when they are installed, or cannot be had everywhere.
 */
const standIns: Readonly<Record<string, string>> = {
  kubernetes: `
export class Provider extends ProviderResource { constructor(name: string, args: { enableSecretMutable?: Input<boolean> }) { super("kubernetes", name, args); } }
interface Meta { name?: Input<string>; namespace?: Input<string> }
class Secret extends CustomResource {
  constructor(name: string, args: { metadata?: Input<Meta>; stringData?: Input<Record<string, Input<string>>> }, options?: CustomResourceOptions) {
    super("kubernetes:core/v1:Secret", name, args, options);
  }
}
export const core = { v1: { Secret } };`,
  gitlab: `
interface Variable { project: Input<string>; key: Input<string>; value?: Input<string>; masked?: Input<boolean>; protected?: Input<boolean> }
export class ProjectVariable extends CustomResource {
  constructor(name: string, args: Variable, options?: CustomResourceOptions) { super("gitlab:index/projectVariable:ProjectVariable", name, args, options); }
}`,
  aws: `
class Secret extends CustomResource {
  constructor(name: string, args: { name?: Input<string> }, options?: CustomResourceOptions) { super("aws:secretsmanager/secret:Secret", name, args, options); }
}
class SecretVersion extends CustomResource {
  constructor(name: string, args: { secretId: Input<string>; secretString?: Input<string> }, options?: CustomResourceOptions) {
    super("aws:secretsmanager/secretVersion:SecretVersion", name, args, options);
  }
}
export const secretsmanager = { Secret, SecretVersion };`,
};

const run = `
import pulumi from "@pulumi/pulumi";
import { apikeysMocks } from "pulumi-apikeys/testing";
const made = [];
const others = { newResource: ({ type, name, inputs }) => (made.push({ type, inputs }), { id: name, state: inputs }), call: ({ inputs }) => inputs };
await pulumi.runtime.setMocks(apikeysMocks({ connections: { default: { backend: "pulsely" } }, others }));
const { exporter } = (await import("./keys.js")).default;
for (const name of process.argv.slice(2)) await import(name);
const secret = await new Promise((done) => exporter.secret.apply(done));
await pulumi.runtime.waitForRPCs?.();
console.log(JSON.stringify({ secret, made }));`;

/** Writes what the page's programs import. @returns the sources of the stand-ins */
function packages(): string[] {
  linkPackages(dir, ["@pulumi/pulumi", "@pulumi/github", "@pulumi/vault", "@types/node"]);
  writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "consumers", private: true }));
  const head = `import { CustomResource, ProviderResource, type CustomResourceOptions, type Input } from "@pulumi/pulumi";\n`;
  return Object.entries(standIns).map(([name, text]) => {
    const place = join(dir, "node_modules/@pulumi", name);
    mkdirSync(place);
    writeFileSync(
      join(place, "package.json"),
      JSON.stringify({ name: `@pulumi/${name}`, main: "index.js", types: "index.ts" }),
    );
    writeFileSync(join(place, "index.ts"), head + text);
    return join(place, "index.ts");
  });
}

test("The page on handing over, word for word: it compiles, and each place gets the key's secret", async () => {
  const programs = programsOf("handing-over.md");
  const names = Object.keys(programs);
  expect(names).toEqual(["keys.ts", "kubernetes.ts", "github.ts", "gitlab.ts", "vault.ts", "aws.ts"]);
  expect(compile(dir, programs, packages())).toEqual([]);
  writeFileSync(join(dir, "run.mjs"), run);
  const places = names.slice(1).map((name) => `./${name.replace(".ts", ".js")}`);
  const { stdout } = await promisify(execFile)(process.execPath, ["run.mjs", ...places], {
    cwd: dir,
    env: { PATH: process.env.PATH },
  });
  const { secret, made } = JSON.parse(stdout) as {
    secret: string;
    made: { type: string; inputs: Record<string, unknown> }[];
  };
  expect(secret).toMatch(/^mock_/);
  /** How the engine is sent a secret. */
  const sealed = (value: unknown) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value,
  });
  const document = sealed(JSON.stringify({ current: secret }));
  expect(Object.fromEntries(made.map(({ type, inputs }) => [type, inputs]))).toMatchObject({
    "kubernetes:core/v1:Secret": { stringData: sealed({ current: secret, previous: "" }) },
    "github:index/actionsSecret:ActionsSecret": { secretName: "EXPORTER_KEY", value: sealed(secret) },
    "gitlab:index/projectVariable:ProjectVariable": { value: sealed(secret), masked: true },
    "vault:kv/secretV2:SecretV2": { name: "exporter/pulsely", dataJson: document },
    "aws:secretsmanager/secretVersion:SecretVersion": { secretId: "exporter-key", secretString: document },
  });
}, 120_000);
