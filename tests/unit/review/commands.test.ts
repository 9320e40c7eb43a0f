import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { gravestExit } from "../../../review/exit-code";
import { parseReport } from "../../../review/read-report";
import {
  changed,
  created,
  key,
  previewOf,
  removed,
  rotatingKey,
  unchanged,
  unknown,
  urnOf,
} from "./support/preview-builder";
import { apikeys, scratchDirectory } from "./support/command-line";

const scratch = scratchDirectory();
afterAll(scratch.discard);

function file(name: string, text: string): string {
  const path = scratch.path(name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const preview = {
  quiet: file("quiet.json", previewOf([unchanged(key("ci"))])),
  gain: file("gain.json", previewOf([created(key("ci"))])),
  block: file("block.json", previewOf([created(key("ci", { scopes: ["admin:*"] }))])),
  warn: file("warn.json", previewOf([created(key("ci", { labels: {} }))])),
  unknown: file("unknown.json", previewOf([created(key("ci", { scopes: unknown }))])),
  empty: file("empty.json", previewOf([])),
  failed: file(
    "failed.json",
    previewOf([unchanged(key("ci"))], { diagnostics: [{ severity: "error", message: "boom" }] }),
  ),
  rotation: file(
    "rotation.json",
    previewOf([
      changed(
        "update",
        rotatingKey("night", {}, { outputs: { generation: 1 } }),
        rotatingKey("night", { generation: 2, rotationReason: "due: age 30 d of 30 d" }),
      ),
    ]),
  ),
};
const project = scratch.path("repo");
mkdirSync(`${project}/.git`, { recursive: true });
mkdirSync(`${project}/deploy`, { recursive: true });
const at = (name: keyof typeof preview): string[] => ["--preview", preview[name], "--project-dir", `${project}/deploy`];

describe("apikeys review", () => {
  it.each<[string, string[], number]>([
    ["no change", [...at("quiet")], 0],
    ["a gain", [...at("gain")], 0],
    ["a blocking finding", [...at("block")], 5],
    ["a blocking finding, never failing", [...at("block"), "--fail-on", "never"], 0],
    ["a warning", [...at("warn")], 0],
    ["a warning that fails", [...at("warn"), "--fail-on", "warn"], 5],
    ["a change that was not expected", [...at("gain"), "--expect-no-access-change"], 7],
    ["a finding wins over a change", [...at("block"), "--expect-no-access-change"], 5],
    ["a rotation through the gate", [...at("rotation"), "--expect-no-access-change"], 0],
    ["scopes that cannot be read", [...at("unknown"), "--fail-on", "never"], 10],
    ["a stack without keys", [...at("empty")], 10],
    ["a stack without keys, allowed", [...at("empty"), "--allow-empty"], 0],
    ["a failed preview, also where empty is allowed", [...at("failed"), "--allow-empty", "--fail-on", "never"], 10],
    ["a lock that is not there", [...at("quiet"), "--lock", scratch.path("no.lock.json")], 11],
    ["not reviewable wins over the lock", [...at("unknown"), "--lock", scratch.path("no.lock.json")], 10],
    ["no such preview", ["--preview", scratch.path("none.json")], 2],
    ["no such folder", [...at("quiet").slice(0, 2), "--project-dir", scratch.path("none")], 2],
    ["a project outside the repository", [...at("quiet"), "--repo-root", scratch.path("repo/deploy/..")], 0],
    [
      "a project outside the repository",
      [...at("quiet").slice(0, 2), "--project-dir", project, "--repo-root", `${project}/deploy`],
      2,
    ],
    ["no such policy", [...at("quiet"), "--policy", scratch.path("none.yaml")], 2],
    ["an unknown flag", [...at("quiet"), "--nonsense"], 2],
    ["an unknown format", [...at("quiet"), "--format", "pdf"], 2],
    ["an unknown output format", [...at("quiet"), "--out", "pdf=x"], 2],
    ["a limit that is no number", [...at("quiet"), "--max-chars", "64k"], 2],
    ["help", ["--help"], 0],
  ])("%s: exit code", async (_what, args, code) => {
    const ended = await apikeys(["review", ...args]);
    expect({ ...ended, code: ended.code }).toMatchObject({ code });
  });

  it("gives the graver of two codes", () => {
    expect([
      gravestExit([7, 5, 11, 10, 1, 2]),
      gravestExit([7, 5, 11, 10]),
      gravestExit([7, 5, 11]),
      gravestExit([7, 5]),
      gravestExit([0, 7]),
      gravestExit([0]),
      gravestExit([99, 5]),
    ]).toEqual([2, 10, 11, 5, 7, 0, 1]);
  });

  it("reads stdin, prints one format and writes others", async () => {
    const [json, sarif] = [scratch.path("out.json"), scratch.path("a=b.sarif")];
    const ended = await apikeys(
      ["review", "--project-dir", project, "--format", "text", "--out", `json=${json}`, "--out", `sarif=${sarif}`],
      { stdin: readFileSync(preview.gain, "utf8") },
    );
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain("Access changes: 1 key gains; nothing blocks, 1 warning (shop/prod)");
    expect(parseReport(readFileSync(json, "utf8"))?.accounts[0]?.gains).toEqual(["read:checks"]);
    expect(JSON.parse(readFileSync(sarif, "utf8"))).toMatchObject({ version: "2.1.0" });
  });

  it("names places relative to the repository", async () => {
    const ended = await apikeys(["review", ...at("block"), "--format", "json"]);
    expect(parseReport(ended.stdout)?.findings[0]?.location).toEqual({ file: "deploy/index.ts", line: 10, column: 11 });
  });

  it("takes the project's policy file, else the repository's", async () => {
    const inRoot = file("repo/apikeys-review.yaml", "rules: { SR007: block }\n");
    expect((await apikeys(["review", ...at("warn")])).code).toBe(5);
    const inProject = file("repo/deploy/apikeys-review.yaml", "rules: { SR007: info, SR024: info }\n");
    expect((await apikeys(["review", ...at("warn"), "--fail-on", "warn"])).code).toBe(0);
    for (const path of [inRoot, inProject]) writeFileSync(path, "");
  });

  it("reports an edit of the policy file, and decides by the base branch's", async () => {
    const base = file("base/apikeys-review.yaml", "rules: { SR007: block }\n");
    const empty = file("base/empty.yaml", "");
    const own = file("repo/deploy/apikeys-review.yaml", "rules: { SR007: info }\nwaivers: []\n");
    const changedFile = await apikeys(["review", ...at("warn"), "--policy", base, "--format", "json"]);
    expect(changedFile.code).toBe(5);
    const edit = parseReport(changedFile.stdout)?.findings.find(({ rule }) => rule === "SR022");
    expect(edit).toMatchObject({
      message: "the policy file `deploy/apikeys-review.yaml` is changed by this change; the base branch's was applied",
      location: { file: "deploy/apikeys-review.yaml", line: 1 },
    });
    expect((await apikeys(["review", ...at("warn"), "--policy", empty, "--format", "text"])).stdout).toContain(
      "is added by this change",
    );
    expect((await apikeys(["review", ...at("warn"), "--policy", own, "--format", "text"])).stdout).not.toContain(
      "SR022",
    );
    writeFileSync(own, "rules: { SR007: block }\n");
    expect((await apikeys(["review", ...at("warn"), "--policy", base, "--format", "text"])).stdout).not.toContain(
      "SR022",
    );
    const without = ["--project-dir", scratch.path("elsewhere")];
    mkdirSync(scratch.path("elsewhere"), { recursive: true });
    expect(
      (await apikeys(["review", ...at("warn").slice(0, 2), ...without, "--policy", base, "--format", "text"])).stdout,
    ).toContain("is removed by this change");
    writeFileSync(own, "");
  });

  it("writes a report of its own failure, so that no older verdict stays", async () => {
    const policy = file("bad.yaml", "rules: { SR001: error }\n");
    const out = scratch.path("failed-report.json");
    const ended = await apikeys(["review", ...at("gain"), "--policy", policy, "--out", `json=${out}`]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("rules.SR001: Invalid option");
    expect(ended.stdout.split("\n")[0]).toBe("<!-- apikeys-review v1 project=shop stack=prod -->");
    expect(parseReport(readFileSync(out, "utf8"))).toMatchObject({
      verdict: "not-reviewable",
      exitCode: 2,
      stack: "prod",
      reviewedOn: null,
      digest: null,
    });
    // A form of its own in every format: what went wrong, line by line, and nothing that stands for what is not there.
    expect(ended.stdout).toContain("· Not reviewed: the review could not run\n\n> [!CAUTION]\n> **Why**\n>\n> - ");
    for (const format of ["markdown", "text", "github", "junit"]) {
      const { stdout } = await apikeys(["review", ...at("gain"), "--policy", policy, "--format", format]);
      expect(stdout).toContain("rules.SR001: Invalid option");
      expect(stdout).not.toMatch(/no date|\bnone\b|U\+000A|checked|[Dd]igest/);
    }
  });

  it("tells a person at a terminal what is wrong with the flags, once and without a report", async () => {
    const out = scratch.path("at-a-terminal.json");
    const flags = ["--policy", scratch.path("mistyped.yaml"), "--out", `json=${out}`];
    const ended = await apikeys(["review", ...at("gain"), ...flags], { isTerminal: true });
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toMatch(/^apikeys review: --policy \S+mistyped\.yaml does not exist\./);
    expect(parseReport(readFileSync(out, "utf8"))).toMatchObject({ verdict: "not-reviewable", exitCode: 2 });
  });

  it("keeps the marker of a stack whose preview failed before it named itself", async () => {
    const ended = await apikeys(["review", "--project-dir", project, "--stack", "prod", "--project", "shop"], {
      stdin: "",
    });
    expect(ended).toMatchObject({ code: 10 });
    expect(ended.stdout.split("\n")[0]).toBe("<!-- apikeys-review v1 project=shop stack=prod -->");
  });

  it("says the clock's mistake and not more", async () => {
    expect(await apikeys(["review", ...at("gain")], { env: { APIKEYS_NOW: "soon" } })).toMatchObject({
      code: 2,
      stdout: "",
    });
  });
});

describe("apikeys lock", () => {
  const lockFile = scratch.path("access.lock.json");

  it("writes, and is up to date until the access changes", async () => {
    expect(await apikeys(["lock", "--check", ...at("gain"), lockFile])).toMatchObject({
      code: 11,
      stdout: `${lockFile}: out of date (run "apikeys lock --write" on this preview and commit the file)\n  the file is missing or empty\n`,
    });
    expect(await apikeys(["lock", "--write", ...at("gain"), lockFile])).toMatchObject({ code: 0 });
    expect(await apikeys(["lock", "--check", ...at("quiet"), lockFile])).toMatchObject({
      code: 0,
      stdout: `${lockFile}: up to date\n`,
    });
    const outdated = await apikeys(["lock", "--check", ...at("block"), "--json", lockFile]);
    expect(outdated.code).toBe(11);
    expect(JSON.parse(outdated.stdout)).toMatchObject({
      state: "out of date",
      differences: [expect.stringContaining("admin:*")],
    });
    expect((await apikeys(["review", ...at("gain"), "--lock", lockFile])).code).toBe(0);
    expect((await apikeys(["review", ...at("block"), "--lock", lockFile, "--fail-on", "never"])).code).toBe(11);
  });

  it("says what to do about a lock file that is out of date in every format for people", async () => {
    const other = file("other.lock.json", "{}");
    for (const [committed, difference] of [
      [scratch.path("no.lock.json"), "the file is missing or empty"],
      [other, "the file is not a lock file of this version"],
    ] as const)
      for (const [format, words] of [
        [
          "text",
          `Lock file out of date (run "apikeys lock --write" on this preview and commit the file):\n  ${difference}`,
        ],
        ["github", `::error title=Lock file out of date::${difference}; run "apikeys lock --write" on this preview`],
        [
          "markdown",
          "**The lock file is out of date**: run `apikeys lock --write` on this preview and commit the file",
        ],
        ["junit", 'name="lock file"'],
      ] as const)
        expect(await apikeys(["review", ...at("gain"), "--lock", committed, "--format", format])).toMatchObject({
          code: 11,
          stdout: expect.stringContaining(words) as unknown,
        });
  });

  it.each<[string, string[], number]>([
    ["a failed preview", ["--check", ...at("failed")], 10],
    ["scopes that cannot be read", ["--write", ...at("unknown"), scratch.path("never.json")], 10],
    ["nothing of ours", ["--write", ...at("empty"), scratch.path("never.json")], 10],
    ["neither --write nor --check", [...at("gain")], 2],
    ["both", ["--write", "--check", ...at("gain")], 2],
  ])("%s: exit code", async (_what, args, code) => {
    expect((await apikeys(["lock", ...args])).code).toBe(code);
    expect(existsSync(scratch.path("never.json"))).toBe(false);
  });
});

describe("apikeys verify", () => {
  const digest = async (name: keyof typeof preview, ...more: string[]): Promise<string> =>
    parseReport((await apikeys(["review", ...at(name), "--format", "json", "--fail-on", "never", ...more])).stdout)
      ?.digest ?? "";

  it("lets the approved change through, and nothing else", async () => {
    expect(await apikeys(["verify", "--digest", await digest("gain"), ...at("gain")])).toMatchObject({ code: 0 });
    expect(await apikeys(["verify", "--digest", await digest("gain"), ...at("block")])).toMatchObject({ code: 11 });
    expect(await apikeys(["verify", "--digest", await digest("quiet"), ...at("gain")])).toMatchObject({ code: 11 });
    expect(await apikeys(["verify", "--digest", await digest("unknown"), ...at("unknown")])).toMatchObject({
      code: 10,
    });
    expect(await apikeys(["verify", "--digest", await digest("quiet"), ...at("failed")])).toMatchObject({ code: 10 });
    const empty = await digest("empty", "--allow-empty");
    expect(await apikeys(["verify", "--digest", empty, ...at("empty"), "--allow-empty"])).toMatchObject({ code: 0 });
    // What nobody could review has another digest than what somebody did.
    expect(await apikeys(["verify", "--digest", await digest("empty"), ...at("empty"), "--allow-empty"])).toMatchObject(
      { code: 11, stdout: expect.stringContaining("A digest of version 0.1 never matches") as unknown },
    );
    const json = await apikeys(["verify", "--json", "--digest", await digest("gain"), ...at("block")]);
    expect(JSON.parse(json.stdout)).toMatchObject({ reviewable: true, matches: false });
  });

  it.each([["sha256:abc"], ["none"], [""]])("refuses the digest %p", async (text) => {
    expect((await apikeys(["verify", "--digest", text, ...at("gain")])).code).toBe(2);
  });

  it("wants a digest", async () => {
    expect((await apikeys(["verify", ...at("gain")])).code).toBe(2);
  });
});

describe("apikeys merge", () => {
  const part = async (name: keyof typeof preview, stack: string, more: string[] = []): Promise<string> => {
    const out = scratch.path(`part-${stack}.json`);
    const text = readFileSync(preview[name], "utf8").replaceAll("urn:pulumi:prod::", `urn:pulumi:${stack}::`);
    await apikeys(["review", "--project-dir", project, "--out", `json=${out}`, ...more], { stdin: text });
    return out;
  };

  it("joins stacks into one comment, the gravest first, and answers the gravest code", async () => {
    const files = [await part("quiet", "dev"), await part("block", "prod"), await part("gain", "prod-eu")];
    const merged = await apikeys(["merge", ...files]);
    expect(merged.code).toBe(5);
    expect(merged.stdout.split("\n")[0]).toBe("<!-- apikeys-review v1 merged=all -->");
    expect(merged.stdout.match(/<!--/g)).toHaveLength(1);
    expect([...merged.stdout.matchAll(/^#### .*$/gm)].map(([line]) => line)).toEqual([
      "#### 🔴 `shop/prod` · Blocked: 2 blocking findings; 1 key gains",
      "#### 🟢 `shop/dev` · No access change",
      "#### 🟡 `shop/prod-eu` · Access changes: 1 key gains; nothing blocks, 1 warning",
    ]);
    expect((await apikeys(["merge", ...[...files].reverse()])).stdout).toBe(merged.stdout);
  });

  it("is not green while a part is missing", async () => {
    const merged = await apikeys([
      "merge",
      await part("quiet", "dev", ["--part", "dev"]),
      scratch.path("never-came.json"),
      "--expect",
      "dev",
      "--expect",
      "prod",
    ]);
    expect(merged.code).toBe(10);
    expect(merged.stdout).toContain("Not reviewable: 2 stacks of 3 without a report");
    expect(merged.stdout).toContain("| `prod` | ⚪ no report | unknown | none |");
  });

  it("refuses two parts of one name", async () => {
    const one = await part("quiet", "dev");
    expect((await apikeys(["merge", one, one])).code).toBe(2);
  });

  it("stays within the limit, and loses no finding's name", async () => {
    const many = (stack: string): string =>
      previewOf(
        Array.from({ length: 60 }, (_, index) => created(key(`${stack}-key-${index}`, { scopes: ["admin:*"] }))),
      ).replaceAll("urn:pulumi:prod::", `urn:pulumi:${stack}::`);
    const files = [];
    for (const stack of ["a", "b", "c"]) {
      const out = scratch.path(`many-${stack}.json`);
      await apikeys(["review", "--project-dir", project, "--out", `json=${out}`], { stdin: many(stack) });
      files.push(out);
    }
    const merged = (await apikeys(["merge", ...files, "--max-chars", "30000"])).stdout;
    expect(merged.length).toBeLessThanOrEqual(30_000);
    for (const stack of ["a", "b", "c"])
      for (let index = 0; index < 60; index += 1) expect(merged).toContain(`\`${stack}-key-${index}\``);
  });
});

describe("a waiver in a file", () => {
  it("is reported with its line when it does not hold", async () => {
    const policy = file(
      "waivers.yaml",
      `waivers:\n  - rule: SR001\n    urn: ${urnOf("ApiKey", "ci")}\n    approver: ann\n    until: 2027-03-01\n`,
    );
    const report = parseReport(
      (await apikeys(["review", ...at("block"), "--policy", policy, "--format", "json"])).stdout,
    );
    expect(report?.findings.find(({ rule }) => rule === "SR020")).toMatchObject({
      message: "the waiver of SR001 for `ci` has no reason",
      location: { line: 2 },
    });
  });

  it("of a removed key bothers nobody else", async () => {
    const gone = file("gone.json", previewOf([removed(key("ci", { scopes: ["admin:*"] })), unchanged(key("stays"))]));
    expect((await apikeys(["review", "--preview", gone, "--project-dir", project])).code).toBe(0);
  });
});

describe("what the commands are given to read", () => {
  it("may be what PowerShell writes, with a policy pack's words around it", async () => {
    const text = `\ufeffInstalling policy pack acme 0.3.1…\r\n${previewOf([unchanged(key("ci"))])}\r\nDone.\r\n`;
    const stdin = Buffer.from(text, "utf16le");
    const named = scratch.path("powershell.json");
    writeFileSync(named, stdin);
    for (const preview of ["-", named])
      for (const command of [["review"], ["lock", "--write", scratch.path("powershell.lock.json")]])
        expect((await apikeys([...command, "--preview", preview, "--project-dir", project], { stdin })).code).toBe(0);
  });

  it("is never more than a review can take in", async () => {
    const endless = await apikeys(["review", "--preview", "/dev/zero", "--project-dir", project, "--format", "text"]);
    expect(endless.code).toBe(10);
    expect(endless.stdout).toContain("The preview has more than 32 MB");
  });

  it.each<[string, string[], string]>([
    ["a preview", ["review", "--preview"], "apikeys review: --preview"],
    ["a lock file", ["review", ...at("gain"), "--lock"], "apikeys review: --lock"],
    ["a policy", ["review", ...at("gain"), "--policy"], "apikeys review: The policy"],
    ["a lock file to check", ["lock", "--check", ...at("gain")], "apikeys lock: The lock file"],
    ["a state", ["due", "--state"], "apikeys due: --state"],
  ])("%s that is a folder is named, and is no fault of ours", async (_what, args, words) => {
    const folder = scratch.path(".");
    const ended = await apikeys([...args, folder]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(`${words} ${folder} cannot be read (EISDIR).`);
  });

  it.each([
    ["that is not there", ["--state", scratch.path("no.state.json")], "", "cannot be read (ENOENT)"],
    ["that is empty", ["--state", "-"], "", "standard input gave no JSON; give the output of `pulumi stack export`"],
    ["that is some other JSON", ["--state", "-"], "[]", "this is not the output of `pulumi stack export`"],
  ])("a state %s is no fault of ours", async (_what, args, stdin, words) => {
    const ended = await apikeys(["due", ...args], { stdin });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(words);
  });
});
