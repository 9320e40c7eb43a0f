import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { apikeys, scratchDirectory } from "../review/support/command-line";
import { type Files, writeCheckout } from "./support/checkout";

const preview = resolve(__dirname, "../../fixtures/preview/01-first-issue/preview.json");
const scratch = scratchDirectory();
afterAll(scratch.discard);

const checkout = (name: string, files: Files) => writeCheckout(scratch.path(name), files);

const project = "name: shop\nruntime: nodejs\n";
const evil = `${project}plugins: { providers: [{ name: apikeys, path: ./evil }] }\n`;

interface Finding {
  readonly rule: string;
  readonly level: string;
  readonly message: string;
  readonly waived: boolean;
  readonly urn: string;
  readonly location: { readonly file: string };
}

async function review(base: Files, root: string, policy: Files = {}, folder = "infra") {
  const args = ["--preview", preview, "--repo-root", root, "--project-dir", `${root}/${folder}`, "--format", "json"];
  const ended = await apikeys(["review", ...args, "--policy-dir", checkout("base", { ...base, ...policy })]);
  const { findings } = JSON.parse(ended.stdout) as { findings: Finding[] };
  return { code: ended.code, found: findings.filter(({ rule }) => rule === "SR032") };
}

describe("A pull request that points the engine at other code than the base branch", () => {
  test("is blocked, says where and in what, and one waiver lets exactly that edit pass", async () => {
    const root = checkout("change", { "infra/Pulumi.yaml": evil });
    const { code, found } = await review({ "infra/Pulumi.yaml": project }, root);
    expect(code).toBe(5);
    expect(found).toMatchObject([{ level: "block", waived: false, location: { file: "infra/Pulumi.yaml", line: 1 } }]);
    expect(found[0]?.message).toMatch(
      /has another `plugins` by this change; it decides which code runs, and with which credentials/,
    );

    const [, hash = ""] = /code: ([0-9a-f]{64})/.exec(found[0]?.message ?? "") ?? [];
    const waiver = (until: string) =>
      `waivers: [{ rule: SR032, urn: "${found[0]?.urn}", code: ${hash}, reason: read, approver: security, until: ${until} }]\n`;
    const policy = { "apikeys-review.yaml": waiver("2999-01-01") };
    expect((await review({ "infra/Pulumi.yaml": project }, root, policy)).found).toMatchObject([{ waived: true }]);
    const other = checkout("change", { "infra/Pulumi.yaml": evil.replace("./evil", "./worse") });
    expect((await review({ "infra/Pulumi.yaml": project }, other, policy)).found).toMatchObject([{ waived: false }]);
  });

  test("is blocked where the project file or its folder is a link: another checkout has something else there", async () => {
    const root = checkout("change", { "infra/kept.txt": "", "other/Pulumi.yaml": project });
    symlinkSync("../other/Pulumi.yaml", `${root}/infra/Pulumi.yaml`);
    expect((await review({ "infra/Pulumi.yaml": project }, root)).found).toMatchObject([{ level: "block" }]);
    rmSync(`${root}/infra`, { recursive: true });
    symlinkSync("other", `${root}/infra`);
    expect((await review({ "infra/Pulumi.yaml": project }, root)).found).toMatchObject([{ level: "block" }]);
  });

  test("is told of a lockfile at the root of a workspace, and of a file in another encoding", async () => {
    const lock = (entry: object) => JSON.stringify({ packages: { "node_modules/pulumi-apikeys": entry } });
    const base = { "infra/Pulumi.yaml": project, "package-lock.json": lock({ version: "1.0.0" }) };
    const root = checkout("change", { ...base, "package-lock.json": lock({ resolved: "evil", link: true }) });
    expect((await review(base, root)).found).toMatchObject([
      { level: "block", location: { file: "package-lock.json" } },
    ]);
    writeFileSync(`${root}/infra/Pulumi.yaml`, Buffer.from(`\ufeff${evil}`, "utf16le"));
    expect((await review(base, root)).found).toHaveLength(2);
  });

  test("is told of a lockfile in a folder between the project and the root", async () => {
    const lock = (resolved: string) => JSON.stringify({ packages: { "node_modules/pulumi-apikeys": { resolved } } });
    const files = (resolved: string) => ({
      "apps/infra/Pulumi.yaml": project,
      "apps/package-lock.json": lock(resolved),
    });
    const { found } = await review(
      files("https://r.example/a.tgz"),
      checkout("change", files("evil")),
      {},
      "apps/infra",
    );
    expect(found).toMatchObject([{ level: "block", location: { file: "apps/package-lock.json" } }]);
  });

  test("is told of the stack's own file, beside the project file and in the folder that it names", async () => {
    for (const [text, place] of [
      [project, "infra/Pulumi.prod.yaml"],
      [`${project}stackConfigDir: ../conf\n`, "conf/Pulumi.prod.yaml"],
    ] as const) {
      const base = { "infra/Pulumi.yaml": text, [place]: "encryptionsalt: x\n" };
      const change = { ...base, [place]: "encryptionsalt: x\nenvironment: [evil]\n" };
      const { code, found } = await review(base, checkout("change", change));
      expect({ code, found }).toMatchObject({ code: 5, found: [{ level: "block", location: { file: place } }] });
      expect(found[0]?.message).toContain("has another `environment`");
    }
  });

  test("is told of the settings of package managers, beside the project file and above it", async () => {
    const base = { "infra/Pulumi.yaml": project };
    const change = { ...base, ".npmrc": "registry=https://evil.example\n", "infra/package.json": '{"main":"evil.js"}' };
    const files = (await review(base, checkout("change", change))).found.map(({ location }) => location.file);
    expect(files.sort()).toEqual([".npmrc", "infra/package.json"]);
  });

  test("is nothing where the files are the same", async () => {
    const base = { "infra/Pulumi.yaml": evil, "package-lock.json": "{}" };
    expect((await review(base, checkout("change", base))).found).toEqual([]);
  });
});
