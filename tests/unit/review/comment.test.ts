import { writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "@jest/globals";
import { digestOf } from "../../../review/digest";
import { digestsIn } from "../../../review/digest-line";
import { renderReport } from "../../../review/render/formats";
import type { Report } from "../../../review/report";
import { apikeys, scratchDirectory, type Ended } from "./support/command-line";
import { fakeForge, type FakeForge, type StoredComment } from "./support/fake-forge";
import { created, key, review, unchanged } from "./support/preview-builder";

const scratch = scratchDirectory();
afterAll(scratch.discard);

const settings = { maxChars: 64_000, toolVersion: "1.2.3" };
const gain = review([created(key("ci"))]);
const quiet = review([unchanged(key("ci"))]);
const eu: Report = inStack(gain, "prod-eu");
const bodyOf = (report: Report): string => renderReport(report, "markdown", settings);

/** The same change in another stack. */
function inStack(report: Report, stack: string): Report {
  return { ...report, stack, digest: digestOf({ ...report, stack }) };
}

function pick(report: Report, ...names: (keyof Report)[]): Partial<Report> {
  return Object.fromEntries(names.map((name) => [name, report[name]]));
}

function reportFile(report: Report, format: "json" | "markdown" = "json"): string {
  const path = scratch.path(`report-${report.stack}-${report.verdict}.${format}`);
  writeFileSync(path, renderReport(report, format, settings));
  return path;
}

/** `me` is 7. */
const chatter = (count: number): StoredComment[] =>
  Array.from({ length: count }, (_, index) => ({ id: index + 1, authorId: 100 + index, body: `comment ${index + 1}` }));

const env = {
  GITHUB_TOKEN: "ghs_0123456789abcdefghij",
  GITHUB_REPOSITORY: "acme/shop",
  GITLAB_TOKEN: "glpat-0123456789abcdefghij",
  CI_PROJECT_ID: "42",
};

function post(forge: FakeForge, kind: "github" | "gitlab", report: string, more: string[] = []): Promise<Ended> {
  return apikeys(
    [
      "comment",
      "--provider",
      kind,
      "--pr",
      "12",
      "--report",
      report,
      "--base-url",
      "https://forge.example/api",
      ...more,
    ],
    { env, fetch: forge.fetch },
  );
}

describe.each(["github", "gitlab"] as const)("apikeys comment on %s", (kind) => {
  it("creates a comment where there is none", async () => {
    const forge = fakeForge(kind, chatter(3));
    expect(await post(forge, kind, reportFile(gain))).toMatchObject({ code: 0 });
    expect(forge.comments.at(-1)?.body).toBe(bodyOf(gain));
    expect(forge.requests.at(-1)).toBe(
      kind === "github"
        ? "POST /api/repos/acme/shop/issues/12/comments"
        : "POST /api/projects/42/merge_requests/12/notes",
    );
  });

  it("finds its own among 250 comments, on the third page, and updates it to no change", async () => {
    const comments = [
      ...chatter(240),
      { id: 241, authorId: 7, body: bodyOf(gain).replaceAll("\n", "\r\n") },
      ...chatter(9).map((comment) => ({ ...comment, id: comment.id + 300 })),
    ];
    const forge = fakeForge(kind, comments);
    expect((await post(forge, kind, reportFile(quiet))).stdout).toBe("update comment 241\n");
    expect(forge.comments).toHaveLength(250);
    expect(forge.comments[240]?.body).toContain("No access change");
    expect(forge.requests.filter((request) => request.startsWith("GET") && request.includes("page="))).toHaveLength(3);
  });

  it("leaves a comment alone that is up to date", async () => {
    const forge = fakeForge(kind, [{ id: 5, authorId: 7, body: `${bodyOf(gain).replaceAll("\n", "\r\n")}\r\n` }]);
    expect((await post(forge, kind, reportFile(gain))).stdout).toBe("comment 5 is up to date\n");
    expect(forge.requests.every((request) => request.startsWith("GET"))).toBe(true);
  });

  it.each<[string, StoredComment]>([
    ["a human quotes the marker on the first line", { id: 1, authorId: 8, body: bodyOf(gain) }],
    ["a human quotes it further down", { id: 1, authorId: 8, body: `Look:\n${bodyOf(gain)}` }],
    ["the bot's own comment quotes it further down", { id: 1, authorId: 7, body: `> quoted\n${bodyOf(gain)}` }],
    ["the bot's comment about the stack whose name begins alike", { id: 1, authorId: 7, body: bodyOf(eu) }],
    ["a comment of a deleted account", { id: 1, authorId: -1, body: bodyOf(gain) }],
  ])("does not take over another comment: %s", async (_what, comment) => {
    const before = { ...comment };
    const forge = fakeForge(kind, [comment]);
    await post(forge, kind, reportFile(gain));
    expect(forge.comments).toEqual([before, expect.objectContaining({ body: bodyOf(gain) })]);
  });

  it("keeps one comment per stack, and removes copies that two runs at once have made", async () => {
    const forge = fakeForge(
      kind,
      [1, 2, 3].map((id) => ({ id, authorId: 7, body: bodyOf(id === 2 ? eu : gain) })),
    );
    await post(forge, kind, reportFile(quiet));
    expect(forge.comments.map(({ id }) => id)).toEqual([1, 2]);
  });

  it("prints and changes nothing in a dry run", async () => {
    const forge = fakeForge(kind, [{ id: 5, authorId: 7, body: bodyOf(gain) }]);
    const ended = await post(forge, kind, reportFile(quiet), ["--dry-run"]);
    expect(ended.stdout).toBe(`would update comment 5\n${bodyOf(quiet)}`);
    expect(forge.requests.every((request) => request.startsWith("GET"))).toBe(true);
  });

  it("says that nobody looked where the report is missing", async () => {
    const forge = fakeForge(kind, [{ id: 5, authorId: 7, body: bodyOf(quiet) }]);
    const missing = scratch.path("never-written.json");
    expect((await post(forge, kind, missing)).code).toBe(10);
    expect(forge.comments[0]?.body).toBe(bodyOf(quiet));
    expect((await post(forge, kind, missing, ["--project", "shop", "--stack", "prod"])).code).toBe(10);
    expect(forge.comments).toEqual([{ id: 5, authorId: 7, body: expect.stringContaining("Not reviewed") as unknown }]);
  });

  it("does not post what belongs to an older commit", async () => {
    const forge = fakeForge(kind, [], { head: "new" });
    expect((await post(forge, kind, reportFile(gain), ["--head-sha", "old"])).code).toBe(11);
    expect((await post(forge, kind, reportFile(gain), ["--head-sha", "new"])).code).toBe(0);
    expect(forge.comments).toHaveLength(1);
  });

  it("never says the token, also where the forge repeats it", async () => {
    const token = kind === "github" ? env.GITHUB_TOKEN : env.GITLAB_TOKEN;
    const forge = fakeForge(kind, [], { failWith: `bad credential ${token}` });
    const ended = await post(forge, kind, reportFile(gain));
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining("answered 500") as unknown });
    expect(`${ended.stdout}${ended.stderr}`).not.toContain(token);
    expect([...(forge.headers[0] ?? new Headers()).values()].join(" ")).toContain(token);
  });
});

describe("apikeys comment", () => {
  it("asks GraphQL who it is where a workflow's token is no user", async () => {
    const forge = fakeForge("github", [{ id: 5, authorId: 41_898_282, body: bodyOf(gain) }], {
      me: 41_898_282,
      userStatus: 403,
    });
    expect((await post(forge, "github", reportFile(quiet))).stdout).toBe("update comment 5\n");
    const told = fakeForge("github", [{ id: 5, authorId: 41_898_282, body: bodyOf(gain) }]);
    expect((await post(told, "github", reportFile(quiet), ["--author-id", "41898282"])).stdout).toBe(
      "update comment 5\n",
    );
  });

  it("draws everything itself: what a manipulated report may say acts as little as any", async () => {
    const forge = fakeForge("github", []);
    const evil = "@org/team see https://evil.example <img src=x> ![x](https://evil.example) fixes #1 -->";
    const report: Report = { ...gain, notes: [evil, "Digest `sha256:" + "0".repeat(64) + "` (version 2)"] };
    expect((await post(forge, "github", reportFile(report))).code).toBe(0);
    const body = forge.comments[0]?.body ?? "";
    expect(body.replace(/`[^`]*`/g, "")).not.toMatch(/@org|evil|<img|#1/);
    expect(body.match(/-->/g)).toHaveLength(1);
    expect(digestsIn(body)).toEqual({ digests: [gain.digest], isOlder: false });
  });

  it.each<[string, string, string]>([
    ["Markdown of the review", bodyOf(gain), "it is not JSON"],
    ["Markdown with the marker and a text of its own", `${bodyOf(gain).split("\n")[0]}\n\n@everyone`, "it is not JSON"],
    ["some other JSON", "{}", "it is not a report: schemaVersion is wrong"],
    ["a report of version 0.1", JSON.stringify({ ...gain, schemaVersion: 1 }), "it has schema version 1"],
    ["another digest", JSON.stringify({ ...gain, digest: quiet.digest }), "the digest is not that of its delta"],
    ["no rows", JSON.stringify({ ...gain, accounts: [] }), "the accounts do not follow from the delta"],
    ["a calmer verdict", JSON.stringify({ ...gain, verdict: "no-access-change" }), "the verdict does not follow"],
    [
      "an emptied table below the true digest",
      JSON.stringify({ ...gain, ...pick(quiet, "verdict", "accessChanged", "accounts", "keys", "counts", "findings") }),
      "it contradicts itself",
    ],
  ])("refuses %s, and posts nothing", async (_what, text, sentence) => {
    const forge = fakeForge("github", []);
    const path = scratch.path("hostile.json");
    writeFileSync(path, text);
    const ended = await post(forge, "github", path);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining(sentence) as unknown });
    expect(forge.requests).toEqual([]);
  });

  it("draws several reports as one comment, with a digest line for each at the end", async () => {
    const forge = fakeForge("github", []);
    expect((await post(forge, "github", reportFile(gain), ["--report", reportFile(eu)])).code).toBe(0);
    const body = forge.comments[0]?.body ?? "";
    expect(body.split("\n")[0]).toBe("<!-- apikeys-review v1 merged=all -->");
    expect([...digestsIn(body).digests].sort()).toEqual([gain.digest, eu.digest].sort());
  });

  describe("on an Enterprise Server whose bot is 555", () => {
    const server = "https://git.example/api";
    const settings = { GITHUB_API_URL: `${server}/v3`, GITHUB_GRAPHQL_URL: `${server}/graphql` };
    const push = (forge: FakeForge, report: string, more: string[] = [], world = settings): Promise<Ended> =>
      apikeys(["comment", "--provider", "github", "--pr", "12", "--report", report, ...more], {
        env: { ...env, ...world },
        fetch: forge.fetch,
      });

    it.each<[string, { path: string; status: number }, string[], Record<string, string>]>([
      ["GraphQL says who it is", { path: "/api/graphql", status: 200 }, [], {}],
      ["GraphQL is where it always is there", { path: "/api/graphql", status: 200 }, [], { GITHUB_GRAPHQL_URL: "" }],
      ["nobody says who it is", { path: "/api/graphql", status: 403 }, [], {}],
      ["--author-id is github.com's", { path: "/api/graphql", status: 200 }, ["--author-id", "41898282"], {}],
    ])("three pushes leave one comment where %s", async (_what, graphql, more, world) => {
      const forge = fakeForge("github", chatter(2), { me: 555, userStatus: 403, graphql });
      for (const report of [gain, quiet, gain])
        expect((await push(forge, reportFile(report), more, { ...settings, ...world })).code).toBe(0);
      expect(forge.comments.slice(2)).toEqual([expect.objectContaining({ authorId: 555, body: bodyOf(gain) })]);
    });

    it("says whose comment it is where --author-id is wrong", async () => {
      const forge = fakeForge("github", [], { me: 555 });
      const ended = await push(forge, reportFile(gain), ["--author-id", "41898282"]);
      expect(ended.stderr).toContain("this token comments as account 555, not 41898282");
    });

    it("sends the token to no other host", async () => {
      const forge = fakeForge("github", [], { me: 555, userStatus: 403 });
      const world = { ...settings, GITHUB_GRAPHQL_URL: "https://elsewhere.example/graphql" };
      expect((await push(forge, reportFile(gain), [], world)).code).toBe(2);
      expect(forge.requests).toEqual([]);
    });
  });

  it.each<[string, string[], Record<string, string>]>([
    ["no token", [], { GITHUB_TOKEN: "" }],
    ["a token with a line break", [], { GITHUB_TOKEN: "ghs_abc\n" }],
    ["no repository", [], { GITHUB_REPOSITORY: "" }],
    ["a repository that is a path", ["--repo", "../../etc"], {}],
    ["a base URL in clear", ["--base-url", "http://forge.example"], {}],
    ["a base URL that is none", ["--base-url", "forge"], {}],
    ["a number that is none", ["--pr", "12a"], {}],
  ])("refuses %s", async (_what, args, more) => {
    const forge = fakeForge("github", []);
    const ended = await apikeys(
      ["comment", "--provider", "github", "--pr", "12", "--report", reportFile(gain), ...args],
      { env: { ...env, ...more }, fetch: forge.fetch },
    );
    expect(ended.code).toBe(2);
    expect(forge.requests).toEqual([]);
    expect(ended.stderr).not.toContain("ghs_");
  });
});
