import { describe, expect, it } from "@jest/globals";
import { account, changed, key, review, rotatingKey, unchanged, unknown } from "./support/preview-builder";

const before = key("ci", { options: { project: "alpha", hosts: ["a"] } });

describe("A vendor's own inputs in the review", () => {
  it("are named with who gains and who loses what", () => {
    const after = key("ci", { options: { project: "beta", hosts: ["a", "b"] } });
    const report = review([changed("replace", before, after, ["options"])]);
    expect(report.delta).toMatchObject([
      { gains: ["option=hosts=b", "option=project=beta"], loses: ["option=project=alpha"] },
    ]);
    expect(report.keys).toMatchObject([{ op: "replace", reason: "`options` changed" }]);
  });

  it("are told of an empty list, which many services read as everything", () => {
    const report = review([changed("replace", before, key("ci", { options: { project: "alpha", hosts: [] } }))]);
    expect(report.delta).toMatchObject([{ gains: ["option=hosts=(empty list)"], loses: ["option=hosts=a"] }]);
  });

  it("count where the engine calls the key the same, and on rotating keys without a request", () => {
    for (const make of [key, rotatingKey]) {
      const old = make("ci", { options: { project: "alpha" } });
      const next = make("ci", { options: { project: "beta" } });
      expect(review([unchanged(old, next)]).delta).toHaveLength(1);
    }
  });

  it("that cannot be read make the key not reviewable", () => {
    for (const options of [
      unknown,
      "[secret]",
      { project: unknown },
      { hosts: ["a", "[secret]"] },
      { hosts: [{}] },
      ["a"],
    ])
      expect(review([changed("replace", before, key("ci", { options }))]).verdict).toBe("not-reviewable");
  });

  it("of an account count in the row of the account", () => {
    const old = account("bot", { options: { group: "users" } });
    const next = account("bot", { options: { group: "admins" } });
    const report = review([changed("update", old, next)]);
    expect(report.delta).toMatchObject([{ gains: ["option=group=admins"], loses: ["option=group=users"] }]);
    expect(JSON.stringify(report)).toContain("group=admins");
  });
});
