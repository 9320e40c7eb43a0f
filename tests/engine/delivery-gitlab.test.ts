import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { FakeGitlab, gitlabProject } from "./support/fake-gitlab";
import { shopProgram } from "./support/shop";
import { Team } from "./support/team";

const file = resolve(__dirname, "../../examples/gitlab/.gitlab-ci.yml");
const hasRsync = spawnSync("rsync", ["--version"]).status === 0;
// On a developer's machine it may be missing; where the whole project is proven, it has to be there (scripts/test).
const isSkipped = !hasRsync && !process.env.CI;
if (isSkipped)
  process.stderr.write("The GitLab file is not run: gitlab-ci-local needs rsync, which is not installed.\n");
const digestIn = (text: string): string => /sha256:[0-9a-f]{64}/.exec(text)?.[0] ?? "no digest";

describe("The GitLab file, run by gitlab-ci-local against a fake GitLab, the emulator and a state in a folder", () => {
  (isSkipped ? test.skip : test)(
    `reviews and comments without a secret, forks included, deploys what was approved, rotates and reports drift${isSkipped ? " (skipped: gitlab-ci-local needs rsync, which is not installed)" : ""}`,
    async () => {
      const team = await Team.open({
        "index.js": shopProgram(["read:checks"]),
        ".gitlab-ci.yml": readFileSync(file, "utf8"),
      });
      const gitlab = await FakeGitlab.start();
      team.guard("the token for comments", gitlab.token);
      try {
        await team.must("pulumi stack init prod --non-interactive");
        team.guard("the stack's own secret", "webhook-secret-canary-81c4");
        await team.must(
          "pulumi config set --stack prod --secret webhook webhook-secret-canary-81c4 --non-interactive > /dev/null",
        );
        await team.must(
          "pulumi preview --stack prod --json --show-sames --non-interactive > ../preview.json && apikeys lock --write --preview ../preview.json",
        );
        const start = await team.commit("main", "The shop");

        // As GitLab would give them: what belongs to the environment `production` only to its jobs.
        const common = {
          CI_PROJECT_ID: String(gitlabProject),
          CI_API_V4_URL: gitlab.url,
          GITLAB_TOKEN: gitlab.token,
        };
        const push = {
          ...common,
          CI_PIPELINE_SOURCE: "push",
          CI_COMMIT_BRANCH: "main",
          ...team.variables,
          ...team.productionSecrets,
        };
        const schedule = (job: string): Record<string, string> => ({
          ...push,
          CI_PIPELINE_SOURCE: "schedule",
          JOB: job,
        });
        const request = (iid: number, from: number): Record<string, string> => ({
          CI_PIPELINE_SOURCE: "merge_request_event",
          CI_API_V4_URL: gitlab.url,
          REVIEW_TOKEN: gitlab.reviewToken,
          CI_MERGE_REQUEST_IID: String(iid),
          CI_MERGE_REQUEST_PROJECT_ID: String(gitlabProject),
          CI_MERGE_REQUEST_SOURCE_PROJECT_ID: String(from),
          CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "main",
        });

        const refused = await team.pipeline(start, push);
        expect([refused.code, refused.log]).toEqual([1, expect.stringContaining("Nobody approved this access change")]);
        expect(await team.services.keys.list()).toEqual([]);
        const deployed = await team.pipeline(start, { ...push, DIGEST: digestIn(refused.log) });
        expect([deployed.code, deployed.log]).toEqual([
          0,
          expect.stringContaining("The access changes are the approved ones"),
        ]);
        await team.outputs();
        const copy = readFileSync(join(deployed.dir, "state-without-secrets.json"), "utf8");
        expect(copy).toContain('"keyId": "key_');

        await team.commit("widen", "Wider", { "index.js": shopProgram(["read:checks", "write:checks"]) });
        await team.must(
          "pulumi preview --stack prod --json --show-sames --non-interactive > ../preview.json && apikeys lock --write --preview ../preview.json",
        );
        const head = await team.commit("widen", "Lock file");
        const merge = gitlab.open(12, head);

        // Before a copy is there, and from a fork that finds none, only the lock file is compared.
        const early = await team.pipeline(head, request(12, 99));
        expect([early.code, early.log]).toEqual([0, expect.stringContaining("There is no copy of the state")]);
        expect(early.log).toContain("access.lock.json: up to date");
        gitlab.finish({}, copy);
        // Nobody else's job counts, however new.
        const poison = JSON.stringify({ version: 3, deployment: {} });
        for (const job of [
          { ref: "widen" },
          { tag: true },
          { name: "test" },
          { ref: "refs/merge-requests/12/head", pipeline: { source: "merge_request_event" } },
        ])
          gitlab.finish(job, poison);
        const reviewed = await team.pipeline(head, { ...common, ...request(12, gitlabProject) });
        expect([reviewed.code, reviewed.log]).toEqual([0, expect.stringContaining("SR002")]);
        const [body = "", ...others] = gitlab.notes(12);
        expect(others).toEqual([]);
        expect(body).toContain("`write:checks`");
        const quality = JSON.parse(readFileSync(join(reviewed.dir, "scope-review/codequality.json"), "utf8")) as {
          location: { path: string };
        }[];
        expect(quality.map(({ location }) => location.path)).toEqual(["index.js"]);

        const fork = await team.pipeline(head, request(12, 99));
        expect([fork.code, fork.log]).toEqual([0, expect.stringContaining("SR002")]);
        expect(gitlab.notes(12)).toEqual([body]);

        const number = await team.open("widen");
        const sha = await team.merge(number);
        Object.assign(merge, { state: "merged", merge_commit_sha: sha });
        const merged = await team.pipeline(sha, push);
        if (merged.code !== 0) throw new Error(merged.log);
        expect([merged.code, merged.log]).toEqual([0, expect.stringContaining(digestIn(body))]);
        await team.outputs();

        const rotated = await team.pipeline(sha, schedule("rotate"));
        expect([rotated.code, rotated.log]).toEqual([0, expect.stringContaining("No access change")]);
        const [key] = (await team.services.keys.list("pulsely")).filter(
          ({ state, scopes }) => state === "active" && scopes.includes("write:checks"),
        );
        await team.services.keys.edit("pulsely", key!.id, { state: "revoked" });
        const drift = await team.pipeline(sha, schedule("drift"));
        expect([drift.code, drift.log]).toEqual([1, expect.stringContaining('"active" => "revoked"')]);
        team.scan();
      } finally {
        await gitlab.close();
        await team.close();
      }
    },
    400_000,
  );
});
