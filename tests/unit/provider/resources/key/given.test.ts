import { describe, expect, test } from "@jest/globals";
import { createApiKeyProvider } from "../../../../../provider/resources/api-key/resource";
import { differences, type Rules, type Terms } from "../../../../../provider/resources/key/given";
import { createRotatingApiKeyProvider } from "../../../../../provider/resources/rotation/resource";
import { jupyterhub } from "../../../../../provider/vendors/jupyterhub";
import { keystone } from "../../../../../provider/vendors/keystone";
import { OneResource } from "../../../../../testing/one-resource";
import { catalogue, FakeService } from "../../support/fake-service";
import { keyProgram } from "../../support/resources";

const otherThanAsked = (asked: Terms, given: Terms, rules: Rules) =>
  differences({ asked, given, rules }).map(({ words }) => words);

describe("What a service gives", () => {
  const rules = { catalogue, granularityMs: 60_000 };
  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ["the same in another order", ["read:checks", "orders:read"], ["orders:read", "read:checks"], []],
    ["implied scopes besides", ["orders:manage"], ["orders:manage", "orders:read"], []],
    ["what a wildcard stands for", ["admin:*"], ["read:checks", "write:checks"], []],
    ["less", ["read:checks", "write:checks"], ["read:checks"], ['was not given "write:checks", although asked for']],
    ["nothing", ["read:checks"], [], ['was not given "read:checks", although asked for']],
    ["more", ["orders:read"], ["orders:manage"], ['was given "orders:manage", which nobody asked for']],
  ])("is told where it is other than asked: %s", (_title, asked, given, words) => {
    expect(otherThanAsked({ scopes: asked }, { scopes: given }, rules)).toEqual(words);
  });

  test("is explained by the service's own step of time, and told beyond it", () => {
    const asked = { expiresAt: "2026-09-13T12:00:00Z" };
    expect(otherThanAsked(asked, { expiresAt: "2026-09-13T12:00:30Z" }, rules)).toEqual([]);
    expect(otherThanAsked(asked, {}, rules)).toEqual([]);
    expect(otherThanAsked(asked, { expiresAt: "2026-08-13T12:00:00Z" }, rules)).toEqual([
      "ends at 2026-08-13T12:00:00Z on the service, earlier than 2026-09-13T12:00:00Z, which was asked for",
    ]);
  });

  test("is what JupyterHub and Keystone always give: no word of that", () => {
    const hub = { catalogue: jupyterhub.catalogue, granularityMs: 0 };
    const identity = ["read:users:name!user=ci", "read:users:groups!user=ci"];
    expect(otherThanAsked({ scopes: ["custom:deploy"] }, { scopes: ["custom:deploy", ...identity] }, hub)).toEqual([]);
    expect(otherThanAsked({ scopes: ["inherit"] }, { scopes: identity }, hub)).toEqual([]);
    const roles = { catalogue: keystone.catalogue, granularityMs: 0 };
    expect(otherThanAsked({ scopes: ["member"] }, { scopes: ["member", "reader"] }, roles)).toEqual([]);
  });
});

describe.each([
  ["ApiKey", createApiKeyProvider, {}],
  ["RotatingApiKey", createRotatingApiKeyProvider, { rotateEvery: "30d" }],
] as const)("An %s that was given more than asked", (_kind, create, more) => {
  test("says so at its issue, and at every run from then on", async () => {
    const service = new FakeService();
    service.imposed = { scopes: ["write:checks"] };
    const key = new OneResource(create(service.context()));
    for (const op of ["create", "same"] as const) {
      service.warnings = [];
      expect(await key.up({ ...keyProgram, ...more })).toMatchObject({ op });
      expect(service.warnings).toEqual(['the key "export" was given "write:checks", which nobody asked for']);
    }
  });
});
