import { describe, expect, it } from "@jest/globals";
import { renderMarkdown } from "../../../review/render/markdown";
import { verdictWords } from "../../../review/wording";
import { changed, created, found, key, review, stackUrn, unchanged } from "./support/preview-builder";

/** Attack: a waiver was written for one server, or for one scope. A later change brings another under the same name. */
const at = (origin: string) => ({ connection: "eu", target: { backend: "pulsely", origin } });
const base = unchanged(key("ci"));
const stranger = (origin: string) => [base, created(key("eu", at(origin)))];
const movedTo = (origin: string) => [
  base,
  changed("replace", key("eu", at("https://eu.pulsely.io")), key("eu", at(origin)), ["target"]),
];
const waived = (rule: "SR021" | "SR024", code?: string) => ({
  document: {
    waivers: [{ rule, urn: stackUrn, reason: "ours", approver: "ann", until: "2027-03-01", ...(code && { code }) }],
  },
});
const codeOf = (steps: ReturnType<typeof stranger>, rule: string): string => {
  const finding = review(steps).findings.find((each) => each.rule === rule);
  return /code: ([0-9a-f]{64})/.exec(finding?.message ?? "")?.[1] ?? "";
};

describe.each([
  ["SR024", stranger],
  ["SR021", movedTo],
] as const)("a waiver of %s", (rule, steps) => {
  const code = codeOf(steps("https://two.pulsely.io"), rule);

  it("holds for the server that the finding names, and for no other", () => {
    expect(code).toMatch(/^[0-9a-f]{64}$/);
    expect(found(review(steps("https://two.pulsely.io"), waived(rule, code)))).not.toContain(`${rule} shop-prod`);
    expect(found(review(steps("https://evil.example"), waived(rule, code)))).toContain(`${rule} shop-prod`);
  });

  it("is asked for its code where it has none", () => {
    const report = review(steps("https://two.pulsely.io"), waived(rule));
    expect(found(report)).toEqual(expect.arrayContaining(["SR020 shop-prod", `${rule} shop-prod`]));
  });
});

describe("a waiver that a new finding comes under", () => {
  const document = {
    waivers: (["SR001", "SR003"] as const).map((rule) => ({
      rule,
      urn: key("ci").urn,
      covers: "admin:*",
      reason: "tenants",
      approver: "ann",
      until: "2027-03-01",
    })),
  };
  const wild = (scope: string) => key("ci", { scopes: ["read:checks", scope], fullAccess: true });

  it("is told in the first line and above the tables, for it may not mean this", () => {
    const report = review([changed("replace", wild("checks:*"), wild("admin:*"), ["scopes"])], { document });
    expect(verdictWords(report)).toMatch(/2 new findings waived$/);
    const page = renderMarkdown(report, 64_000);
    expect(page).toMatch(/> \*\*New with this change, and waived[^]*`admin:\*`[^]*\| Account or key/);
  });

  it("is not told where it was there before", () => {
    const report = review([changed("update", wild("admin:*"), wild("admin:*"))], { document });
    expect(report.findings).toMatchObject([
      { rule: "SR001", waived: true, existing: true },
      { rule: "SR003", waived: true, existing: true },
    ]);
    expect(verdictWords(report)).toBe("No access change");
    expect(renderMarkdown(report, 64_000)).not.toContain("New with this change");
  });
});
