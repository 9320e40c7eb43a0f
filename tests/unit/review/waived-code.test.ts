import { describe, expect, it } from "@jest/globals";
import { found, changed, created, key, review, unchanged, type State } from "./support/preview-builder";

/** Attack: somebody has read a dynamic resource's code and waived SR023 for it. A later change brings other code at that URN. */
const type = "pulumi-nodejs:dynamic/acme:Metric";
const urn = `urn:pulumi:prod::shop::${type}::gauge`;
const gauge = (text: unknown, of = type): State => ({
  urn,
  type: of,
  custom: true,
  id: "gauge",
  inputs: { __provider: text },
  outputs: { __provider: text },
  propertyDependencies: {},
});
const read = "exports.handler=()=>({})";
/** printf 'exports.handler=()=>({})' | sha256sum */
const sha256OfRead = "145869967be9061616448acd464a71e986ee94425a27ef1e4b92daf4962e8e2c";
const others = "exports.handler=()=>require('child_process').execSync('env')";

const waived = (code?: string) => ({
  document: {
    waivers: [
      {
        rule: "SR023" as const,
        urn,
        reason: "read",
        approver: "ann",
        until: "2027-03-01",
        ...(code === undefined ? {} : { code }),
      },
    ],
  },
});
const base = unchanged(key("ci"));

describe("a waiver of code", () => {
  it("holds for the code that somebody has read, as the finding names it", () => {
    const [finding] = review([base, created(gauge(read))]).findings;
    expect(finding?.message).toContain(`\`code: ${sha256OfRead}\``);
    const report = review([base, created(gauge(read))], waived(sha256OfRead));
    expect(report).toMatchObject({ exitCode: 0, findings: [{ rule: "SR023", waived: true }] });
  });

  it("does not hold for other code at the same resource", () => {
    expect(review([base, created(gauge(others))], waived(sha256OfRead)).exitCode).toBe(5);
    const later = review([base, changed("update", gauge(read), gauge(others))], waived(sha256OfRead));
    expect(found(later)).toEqual(["SR023 gauge"]);
  });

  it("does not hold for code that nobody can read, unless it says so", () => {
    const hidden = [base, changed("update", gauge("[secret]"), gauge("[secret]"))];
    expect(review(hidden, waived(sha256OfRead)).exitCode).toBe(5);
    expect(review(hidden, waived("hidden")).exitCode).toBe(0);
    expect(review([base, created(gauge(others))], waived("hidden")).exitCode).toBe(5);
  });

  it("is asked for its code where it has none, as every waiver of 0.1 has", () => {
    const report = review([base, created(gauge(read))], waived());
    expect(found(report)).toEqual(["SR020 gauge", "SR023 gauge"]);
    expect(report.findings[0]?.message).toBe("the waiver of SR023 for `gauge` has no code");
  });
});
