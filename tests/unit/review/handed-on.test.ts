import { describe, expect, it } from "@jest/globals";
import { renderMarkdown } from "../../../review/render/markdown";
import { readReport } from "../../../review/read-report";
import { verdictWords } from "../../../review/wording";
import { changed, consumer, created, key, review, rotatingKey, unchanged, urnOf } from "./support/preview-builder";

/**
 * Attack: a change was approved, or nothing but a rotation is expected. Then a key that is there goes to one more
 * resource, which can do from then on what the key can. None of the key's own inputs changes.
 */
const ci = urnOf("ApiKey", "ci");
const base = [unchanged(key("ci")), created(key("new"))];
const app = consumer("app", [ci]);
const approved = review([...base, unchanged(app)]);
const handedTo = (name: string) => [...base, unchanged(app), created(consumer(name, [ci]))];

describe("a key that goes to another resource", () => {
  it("changes the digest: what was approved is not what would be deployed", () => {
    const digests = [approved, review(handedTo("spy")), review(handedTo("other"))].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(3);
  });

  it("is a change of access, in the verdict, in a table, and for a night that expects none", () => {
    const steps = [unchanged(rotatingKey("ci")), created(consumer("spy", [urnOf("RotatingApiKey", "ci")]))];
    const report = review(steps, { expectNoAccessChange: true });
    expect(report).toMatchObject({ accessChanged: true, exitCode: 7 });
    expect(verdictWords(review(steps))).toBe(
      "Access changes: 1 resource changes service, account, life or user; nothing blocks, 1 warning",
    );
    expect(renderMarkdown(report, 64_000)).toContain("also used by | `nobody else` | `spy (aws:lambda/");
  });

  it("stands in the report for whoever reads it back, and nobody can take it out", () => {
    const report = review([...base, created(consumer("spy", [ci]))]);
    expect(readReport(JSON.stringify(report))).toEqual({ report });
    const silent = {
      ...report,
      findings: report.findings.filter(({ rule }) => rule !== "SR033"),
      accounts: report.accounts.map((row) => (row.urn === ci ? { ...row, level: "none", rules: [] } : row)),
      counts: { ...report.counts, warn: 0 },
    };
    expect(readReport(JSON.stringify(silent))).toEqual({
      mistake: expect.stringContaining("a finding of SR033 is missing"),
    });
  });

  it("is none where an alias renames the consumer, and none a second time", () => {
    const renamed = review([...base, unchanged(app, consumer("app2", [ci]))]);
    const digests = [renamed, review([...base, unchanged(consumer("spy", [ci])), unchanged(app)])].map(
      ({ digest }) => digest,
    );
    expect(digests).toEqual([approved.digest, approved.digest]);
  });

  it("is told of a key that changes in other ways as well", () => {
    const wider = changed("replace", key("ci"), key("ci", { scopes: ["read:checks", "write:checks"] }), ["scopes"]);
    const quiet = review([wider, unchanged(app)]).digest;
    expect(review([wider, unchanged(app), created(consumer("spy", [ci]))]).digest).not.toBe(quiet);
  });
});
