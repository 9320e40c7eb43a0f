import { describe, expect, it } from "@jest/globals";
import { changed, found, key, review, unchanged, type State } from "./support/preview-builder";

/** A waiver names a URN, and a move from dynamic resources to the plugin, or back, gives each resource another one. */
const dynamic = key("provisioner", { scopes: ["admin:*"], fullAccess: true });
const type = "apikeys:index:ApiKey";
const { __provider: _code, ...inputs } = dynamic.inputs;
const plugged: State = {
  ...dynamic,
  type,
  urn: dynamic.urn.replace(dynamic.type, type),
  inputs,
  provider: "urn:pulumi:prod::shop::pulumi:providers:apikeys::default_1_0_0::1",
};
const waivers = (...urns: readonly string[]) => ({
  document: {
    waivers: urns.map((urn) => ({
      rule: "SR001" as const,
      urn,
      reason: "makes the keys of our tenants",
      approver: "ann",
      until: "2027-03-01",
    })),
  },
});

describe("a waiver, after a move to the plugin,", () => {
  it("holds for the form whose URN it names, and for no other", () => {
    const before = { ...dynamic, inputs: { ...dynamic.inputs, scopes: ["read:checks"], fullAccess: undefined } };
    expect(found(review([changed("replace", before, dynamic)], waivers(dynamic.urn)))).not.toContain(
      "SR001 provisioner",
    );
    const old = { ...plugged, inputs: { ...plugged.inputs, scopes: ["read:checks"], fullAccess: undefined } };
    const gains = [changed("replace", old, plugged)];
    expect(found(review(gains, waivers(dynamic.urn)))).toContain("SR001 provisioner");
    expect(found(review(gains, waivers(plugged.urn)))).not.toContain("SR001 provisioner");
  });

  it("has to name the new URN before the move, and may stand beside the one of the old", () => {
    const moved = [unchanged(dynamic, plugged)];
    const blocked = review(moved, waivers(dynamic.urn));
    expect(blocked.exitCode).toBe(5);
    expect(found(blocked)).toContain("SR001 provisioner");
    for (const urns of [[plugged.urn], [dynamic.urn, plugged.urn]])
      expect(found(review(moved, waivers(...urns)))).toEqual(["SR003 provisioner"]);
  });
});
