import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "@jest/globals";
import Ajv from "ajv";
import * as yaml from "yaml";
import { parsePolicy } from "../../../review/parse-policy";
import { limitsFor } from "../../../review/policy";
import { checkPolicy, policyJsonSchema } from "../../../review/policy-schema";

const problemsOf = (text: string): readonly string[] => {
  const parsed = parsePolicy(text, "apikeys-review.yaml", yaml);
  return "problems" in parsed ? parsed.problems : [];
};

describe("the policy file", () => {
  it("has a JSON schema, which is shipped as it is (scripts/fixtures --expected writes it anew)", () => {
    const file = resolve(__dirname, "../../../review/schema.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(policyJsonSchema());
  });

  it("is the same to the schema and to the command", () => {
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(policyJsonSchema() as object);
    const documents: [boolean, unknown][] = [
      [true, {}],
      [true, { rules: { SR001: "warn" }, maxKeyAge: "30d", stacks: { prod: { neverGrant: ["admin:*"] } } }],
      [true, { waivers: [{ rule: "SR001", urn: "urn:x", reason: "r", approver: "a", until: "2027-01-31" }] }],
      [true, { catalogues: { "./acme.js": { scopes: { read: { implies: [] } } } } }],
      [false, { rule: {} }],
      [false, { rules: { SR999: "warn" } }],
      [false, { rules: { SR001: "error" } }],
      [false, { maxKeyAge: "90" }],
      [false, { stacks: { prod: { waivers: [] } } }],
      [false, { waivers: [{ rule: "SR001", urn: "urn:x", why: "r" }] }],
    ];
    for (const [good, document] of documents) {
      expect({ document, schema: validate(document) }).toEqual({ document, schema: good });
      expect({ document, command: "document" in checkPolicy(document) }).toEqual({ document, command: good });
    }
  });

  it.each([
    ["rule: {}", 'the file: unknown key "rule"; known are version'],
    ["rules: { SR001: error }", "rules.SR001: Invalid option"],
    ["maxKeyAge: 90", "maxKeyAge: Invalid input: expected string, received number."],
    ["maxKeyAge: 90 days", "maxKeyAge: is not a duration"],
    ["namePattern: '['", "namePattern: is not a regular expression."],
    ["waivers: [{ rule: SR001, urn: u, until: tomorrow }]", "waivers.0.until:"],
    ["catalogues: { pulsely: { scopes: {} } }", "catalogues.pulsely: is built in and cannot be replaced; remove it."],
    ["catalogues: { ./a.js: {} }", "catalogues../a.js: needs `scopes`, `open`, or `scopesOnKeys: false`."],
    ["a: [", "line 1: not YAML"],
    ["rules: { SR001: warn }\nrules: { SR002: warn }", "line 2: not YAML: Map keys must be unique"],
  ])("refuses %p and says where", (text, problem) => {
    expect(problemsOf(text).join("\n")).toContain(problem);
  });

  it("may be empty, and knows the lines of its waivers", () => {
    expect(problemsOf("# nothing yet\n")).toEqual([]);
    const parsed = parsePolicy(
      "version: 1\nwaivers:\n  - rule: SR001\n    urn: a\n  - rule: SR002\n    urn: b\n",
      "apikeys-review.yaml",
      yaml,
    );
    expect(parsed).toMatchObject({ policy: { waiverLines: [3, 5] } });
  });

  it("takes a limit from the stack, else the environment, else the file, else the default", () => {
    const document = {
      maxKeyAge: "80d",
      environments: { live: { maxKeyAge: "60d", neverGrant: ["a"] } },
      stacks: { prod: { maxKeyAge: "40d", neverGrant: ["b"] } },
      neverGrant: ["c"],
    };
    const days = (stack: string, environment: string): number =>
      limitsFor(document, stack, environment).maxKeyAgeMs / 86_400_000;
    expect([days("prod", "live"), days("dev", "live"), days("dev", "test")]).toEqual([40, 60, 80]);
    expect(limitsFor({}, "prod", "live")).toMatchObject({
      maxKeyAgeMs: 90 * 86_400_000,
      maxKeyLifeMs: 90 * 86_400_000,
      maxKeysPerAccount: 5,
      requiredLabels: ["owner", "purpose"],
    });
    expect(limitsFor(document, "prod", "live").neverGrant).toEqual(["b", "a", "c"]);
    // Not a property of every object.
    expect(days("constructor", "toString")).toBe(80);
  });
});
