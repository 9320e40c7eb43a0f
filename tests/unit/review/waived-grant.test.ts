import { describe, expect, it } from "@jest/globals";
import { renderMarkdown } from "../../../review/render/markdown";
import type { RuleId } from "../../../review/levels";
import { account, changed, consumer, created, found, key, review, unchanged, urnOf } from "./support/preview-builder";

/** Attack: a waiver was written for one scope, or one account. A later change brings a worse one to the same resource. */
const nova = { target: { backend: "novavms", origin: "https://nova.example" }, environment: undefined };
const ci = urnOf("ApiKey", "ci");
const holding = (...scopes: readonly string[]) =>
  key("ci", { scopes, fullAccess: true, ...nova }, { outputs: { service: nova.target.origin } });
const waived = (rule: RuleId, more: { covers?: string | string[]; code?: string } = {}, urn = ci) => ({
  rule,
  urn,
  reason: "tenants",
  approver: "ann",
  until: "2027-03-01",
  ...more,
});
const judged = (steps: Parameters<typeof review>[0], ...waivers: ReturnType<typeof waived>[]) =>
  review(steps, { document: { waivers, neverGrant: ["events:*"] } });
const wider = [changed("replace", holding("cameras:*"), holding("cameras:*", "admin:*"), ["scopes"])];

describe("a waiver that names a scope", () => {
  it("holds for that scope, and for no other at the same key", () => {
    const report = judged(wider, waived("SR001", { covers: "cameras:*" }));
    expect(found(report)).toContain("SR001 ci");
    expect(report.findings.filter(({ rule }) => rule === "SR001").map(({ waived: is }) => is)).toEqual([false, true]);
    const both = judged(wider, waived("SR001", { covers: ["cameras:*", "admin:*"] }));
    expect(found(both)).not.toContain("SR001 ci");
  });

  it("holds on the never-grant list for the scope that was seen, and not for all that a pattern matches", () => {
    const before = holding("events:read");
    const after = holding("events:read", "events:write");
    const report = judged([changed("replace", before, after)], waived("SR004", { covers: "events:read" }));
    expect(found(report).filter((each) => each === "SR004 ci")).toHaveLength(1);
    expect(report.exitCode).toBe(5);
  });
});

describe("a waiver without a scope, as every one of 0.1 is,", () => {
  it("goes on to hold for what was there, and for the first of its rule at a key", () => {
    expect(found(judged([unchanged(holding("cameras:*"))], waived("SR001")))).not.toContain("SR001 ci");
    expect(found(judged([created(holding("cameras:*"))], waived("SR001")))).not.toContain("SR001 ci");
  });

  it.each(["SR001", "SR004"] as const)(
    "does not hold for a later one of %s beside it, and says what to write",
    (rule) => {
      const steps =
        rule === "SR001" ? wider : [changed("replace", holding("events:read"), holding("events:read", "events:write"))];
      const report = judged(steps, waived(rule));
      expect(report.exitCode).toBe(5);
      expect(found(report).filter((each) => each === `${rule} ci`)).toHaveLength(1);
      const scope = rule === "SR001" ? "admin:*" : "events:write";
      expect(report.findings.find((finding) => finding.rule === "SR020")?.message).toBe(
        `the waiver of ${rule} for \`ci\` covers what was there before; this one it has to name: \`covers: ${scope}\``,
      );
      expect(renderMarkdown(report, 64_000)).toContain(`covers: ${scope}`);
    },
  );

  it("does not hold where the scope that it was for makes room for a worse one", () => {
    const report = judged([changed("replace", holding("cameras:*"), holding("admin:*"))], waived("SR001"));
    expect(found(report)).toContain("SR001 ci");
  });
});

describe("a waiver of a rule that 0.1 did not have", () => {
  const administers = (...more: readonly string[]) => [
    changed("replace", holding("events:read"), holding("events:read", ...more), ["scopes"]),
  ];
  const other = (id: string) => [
    unchanged(account("bot")),
    created(
      key(
        "ci",
        { serviceAccountId: id },
        { propertyDependencies: { serviceAccountId: [urnOf("ServiceAccount", "bot")] } },
      ),
    ),
  ];
  const adopted = (id: string) => [unchanged(key("x")), created(key("ci", { adopt: { keyId: id } }))];
  const handed = (name: string) => [unchanged(key("ci")), created(consumer(name, [ci]))];

  it.each<[RuleId, typeof wider, typeof wider, string]>([
    ["SR027", other("id-1"), other("id-2"), "id-1"],
    ["SR028", administers("billing:admin"), administers("billing:admin", "users:admin"), "billing:admin"],
    ["SR030", adopted("k-1"), adopted("k-2"), "k-1"],
    ["SR033", handed("site"), handed("evil"), consumer("site", []).urn],
  ])("of %s names what it covers, and is asked for it", (rule, seen, later, covers) => {
    expect(found(judged(seen))).toContain(`${rule} ci`);
    expect(found(judged(seen, waived(rule, { covers })))).not.toContain(`${rule} ci`);
    expect(found(judged(later, waived(rule, { covers })))).toContain(`${rule} ci`);
    const unnamed = judged(seen, waived(rule));
    expect(found(unnamed)).toEqual(expect.arrayContaining([`${rule} ci`, "SR020 ci"]));
    expect(unnamed.findings.find((finding) => finding.rule === "SR020")?.message).toBe(
      `the waiver of ${rule} for \`ci\` has no covers`,
    );
  });

  it("of SR029 names the claim about a scope by its code", () => {
    const claims = (level: "read" | "write") => [
      unchanged(key("x")),
      created(
        key("ci", {
          scopes: ["odd:thing"],
          target: { backend: "pulsely", origin: "https://api.pulsely.io", extraScopes: { "odd:thing": { level } } },
        }),
      ),
    ];
    const code = codeIn(judged(claims("read")), "SR029");
    expect(found(judged(claims("read"), waived("SR029", { code })))).not.toContain("SR029 ci");
    expect(found(judged(claims("write"), waived("SR029", { code })))).toContain("SR029 ci");
  });

  it("of SR031 names the access that comes back by its code", () => {
    const back = (...scopes: readonly string[]) => {
      const disabled = key("ci", { scopes, onDisabled: "ignore" }, { outputs: { status: "disabled" } });
      return [changed("update", disabled, key("ci", { scopes, onDisabled: "enable" }))];
    };
    const code = codeIn(judged(back("read:checks")), "SR031");
    expect(found(judged(back("read:checks"), waived("SR031", { code })))).not.toContain("SR031 ci");
    expect(found(judged(back("read:checks", "read:alerts"), waived("SR031", { code })))).toContain("SR031 ci");
  });
});

function codeIn(report: ReturnType<typeof review>, rule: RuleId): string {
  const finding = report.findings.find((each) => each.rule === rule);
  return /code: ([0-9a-f]{64})/.exec(finding?.message ?? "")?.[1] ?? "";
}
