import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { apikeys, scratchDirectory } from "../review/support/command-line";

const preview = resolve(__dirname, "../../fixtures/preview/01-first-issue/preview.json");
const scratch = scratchDirectory();
afterAll(scratch.discard);

/** Every scope is on the never-grant list, or none is. */
const strict = 'neverGrant: ["*"]\n';
const lax = "neverGrant: []\n";
const places = { project: "infra/apikeys-review.yaml", root: "apikeys-review.yaml" } as const;
type Files = Partial<Record<keyof typeof places, string>>;

function checkout(name: string, files: Files): string {
  const root = scratch.path(name);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(`${root}/infra`, { recursive: true });
  for (const [place, text] of Object.entries(files)) {
    const file = `${root}/${places[place as keyof Files]}`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return root;
}

const texts = [undefined, strict, lax];
const every = texts.flatMap((project) =>
  texts.map((root): Files => ({
    ...(project === undefined ? {} : { project }),
    ...(root === undefined ? {} : { root }),
  })),
);
const cases = every.flatMap((base) => every.map((change) => ({ base, change })));
const deciding = ({ project, root }: Files): string | undefined => project ?? root;

describe("The policy of a base branch, beside the project or in the repository's root", () => {
  test.each(cases)(
    "decides alone, and what the change does to it is told: $base -> $change",
    async ({ base, change }) => {
      const [was, is] = [deciding(base), deciding(change)];
      const root = checkout("change", change);
      const args = ["--preview", preview, "--repo-root", root, "--project-dir", `${root}/infra`];
      const ended = await apikeys(["review", ...args, "--policy-dir", checkout("base", base), "--format", "json"]);
      const { findings } = JSON.parse(ended.stdout) as {
        findings: { rule: string; message: string; location: { file: string } }[];
      };
      expect(findings.some(({ rule }) => rule === "SR004")).toBe(was === strict);
      const told = findings
        .filter(({ rule }) => rule === "SR022")
        .map(({ message }) => / is (\w+) by /.exec(message)?.[1]);
      const edit = was === is ? [] : [was === undefined ? "added" : is === undefined ? "removed" : "changed"];
      expect(told).toEqual(edit);
      const where = findings.find(({ rule }) => rule === "SR022")?.location.file;
      if (edit[0] === "added" || edit[0] === "changed")
        expect(where).toBe(change.project === undefined ? places.root : places.project);
    },
  );

  test("is not given twice, and has to be there", async () => {
    const root = checkout("change", {});
    const both = ["--policy-dir", root, "--policy", preview, "--project-dir", root, "--preview", preview];
    expect(await apikeys(["review", ...both])).toMatchObject({ code: 2, stderr: expect.stringContaining("not both") });
    const gone = ["--policy-dir", scratch.path("gone"), "--project-dir", root, "--preview", preview];
    expect(await apikeys(["review", ...gone])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("does not exist"),
    });
  });
});
