import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { call } from "./support/services";
import { shopProgram } from "./support/shop";
import { Team } from "./support/team";
import type { WorkflowRun } from "./support/workflow-runner";

const fixtures = resolve(__dirname, "../fixtures/rehearsal");
const digestIn = (text: string): string => /sha256:[0-9a-f]{64}/.exec(text)?.[0] ?? "no digest";
const logOf = (run: WorkflowRun, step: string): string =>
  run.steps.find(({ name, outcome }) => name === step && outcome !== "skipped")?.log ?? "no such step";

/** What a person sees, kept as a file. `UPDATE_REHEARSAL=1` writes them anew; read the difference before you commit it. */
function see(team: Team, name: string, text: string): void {
  const file = join(fixtures, name);
  const shown = `${team.normal(text).trimEnd()}\n`;
  if (process.env.UPDATE_REHEARSAL === "1") {
    mkdirSync(fixtures, { recursive: true });
    writeFileSync(file, shown);
  }
  expect(shown).toBe(readFileSync(file, "utf8"));
}

describe("The whole story, as each person of a team sees it", () => {
  test("a scope is widened, reviewed, approved, merged, deployed, rotated, and looked after", async () => {
    const narrow = ["read:checks"];
    const wide = ["read:checks", "write:checks"];
    const team = await Team.open({ "index.js": shopProgram(narrow) });
    const { pulsely } = team.services.services;
    const living = async (): Promise<string[][]> =>
      (await team.services.keys.list("pulsely"))
        .filter(({ state }) => state === "active")
        .map(({ scopes }) => [...scopes])
        .sort();
    try {
      // Monday. Dora sets the stack up and approves its first deployment by hand.
      await team.goTo("2027-01-11T09:00:00Z");
      await team.must("pulumi stack init prod --non-interactive");
      team.guard("the stack's own secret", "webhook-secret-canary-81c4");
      await team.must(
        "pulumi config set --stack prod --secret webhook webhook-secret-canary-81c4 --non-interactive > /dev/null",
      );
      await team.must(
        "pulumi preview --stack prod --json --show-sames --non-interactive > ../preview.json && apikeys lock --write --preview ../preview.json",
      );
      await team.commit("main", "The shop");
      const first = await team.deploy();
      expect(first.exitCode).toBe(11);
      see(team, "01-dora-first-deployment.md", first.summary);
      expect((await team.deploy(digestIn(first.summary))).conclusion).toBe("success");
      expect(await living()).toEqual([["read:checks"], ["read:metrics"]]);
      const old = await team.outputs();

      // Wednesday. Alice widens a scope, and sees at her desk, without a credential, what that means.
      await team.goTo("2027-01-13T09:00:00Z");
      await team.commit("acknowledge", "Let the status page acknowledge checks", { "index.js": shopProgram(wide) });
      const asked = (await team.services.requests()).length;
      await team.must("pulumi preview --stack prod --json --show-sames --non-interactive > ../preview.json");
      const desk = await team.desk("apikeys review --preview ../preview.json --lock access.lock.json --format text");
      expect(desk.code).toBe(11);
      see(team, "02-alice-at-her-desk.txt", desk.log);
      await team.must("apikeys lock --write --preview ../preview.json");
      see(
        team,
        "03-code-owner-lock-file.diff",
        (await team.must("git diff --unified=2 access.lock.json")).replace(/^index .*\n/m, ""),
      );
      await team.commit("acknowledge", "Lock file");

      // The pull request: Alice sees annotations on her lines, Bob sees the comment.
      const number = await team.open("acknowledge");
      const { review, comment } = await team.review(number);
      expect([review.conclusion, comment.conclusion]).toEqual(["success", "success"]);
      see(team, "04-alice-annotations.txt", logOf(review, "Review"));
      const [body = "", ...others] = team.github.botComments(number);
      expect(others).toEqual([]);
      see(team, "05-bob-comment.md", body);
      expect((await team.services.requests()).length).toBe(asked);

      // Bob approves that digest by merging it. The deployment compares, and nothing else gets through.
      await team.merge(number);
      const deployed = await team.deploy();
      expect(deployed.conclusion).toBe("success");
      expect(logOf(deployed, "Refuse what was not approved")).toContain("The access changes are the approved ones");
      expect(digestIn(deployed.summary)).toBe(digestIn(body));
      see(team, "06-dora-deployment.md", deployed.summary);
      const fresh = await team.outputs();
      expect(await call(pulsely.url, "/checks", fresh.dashboard!)).toBe(200);
      expect(await call(pulsely.url, "/checks", old.dashboard!)).toBe(401);

      // Friday. Somebody pushes one scope more straight to main: neither the deployment nor the rotation takes it along.
      await team.goTo("2027-01-15T09:00:00Z");
      await team.must("git checkout --quiet main");
      await team.commit("main", "Quick fix", { "index.js": shopProgram([...wide, "write:alerts"]) });
      const refused = await team.deploy();
      expect(refused.exitCode).toBe(11);
      see(team, "07-dora-refused.txt", logOf(refused, "Refuse what was not approved"));
      const held = await team.rotate();
      expect(held.exitCode).toBe(7);
      see(team, "08-dora-rotation-held.txt", logOf(held, "Let nothing but rotation through"));
      await team.commit("main", "Revert the quick fix", { "index.js": shopProgram(wide) });
      expect(await living()).toEqual([["read:checks", "write:checks"], ["read:metrics"]]);

      // A week later the nightly rotation has nothing to do, and says nothing to anybody.
      await team.goTo("2027-01-22T04:37:00Z");
      const before = (await team.services.requests()).length;
      const quiet = await team.rotate();
      expect(quiet.conclusion).toBe("success");
      see(team, "09-dora-quiet-night.md", quiet.summary);
      expect((await team.services.requests()).length).toBe(before);

      // After 30 days it rotates one key, in one green line; the old one lives on for its overlap.
      await team.goTo("2027-02-10T04:37:00Z");
      see(
        team,
        "10-dora-what-is-due.txt",
        (await team.desk("pulumi stack export --stack prod | apikeys due --state -")).log,
      );
      const rotated = await team.rotate();
      expect(rotated.conclusion).toBe("success");
      see(team, "11-dora-rotation.md", rotated.summary);
      const turned = await team.outputs();
      expect(turned.exporter).not.toBe(fresh.exporter);
      for (const secret of [turned.exporter!, fresh.exporter!])
        expect(await call(pulsely.url, "/metrics", secret)).toBe(200);

      // Somebody takes a scope away behind Pulumi's back: the drift report is red, and changes nothing.
      expect((await team.drift()).conclusion).toBe("success");
      const [page] = (await team.services.keys.list("pulsely")).filter(
        ({ state, scopes }) => state === "active" && scopes.includes("write:checks"),
      );
      await team.services.keys.edit("pulsely", page!.id, { scopes: ["read:checks"] });
      const drift = await team.drift();
      expect(drift.exitCode).toBe(7);
      expect(drift.summary).toContain('- [1]: "write:checks"');
      // The rest of it is in the engine's own words, which other versions may choose otherwise.
      if ((await team.must("pulumi version")).trim() === "v3.259.0") see(team, "12-dora-drift.md", drift.summary);
      team.scan();
    } finally {
      await team.close();
    }
  }, 240_000);
});
