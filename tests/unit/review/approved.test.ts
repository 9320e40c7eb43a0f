import { describe, expect, it } from "@jest/globals";
import { renderReport } from "../../../review/render/formats";
import type { Report } from "../../../review/report";
import { apikeys, type Ended } from "./support/command-line";
import { fakeForge, type StoredComment } from "./support/fake-forge";
import { created, key, review, unchanged } from "./support/preview-builder";

const sha = "a".repeat(40);
const gain = review([created(key("ci"))]);
const quiet = review([unchanged(key("ci"))]);
const none = "0".repeat(64);
const bodyOf = (report: Report): string => renderReport(report, "markdown", { maxChars: 64_000, toolVersion: "1.2.3" });
const marker = bodyOf(gain).split("\n")[0] ?? "";

const merged = {
  github: [
    { number: 11, merged_at: null, merge_commit_sha: sha },
    { number: 12, merged_at: "2027-01-01T00:00:00Z", merge_commit_sha: sha },
    { number: 13, merged_at: "2027-01-01T00:00:00Z", merge_commit_sha: "b".repeat(40) },
  ],
  gitlab: [
    { iid: 11, state: "opened", sha },
    { iid: 12, state: "merged", squash_commit_sha: sha },
  ],
};

function ask(
  kind: "github" | "gitlab",
  comments: StoredComment[],
  more: { args?: string[]; merged?: unknown[] } = {},
): Promise<Ended> & { readonly forge: ReturnType<typeof fakeForge> } {
  const forge = fakeForge(kind, comments, { merged: more.merged ?? merged[kind] });
  const env = {
    GITHUB_TOKEN: "ghs_0123456789abcdefghij",
    GITHUB_REPOSITORY: "acme/shop",
    GITLAB_TOKEN: "glpat-0123456789abcdefghij",
    CI_PROJECT_ID: "42",
  };
  const asked = apikeys(
    ["approved", "--provider", kind, "--sha", sha, "--base-url", "https://forge.example/api", ...(more.args ?? [])],
    { env, fetch: forge.fetch },
  );
  return Object.assign(asked, { forge });
}

describe.each(["github", "gitlab"] as const)("apikeys approved on %s", (kind) => {
  it("prints the digest of the comment on the merged pull request, and looks at no other", async () => {
    const asked = ask(kind, [{ id: 1, authorId: 7, body: bodyOf(gain) }]);
    expect(await asked).toEqual({ code: 0, stdout: `${gain.digest}\n`, stderr: "" });
    expect(asked.forge.requests.filter((request) => /\/1[13]\//.test(request))).toEqual([]);
  });

  it("prints JSON to a program that asks for it", async () => {
    const { stdout } = await ask(kind, [{ id: 1, authorId: 7, body: bodyOf(gain) }], { args: ["--json"] });
    expect(JSON.parse(stdout)).toEqual({ digests: [gain.digest] });
  });

  it("takes the newest comment of the expected author, in whatever order the forge lists them", async () => {
    const comments = [
      { id: 9, authorId: 7, body: bodyOf(gain).replaceAll("\n", "\r\n") },
      { id: 2, authorId: 7, body: bodyOf(quiet) },
      { id: 20, authorId: 8, body: bodyOf(quiet) },
    ];
    expect((await ask(kind, comments)).stdout).toBe(`${gain.digest}\n`);
  });

  it.each<[string, string]>([
    ["a quoted one", `${marker}\n\n> Digest \`sha256:${none}\` (version 2)\n\nsomething else\n`],
    ["one with words after it", `${marker}\n\nDigest \`sha256:${none}\` (version 2) and more\n`],
    ["one inside an HTML comment", `${marker}\n\n<!--\nDigest \`sha256:${none}\` (version 2)\n-->\n`],
    ["one of a later version", `${marker}\n\nDigest \`sha256:${none}\` (version 3)\n`],
    ["a comment that is not a review", `Digest \`sha256:${none}\` (version 2)\n`],
    ["a review that could not read the preview", bodyOf(review([], { preview: "" })).replace(/^Digest.*$/m, "")],
  ])("takes no other digest: %s", async (_what, body) => {
    expect(await ask(kind, [{ id: 1, authorId: 7, body }])).toMatchObject({ code: 10, stdout: "" });
  });

  it("says that a comment of 0.1 approves nothing", async () => {
    const body = `${marker}\n\nDigest \`sha256:${none}\` · 1 resource checked, as of 2027-02-01\n`;
    const ended = await ask(kind, [{ id: 1, authorId: 7, body }]);
    expect(ended).toMatchObject({ code: 11, stdout: "", stderr: expect.stringContaining("version 0.1") as unknown });
  });

  it("says what is missing: the pull request, or the comment", async () => {
    expect((await ask(kind, [], { merged: [] })).stderr).toContain("no pull request was merged as");
    expect((await ask(kind, [])).stderr).toContain("has no review comment of the expected author");
  });

  it("can be asked about one stack of several", async () => {
    const comments = [
      { id: 1, authorId: 7, body: bodyOf(gain) },
      { id: 2, authorId: 7, body: bodyOf({ ...quiet, stack: "prod-eu" }) },
    ];
    expect((await ask(kind, comments)).stdout).toBe(`${gain.digest}\n${quiet.digest}\n`);
    const args = ["--project", "shop", "--stack", "prod"];
    expect((await ask(kind, comments, { args })).stdout).toBe(`${gain.digest}\n`);
    expect((await ask(kind, comments, { args: ["--stack", "prod"] })).code).toBe(2);
  });
});

it("wants a whole commit id, and an author", async () => {
  expect((await ask("github", [], { args: ["--sha", "main"] })).code).toBe(2);
  const forge = fakeForge("github", [], {
    userStatus: 403,
    graphql: { path: "/api/graphql", status: 403 },
    merged: [],
  });
  const ended = await apikeys(
    ["approved", "--provider", "github", "--sha", sha, "--base-url", "https://forge.example/api"],
    { env: { GITHUB_TOKEN: "ghs_0123456789abcdefghij", GITHUB_REPOSITORY: "acme/shop" }, fetch: forge.fetch },
  );
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining("--author-id") as unknown });
});
