import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { shopProgram } from "./support/shop";
import { Team } from "./support/team";

const readme = readFileSync(resolve(__dirname, "../../examples/github/README.md"), "utf8");

/** The README's blocks of commands, in their order, for this project's names. */
const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) =>
  block.replaceAll("my-project", "shop").replaceAll("my-stack", "prod"),
);

describe("The GitHub set-up, walked as the README has it", () => {
  test("leads from a program in a folder to a deployment and a reviewed pull request, with the action copied from the package", async () => {
    const team = await Team.open({ "index.js": shopProgram(["read:checks"]) }, "infra", false);
    try {
      await team.must("pulumi stack init prod --non-interactive");
      team.guard("the stack's own secret", "webhook-secret-canary-81c4");
      await team.must(
        "pulumi config set --stack prod --secret webhook webhook-secret-canary-81c4 --non-interactive > /dev/null",
      );
      await team.commit("main", "The shop");
      // GitHub's own command is not here: what it is asked for is written down.
      const tools = join(team.dir, "desk-tools");
      mkdirSync(tools);
      const asked = join(team.dir, "gh.log");
      writeFileSync(
        join(tools, "gh"),
        `#!/bin/sh\necho "gh $*" >> '${asked}'\ncase " $* " in *" --input - "*) cat >> '${asked}' ;; esac\n`,
      );
      chmodSync(join(tools, "gh"), 0o755);
      expect(blocks.length).toBe(4);
      // One shell, as at a desk: what the first block sets, the others use.
      const desk =
        "git config user.name Alice; git config user.email alice@example.com; git branch --quiet -u origin/main";
      const walked = await team.atRoot([desk, ...blocks].join("\n"), [tools]);
      expect([walked.code, walked.log]).toEqual([
        0,
        expect.not.stringMatching(/No such file|not found|^(?:error|fatal):/m),
      ]);

      const repository = (name: string): string => readFileSync(join(team.author, name), "utf8");
      expect(repository(".github/workflows/deploy.yml")).toContain("PROJECT_DIR: infra");
      expect(repository(".github/CODEOWNERS")).toContain("access.lock.json");
      expect(existsSync(join(team.author, ".github/workflows/deploy.yml.orig"))).toBe(false);
      expect(repository("infra/access.lock.json")).toContain("read:checks");
      const calls = readFileSync(asked, "utf8");
      for (const secret of Object.keys(team.productionSecrets))
        expect(calls).toContain(`gh secret set ${secret} --env production`);
      expect(calls).not.toMatch(/secret set(?!.*--env production)/);

      // What the push started is refused, and approved by hand, as the README says next.
      const refused = await team.deploy();
      expect(refused.exitCode).toBe(11);
      const digest = /sha256:[0-9a-f]{64}/.exec(refused.summary)?.[0] ?? "no digest";
      expect((await team.deploy(digest)).conclusion).toBe("success");
      await team.outputs();

      await team.commit("try", "Step 5", { "index.js": shopProgram(["read:checks", "write:checks"]) });
      const number = await team.open("try");
      expect((await team.review(number)).review.exitCode).toBe(11);
      await team.must(
        "pulumi preview --stack prod --json --show-sames --non-interactive > ../../preview.json && apikeys lock --write --preview ../../preview.json",
      );
      await team.commit("try", "Lock file");
      await team.push(number, "try");
      expect((await team.review(number)).review.conclusion).toBe("success");
      expect(team.github.botComments(number)).toEqual([expect.stringContaining("`write:checks`")]);
      team.scan();
    } finally {
      await team.close();
    }
  }, 300_000);
});
