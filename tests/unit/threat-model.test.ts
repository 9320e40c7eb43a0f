import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";

const root = resolve(__dirname, "../..");
const page = readFileSync(resolve(root, "docs/threat-model.md"), "utf8");

/** The test that proves a line: its file, and its title in full. A line without one is a promise that nobody checks. */
const delivery = "tests/engine/delivery.test.ts";
const noSecret =
  "branches, forks and Dependabot take one path, with a full report and a comment, and a hostile program finds nothing to steal";
const forgeries = "a copy of the state, or a report, that somebody else's run has published is never taken";
const oneComment =
  "a wider scope turns the check red until the lock file is committed, and ends in one comment among 250";
const red =
  "a failed preview, a connection that leads elsewhere and a weaker policy each turn the check red, in the same comment";
const proofs: Readonly<Record<string, readonly [file: string, title: string]>> = {
  "program-1": [delivery, noSecret],
  "program-2": [delivery, forgeries],
  "program-3": [
    delivery,
    "a program that asks for more while it is deployed than it showed is stopped there, and nothing is made",
  ],
  "config-1": [delivery, red],
  "project-1": [
    "tests/unit/cli/project-files.test.ts",
    "is blocked, says where and in what, and one waiver lets exactly that edit pass",
  ],
  "lock-1": [delivery, oneComment],
  "policy-1": [delivery, red],
  "policy-2": [delivery, "review it by the policy in the repository's root, and point at its files from there"],
  "disabled-1": [
    "tests/unit/review/quiet-changes.test.ts",
    "is blocked where it gives back what somebody disabled, which counts as gained",
  ],
  "waiver-1": ["tests/unit/review/waived-code.test.ts", "does not hold for other code at the same resource"],
  "waiver-2": [
    "tests/unit/review/waived-grant.test.ts",
    "does not hold where the scope that it was for makes room for a worse one",
  ],
  "holder-1": [
    "tests/unit/review/handed-on.test.ts",
    "is a change of access, in the verdict, in a table, and for a night that expects none",
  ],
  "copy-1": [delivery, forgeries],
  "artifact-1": [delivery, forgeries],
  "comment-1": [delivery, oneComment],
  "workflow-1": [
    "tests/unit/delivery.test.ts",
    "a pull request's run names no secret and no environment, and elsewhere only the step that talks to the service has a vendor credential",
  ],
  "push-1": [delivery, "deploy.yml deploys nothing that nobody approved, and exactly what was approved by hand"],
  "push-2": [
    "tests/engine/rehearsal.test.ts",
    "a scope is widened, reviewed, approved, merged, deployed, rotated, and looked after",
  ],
  "comment-2": [delivery, oneComment],
  "token-1": [
    "tests/unit/delivery.test.ts",
    "install with the state's credentials in no step, and only publish once something was applied",
  ],
  "killed-1": [
    delivery,
    "a deployment cleans up after one that was killed, says what it found, and takes no lock from the living",
  ],
  "state-1": [delivery, noSecret],
  "admin-1": [
    "tests/engine/rehearsal.test.ts",
    "a scope is widened, reviewed, approved, merged, deployed, rotated, and looked after",
  ],
  "service-1": [
    "tests/simulation/hostile-service.test.ts",
    "thousands of answers of a hostile service show nothing, stop nothing and lose nothing",
  ],
  "service-2": [
    "tests/unit/provider/resources/api-key-write.test.ts",
    "and that cannot be revoked is kept by its marker: the next run, or a destroy, revokes it",
  ],
  "service-3": ["tests/contract/http.test.ts", "a %i to a write does not say whether it was done"],
  "service-4": ["tests/unit/provider/http/list-bounds.test.ts", "is given up with a sentence: it has no end %s"],
  "service-5": ["tests/unit/provider/resources/key/key-on-service.test.ts", "is revoked by its mark, %s"],
  "service-6": ["tests/unit/provider/connections/guarded-client.test.ts", "is left out where it holds %s"],
  "backend-1": [
    "tests/unit/provider/thrown.test.ts",
    "ends in an error that can be read and printed, and holds no secret",
  ],
  "command-1": ["tests/unit/cli/printable.test.ts", "leaves every command through there, its errors as well"],
  "log-1": [delivery, "nothing of all this holds a secret, and the search would find one"],
};

/** The rows of every table whose first column is an id. */
function rowsOf(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\| (?:id|---) /.test(line))
    .map((line) =>
      line
        .slice(1, line.trimEnd().lastIndexOf("|"))
        .split("|")
        .map((cell) => cell.trim()),
    );
}

function isProven(id: string): boolean {
  const [file, title] = proofs[id] ?? [];
  if (file === undefined || title === undefined || !existsSync(resolve(root, file))) return false;
  // As the formatter leaves it, in one literal on the line of the test or on the next.
  const source = readFileSync(resolve(root, file), "utf8");
  const call = /\b(?:test|it)(?:\.each\([^]*?\))?\(\s*"((?:[^"\\]|\\.)*)"/g;
  return [...source.matchAll(call)].some(([, found]) => found === title);
}

describe("The threat model", () => {
  const rows = rowsOf(page);

  test("says in each line who can do what, what holds him, and what does not", () => {
    expect(rows.length).toBeGreaterThan(15);
    for (const row of rows) expect([row[0], row.length, row[1] !== "", row[2] !== ""]).toEqual([row[0], 4, true, true]);
    expect(new Set(rows.map(([id]) => id)).size).toBe(rows.length);
  });

  test.each(rows.map(([id]) => id ?? ""))("has a test for its line %s", (id) => {
    expect([id, isProven(id)]).toEqual([id, true]);
  });

  test("has no proof left over, and a line without one would be found", () => {
    expect(Object.keys(proofs).sort()).toEqual(rows.map(([id]) => id).sort());
    expect(isProven("nobody-1")).toBe(false);
  });
});
