import { describe, expect, it } from "@jest/globals";
import { approvalMistakes, type SeenResource } from "../../../policy/approval";
import { created, key, plugged, review, unchanged, type State } from "../review/support/preview-builder";

/**
 * Attack: the preview shows the reviewed plugin. In the update the program makes a provider of the same package that
 * names where its own program comes from; what that program answers, `target` included, looks as it was approved.
 */
const urnOf = (name: string, of = "apikeys") => `urn:pulumi:prod::shop::pulumi:providers:${of}::${name}`;
const provider = (name: string, inputs: Record<string, unknown> = {}): State => ({
  urn: urnOf(name),
  type: "pulumi:providers:apikeys",
  custom: true,
  inputs,
});
const runBy = (state: State, name: string): State => ({ ...plugged(state), provider: `${urnOf(name)}::1` });

const own = plugged(key("own"));
const mine = runBy(key("mine"), "production");
const constant = key("constant", {}, { provider: `${urnOf("default", "pulumi-nodejs")}::1` });
const metric: State = {
  urn: "urn:pulumi:prod::shop::pulumi-nodejs:dynamic:Resource::metric",
  type: "pulumi-nodejs:dynamic:Resource",
  custom: true,
  inputs: { __provider: "exports.handler = () => ({})" },
  provider: `${urnOf("default", "pulumi-nodejs")}::1`,
};
const report = review([
  created(provider("production", { version: "1.0.0", connections: "{}" })),
  created(own),
  created(mine),
  created(constant),
  unchanged(metric),
]);

function asked(of: State, urn: string, providerInputs: Record<string, unknown> = {}): string[] {
  const seen: SeenResource = { urn: of.urn, type: of.type, inputs: of.inputs, provider: `${urn}::`, providerInputs };
  return approvalMistakes(
    seen,
    report.approved.find(({ urn: each }) => each === of.urn),
    false,
  );
}

const another = "it is run by another provider than in the preview";
const source = "it is run by a provider that says itself where its code comes from";

describe("an update under an approval", () => {
  it("goes on with the providers of the preview", () => {
    expect(report.unreviewed).toEqual([]);
    expect(asked(own, urnOf("default_1_0_0"), { version: "1.0.0" })).toEqual([]);
    expect(asked(mine, urnOf("production"), { version: "1.0.0", connections: '{"default":{}}' })).toEqual([]);
    expect(asked(mine, urnOf("production"), { version: "1.0.0", __internal: {} })).toEqual([]);
    expect(asked(constant, urnOf("default", "pulumi-nodejs"))).toEqual([]);
    expect(asked(metric, urnOf("default", "pulumi-nodejs"))).toEqual([]);
  });

  it("refuses a provider that the program makes only then", () => {
    expect(asked(own, urnOf("production"), { version: "1.0.0" })).toEqual([another]);
    expect(asked(mine, urnOf("default_1_0_0"), { version: "1.0.0" })).toEqual([another]);
    expect(asked(metric, urnOf("mine", "pulumi-nodejs"))).toEqual(["it runs other code than in the preview"]);
  });

  it.each(["pluginDownloadURL", "pluginChecksums", "parameterization", "__internal"])(
    "refuses one of the same name that has got a %s",
    (property) => {
      const inputs = { version: "1.0.0", [property]: "https://evil.example" };
      expect(asked(own, urnOf("default_1_0_0"), inputs)).toEqual([source]);
      expect(asked(mine, urnOf("production"), inputs)).toEqual([source]);
      // A program may give its own provider the name of the engine's.
      expect(asked(constant, urnOf("default", "pulumi-nodejs"), inputs)).toEqual([source]);
      expect(asked(metric, urnOf("default", "pulumi-nodejs"), inputs)).toEqual([source]);
    },
  );

  it("refuses another release of the plugin than the one that was shown", () => {
    for (const version of ["0.9.0", undefined])
      expect(asked(mine, urnOf("production"), { version })).toEqual([
        "it is run by another release of the plugin than in the preview",
      ]);
  });

  it("holds a report of an earlier release to what it has", () => {
    const { provider: _provider, ...earlier } = report.approved.find(({ urn }) => urn === own.urn) ?? ({} as never);
    const seen = { urn: own.urn, type: own.type, inputs: own.inputs };
    expect(approvalMistakes({ ...seen, provider: `${urnOf("production")}::` }, earlier, false)).toEqual([]);
    expect(
      approvalMistakes(
        { ...seen, provider: `${urnOf("production")}::`, providerInputs: { pluginDownloadURL: "x" } },
        earlier,
        false,
      ),
    ).toEqual([source]);
  });
});

describe("a dynamic resource of the program", () => {
  it("is code that cannot be read where a provider of its own runs it", () => {
    const moved = { ...metric, provider: `${urnOf("mine", "pulumi-nodejs")}::1` };
    const findings = review([unchanged(key("ci")), unchanged(metric, moved)]).findings;
    expect(findings).toMatchObject([{ rule: "SR023", level: "block" }]);
  });
});
