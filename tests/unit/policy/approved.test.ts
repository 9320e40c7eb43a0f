import { describe, expect, it } from "@jest/globals";
import { apikeysApproved } from "../../../policy";
import { approvalMistakes, type SeenResource } from "../../../policy/approval";
import type { Report } from "../../../review/report";
import {
  account,
  changed,
  created,
  key,
  review,
  rotatingKey,
  unchanged,
  unknown,
  urnOf,
  type State,
} from "../review/support/preview-builder";

const linked = { propertyDependencies: { serviceAccountId: [urnOf("ServiceAccount", "fresh")] } };
const code = "exports.handler = () => ({})";
const metric: State = {
  urn: "urn:pulumi:prod::shop::pulumi-nodejs:dynamic:Resource::metric",
  type: "pulumi-nodejs:dynamic:Resource",
  custom: true,
  inputs: { __provider: code, level: 1 },
};
const ours: Record<string, State> = {
  kept: key("kept", { serviceAccountId: "id-of-bot" }),
  fresh: key("new", { serviceAccountId: unknown }, linked),
  night: rotatingKey("night"),
  bot: account("bot", { role: "viewer" }),
};
const report = review([
  unchanged(ours.bot as State),
  unchanged(ours.kept as State),
  created(account("fresh")),
  created(ours.fresh as State),
  changed("update", ours.night as State, rotatingKey("night", { generation: 2, rotationReason: "due" })),
  unchanged(metric),
]);

function asked(of: State, inputs: Record<string, unknown> = {}, more: Partial<SeenResource> = {}): string[] {
  const seen: SeenResource = { urn: of.urn, type: of.type, inputs: { ...of.inputs, ...inputs }, ...more };
  const found = report.approved.find(({ urn }) => urn === seen.urn);
  return approvalMistakes(seen, found, false);
}

describe("an update under an approval", () => {
  it.each<[string, State, Record<string, unknown>]>([
    ["an unchanged key", ours.kept as State, {}],
    ["a key whose account the update makes", ours.fresh as State, { serviceAccountId: "id-of-fresh" }],
    [
      "what a rotation asks of its key",
      ours.night as State,
      { generation: 7, issuedOn: "2027-06-01T00:00:00Z", rotationReason: "due", retireAfter: "2027-06-08T00:00:00Z" },
    ],
    [
      "other words for people",
      ours.kept as State,
      { labels: { owner: "ops" }, description: "x", name: "y", keepers: { a: "1" } },
    ],
    ["an account", ours.bot as State, {}],
    ["code that was there", metric, { level: 2 }],
  ])("may make %s", (_what, state, inputs) => {
    expect(asked(state, inputs)).toEqual([]);
  });

  it.each<[string, State, Record<string, unknown>, string]>([
    ["one more scope", ours.kept as State, { scopes: ["read:checks", "write:checks"] }, "another value of `scopes`"],
    ["another environment", ours.kept as State, { environment: "test" }, "another value of `environment`"],
    ["another connection", ours.kept as State, { connection: "eu" }, "another value of `connection`"],
    [
      "another server",
      ours.kept as State,
      { target: { backend: "pulsely", origin: "https://evil.example" } },
      "another value of `target`",
    ],
    ["a longer life", ours.kept as State, { expiresIn: "365d" }, "another value of `expiresIn`"],
    ["no end", ours.kept as State, { expiresIn: undefined }, "another value of `expiresIn`"],
    ["rotation switched off", ours.night as State, { rotateEvery: "3650d" }, "another value of `rotateEvery`"],
    ["another role", ours.bot as State, { role: "admin" }, "another value of `role`"],
    ["an input that nobody knows", ours.kept as State, { grantsFrom: "admin" }, "another value of `grantsFrom`"],
    ["another account", ours.kept as State, { serviceAccountId: "id-of-admin" }, "it belongs to another account"],
    ["no account", ours.kept as State, { serviceAccountId: undefined }, "it has no account, and had one"],
    [
      "an account where there was none",
      ours.night as State,
      { serviceAccountId: "x" },
      "it has an account, and had none",
    ],
    ["other code", metric, { __provider: `${code};` }, "it runs other code than in the preview"],
    [
      "code that became ours",
      metric,
      { __provider: (ours.kept as State).inputs.__provider },
      "it runs the code of our ApiKey under another type",
    ],
    [
      "our type with other code",
      ours.kept as State,
      { __provider: code },
      "it has the type of our ApiKey and runs other code",
    ],
    [
      "a key without its code",
      ours.kept as State,
      { __provider: undefined },
      "it has the type of our ApiKey and runs other code",
    ],
  ])("may not make %s", (_what, state, inputs, sentence) => {
    expect(asked(state, inputs)).toEqual([sentence]);
  });

  it("may not make what the report does not have", () => {
    const more = { urn: urnOf("ApiKey", "more") };
    expect(asked(ours.kept as State, {}, more)).toEqual(["the report does not have it"]);
    expect(asked(metric, {}, { urn: `${metric.urn}2` })).toEqual(["it runs code that the report does not have"]);
    expect(asked(ours.kept as State, {}, { type: (ours.night as State).type })).not.toEqual([]);
    const provider = "urn:pulumi:prod::shop::pulumi:providers:pulumi-nodejs::mine::";
    expect(asked(ours.kept as State, {}, { provider })).toEqual([expect.stringContaining("provider of its own")]);
  });

  it("has nothing to say of other resources", () => {
    const bucket = { urn: "urn:pulumi:prod::shop::aws:s3/bucket:Bucket::b", type: "aws:s3/bucket:Bucket", inputs: {} };
    expect(approvalMistakes(bucket, undefined, false)).toEqual([]);
  });

  it("may not have an account that nobody could read, nor run code that is secret unless that is allowed", () => {
    const secret = review([unchanged({ ...metric, inputs: { __provider: "[secret]" } })], { allowEmpty: true });
    const approved = secret.approved.find(({ urn }) => urn === metric.urn);
    const seen: SeenResource = { urn: metric.urn, type: metric.type, inputs: metric.inputs };
    expect(approvalMistakes(seen, approved, false)).toEqual([expect.stringContaining("its code is secret")]);
    expect(approvalMistakes(seen, approved, true)).toEqual([]);
  });
});

describe("apikeysApproved", () => {
  it("takes a report that holds together and could be reviewed, and no other", () => {
    expect(apikeysApproved(report).map(({ enforcementLevel }) => enforcementLevel)).toEqual(["remediate"]);
    const forged: Report = { ...report, digest: `sha256:${"0".repeat(64)}` };
    expect(() => apikeysApproved(forged)).toThrow("the digest is not that of its delta");
    expect(() => apikeysApproved(review([created(key("ci", { scopes: unknown }))]))).toThrow("could not be reviewed");
  });

  it("refuses a resource whose code the engine did not show", async () => {
    const [policy] = apikeysApproved(report);
    const said: string[] = [];
    const { validateResource } = policy ?? {};
    if (typeof validateResource !== "function") throw new Error("the policy validates nothing");
    const { urn, type } = ours.kept as State;
    await validateResource({ urn, type } as Parameters<typeof validateResource>[0], (message) => said.push(message));
    expect(said).toEqual([expect.stringContaining("the engine did not show what it runs")]);
  });
});
