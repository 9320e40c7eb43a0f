import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { shopProgram } from "./support/shop";
import { Team } from "./support/team";
import { thief } from "./support/thief";

const vendorToken = "PULSELY_ADMIN_TOKEN";
const narrow = ["read:checks"];
const wide = ["read:checks", "write:checks"];

/** The committed lock file with one more scope, as `apikeys lock --write` would leave it. */
const widened = (lock: string): string => lock.replace(/( +)"read:checks"/, '$1"read:checks",\n$1"write:checks"');
const copyName = "state-without-secrets-shop";
const digestIn = (text: string): string => /sha256:[0-9a-f]{64}/.exec(text)?.[0] ?? "no digest";

describe("The GitHub files, run in order against a fake GitHub, the emulator and a state in a folder", () => {
  let team: Team;

  beforeAll(async () => {
    team = await Team.open({ "index.js": shopProgram(narrow), "apikeys-review.yaml": "neverGrant: [write:alerts]\n" });
    await team.must("pulumi stack init prod --non-interactive");
    team.guard("the stack's own secret", "webhook-secret-canary-81c4");
    await team.must(
      "pulumi config set --stack prod --secret webhook webhook-secret-canary-81c4 --non-interactive > /dev/null",
    );
    await team.must(
      "pulumi preview --stack prod --json --show-sames --non-interactive > ../preview.json && apikeys lock --write --preview ../preview.json",
    );
    await team.commit("main", "The shop");
  }, 60_000);

  afterAll(async () => {
    await team.close();
  });

  test("before the first deployment there is no copy of the state: the lock file alone is compared, and the summary says so", async () => {
    await team.commit("early", "Too early", { "index.js": shopProgram(wide) });
    const { review, comment } = await team.review(await team.open("early"));
    expect([review.exitCode, review.log]).toEqual([11, expect.stringContaining("access.lock.json: out of date")]);
    expect(review.summary).toContain("No deployment has published a copy of the state yet");
    expect(review.summary).toContain("access.lock.json: out of date");
    expect(comment.steps.find(({ name }) => name === "Comment")?.outcome).toBe("skipped");
    await team.must("git checkout --quiet main");
  }, 60_000);

  test("deploy.yml deploys nothing that nobody approved, and exactly what was approved by hand", async () => {
    const refused = await team.deploy();
    expect([refused.exitCode, refused.log]).toEqual([
      11,
      expect.stringContaining("Nobody approved this access change"),
    ]);
    expect(await team.services.keys.list()).toEqual([]);
    // Nothing was applied, so nothing is published.
    expect(team.artifact(refused, copyName)).toEqual({});

    const wrong = await team.deploy(`sha256:${"0".repeat(64)}`);
    expect(wrong.exitCode).toBe(11);

    const deployed = await team.deploy(digestIn(refused.summary));
    expect([deployed.conclusion, deployed.log]).toEqual([
      "success",
      expect.stringContaining("The access changes are the approved ones"),
    ]);
    expect((await team.services.keys.list("pulsely")).map(({ scopes }) => scopes)).toEqual(
      expect.arrayContaining([["read:checks"], ["read:metrics"]]),
    );
    // Only that step ever had the vendor's token, and no script of a package had the state's.
    expect(deployed.steps.filter(({ env }) => vendorToken in env).map(({ name }) => name)).toEqual([
      "Deploy under the approval",
    ]);
    expect(deployed.steps.find(({ name }) => name === "Install the project")?.env).not.toHaveProperty(
      "PULUMI_ACCESS_TOKEN",
    );
    // What pull requests get is the state, and nothing in it opens anything.
    const copy = team.artifact(deployed, copyName)["prod.json"] ?? "";
    expect(copy).toContain('"keyId": "key_');
    expect(copy).not.toContain("passphrase-canary");
    await team.outputs();
  }, 120_000);

  test("a wider scope turns the check red until the lock file is committed, and ends in one comment among 250", async () => {
    await team.commit("widen", "Let the status page acknowledge checks", { "index.js": shopProgram(wide) });
    const number = await team.open("widen");
    const marker = "<!-- apikeys-review v1 project=shop stack=prod -->";
    for (let index = 0; index < 250; index += 1)
      team.github.say(
        number,
        { id: 7, login: "mallory" },
        index % 50 === 0 ? `${marker}\n\nDigest \`sha256:${"0".repeat(64)}\` · all is well` : `comment ${index}`,
      );

    const state = team.stateFiles();
    const outdated = await team.review(number);
    expect(outdated.review.exitCode).toBe(11);
    expect(team.stateFiles()).toEqual(state);
    expect(outdated.comment.conclusion).toBe("success");
    expect(team.github.botComments(number)).toEqual([expect.stringContaining("The lock file is out of date")]);
    expect(outdated.review.steps.flatMap(({ env }) => Object.keys(env))).not.toContain(vendorToken);

    await team.commit("widen", "Lock file", { "access.lock.json": widened(team.read("access.lock.json")) });
    await team.push(number, "widen");
    const stale = await team.comment(outdated.review, {
      head: { sha: "0".repeat(40), ref: "widen", repo: { full_name: "acme/shop" } },
    });
    expect(stale.log).toContain("No open pull request stands at the commit that was reviewed");

    const { review, comment } = await team.review(number);
    expect([review.conclusion, comment.conclusion]).toEqual(["success", "success"]);
    const [body, ...others] = team.github.botComments(number);
    expect(others).toEqual([]);
    expect(body?.startsWith(marker)).toBe(true);
    expect(body).toContain("`write:checks`");
    expect(body).toContain("SR002");
    expect(body).toBe(review.summary);
    expect(team.github.pull(number).comments).toHaveLength(251);
    expect(team.github.pull(number).comments.findIndex(({ user }) => user.id === team.github.bot.id)).toBe(250);
    // Found on page 3 and edited, not written again.
    expect(
      team.github.calls.filter((call) => /^(POST|PATCH) \/repos/.test(call)).map((call) => call.split(" ")[0]),
    ).toEqual(["POST", "PATCH"]);

    // Merged: the digest of the comment is the approval; mallory's comments are not, and an edited one fits no preview.
    await team.merge(number);
    const comments = team.github.pull(number).comments;
    const approval = comments.pop()!;
    team.github.say(number, { id: 7, login: "mallory" }, approval.body);
    comments.push({ ...approval, body: approval.body.replaceAll(/sha256:[0-9a-f]{64}/g, `sha256:${"1".repeat(64)}`) });
    expect((await team.deploy()).exitCode).toBe(11);
    comments.pop();
    comments.push(approval);
    const deployed = await team.deploy();
    expect([deployed.conclusion, deployed.log]).toEqual([
      "success",
      expect.stringContaining("The access changes are the approved ones"),
    ]);
    expect(
      (await team.services.keys.list("pulsely")).filter(({ state }) => state === "active").map(({ scopes }) => scopes),
    ).toEqual(expect.arrayContaining([wide, ["read:metrics"]]));
    await team.outputs();

    // Once more, with nothing left to do.
    const again = await team.deploy();
    expect([again.conclusion, again.log]).toEqual(["success", expect.stringContaining("Nobody's access changes")]);
  }, 180_000);

  test("a failed preview, a connection that leads elsewhere and a weaker policy each turn the check red, in the same comment", async () => {
    await team.commit("trouble", "A scope that does not exist", { "index.js": shopProgram(["read:chekcs"]) });
    const number = await team.open("trouble");
    const failed = await team.review(number);
    expect(failed.review.exitCode).toBe(10);
    expect(failed.review.log).toContain('did you mean "read:checks"');
    expect(team.github.botComments(number)).toEqual([expect.stringContaining("Not reviewable")]);

    const elsewhere = { url: "https://pulsely.example.com/pulsely/v1", movedFrom: [team.services.url] };
    await team.commit("trouble", "Another server", {
      "index.js": shopProgram(wide),
      "Pulumi.yaml": team.projectFile(elsewhere),
    });
    await team.push(number, "trouble");
    const moved = await team.review(number);
    // The lock file names the origins, so it is out of date as well, which is the graver of the two.
    expect(moved.review.exitCode).toBe(11);
    expect(team.github.botComments(number)).toEqual([expect.stringContaining("SR021")]);
    await team.commit("trouble", "And its lock file", {
      "access.lock.json": team.read("access.lock.json").replaceAll(team.services.url, "https://pulsely.example.com"),
    });
    await team.push(number, "trouble");
    expect((await team.review(number)).review.exitCode).toBe(5);

    const files = {
      "Pulumi.yaml": team.projectFile(),
      "access.lock.json": null,
      "apikeys-review.yaml": "rules: { SR004: info }\n",
      "index.js": shopProgram(["read:checks", "write:alerts", "write:checks"]),
    };
    await team.commit("trouble", "A scope that the policy forbids, and a policy that allows it", files);
    await team.must(
      "pulumi preview --stack prod --json --show-sames --non-interactive > ../preview.json && apikeys lock --write --preview ../preview.json",
    );
    await team.commit("trouble", "Lock file");
    await team.push(number, "trouble");
    const weaker = await team.review(number);
    expect(weaker.review.exitCode).toBe(5);
    const [body, ...others] = team.github.botComments(number);
    expect(others).toEqual([]);
    expect(body).toContain("SR004");
    expect(body).toContain("SR022");
  }, 180_000);

  test("branches, forks and Dependabot take one path, with a full report and a comment, and a hostile program finds nothing to steal", async () => {
    const asked = await team.services.requests();
    const greedy = shopProgram(["admin:*"], thief).replace('expiresIn: "60d"', 'expiresIn: "60d", fullAccess: true');
    await team.commit("fork", "From a fork", { "index.js": greedy });
    const number = await team.open("fork", "mallory/shop");
    const { review, comment } = await team.review(number, "mallory");
    // Red, because the lock file does not say it; and the report says who gains what.
    expect(review.exitCode).toBe(11);
    expect([comment.conclusion, team.github.botComments(number)]).toEqual([
      "success",
      [expect.stringContaining("`admin:*`")],
    ]);
    expect(team.github.botComments(number)[0]).toBe(review.summary);
    for (const { env } of review.steps)
      for (const secret of [...Object.keys(team.productionSecrets), "PULUMI_BACKEND_URL"])
        expect(env).not.toHaveProperty(secret);

    const haul = team.leftBehind(review, "haul.txt");
    // It got the whole state …
    expect(haul).toContain("urn:pulumi:prod::shop::pulumi-nodejs:dynamic/apikeys:ApiKey::dashboard");
    expect(haul).toContain(JSON.stringify(JSON.stringify('{"withheld":true}')));
    // … and no key, no passphrase, no config secret, no token of its own job.
    expect(team.foundIn(haul)).toEqual([]);

    // The same program where the state and its passphrase are, as 0.1's recipe had it: every key of the stack.
    await team.must("pulumi preview --stack prod --non-interactive > /dev/null");
    const desk = team.leftBehind({ temp: team.home }, "haul.txt");
    expect(team.foundIn(desk)).toEqual(
      expect.arrayContaining(["PULUMI_CONFIG_PASSPHRASE", "the stack's own secret", "the output dashboard"]),
    );

    const bot = await team.review(number, "dependabot[bot]");
    expect([bot.review.exitCode, bot.review.summary]).toEqual([review.exitCode, review.summary]);
    team.leftBehind(bot.review, "haul.txt");
    expect(await team.services.requests()).toEqual(asked);
  }, 180_000);

  test("a copy of the state, or a report, that somebody else's run has published is never taken", async () => {
    await team.must("git checkout --quiet main");
    await team.commit("other", "A remark", { "index.js": `${shopProgram(wide)}// another remark\n` });
    const number = await team.open("other");
    const poison = { "prod.json": JSON.stringify({ version: 3, deployment: { resources: [] } }) };
    const head = team.github.pull(number).head.sha;
    for (const run of [
      { event: "pull_request", head_sha: head },
      { event: "push", head_repository: { full_name: "mallory/shop" } },
      { event: "push", head_branch: "other", head_sha: head },
      // A tag that bears the branch's name, on a commit that was never merged.
      { event: "push", head_sha: head },
      { event: "push", file: "anything.yml" },
    ])
      team.forgeRun(run, copyName, poison);
    const { review, comment } = await team.review(number);
    expect([review.conclusion, comment.conclusion]).toEqual(["success", "success"]);
    // Against an empty state everything would be a gain.
    expect(team.github.botComments(number)).toEqual([expect.stringContaining("No access change")]);

    // Another pull request, from a fork, that stands at the same commit: its run comments on itself alone.
    const twin = await team.open("other", "mallory/shop");
    const [before] = team.github.botComments(number);
    await team.comment(review, team.github.pull(twin));
    expect(team.github.botComments(twin)).toHaveLength(1);
    expect(team.github.botComments(number)).toEqual([before]);

    // What is no report is posted nowhere. A job that wrote none leaves a comment that says so.
    team.forgeArtifact(review, "scope-review-shop", {
      "report.json": "<!-- apikeys-review v1 project=shop stack=prod -->\n# Fine",
    });
    expect((await team.comment(review, team.github.pull(number))).conclusion).toBe("failure");
    expect(team.github.botComments(number)).toEqual([before]);
    team.forgeArtifact(review, "scope-review-shop", { other: "" });
    expect((await team.comment(review, team.github.pull(number))).conclusion).toBe("success");
    expect(team.github.botComments(number)).toEqual([expect.stringContaining("the job wrote no report")]);

    // The merge queue waits for the same check.
    const queued = await team.queue(number);
    expect([queued.conclusion, queued.summary]).toEqual(["success", expect.stringContaining("No access change")]);
  }, 180_000);

  test("a deployment cleans up after one that was killed, says what it found, and takes no lock from the living", async () => {
    await team.must("git checkout --quiet main");
    const state = team.statePath("stacks", "shop", "prod.json");
    const { checkpoint, ...rest } = JSON.parse(readFileSync(state, "utf8")) as {
      checkpoint: { latest: { resources: { urn: string; id?: string }[]; pending_operations?: unknown } };
    };
    const dashboard = checkpoint.latest.resources.find(({ urn }) => urn.endsWith("ApiKey::dashboard"))!;
    const { id: _id, ...lost } = { ...dashboard, urn: `${dashboard.urn}-two` };
    checkpoint.latest.pending_operations = [{ type: "creating", resource: lost }];
    writeFileSync(state, JSON.stringify({ ...rest, checkpoint }));
    const lock = team.statePath("locks", "organization", "shop", "prod", "0b9a4b52-0000-4000-8000-000000000000.json");
    const hold = (host: string, pid: number): void =>
      writeFileSync(
        lock,
        JSON.stringify({ pid, username: "runner", hostname: host, timestamp: "2027-02-01T10:00:00Z" }),
      );

    hold(hostname(), process.pid);
    const alive = await team.deploy();
    expect([alive.conclusion, alive.log]).toEqual(["failure", expect.stringContaining("The lock's holder is alive")]);

    hold("a-runner-that-is-gone", 4242);
    const healed = await team.deploy();
    expect([healed.conclusion, healed.log]).toEqual([
      "success",
      expect.stringContaining("A run that was killed left its lock behind"),
    ]);
    expect(healed.log).toContain(`"creating" "${dashboard.urn}-two"`);
    const again = await team.rotate();
    expect([again.conclusion, again.log]).toEqual(["success", expect.not.stringContaining("pending operation")]);
    rmSync(lock, { force: true });
  }, 180_000);

  test("a program that asks for more while it is deployed than it showed is stopped there, and nothing is made", async () => {
    const before = await team.services.keys.list();
    // The vendor's token is in the environment of the step that applies, and of no other.
    const turncoat = `${shopProgram(wide)}
if (process.env.${vendorToken}) new ApiKey("more", { scopes: ["admin:*"], fullAccess: true, expiresIn: "60d", labels: { owner: "web-team", purpose: "none" } });
`;
    await team.commit("main", "A remark", { "index.js": turncoat });
    const { conclusion, log } = await team.deploy();
    expect(log).toContain("Nobody's access changes");
    expect([conclusion, log]).toEqual(["failure", expect.stringMatching(/\[mandatory\][^]*more/)]);
    expect(await team.services.keys.list()).toEqual(before);
    await team.commit("main", "Back", { "index.js": shopProgram(wide) });
  }, 120_000);

  test("nothing of all this holds a secret, and the search would find one", () => {
    team.scan();
    const planted = team.github.say(
      team.github.pulls.keys().next().value!,
      team.github.bot,
      `token ${team.services.services.pulsely.adminToken}`,
    );
    expect(() => team.scan()).toThrow(
      /^comments of #41 holds PULSELY_ADMIN_TOKEN|^comments of #41 holds the admin token/m,
    );
    planted.body = "nothing";
    team.write("leftover.txt", Buffer.from(team.productionSecrets.PULUMI_CONFIG_PASSPHRASE).toString("base64"));
    expect(() => team.scan()).toThrow("author/leftover.txt holds PULUMI_CONFIG_PASSPHRASE");
  });
});

describe("The GitHub files of a project in a folder of its repository", () => {
  test("review it by the policy in the repository's root, and point at its files from there", async () => {
    const team = await Team.open({ "index.js": shopProgram(narrow) }, "cloud/keys");
    try {
      await team.must("pulumi stack init prod --non-interactive");
      team.guard("the stack's own secret", "webhook-secret-canary-81c4");
      await team.must(
        "pulumi config set --stack prod --secret webhook webhook-secret-canary-81c4 --non-interactive > /dev/null",
      );
      await team.must("echo 'neverGrant: [write:checks]' > ../../apikeys-review.yaml");
      await team.commit("main", "The shop");
      const refused = await team.deploy();
      expect((await team.deploy(digestIn(refused.summary))).conclusion).toBe("success");
      await team.outputs();

      await team.commit("first", "More scopes, a lock file, and a policy of its own that forbids nothing", {
        "index.js": shopProgram([...wide, "admin:*"]).replace('expiresIn: "60d"', 'expiresIn: "60d", fullAccess: true'),
        "apikeys-review.yaml": "rules: { SR001: info }\n",
      });
      await team.must("pulumi preview --stack prod --json --show-sames --non-interactive | apikeys lock --write");
      await team.commit("first", "Lock file");
      const number = await team.open("first");
      const { review } = await team.review(number);
      expect(review.exitCode).toBe(5);
      expect(review.log).toMatch(/^::error file=cloud\/keys\/index\.js,line=\d+,col=\d+,title=SR001/m);
      const [body = ""] = team.github.botComments(number);
      expect(body).toMatch(/SR001[\s\S]*at `cloud\/keys\/index\.js:14`/);
      // The base branch's never-grant list holds, and the change of policy is told.
      expect(body).toContain("SR004");
      expect(body).toMatch(/SR022[\s\S]*`cloud\/keys\/apikeys-review\.yaml` is changed by this change/);
      team.scan();
    } finally {
      await team.close();
    }
  }, 120_000);
});
