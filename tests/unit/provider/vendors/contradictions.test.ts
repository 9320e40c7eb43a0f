import { describe, expect, test } from "@jest/globals";
import { completeCapabilities, defineBackend } from "../../../../provider/backends/define-backend";
import type { BackendClient } from "../../../../provider/backends/definition";
import { ConfigError } from "../../../../provider/errors";
import type { ScopeCatalogue } from "../../../../provider/scopes";
import { vendors } from "../../../../provider/vendors";
import type { OfferedCapabilities } from "../../../../provider/vendors/capabilities";
import { contradictionsOf } from "../../../../provider/vendors/contradictions";
import type { Vendor } from "../../../../provider/vendors/vendor";

const catalogue: ScopeCatalogue = { scopes: { "read:checks": {} } };
const least: OfferedCapabilities = {
  parent: "credential",
  scopes: "immutable",
  absence: "status",
  limits: { nameLength: 60 },
};
const underAccounts = { parent: "serviceAccount", serviceAccounts: {} } as const;
const movable = { support: "optional", update: true } as const;

/** What is said, and the words of every field that has a part in it. */
const contradictions: [string, Partial<OfferedCapabilities>, string[]][] = [
  [
    "an end for later that cannot be set",
    { delayedRevoke: true, expiry: { support: "optional" } },
    ["delayedRevoke", "expiry.update"],
  ],
  ["an end for later, and nothing said of ends", { delayedRevoke: true }, ["delayedRevoke", "expiry.update"]],
  [
    "an end that can be changed, where there is none",
    { expiry: { support: "none", update: true } },
    ["expiry.update", "expiry.support"],
  ],
  [
    "an older key, where there is but one",
    { delayedRevoke: true, expiry: movable, maxActiveKeys: 1 },
    ["delayedRevoke", "maxActiveKeys"],
  ],
  ["keys of accounts that there are not", { parent: "serviceAccount" }, ["parent", "serviceAccounts"]],
  ["scopes on accounts that have none", { ...underAccounts, scopes: "account" }, ["scopes", "serviceAccounts.scopes"]],
  [
    "scopes on accounts that own no key",
    { scopes: "account", serviceAccounts: { scopes: "update" } },
    ["scopes", "parent"],
  ],
  [
    "scopes nowhere, and on accounts",
    { ...underAccounts, scopes: "none", serviceAccounts: { scopes: "update" } },
    ["scopes", "serviceAccounts.scopes"],
  ],
  ["scopes nowhere, and a list of them", { scopes: "none" }, ["scopes", "catalogue"]],
  [
    "a choice of graces that are all 0",
    { nativeRotate: { id: "same", graceChosen: true } },
    ["nativeRotate.graceChosen", "nativeRotate.maxGraceMs"],
  ],
  ["names that are shorter than their suffix", { limits: { nameLength: 8 } }, ["limits.nameLength", "8 - 11"]],
  ["names that are nothing but their suffix", { limits: { nameLength: 11 } }, ["limits.nameLength", "at least 12"]],
  ["a choice of no environment", { environments: [] }, ["environments"]],
  [
    "the length of a secret that nobody chooses",
    { secret: { significantBytes: 72 } },
    ["secret.significantBytes", "secret.callerChosen"],
  ],
];

const consistent: [string, Partial<OfferedCapabilities>][] = [
  ["an end for later that can be set", { delayedRevoke: true, expiry: movable }],
  ["an end that can be changed, and no end for later", { expiry: movable }],
  ["a ceiling on accounts, and scopes on keys", { ...underAccounts, serviceAccounts: { scopes: "update" } }],
  ["all scopes on accounts", { ...underAccounts, scopes: "account", serviceAccounts: { scopes: "replace" } }],
  ["accounts that are nobody's parent", { serviceAccounts: {} }],
  ["one key at a time, and no rotation", { maxActiveKeys: 1 }],
  ["a policy's grace", { nativeRotate: { id: "same", maxGraceMs: 60_000 } }],
  ["a chosen grace", { nativeRotate: { id: "new", maxGraceMs: 60_000, graceChosen: true } }],
  ["the shortest names", { limits: { nameLength: 12 } }],
  ["one environment", { environments: ["live"] }],
  [
    "a limit of descriptions that only accounts have",
    { ...underAccounts, serviceAccounts: { description: "update" }, limits: { nameLength: 60, descriptionLength: 5 } },
  ],
  ["ids that are reused, under a name that can change", { idsReused: true, rename: true }],
];

describe("A backend whose capabilities contradict each other", () => {
  const connect = () => ({}) as BackendClient;

  test.each(contradictions)("is refused when it is loaded, and both are named: %s", (_title, abilities, words) => {
    const load = () => defineBackend({ name: "acme", capabilities: { ...least, ...abilities }, catalogue, connect });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow('Backend "acme": its capabilities contradict each other: ');
    for (const word of words) expect(load).toThrow(word);
  });

  test.each(contradictions)("is refused, too, where a connection's options make it so: %s", (_title, abilities) => {
    const backend = defineBackend({
      name: "acme",
      capabilities: least,
      catalogue,
      adapt: () => ({ capabilities: { ...least, ...abilities } }),
      connect,
    });
    expect(() => backend.adapt?.(undefined)).toThrow("contradict each other");
  });

  test("is told of all contradictions at once", () => {
    const found = contradictionsOf(
      completeCapabilities("acme", { ...least, delayedRevoke: true, limits: { nameLength: 8 }, environments: [] }),
      catalogue,
    );
    expect(found).toHaveLength(3);
  });
});

test.each(consistent)("What can hold together is taken: %s", (_title, abilities) => {
  expect(contradictionsOf(completeCapabilities("acme", { ...least, ...abilities }), catalogue)).toEqual([]);
});

test.each(Object.values(vendors) as Vendor[])("What is said of $name holds together", ({ name, ...vendor }) => {
  expect(contradictionsOf(completeCapabilities(name, vendor.capabilities), vendor.catalogue)).toEqual([]);
});
