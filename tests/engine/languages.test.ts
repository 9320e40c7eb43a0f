/** The same two keys in every language: each example is run by the commands of its README, and lives on for a rotation and an import. */
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type AfterUp, type ExampleBench, runWholeReadme } from "./support/example-bench";
import { call } from "./support/services";

const dayMs = 86_400_000;

interface Language {
  readonly name: string;
  /** What this machine needs to run it; a missing Pulumi host is built with Go. */
  readonly tools: readonly string[];
  /** Adds a key that somebody has made by hand to the program. */
  readonly importKey: (project: string, id: string) => void;
  /** Installs the SDK from another package of it than the README does. */
  readonly reinstall?: (project: string) => void;
}

const languages: readonly Language[] = [
  {
    name: "python",
    tools: ["go", "python3"],
    importKey: (project, id) =>
      appendFileSync(
        join(project, "keys.py"),
        `\napikeys.ApiKey("legacy", scopes=["read:alerts"], opts=pulumi.ResourceOptions(import_="default/${id}"))\n`,
      ),
    reinstall(project) {
      const sources = readdirSync(join(project, "sdk")).find((name) => name.endsWith(".tar.gz")) ?? "no sdist";
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--force-reinstall"];
      const installed = execFileSync(join(project, "venv", "bin", "python"), [...pip, join(project, "sdk", sources)]);
      expect(installed.toString()).toBe("");
    },
  },
  {
    name: "go",
    tools: ["go"],
    importKey: (project, id) =>
      edit(join(project, "main.go"), (program) =>
        program.replace(
          "\t\tctx.Export(",
          `\t\t_, err = apikeys.NewApiKey(ctx, "legacy", &apikeys.ApiKeyArgs{
			Scopes: pulumi.StringArray{pulumi.String("read:alerts")},
		}, pulumi.Import(pulumi.ID("default/${id}")))
		if err != nil {
			return err
		}\n\t\tctx.Export(`,
        ),
      ),
  },
  {
    name: "yaml",
    tools: ["go"],
    importKey: (project, id) =>
      edit(join(project, "Pulumi.yaml"), (program) =>
        program.replace(
          "resources:\n",
          `resources:
  legacy:
    type: apikeys:ApiKey
    properties: { scopes: [read:alerts] }
    options: { import: default/${id} }\n`,
        ),
      ),
  },
];

describe("The commands of a README, run word for word", () => {
  for (const language of languages) {
    const has = language.tools.every((tool) => spawnSync(tool, ["--help"]).error === undefined);
    // Where a machine cannot have it the test is skipped in plain sight; in CI it fails.
    (has || process.env.CI !== undefined ? test : test.skip)(
      `${language.name}: keys are made, another scope is another key before the old one goes, keys rotate with overlap, and one made by hand is taken over`,
      () => runWholeReadme(language.name, story(language)),
      900_000,
    );
  }
});

function story({ importKey, reinstall }: Language): AfterUp[] {
  let first: Record<string, string>;
  return [
    async (bench, outputs) => {
      const { url } = service(bench);
      first = outputs;
      expect(await call(url, "/checks", outputs.dashboardSecret!)).toBe(200);
      expect(await call(url, "/metrics", outputs.exporterSecret!)).toBe(200);
      expect(outputs.exporterName).toMatch(/^exporter-/);
      // A slip is refused by the preview, before anything is made.
      await bench.stack.must("config", "set", "--path", "dashboardScopes[0]", "read:cheks");
      const refused = await bench.stack.pulumi("preview");
      expect(refused.code).not.toBe(0);
      expect(refused.text).toContain('has no scope "read:cheks"; did you mean "read:checks"?');
    },
    async (bench, outputs) => {
      const { url } = service(bench);
      expect(await call(url, "/alerts", outputs.dashboardSecret!)).toBe(200);
      expect(await call(url, "/checks", first.dashboardSecret!)).toBe(401);
      expect(outputs.exporterSecret).toBe(first.exporterSecret);
      await expectMadeBeforeRevoked(bench);
      reinstall?.(bench.stack.project);
      await rotateAndImport(bench, outputs, importKey);
    },
  ];
}

/** One update on the day on which a rotation is due, of a program that has got a key more. */
async function rotateAndImport(bench: ExampleBench, old: Record<string, string>, importKey: Language["importKey"]) {
  const { stack, emulators } = bench;
  const [emulator] = [...emulators.values()];
  const { url, adminToken } = service(bench);
  const due = new Date(Math.ceil(Date.parse(old.nextRotationAt!) / dayMs) * dayMs).toISOString().replace(".000Z", "Z");
  stack.env.APIKEYS_NOW = due;
  await emulator!.clock.set(due);
  const body = JSON.stringify({ name: "by hand", scopes: ["read:alerts"] });
  const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
  const made = (await (await fetch(`${url}/api-keys`, { method: "POST", headers, body })).json()) as Record<
    string,
    string
  >;
  stack.guard(made.key!);
  importKey(stack.project, made.id!);

  const planned = (await stack.preview()).map(({ op, urn }) => `${op} ${urn.split("::").pop() ?? ""}`);
  expect(planned).toEqual(expect.arrayContaining(["import legacy", "update exporter"]));
  await stack.up();
  const { exporterSecret } = await stack.outputs();
  expect(exporterSecret).not.toBe(old.exporterSecret);
  for (const secret of [exporterSecret!, old.exporterSecret!]) expect(await call(url, "/metrics", secret)).toBe(200);
  expect((await stack.record("legacy")).keyId).toBe(made.id);
  expect(await call(url, "/alerts", made.key!)).toBe(200);
}

async function expectMadeBeforeRevoked({ emulators }: ExampleBench): Promise<void> {
  const [emulator] = [...emulators.values()];
  const changes = (await emulator!.requests("pulsely")).filter(({ method }) => method !== "GET");
  expect(changes.map(({ method }) => method)).toEqual(["POST", "POST", "POST", "DELETE"]);
}

function service({ emulators }: ExampleBench) {
  const [emulator] = [...emulators.values()];
  return emulator!.services.pulsely;
}

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, "utf8")));
}
