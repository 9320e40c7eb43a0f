import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { canonicalJson } from "../../../review/canonical";
import { account, changed, found, key, review, rotatingKey, unchanged, unknown } from "./support/preview-builder";

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

  const odd = fc.constantFrom(
    "admin",
    "",
    "1",
    "true",
    "(empty list)",
    "(left out)",
    "a=b",
    '"',
    "[]",
    "{}",
    "__proto__",
  );
  const value = fc.oneof(
    odd,
    fc.integer({ min: 0, max: 3 }),
    fc.boolean(),
    fc.array(odd, { maxLength: 3 }),
    fc.dictionary(odd, odd, { maxKeys: 2, noNullPrototype: true }),
  );
  const optionName = fc.constantFrom("project", "hosts", "a", "a=b", "__proto__", "constructor");

  it("are told apart whatever their names, forms and order", () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(fc.dictionary(optionName, value, { minKeys: 1, maxKeys: 2, noNullPrototype: true }), (options) => {
        // One item alone stands for the same as a list of it: no declaration takes both.
        fc.pre(!Object.values(options).some((each) => Array.isArray(each) && each.length === 1));
        const exact = canonicalJson(options);
        const { delta } = review([unchanged(key("ci", { options: undefined }), key("ci", { options }))]);
        const gains = JSON.stringify(delta.flatMap((entry) => entry.gains));
        expect(seen.get(gains) ?? exact).toBe(exact);
        seen.set(gains, exact);
      }),
      { numRuns: 300 },
    );
  });

  it("that the program leaves out are a gain: what then holds, only the backend knows", () => {
    const { delta } = review([changed("replace", before, key("ci", { options: { hosts: ["a"] } }), ["options"])]);
    expect(delta).toMatchObject([{ gains: ["option=project=(left out)"], loses: ["option=project=alpha"] }]);
  });

  it("count in another order, where the backend keeps the order", () => {
    const [old, next] = [
      ["a", "b"],
      ["b", "a"],
    ].map((hosts) => key("ci", { options: { hosts } }));
    expect(old && next && review([unchanged(old, next)]).accessChanged).toBe(true);
  });

  it.each([{ role: "admin" }, { roles: ["admin"] }, { roles: { ci: "admin" } }, { "a=b": "owner" }])(
    "that administer are called so: %j",
    (options) => {
      expect(found(review([unchanged(key("ci"), key("ci", { options }))]))).toContain("SR028 ci");
    },
  );

  it("that the service gave other than asked are told", () => {
    for (const make of [key, rotatingKey, account]) {
      const given = make("ci", { options: { project: "alpha" } }, { outputs: { serverOptions: { project: "all" } } });
      const { findings } = review([unchanged(given)]);
      expect(findings.filter(({ rule }) => rule === "SR025")).toMatchObject([
        { message: expect.stringContaining("`project=all`") },
      ]);
    }
  });
});
