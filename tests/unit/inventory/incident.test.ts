import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { candidatesIn } from "../../../inventory/candidates";
import { classify, type Listing } from "../../../inventory/classify";
import { identify } from "../../../inventory/identify";
import { readRecordedStack, type RecordedStack } from "../../../inventory/recorded";
import { fingerprintOf } from "../../../provider/values/fingerprint";
import { resourceMark, usualNames } from "../../../provider/resources/identity/names";

const identity = "346acc1c-5691-45e1-ab04-4a7c8f69c1c8";
const stack = "organization/shop/prod";
const service = "https://api.example.test";
const urn = (type: string, name: string) => `urn:pulumi:prod::shop::pulumi-nodejs:dynamic/apikeys:${type}::${name}`;
const secrets = {
  current: "acme_5up3rS3cretCurrentKey01",
  previous: "acme_5up3rS3cretPrevious002",
  pending: "acme_5up3rS3cretPending0003",
};

function stateOf(...more: object[]): RecordedStack {
  const provider = {
    urn: "urn:pulumi:prod::shop::pulumi:providers:pulumi-nodejs::default",
    type: "pulumi:providers:pulumi-nodejs",
    id: identity,
    inputs: {
      "apikeys:connections": '{"default":{}}',
      "apikeys:tokens": { "4dabf18193072939515e22adb298388d": "1b47" },
    },
  };
  const rotating = {
    urn: urn("RotatingApiKey", "exporter"),
    type: "pulumi-nodejs:dynamic/apikeys:RotatingApiKey",
    id: "rotating-0123456789abcdef",
    inputs: { origin: `${stack}/exporter` },
    outputs: {
      connection: "default",
      service,
      labels: { owner: "data-team" },
      scopes: ["read:metrics"],
      status: "active",
      keyId: "k3",
      physicalName: "exporter-3",
      fingerprint: fingerprintOf(secrets.current),
      previousKeyId: "k2",
      previousKey: { keyId: "k2", physicalName: "exporter-2", fingerprint: fingerprintOf(secrets.previous) },
      previousValidUntil: "2027-02-01T00:00:00Z",
      pendingRevocations: [
        {
          keyId: "k1",
          physicalName: "exporter-1",
          fingerprint: fingerprintOf(secrets.pending),
          end: "2027-01-01T00:00:00Z",
        },
      ],
    },
  };
  const consumer = {
    urn: "urn:pulumi:prod::shop::pulumi-nodejs:dynamic/example:Deployment::page",
    type: "pulumi-nodejs:dynamic/example:Deployment",
    propertyDependencies: { token: [rotating.urn] },
  };
  const state = readRecordedStack({ version: 3, deployment: { resources: [provider, rotating, consumer, ...more] } });
  if (!state) throw new Error("the state was not read");
  return state;
}

const now = Date.parse("2027-01-15T00:00:00Z");
const key = (id: string, name: string, more: object = {}) => ({
  key: { id, name, status: "active" as const, ...more },
});
const listing = (keys: Listing["keys"], accounts: Listing["accounts"] = []): Listing => ({
  connection: "default",
  service,
  accounts,
  keys,
});

describe("what a state says", () => {
  test("is every key that may live, with who uses it and who owns it, and no secret", () => {
    const state = stateOf();
    expect(state).toMatchObject({ stack: "shop/prod", origin: stack, identity });
    expect(state.keys.map(({ id, generation, endsAt }) => [id, generation, endsAt])).toEqual([
      ["k3", "current", undefined],
      ["k2", "previous", "2027-02-01T00:00:00Z"],
      ["k1", "pending", "2027-01-01T00:00:00Z"],
    ]);
    expect(state.keys[0]).toMatchObject({
      owner: "data-team",
      scopes: ["read:metrics"],
      consumers: [expect.stringContaining("::page")],
    });
    expect(state.config).toEqual({ "apikeys:connections": '{"default":{}}' });
  });

  test("is the same where the plugin has made the keys", () => {
    const resources = [
      {
        urn: "urn:pulumi:prod::shop::pulumi:providers:apikeys::default",
        type: "pulumi:providers:apikeys",
        id: identity,
        inputs: { connections: '{"default":{}}', tokens: { "4dabf18193072939515e22adb298388d": "1b47" } },
      },
      {
        urn: "urn:pulumi:prod::shop::apikeys:index:ApiKey::ci",
        type: "apikeys:index:ApiKey",
        id: "k1",
        inputs: { connection: "default" },
        outputs: { origin: `${stack}/ci`, connection: "default", service, keyId: "k1", physicalName: "ci-1" },
      },
    ];
    const state = readRecordedStack({ version: 3, deployment: { resources } });
    expect(state).toMatchObject({ stack: "shop/prod", origin: stack, identity });
    expect(state?.keys.map(({ id, type }) => [id, type])).toEqual([["k1", "ApiKey"]]);
    expect(state?.config).toEqual({ "apikeys:connections": '{"default":{}}' });
  });

  test("is nothing where the file is something else", () => {
    for (const text of [undefined, null, 3, "x", [], {}, { steps: [] }])
      expect(readRecordedStack(text)).toBeUndefined();
  });
});

describe("an inventory", () => {
  const ours = (type: string, name: string, of = identity, at = stack) =>
    usualNames.provenName("x", resourceMark(of, type, `${at}/${name}`));

  test("tells whose every key is", () => {
    const rows = classify(
      [stateOf()],
      [
        listing([
          key("k3", "exporter-3"),
          key("k2", "exporter-2"),
          key("k7", ours("RotatingApiKey", "exporter")),
          key("k8", ours("ApiKey", "removed long ago")),
          key("k9", ours("ApiKey", "exporter", "another state")),
          key("k10", ours("ApiKey", "exporter", identity, "organization/shop/dev")),
          key("k11", usualNames.physicalName("x", `${stack}/anything`)),
          key("k12", "made by hand"),
        ]),
      ],
    );
    expect(
      Object.fromEntries(rows.map(({ id, standing, resource }) => [id, `${standing} ${resource ?? ""}`.trim()])),
    ).toEqual({
      k1: "missing exporter",
      k2: "recorded exporter",
      k3: "recorded exporter",
      k7: "unknown exporter",
      k8: "unknown",
      k9: "other-stack",
      k10: "other-stack",
      k11: "unproven",
      k12: "hand-made",
    });
    expect(rows[0]?.standing).toBe("unknown");
  });

  test("knows what the state asked for before its provider was another one: with the plugin, or with its next version", () => {
    const before = "7f1c2b9e-0000-4000-8000-000000000009";
    const made = (name: string, more: object = {}) => ({
      urn: urn("ApiKey", name),
      type: "pulumi-nodejs:dynamic/apikeys:ApiKey",
      id: `id-${name}`,
      outputs: { origin: `${stack}/${name}`, service, keyId: `id-${name}`, status: "active", ...more },
    });
    const elsewhere = "0c0c0c0c-0000-4000-8000-00000000000c";
    const leftovers = [
      key("k20", ours("ApiKey", "ci", before)),
      key("k21", ours("ApiKey", "removed long ago", before)),
      // A key that was taken over says nothing of who has made it.
      key("k22", ours("ApiKey", "taken", elsewhere)),
    ];
    const standings = (...resources: object[]) =>
      Object.fromEntries(
        classify([stateOf(...resources)], [listing(leftovers)])
          .filter(({ standing }) => standing !== "missing")
          .map(({ id, standing, resource }) => [id, `${standing} ${resource ?? ""}`.trim()]),
      );
    const ci = made("ci", { physicalName: ours("ApiKey", "ci", before) });
    const taken = made("taken", { physicalName: ours("ApiKey", "taken", elsewhere), adoptedId: "id-taken" });
    expect(standings(ci, taken)).toEqual({ k20: "unknown ci", k21: "unknown", k22: "other-stack" });
    // The names of a copy are those of another stack.
    const copied = made("copied", { physicalName: ours("ApiKey", "copied", before, "organization/shop/dev") });
    expect(standings(copied)).toEqual({ k20: "other-stack", k21: "other-stack", k22: "other-stack" });
  });

  test("never takes the id of another service for a recorded key", () => {
    const rows = classify(
      [stateOf()],
      [{ ...listing([key("k3", "exporter-3")]), service: "https://other.example.test" }],
    );
    expect(rows.map(({ standing }) => standing)).toEqual(["hand-made"]);
  });
});

describe("a leaked secret", () => {
  const find = (text: string) => identify(candidatesIn(text), [stateOf()], now);

  test.each([
    ["by itself", (secret: string) => secret],
    ["in a line of a .env file", (secret: string) => `EXPORTER_TOKEN="${secret}" # prod`],
    [
      "in a scanner's JSON",
      (secret: string) => JSON.stringify({ findings: [{ file: "a.js", match: `Bearer ${secret}`, secret }] }),
    ],
    ["in a URL", (secret: string) => `https://user:${secret}@api.example.test/x?y=1`],
    ["in a query", (secret: string) => `GET /v1/checks?token=${secret}&limit=3`],
    ["in a CSV report", (secret: string) => `17,"repo/app",${secret},high`],
    ["at the end of a sentence", (secret: string) => `I pasted it here: ${secret}.`],
  ])("is found %s", (_where, write) => {
    for (const [generation, secret] of Object.entries(secrets)) {
      const found = find(`first line\n${write(secret)}\n`);
      expect(found.map(({ key: each, line }) => [each.generation, line])).toEqual([[generation, 2]]);
      expect(JSON.stringify(found)).not.toContain(secret);
    }
  });

  test("comes with whether it lives and the change that ends it", () => {
    const told = Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, find(secret)[0]]));
    expect(told.current?.lives).toBe("yes");
    expect(told.current?.remedy).toMatch(/change emergency of RotatingApiKey "exporter" .* pulumi up --stack prod,/);
    expect(told.previous?.lives).toBe("yes, until 2027-02-01T00:00:00Z");
    expect(told.pending?.lives).toMatch(/its revocation has failed so far/);
    expect(told.pending?.remedy).toMatch(/pulumi up --stack prod,/);
  });

  test("of somebody else is nobody's here", () => {
    fc.assert(fc.property(fc.string({ minLength: 12 }), (text) => find(text).length === 0));
  });
});
