import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startEmulator } from "../../testing/emulator";
import { call } from "./support/services";
import { TestStack } from "./support/stack";

const run = promisify(execFile);
const repository = resolve(__dirname, "../..");
const home = mkdtempSync(join(tmpdir(), "apikeys-package-"));
/** A project that has never seen the repository. */
const fresh = join(home, "fresh");
const timeoutMs = 180_000;

interface Packed {
  readonly filename: string;
  /** A hash of all contents. */
  readonly integrity: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as Manifest;
const elsewhere = ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "docs/releasing.md", "docs/review.png"];
const installed = (...path: string[]) => join(fresh, "node_modules", ...path);
let packed: Packed;

/** What the repository keeps of these folders; git's own files are no part of a package. */
function filesInRepository(...folders: readonly string[]): string[] {
  const files = execFileSync("git", ["ls-files", ...folders], { cwd: repository, encoding: "utf8" })
    .trim()
    .split("\n");
  return files.filter((file) => !file.endsWith("/.gitignore") && existsSync(join(repository, file)));
}

async function pack(into: string): Promise<Packed> {
  mkdirSync(into, { recursive: true });
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", into], { cwd: repository });
  const [result] = JSON.parse(stdout) as [Packed];
  return result;
}

/** @returns what the compiler says of a program; nothing where it is right. */
async function compile(file: string, text: string, ...more: readonly string[]): Promise<string> {
  writeFileSync(join(fresh, file), text);
  const compiler = join(repository, "node_modules", "typescript", "bin", "tsc");
  const flags = [
    "--noEmit",
    // A tsconfig.json somewhere above is nobody's of ours.
    "--ignoreConfig",
    "--strict",
    "--exactOptionalPropertyTypes",
    "--target",
    "es2022",
    "--module",
    "node16",
    "--types",
    "node",
    "--skipLibCheck",
  ];
  return run(process.execPath, [compiler, ...flags, ...more, file], { cwd: fresh }).then(
    ({ stdout }) => stdout,
    (error: unknown) => String((error as { stdout?: unknown }).stdout),
  );
}

/** The declarations of the package that a compiler reads for a program that imports all of its entries. */
async function declarationsRead(): Promise<string[]> {
  const entries = Object.entries(manifest.exports).flatMap(([entry, target]) =>
    typeof target === "string"
      ? []
      : `import * as ${entry.replace(/\W/g, "_")} from "pulumi-apikeys${entry.slice(1)}";`,
  );
  const listed = await compile("all.ts", entries.join("\n"), "--listFilesOnly");
  const own = `${installed("pulumi-apikeys")}/dist/`;
  return listed
    .split("\n")
    .filter((file) => file.startsWith(own))
    .map((file) => `dist/${file.slice(own.length)}`)
    .sort();
}

function execBash(script: string, options: object): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return run("bash", ["-c", script], { encoding: "utf8", ...options });
}

async function install(...packages: readonly string[]): Promise<void> {
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...packages], { cwd: fresh });
}

/** The generator of the SDKs is a Go program. Without Go the test is skipped in plain sight; in CI it fails. */
const testWithGo = spawnSync("go", ["version"]).error === undefined || process.env.CI !== undefined ? test : test.skip;

beforeAll(async () => {
  packed = await pack(join(home, "first"));
  mkdirSync(fresh);
  writeFileSync(join(fresh, "package.json"), JSON.stringify({ name: "fresh", private: true }));
  const { version } = JSON.parse(
    readFileSync(join(repository, "node_modules", "@pulumi", "pulumi", "package.json"), "utf8"),
  ) as { version: string };
  await install(join(home, "first", packed.filename), `@pulumi/pulumi@${version}`);
}, timeoutMs);

afterAll(() => rmSync(home, { recursive: true, force: true }));

describe("The package", () => {
  test(
    "is the same each time it is packed, and holds the build and the documents: no sources, tests, maps or marks of the tree it comes from",
    async () => {
      const again = await pack(join(home, "second"));
      expect(again.integrity).toBe(packed.integrity);
      const paths = packed.files.map(({ path }) => path);
      const documents = [
        ...["package.json", "README.md", "CHANGELOG.md", "LICENSE", "action.yml"],
        ...filesInRepository("ci", "docs", "examples", "templates").filter(
          (file) => !/\.png$|^docs\/releasing\.md$/.test(file),
        ),
      ];
      expect(paths).toEqual(expect.arrayContaining(documents));
      // What a contributor needs, and the picture, stay in the repository: npm's page of the package leads there.
      const links = readFileSync(join(repository, "README.md"), "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g);
      const dangling = [...links].filter(
        ([, to = ""]) => !paths.some((path) => path === to || path.startsWith(`${to}/`)),
      );
      expect([...new Set(dangling.map(([, to]) => to))].filter((to) => !elsewhere.includes(to ?? ""))).toEqual([]);
      const { include: rooms } = JSON.parse(readFileSync(join(repository, "tsconfig.build.json"), "utf8")) as {
        include: string[];
      };
      const built = new RegExp(`^dist/(${rooms.join("|")})/([\\w-]+/)*[\\w-]+(\\.schema)?\\.(js|d\\.ts|json)$`);
      const plugin = ["dist/plugin/pulumi-resource-apikeys", "dist/plugin/pulumi-resource-apikeys.cmd"];
      expect(paths).toEqual(expect.arrayContaining(plugin));
      expect(packed.files.find(({ path }) => path === plugin[0])?.mode.toString(8)).toMatch(/755$/);
      const strange = paths.filter((path) => ![...documents, ...plugin].includes(path) && !built.test(path));
      expect(strange).toEqual([]);
      expect(
        paths.filter((path) => /(^|\/)(tests?|scripts|node_modules)\/|^dist.*\.test\.|Pulumi\..+\.yaml$/.test(path)),
      ).toEqual([]);
      expect(paths.filter((path) => path.endsWith(".d.ts")).sort()).toEqual(await declarationsRead());
      const foreign = paths.filter((path) =>
        readFileSync(installed("pulumi-apikeys", path), "utf8").includes(repository),
      );
      expect(foreign).toEqual([]);

      const named = Object.values(manifest.exports).flatMap((target) =>
        typeof target === "string" ? [target] : Object.values(target),
      );
      expect(
        [...named, ...Object.values(manifest.bin)].filter((file) => !existsSync(installed("pulumi-apikeys", file))),
      ).toEqual([]);
    },
    timeoutMs,
  );

  test(
    "tests a program without an engine, by the page on unit tests word for word",
    async () => {
      const page = readFileSync(installed("pulumi-apikeys", "docs", "unit-tests.md"), "utf8");
      const blocks = [...page.matchAll(/```js\n\/\/ ([\w.]+)[^\n]*\n(.*?)```/gs)];
      expect(blocks.map(([, file]) => file)).toEqual(["keys.test.mjs", "keys.mjs", "keys.test.js", "keys.js"]);
      for (const [, file = "", text = ""] of blocks) writeFileSync(join(fresh, file), text);
      const unitTest = () => run(process.execPath, ["--test", "keys.test.mjs"], { cwd: fresh });
      expect((await unitTest()).stdout).toContain("pass 1");
      writeFileSync(join(fresh, "keys.mjs"), readFileSync(join(fresh, "keys.mjs"), "utf8").replace("alerts", "alrets"));
      const slip = await unitTest().then(
        ({ stdout }) => stdout,
        (error: unknown) => (error as { stdout: string }).stdout,
      );
      const refusal = 'RotatingApiKey "exporter": pulsely (connection "default") has no scope "read:alrets"';
      expect(slip).toContain(refusal);

      const jestBin = join(repository, "node_modules", "jest", "bin", "jest.js");
      const inJest = () => run(process.execPath, [jestBin, "--rootDir", fresh, "keys.test.js"], { cwd: fresh });
      expect((await inJest()).stderr).toContain("Tests:       1 passed, 1 total");
      writeFileSync(join(fresh, "keys.js"), readFileSync(join(fresh, "keys.js"), "utf8").replace("alerts", "alrets"));
      await expect(inJest()).rejects.toMatchObject({
        stderr: expect.stringContaining(JSON.stringify(refusal).slice(1, -1)),
      });
    },
    timeoutMs,
  );

  test(
    "makes the README's first key by the README's own words, in an empty folder",
    async () => {
      const readme = readFileSync(installed("pulumi-apikeys", "README.md"), "utf8");
      const [, chapter = ""] = /^## Your first key\n([\s\S]*?)^## /m.exec(readme) ?? [];
      const blocks = [...chapter.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, kind = "", text = ""]) => ({
        kind,
        text,
      }));
      expect(blocks.map(({ kind }) => kind)).toEqual(["sh", "yaml", "ts", "sh"]);
      const [install, project, program, run] = blocks.map(({ text }) => text) as [string, string, string, string];
      const folder = join(home, "first-key");
      for (const name of ["keys", "state", "home"]) mkdirSync(join(folder, name), { recursive: true });
      const version = (name: string) =>
        (JSON.parse(readFileSync(join(repository, "node_modules", name, "package.json"), "utf8")) as Manifest).version;
      // What differs from the README: where packages and the state are, the port, and that nobody is there to say yes.
      const said = (text: string, ...changes: readonly (readonly [string, string])[]) =>
        changes.reduce((changed, [from, to]) => {
          expect(changed).toContain(from);
          return changed.replace(from, to);
        }, text);
      const lines = [
        "set -e",
        said(
          install,
          [
            "npm install pulumi-apikeys",
            `npm install --prefer-offline --no-audit ${join(home, "first", packed.filename)}`,
          ],
          [
            "@pulumi/pulumi typescript",
            `@pulumi/pulumi@${version("@pulumi/pulumi")} typescript@${version("typescript")}`,
          ],
          ["emulator --env", "emulator --env --port 0"],
        ),
        "trap 'kill $APIKEYS_EMULATOR_PID' EXIT",
        `cat > Pulumi.yaml <<END\n${said(project, ["http://127.0.0.1:4010", "$APIKEYS_EMULATOR_URL"])}END`,
        `cat > index.ts <<'END'\n${program}END`,
        said(run, ["login --local", `login "file://${folder}/state"`], ["pulumi up", "pulumi up --yes"]),
        'curl -s -o /dev/null -w "%{http_code}" -H "Authorization: Bearer $(pulumi stack output secret --show-secrets)" $APIKEYS_EMULATOR_URL/pulsely/v1/checks',
        "pulumi destroy --yes --skip-preview >/dev/null",
      ];
      const { stdout, stderr } = await execBash(lines.join("\n"), {
        cwd: join(folder, "keys"),
        env: {
          PATH: process.env.PATH,
          HOME: join(folder, "home"),
          PULUMI_HOME: join(folder, "home", ".pulumi"),
          PULUMI_SKIP_UPDATE_CHECK: "true",
          npm_config_cache: (await execBash("npm config get cache", {})).stdout.trim(),
          npm_config_update_notifier: "false",
        },
      });
      expect(stdout).toMatch(/\+ 3 created/);
      expect(stdout).toMatch(/\nply_live_\w+\n200$/);
      // The first program is quiet.
      expect(stdout + stderr).not.toMatch(/warning:|EBADENGINE/);
    },
    timeoutMs,
  );

  test(
    "makes, changes and revokes keys in a project that has never seen this repository, against the emulator from its own bin",
    async () => {
      const emulator = spawn(installed(".bin", "apikeys"), ["emulator", "--port", "0"], {
        cwd: fresh,
        stdio: ["ignore", "pipe", "inherit"],
      });
      let stack: TestStack | undefined;
      try {
        const lines = createInterface({ input: emulator.stdout });
        const [line] = (await once(lines, "line")) as [string];
        const { pulsely, novavms } = (
          JSON.parse(line) as { services: Record<"pulsely" | "novavms", { url: string; adminToken: string }> }
        ).services;
        stack = await TestStack.open({
          connections: {
            default: { backend: "pulsely", url: pulsely.url, tokenEnv: "PULSELY_ADMIN_TOKEN" },
            novavms: {
              backend: "novavms",
              url: novavms.url,
              tokenEnv: "NOVAVMS_ADMIN_TOKEN",
              allowUndocumentedEndpoints: true,
            },
          },
          env: { PULSELY_ADMIN_TOKEN: pulsely.adminToken, NOVAVMS_ADMIN_TOKEN: novavms.adminToken },
          modules: installed(),
        });
        const program = (scope: string) => `
          if (!require.resolve("pulumi-apikeys").startsWith(${JSON.stringify(fresh)})) throw new Error("another package: " + require.resolve("pulumi-apikeys"));
          const account = new ServiceAccount("exporter", { connection: "novavms", role: "viewer" });
          const camera = new RotatingApiKey("camera", { connection: "novavms", serviceAccountId: account.accountId, scopes: ["cameras:read"], rotateEvery: "90d" });
          const checks = new ApiKey("checks", { scopes: ["${scope}"] });
          exports.camera = camera.secret; exports.checks = checks.secret;`;
        stack.program(program("read:checks"));
        await stack.up();
        const first = await stack.outputs();
        expect(await call(novavms.url, "/cameras", first.camera!)).toBe(200);
        expect(await call(pulsely.url, "/checks", first.checks!)).toBe(200);
        stack.program(program("read:alerts"));
        await stack.up();
        const second = await stack.outputs();
        expect(await call(pulsely.url, "/alerts", second.checks!)).toBe(200);
        expect(await call(pulsely.url, "/checks", first.checks!)).toBe(401);
        // The plugin that the package brings along finds the same keys.
        stack.face = "plugin";
        stack.program(program("read:alerts"));
        expect((await stack.up()).stdout).toMatch(/4 unchanged/);
        await stack.close();
        expect(await call(pulsely.url, "/alerts", second.checks!)).toBe(401);
        expect(await call(novavms.url, "/cameras", second.camera!)).toBe(401);
      } finally {
        stack?.discard();
        const gone = once(emulator, "exit");
        emulator.kill();
        await gone;
      }
    },
    timeoutMs,
  );

  testWithGo(
    "has an SDK of the plugin's own classes for Node, which needs no build: programs compile with its types, its keys work, and they register as fast as dynamic resources",
    async () => {
      const sdks = join(home, "sdks");
      await run(join(repository, "scripts", "packages"), [sdks]);
      const file = readdirSync(sdks).find((name) => name.endsWith(".tgz")) ?? "none";
      await install(join(sdks, file));
      const program = (scope: string) => `
        import { ApiKey, PulselyScope, RotatingApiKey } from "pulumi-apikeys-sdk";
        const night = new RotatingApiKey("night", { scopes: [PulselyScope.ReadChecks], rotateEvery: "90d" });
        export const id = new ApiKey("ci", { ${scope}: ["read:checks"] }, { import: "default/1" }).keyId;
        export const next = night.nextRotationAt;`;
      expect(await compile("sdk.ts", program("scopes"))).toBe("");
      expect(await compile("sdk.ts", program("scope"))).toMatch(/'scope' does not exist in type 'ApiKeyArgs'/);

      const emulator = await startEmulator();
      const { url, adminToken } = emulator.services.pulsely;
      const stack = await TestStack.open({
        connections: { default: { backend: "pulsely", url, tokenEnv: "PULSELY_ADMIN_TOKEN" } },
        env: { PULSELY_ADMIN_TOKEN: adminToken },
        modules: installed(),
      });
      try {
        stack.write(
          "index.js",
          `const { ApiKey } = require("pulumi-apikeys-sdk");
          let traces = 0;
          const { prepareStackTrace } = Error;
          Error.prepareStackTrace = (error, sites) => {
            if (sites.length > 0) traces += 1;
            return prepareStackTrace(error, sites);
          };
          exports.secret = new ApiKey("ci", { scopes: ["read:checks"], expiresIn: "90d" }).secret;
          exports.traces = traces;`,
        );
        await stack.up();
        const { secret, traces } = await stack.outputs();
        // Not several for each property: only the position of the resource.
        expect(traces).toBe(1);
        expect(await call(url, "/checks", secret!)).toBe(200);
        expect((await stack.state()).map(({ type }) => type)).toEqual(["apikeys:index:ApiKey"]);
        await stack.close();
        expect(await call(url, "/checks", secret!)).toBe(401);
      } finally {
        stack.discard();
        await emulator.close();
      }
    },
    2 * timeoutMs,
  );

  test(
    "tells an editor its types: programs, backends and contract tests compile, a scope that a catalogue lacks does not",
    async () => {
      const right = `
        import type { Output } from "@pulumi/pulumi";
        import { ApiKey, type ApiKeyArgs, type KeyArgs, RotatingApiKey, type RotatingApiKeyArgs, type Scope, ServiceAccount, type ServiceAccountArgs } from "pulumi-apikeys";
        import type { NovavmsScope, PulseapiScope, PulselyScope } from "pulumi-apikeys";
        import { ApiError, type Backend, type BackendClient, type Capabilities, createHttpClient, defineBackend, type NewKey } from "pulumi-apikeys/backend";
        import { type BackendHarness, describeBackend, startEmulator } from "pulumi-apikeys/testing";
        const pulsely: PulselyScope[] = ["read:checks", "admin:*"];
        const open: (NovavmsScope | PulseapiScope)[] = ["cameras:read", "monitors:read", "anything:else"];
        const shared: KeyArgs = { scopes: [...pulsely, ...open] satisfies Scope[], labels: { owner: "web" } };
        const args: ApiKeyArgs & RotatingApiKeyArgs = { ...shared, expiresIn: "90d", rotateEvery: "30d" };
        const account: ServiceAccountArgs = { role: "viewer" };
        export const id: Output<string> = new ServiceAccount("a", account).accountId;
        export const secrets: Output<string>[] = [new ApiKey("k", args).secret, new RotatingApiKey("r", args).secret];
        export const scopes: Output<string[] | undefined> = new ApiKey("l", shared).scopes;
        export const named = (key: NewKey, client: BackendClient, can: Capabilities, backend: Backend, harness: BackendHarness) => [key, client, can, backend, harness, ApiError, createHttpClient, defineBackend, describeBackend, startEmulator];`;
      expect(await compile("right.ts", right)).toBe("");

      const wrong = `
        import { ApiKey, type PulselyScope, RotatingApiKey } from "pulumi-apikeys";
        export const scopes: PulselyScope[] = ["read:cheks"];
        new ApiKey("k", { scope: scopes });
        new RotatingApiKey("r", { scopes });
        new ApiKey("l", { scopes, environment: "production" });`;
      const errors = (await compile("wrong.ts", wrong)).split("\n").filter((line) => line.startsWith("wrong.ts"));
      expect(errors).toEqual([
        expect.stringMatching(/^wrong\.ts\(3,.*Type '"read:cheks"' is not assignable/),
        expect.stringMatching(/^wrong\.ts\(4,.*'scope'/),
        expect.stringMatching(/^wrong\.ts\(5,.*not assignable to parameter of type 'RotatingApiKeyArgs</),
        expect.stringMatching(/^wrong\.ts\(6,.*'"production"' is not assignable/),
      ]);
    },
    timeoutMs,
  );

  test(
    "brings all that a backend of one's own is written and tested with: the example's contract holds beside it",
    async () => {
      cpSync(join(repository, "examples", "own-backend"), join(fresh, "own-backend"), {
        recursive: true,
        filter: (file) => !file.endsWith("node_modules"),
      });
      const { stdout } = await run("node", ["--test", "--test-reporter=tap"], {
        cwd: join(fresh, "own-backend"),
        env: { PATH: process.env.PATH },
      });
      expect(stdout).toMatch(/^# fail 0$/m);
      const { stdout: version } = await run(installed(".bin", "apikeys"), ["--version"], { cwd: fresh });
      expect(version.trim()).toBe(manifest.version);
    },
    timeoutMs,
  );
});
