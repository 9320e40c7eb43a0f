import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { actionsBot } from "./support/fake-github";
import { shopProgram } from "./support/shop";
import { Team } from "./support/team";

const vendorToken = "PULSELY_ADMIN_TOKEN";
const narrow = ["read:checks"];
const wide = ["read:checks", "write:checks"];

/** The committed lock file with one more scope, as `apikeys lock --write` would leave it. */
const widened = (lock: string): string => lock.replace(/( +)"read:checks"/, '$1"read:checks",\n$1"write:checks"');
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

  test("deploy.yml deploys nothing that nobody approved, and exactly what was approved by hand", async () => {
    const refused = await team.deploy();
    expect(refused.conclusion).toBe("failure");
    expect(refused.exitCode).toBe(11);
    expect(refused.log).toContain("This access change was not approved");
    expect(await team.services.keys.list()).toEqual([]);

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
    // Only the last step ever had the vendor's token.
    expect(deployed.steps.filter(({ env }) => vendorToken in env).map(({ name }) => name)).toEqual([
      "Deploy exactly that",
    ]);
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
    // A review only reads the state.
    expect(team.stateFiles()).toEqual(state);
    expect(outdated.comment.conclusion).toBe("success");
    expect(team.github.botComments(number)).toEqual([expect.stringContaining("The lock file is out of date")]);
    expect(outdated.review.steps.flatMap(({ env }) => Object.keys(env))).not.toContain(vendorToken);

    await team.commit("widen", "Lock file", { "access.lock.json": widened(team.read("access.lock.json")) });
    await team.push(number, "widen");
    const stale = await team.comment(outdated.review, {
      head: { sha: "0".repeat(40), repo: { full_name: "acme/shop" } },
    });
    expect(stale.log).toContain("The pull request has moved on");

    const { review, comment } = await team.review(number);
    expect([review.conclusion, comment.conclusion]).toEqual(["success", "success"]);
    const [body, ...others] = team.github.botComments(number);
    expect(others).toEqual([]);
    expect(body?.startsWith(marker)).toBe(true);
    expect(body).toContain("`write:checks`");
    expect(body).toContain("SR002");
    expect(body).toBe(review.summary);
    expect(team.github.pull(number).comments).toHaveLength(251);
    expect(team.github.pull(number).comments.findIndex(({ user }) => user.id === actionsBot.id)).toBe(250);
    // Found on page 3 and edited, not written again.
    expect(team.github.calls.filter((call) => /^(POST|PATCH)/.test(call)).map((call) => call.split(" ")[0])).toEqual([
      "POST",
      "PATCH",
    ]);

    // Merged: the digest of the comment is the approval; mallory's comments are not.
    await team.merge(number);
    const comments = team.github.pull(number).comments;
    const approval = comments.pop()!;
    team.github.say(number, { id: 7, login: "mallory" }, approval.body);
    expect((await team.deploy()).exitCode).toBe(11);
    comments.push(approval);
    const deployed = await team.deploy();
    expect([deployed.conclusion, deployed.log]).toEqual([
      "success",
      expect.stringContaining(`The access changes are the approved ones: ${digestIn(body ?? "")}`),
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

  test("a fork's pull request is checked against its lock file only, without a secret, and gets no comment even if it forges a report", async () => {
    const states = await team.services.requests();
    await team.commit("fork", "From a fork", {
      "index.js": shopProgram(["admin:*"]).replace('expiresIn: "60d"', 'expiresIn: "60d", fullAccess: true'),
    });
    const number = await team.open("fork", "mallory/shop");
    const hidden = await team.review(number, "mallory");
    expect(hidden.review.exitCode).toBe(11);
    expect(hidden.review.summary).toContain("access.lock.json: out of date");
    expect(hidden.review.summary).toContain("admin:*");
    expect(hidden.review.steps.find(({ name }) => name === "Review")?.outcome).toBe("skipped");
    for (const { env } of hidden.review.steps)
      for (const secret of Object.keys(team.repositorySecrets))
        if (env[secret] !== undefined) expect(env[secret]).toBe("the state is thrown away");
    expect(hidden.comment.conclusion).toBe("skipped");

    team.forgeArtifact(hidden.review, { "pull-request": `${number}\n`, "report.json": "{}" });
    expect((await team.comment(hidden.review, team.github.pull(number))).conclusion).toBe("skipped");
    expect(team.github.botComments(number)).toEqual([]);

    await team.commit("fork", "Nothing of access", { "index.js": `${shopProgram(wide)}// a remark\n` });
    await team.push(number, "fork");
    const honest = await team.review(number, "mallory");
    expect([honest.review.conclusion, honest.review.summary]).toEqual([
      "success",
      expect.stringContaining("access.lock.json: up to date"),
    ]);
    expect(await team.services.requests()).toEqual(states);
  }, 120_000);

  test("a report that names another pull request, no number or nothing at all is never posted there", async () => {
    await team.commit("other", "A remark", { "index.js": `${shopProgram(wide)}// another remark\n` });
    const number = await team.open("other");
    const { review, comment } = await team.review(number);
    expect([review.conclusion, comment.conclusion]).toEqual(["success", "success"]);
    expect(team.github.botComments(number)[0]).toContain("No access change");
    const [report] = team.github.botComments(number);

    for (const [name, conclusion] of [
      ["41", "success"],
      ["$(id)", "failure"],
      ["", "failure"],
    ] as const) {
      const before = team.github.botComments(41);
      team.forgeArtifact(review, { "pull-request": name, "report.json": "{}" });
      expect((await team.comment(review, team.github.pull(number))).conclusion).toBe(conclusion);
      expect(team.github.botComments(41)).toEqual(before);
    }
    expect(team.github.botComments(number)).toEqual([report]);

    // Dependabot gets no secret either, and its pull request no comment.
    const bot = await team.review(number, "dependabot[bot]");
    expect([bot.review.conclusion, bot.review.summary]).toEqual(["success", expect.stringContaining("up to date")]);
    expect(bot.comment.steps.filter(({ outcome }) => outcome === "success")).toEqual([]);
    expect(team.github.botComments(number)).toEqual([report]);

    // A job that wrote no report leaves a comment that says so, in the place of the old verdict.
    team.forgeArtifact(review, { "pull-request": `${number}\n` });
    expect((await team.comment(review, team.github.pull(number))).conclusion).toBe("success");
    expect(team.github.botComments(number)).toEqual([expect.stringContaining("the job wrote no report")]);
  }, 60_000);

  test("nothing of all this holds a secret, and the search would find one", () => {
    team.scan();
    const planted = team.github.say(
      team.github.pulls.keys().next().value!,
      actionsBot,
      `token ${team.services.services.pulsely.adminToken}`,
    );
    expect(() => team.scan()).toThrow(
      /^comments of #41 holds PULSELY_ADMIN_TOKEN|^comments of #41 holds the admin token/m,
    );
    planted.body = "nothing";
    team.write("leftover.txt", Buffer.from(team.repositorySecrets.PULUMI_CONFIG_PASSPHRASE).toString("base64"));
    expect(() => team.scan()).toThrow("author/leftover.txt holds PULUMI_CONFIG_PASSPHRASE");
  });
});

describe("The GitHub files of a project in a folder of its repository", () => {
  test("review it, point at its files from the repository's root, and check a fork of it", async () => {
    const team = await Team.open(
      { "index.js": shopProgram(narrow), "apikeys-review.yaml": "rules: { SR002: block }\n" },
      "cloud/keys",
    );
    try {
      await team.must("pulumi stack init prod --non-interactive");
      team.guard("the stack's own secret", "webhook-secret-canary-81c4");
      await team.must(
        "pulumi config set --stack prod --secret webhook webhook-secret-canary-81c4 --non-interactive > /dev/null",
      );
      await team.commit("main", "The shop");
      await team.commit("first", "More scopes and a lock file", {
        "index.js": shopProgram([...wide, "admin:*"]).replace('expiresIn: "60d"', 'expiresIn: "60d", fullAccess: true'),
      });
      await team.must("pulumi preview --stack prod --json --show-sames --non-interactive | apikeys lock --write");
      await team.commit("first", "Lock file");
      const number = await team.open("first");
      const { review } = await team.review(number);
      expect(review.exitCode).toBe(5);
      expect(review.log).toMatch(/^::error file=cloud\/keys\/index\.js,line=\d+,col=\d+,title=SR001/m);
      expect(team.github.botComments(number)).toEqual([
        expect.stringMatching(/SR001[\s\S]*at `cloud\/keys\/index\.js:14`/),
      ]);

      const fork = await team.open("first", "mallory/shop");
      expect((await team.review(fork, "mallory")).review.conclusion).toBe("success");
      team.scan();
    } finally {
      await team.close();
    }
  }, 60_000);
});
