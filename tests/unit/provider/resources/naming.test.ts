import { describe, expect, test } from "@jest/globals";
import { defineBackend } from "../../../../provider/backend";
import type { BackendClient, Capabilities } from "../../../../provider/backends/definition";
import { ConnectionError } from "../../../../provider/errors";
import { createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { createServiceAccountProvider } from "../../../../provider/resources/service-account/resource";
import { markOf, Names, resourceMark, usualNames } from "../../../../provider/resources/identity/names";
import { nameRules } from "../../../../provider/vendors/name-rules";
import { OneResource } from "../../../../testing/one-resource";
import { accounts, everyday, FakeService, origin } from "../support/fake-service";

/** An identifier as a database has it. */
const identifiers = {
  nameLength: 60,
  namePattern: "^[A-Z_][A-Z0-9_]*$",
  naming: { separator: "_", letters: "upper", characters: "A-Z0-9_" },
} as const;
const program = { origin: "acme/billing/dev/night export", __provider: "code", scopes: ["read:checks"] };
const rulesOf = (limits: Capabilities["limits"]) => nameRules({ limits }, "keys");

function key(limits: Capabilities["limits"], more: Partial<Capabilities> = {}) {
  const service = new FakeService({ limits, ...more });
  return { service, resource: new OneResource(createApiKeyProvider(service.context())) };
}

describe("How a name is made", () => {
  test("is the vendor's: separator, letters and characters", async () => {
    const { service, resource } = key(identifiers);
    expect((await resource.up(program)).failures).toEqual([]);
    expect(resource.outs.physicalName).toMatch(/^NIGHT_EXPORT_[0-9A-F]{10}$/);
    expect(service.keys.get("key-1")?.name).toBe(resource.outs.physicalName);
    expect(await resource.refresh()).toEqual([]);
    expect((await resource.up(program)).op).toBe("same");
  });

  test("and the mark still proves the state and the resource", () => {
    const mark = resourceMark("identity", "ApiKey", origin);
    const name = new Names(rulesOf(identifiers)).provenName("night export", mark);
    expect(name).toMatch(/^NIGHT_EXPORT_[0-9A-Z]{19}$/);
    expect(identifiers.namePattern && new RegExp(identifiers.namePattern).test(name)).toBe(true);
    expect(markOf(name)).toEqual(mark);
  });

  test("keeps the mark where the name is changed in place", async () => {
    const { resource } = key(identifiers, { rename: true });
    await resource.up(program);
    const before = String(resource.outs.physicalName);
    expect((await resource.up({ ...program, name: "weekly" })).op).toBe("update");
    expect(resource.outs.physicalName).toBe(before.replace("NIGHT_EXPORT", "WEEKLY"));
  });

  test("is separate for keys and for accounts", async () => {
    const limits = { nameLength: 60, accounts: { ...identifiers, nameLength: 30 } };
    const service = new FakeService({ limits, serviceAccounts: accounts });
    const account = new OneResource(createServiceAccountProvider(service.context()));
    const { scopes: _scopes, ...ofAccount } = program;
    await account.up(ofAccount);
    expect(account.outs.physicalName).toMatch(/^NIGHT_EXPORT_[0-9A-F]{10}$/);
    const long = "abcdefghijklmnopqrst";
    expect((await account.preview({ ...ofAccount, name: long })).failures).toMatchObject([
      { property: "name", reason: expect.stringContaining('"name" has 20 characters, but fake takes 19') },
    ]);
    const ofKey = new OneResource(createApiKeyProvider(service.context()));
    expect((await ofKey.preview({ ...program, name: long })).failures).toEqual([]);
  });

  test("is measured as the service measures it", async () => {
    const { resource } = key({ nameLength: 20, naming: { lengthIn: "bytes" } });
    expect((await resource.preview({ ...program, name: "äöüßé" })).failures).toMatchObject([
      { reason: '"name" has 10 bytes, but fake takes 9 (its limit of 20 less the 11 of the suffix); shorten it' },
    ]);
  });

  test("can have the shorter mark alone", () => {
    const service = new FakeService({ limits: { nameLength: 60, naming: { mark: "short" } } });
    expect(nameRules(service.capabilities, "keys").mark).toBe("short");
  });

  test("leaves a name that is taken verbatim as it is, and refuses one that the service would change", async () => {
    const { resource } = key({ nameLength: 60, naming: { letters: "lower" } });
    expect((await resource.preview({ ...program, name: "Nightly", exactName: true })).failures).toMatchObject([
      { reason: '"name" is no name that fake keeps as it is: it would become "nightly"; write that' },
    ]);
    expect((await resource.preview({ ...program, name: "nightly", exactName: true })).failures).toEqual([]);
  });

  test.each([
    ["in other letters", (name: string) => name.toUpperCase()],
    ["without blanks around it", (name: string) => `${name.trim()} `],
  ])("and what the service writes %s is recognised by its mark: an unclear create is cleared", async (_how, writes) => {
    const { service, resource } = key({ nameLength: 60 });
    service.writes = writes;
    service.fail("createKey", new ConnectionError("the answer was lost", true), { after: true });
    await resource.up(program);
    expect(service.living()).toEqual(["key-2"]);
    expect(await resource.refresh()).toEqual([]);
    await resource.destroy();
    expect(service.living()).toEqual([]);
  });

  test("tells creates apart by their marks alone", () => {
    expect(usualNames.sameMarker("a-0123456789", "B-0123456789")).toBe(true);
    expect(usualNames.sameMarker("a-0123456789", "a-0123456780")).toBe(false);
    expect(usualNames.sameMarker("same", "same")).toBe(false);
  });
});

test.each<[string, Capabilities["limits"], string]>([
  ["no room for keys", { nameLength: 60, keys: { nameLength: 11 } }, '"limits.keys.nameLength" is 11'],
  ["no room for accounts", { nameLength: 60, accounts: { nameLength: 8 } }, '"limits.accounts.nameLength" is 8'],
  [
    "a form that no mark has",
    { nameLength: 60, namePattern: "^[A-Z_][A-Z0-9_]*$" },
    '"limits.namePattern" takes no name with our suffix',
  ],
  [
    "another character class",
    { nameLength: 60, naming: { characters: "z-a" } },
    '"capabilities.limits.naming.characters" is wrong',
  ],
])("A backend is refused when it is loaded: %s", (_what, limits, words) => {
  const capabilities = { ...everyday, scopes: "none", serviceAccounts: accounts, limits } as const;
  const define = () => defineBackend({ name: "acme", capabilities, connect: () => ({}) as BackendClient });
  expect(define).toThrow(words);
});
