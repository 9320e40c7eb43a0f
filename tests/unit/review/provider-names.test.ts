import { describe, expect, it } from "@jest/globals";
import { created, key, plugged, review, unchanged, type State } from "./support/preview-builder";

/** Attack: a name may hold `::`, and a provider's name then ends where a careless reader looks for the id. */
const madeBy = (name: string, of: string, inputs: Record<string, unknown> = {}): State => ({
  urn: `urn:pulumi:prod::shop::pulumi:providers:${of}::${name}`,
  type: `pulumi:providers:${of}`,
  custom: true,
  inputs,
});
const runBy = (state: State, provider: State): State => ({ ...state, provider: `${provider.urn}::some-id` });

describe("a provider of the program", () => {
  it.each([
    ["apikeys", "default_1_0_0::x"],
    ["apikeys", "production::x"],
    ["pulumi-nodejs", "default::x"],
    ["pulumi-nodejs", "default::1::2"],
  ])("of %s is none of the engine's because its name begins like one: %s", (of, name) => {
    const provider = madeBy(name, of, { __internal: { pluginDownloadURL: "https://evil.example" } });
    const ci = of === "apikeys" ? plugged(key("ci")) : key("ci");
    const report = review([unchanged(key("anchor")), created(provider), created(runBy(ci, provider))]);
    expect(report).toMatchObject({ exitCode: 10, unreviewed: [{ urn: ci.urn }] });
  });

  it("may have any name if it is the plugin itself", () => {
    const provider = madeBy("production::eu", "apikeys", { version: "1.0.0" });
    const report = review([created(provider), created(runBy(plugged(key("ci")), provider))]);
    expect(report).toMatchObject({ exitCode: 0, unreviewed: [] });
  });
});
