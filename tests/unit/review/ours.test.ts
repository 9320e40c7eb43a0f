import { describe, expect, it } from "@jest/globals";
import { earlierTexts } from "../../../provider/resource-text";
import { identify } from "../../../review/ours";
import type { ResourceState } from "../../../review/preview-form";
import { providerText, typeToken } from "../../../sdk/resource-text";
import {
  account,
  changed,
  created,
  key,
  review,
  rotatingKey,
  unchanged,
  unknown,
  type State,
} from "./support/preview-builder";

const classes = ["ServiceAccount", "ApiKey", "RotatingApiKey"] as const;

function stateOf(type: string, inputs: Record<string, unknown>, more: Partial<ResourceState> = {}): ResourceState {
  return {
    urn: `urn:pulumi:prod::shop::${type}::x`,
    type,
    custom: true,
    protect: false,
    retainOnDelete: false,
    pendingDelete: false,
    inputs,
    outputs: {},
    propertyDependencies: {},
    ...more,
  };
}

/** Ways to write a program that makes our keys; no list of them is ever whole. */
const spellings = [
  'exports.handler=()=>require("pulumi-apikeys/runtime").ApiKey ',
  'exports.handler=()=>require("pulumi-api"+"keys/runtime").ApiKey',
  'exports.handler=()=>require("pulumi\\x2dapikeys/runtime").ApiKey',
  'exports.handler=()=>require("./node_modules/pulumi-apikeys/dist/provider/runtime.js").ApiKey',
  'exports.handler=()=>require(Buffer.from("cHVsdW1pLWFwaWtleXMvcnVudGltZQ==","base64")+"").ApiKey',
  'exports.handler=()=>process.mainModule.require("../../../pulumi-apikeys/dist/provider/runtime").ApiKey',
  "exports.handler=()=>require(Object.keys(require('./package.json').dependencies)[0]+'/runtime').ApiKey",
];

describe("a resource is ours by its type and by what it runs", () => {
  it.each(classes)("knows the constant text that the SDK writes for %s, and those of earlier versions", (name) => {
    for (const text of [providerText(name), ...earlierTexts(name)])
      expect(identify(stateOf(typeToken(name), { __provider: text })).kind).toBe("ours");
  });

  it.each(earlierTexts("ApiKey"))("takes the step from an earlier text to today's for no change: %.60s", (text) => {
    const before = key("web", { __provider: text });
    const after = key("web", { __provider: providerText("ApiKey") });
    const report = review([unchanged(before, after)]);
    expect(report).toMatchObject({ verdict: "no-access-change", findings: [] });
  });

  it.each(classes.flatMap((type) => classes.filter((text) => text !== type).map((text) => [type, text] as const)))(
    "refuses the type of %s with the code of %s",
    (type, text) => {
      expect(identify(stateOf(typeToken(type), { __provider: providerText(text) })).kind).toBe("disguised");
    },
  );

  it.each([...spellings, "[secret]", unknown, undefined, 1, { text: "" }])(
    "refuses our type with other code: %s",
    (text) => {
      expect(identify(stateOf(typeToken("ApiKey"), { __provider: text })).kind).toBe("disguised");
    },
  );

  it.each([
    "pulumi-nodejs:dynamic:Resource",
    "pulumi-nodejs:dynamic/acme:Metric",
    "apikeys:index:ApiKey",
    "aws:s3/bucket:Bucket",
  ])("refuses our code under the type %s", (type) => {
    expect(identify(stateOf(type, { __provider: providerText("ApiKey") })).kind).toBe("disguised");
  });

  it.each(spellings)("takes any other text under any other type for code that nobody reviewed: %s", (text) => {
    expect(identify(stateOf("pulumi-nodejs:dynamic/acme:Metric", { __provider: text }))).toEqual({
      kind: "code",
      text,
    });
  });

  it("cannot read code that is secret or not known", () => {
    for (const text of ["[secret]", unknown])
      expect(identify(stateOf("pulumi-nodejs:dynamic/acme:Metric", { __provider: text }))).toEqual({ kind: "code" });
    expect(identify(stateOf("pulumi-python:dynamic:Resource", {}))).toEqual({ kind: "code" });
  });

  it.each([
    ["another package", "urn:pulumi:prod::shop::pulumi:providers:acme::default::1"],
    ["a configuration of its own", "urn:pulumi:prod::shop::pulumi:providers:pulumi-nodejs::mine::1"],
    [
      "an address of its own",
      "urn:pulumi:prod::shop::pulumi:providers:pulumi-nodejs::default_1_0_0_https_/evil.example::1",
    ],
  ])("refuses to trust a provider of %s", (_what, provider) => {
    expect(identify(stateOf(typeToken("ApiKey"), { __provider: providerText("ApiKey") }, { provider })).kind).toBe(
      "disguised",
    );
  });

  it("knows the engine's own provider, and the plugin", () => {
    const own = "urn:pulumi:prod::shop::pulumi:providers:pulumi-nodejs::default::1";
    expect(identify(stateOf(typeToken("ApiKey"), { __provider: providerText("ApiKey") }, { provider: own })).kind).toBe(
      "ours",
    );
    const plugin = "urn:pulumi:prod::shop::pulumi:providers:apikeys::production::1";
    expect(identify(stateOf("apikeys:index:ApiKey", {}, { provider: plugin })).kind).toBe("ours");
  });
});

describe("what is ours on one side only is never dropped", () => {
  const renamed = (state: State, type: string): State => ({ ...state, type, urn: state.urn.replace(state.type, type) });
  const foreign = (state: State): State => {
    const other = renamed(state, "pulumi-nodejs:dynamic/acme:Metric");
    return { ...other, inputs: { ...other.inputs, __provider: "exports.handler=()=>({})" } };
  };

  it.each([
    ["a key that becomes another resource", unchanged(key("ci"), foreign(key("ci")))],
    ["another resource that becomes a key", changed("replace", foreign(key("ci")), key("ci"))],
    ["a key that becomes an account", changed("replace", key("ci"), account("ci"))],
    [
      "new code under our type",
      created({ ...key("ci"), inputs: { ...key("ci").inputs, __provider: "exports.handler=1" } }),
    ],
    ["our code under a new type", created(renamed(key("ci"), "pulumi-nodejs:dynamic/acme:Metric"))],
  ])("%s is not reviewable", (_what, step) => {
    const report = review([unchanged(key("anchor")), step]);
    expect(report).toMatchObject({ exitCode: 10, verdict: "not-reviewable" });
    expect(report.unreviewed).toHaveLength(1);
  });

  it("reviews a key that begins to rotate, by an alias", () => {
    expect(review([changed("update", key("ci"), rotatingKey("ci"))])).toMatchObject({ exitCode: 0 });
  });
});
