import { describe, expect, test } from "@jest/globals";
import { checkClient } from "../../../../provider/backends/check-client";
import { defineBackend } from "../../../../provider/backends/define-backend";
import type { BackendClient, BackendDefinition } from "../../../../provider/backends/definition";
import { ConfigError } from "../../../../provider/errors";
import { accounts, catalogue, everyday } from "../support/fake-service";

const client: BackendClient = {
  createKey: ({ name }) => Promise.resolve({ id: "1", name, status: "active", secret: "drawn" }),
  getKey: () => Promise.resolve(undefined),
  listKeys: () => Promise.resolve([]),
  revokeKey: () => Promise.resolve("absent"),
};
const sound: BackendDefinition = { name: "acme", capabilities: everyday, catalogue, connect: () => client };

describe("defineBackend", () => {
  test("keeps what a complete definition says", () => {
    expect(defineBackend(sound)).toEqual({ ...sound, connect: expect.any(Function) });
  });

  test("completes what a vendor says with the humble answers", () => {
    const least = {
      parent: "credential",
      scopes: "none",
      absence: "status",
      serviceAccounts: {},
      nativeRotate: { id: "same" },
      limits: { nameLength: 60 },
    } as const;
    expect(defineBackend({ name: "acme", capabilities: least, connect: () => client }).capabilities).toEqual({
      ...least,
      scopesTold: true,
      serviceAccounts: {
        ...{ name: "replace", description: "none", role: "none", scopes: "none" },
        ...{ disabling: "account", id: "own", uniqueNames: false, enable: false, listTellsAll: false },
      },
      rename: false,
      enable: false,
      description: "none",
      expiry: { support: "none", update: false, granularityMs: 1_000 },
      secret: { callerChosen: false, form: "token" },
      nativeRotate: { id: "same", maxGraceMs: 0, graceChosen: false },
      delayedRevoke: false,
      uniqueNames: false,
      marker: "name",
      idsReused: false,
      revokeProves: false,
      listTellsAll: false,
      idempotentCreate: false,
      activationLagMs: 0,
      revocationLagMs: 0,
    });
  });

  test.each(["parent", "scopes", "absence", "limits"] as const)(
    "has no default for %s: a wrong one loses keys",
    (name) => {
      const { [name]: _left, ...rest } = everyday;
      expect(() => defineBackend({ ...sound, capabilities: rest as typeof everyday })).toThrow(
        `Backend "acme": "capabilities.${name}" is missing; `,
      );
    },
  );

  test("takes what is undefined as not told", () => {
    const capabilities = { ...everyday, rename: undefined, lastUsed: undefined, environments: undefined };
    expect(defineBackend({ ...sound, defaultUrl: undefined, capabilities } as unknown as BackendDefinition)).toEqual({
      ...sound,
      connect: expect.any(Function),
    });
  });

  test("keeps the methods of a definition that is an object of a class", async () => {
    class Acme {
      readonly name = "acme";
      readonly capabilities = everyday;
      readonly catalogue = catalogue;
      readonly #secret = "kept";
      options() {
        return this.#secret;
      }
      connect() {
        return { ...client, getKey: () => Promise.reject(new Error(this.#secret)) };
      }
    }
    const backend = defineBackend(new Acme() as unknown as BackendDefinition);
    expect(backend.options?.({})).toBe("kept");
    const opened = backend.connect({} as never);
    await expect(opened.getKey({ id: "1", name: "a" })).rejects.toThrow("kept");
  });

  test("completes what a connection's options make of the capabilities, too", () => {
    const adapted = { parent: "credential", scopes: "immutable", absence: "list", limits: { nameLength: 30 } } as const;
    const backend = defineBackend({ ...sound, adapt: () => ({ capabilities: adapted, tenant: "/realms/a" }) });
    expect(backend.adapt?.(undefined)).toMatchObject({
      tenant: "/realms/a",
      capabilities: { ...adapted, rename: false, marker: "name" },
    });
    const wrong = defineBackend({ ...sound, adapt: () => ({ capabilities: { ...adapted, renme: true } }) });
    expect(() => wrong.adapt?.(undefined)).toThrow(
      'Backend "acme": "capabilities" is wrong: Unrecognized key: "renme".',
    );
  });

  test.each([
    [undefined, 'defineBackend: "name" is nothing; give the backend a name.'],
    [{ ...sound, name: "" }, 'defineBackend: "name" is an empty text; give the backend a name.'],
    [{ ...sound, capabilities: undefined }, 'Backend "acme": "capabilities" is missing; '],
    [
      { ...sound, capabilities: { ...everyday, scopes: undefined } },
      'Backend "acme": "capabilities.scopes" is missing; it is one of "immutable", "mutable", "account", "none".',
    ],
    [{ ...sound, capabilities: { ...everyday, rename: "yes" } }, 'Backend "acme": "capabilities.rename" is wrong: '],
    [
      { ...sound, capabilities: { ...everyday, secret: { ...everyday.secret, form: "triple" } } },
      'Backend "acme": "capabilities.secret.form" is wrong: Invalid option: expected one of "token"|"pair".',
    ],
    [
      { ...sound, capabilities: { ...everyday, activationLagMs: -1 } },
      'Backend "acme": "capabilities.activationLagMs" is wrong: ',
    ],
    [
      { ...sound, capabilities: { ...everyday, limits: { nameLength: 60, namePattern: "[" } } },
      'Backend "acme": "capabilities.limits.namePattern" is wrong: write a regular expression.',
    ],
    [
      { ...sound, capabilities: { ...everyday, maxKeys: 1 } },
      'Backend "acme": "capabilities" is wrong: Unrecognized key: "maxKeys".',
    ],
    [
      { ...sound, capabilities: { ...everyday, expiry: { ...everyday.expiry, granularity: 1 } } },
      'Backend "acme": "capabilities.expiry" is wrong: Unrecognized key: "granularity". Did you mean "granularityMs"?',
    ],
    [
      { ...sound, catalogue: { ...catalogue, open: { pattern: "^[a-z]+$", example: "read:checks" } } },
      'Backend "acme": "catalogue.open.example" is wrong: users are shown it as a scope that is taken',
    ],
    [
      { ...sound, connect: "later" },
      'Backend "acme": "connect" is a text of 5 characters; give a function that returns the methods.',
    ],
    [{ ...sound, catalogue: undefined }, 'Backend "acme": "catalogue" is missing; keys have scopes'],
  ])("refuses %j when the file is loaded, and names the field", (definition, words) => {
    const refused = () => defineBackend(definition as unknown as BackendDefinition);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(words);
  });

  test("asks for no catalogue where keys have no scopes", () => {
    const { catalogue: _catalogue, ...bare } = sound;
    expect(() => defineBackend({ ...bare, capabilities: { ...everyday, scopes: "none" } })).not.toThrow();
  });
});

describe("a backend's methods", () => {
  test.each([
    ["getKey", {}],
    ["updateKey", { rename: true }],
    ["updateKey", { description: "update" }],
    ["updateKey", { expiry: { support: "optional", update: true, granularityMs: 0 } }],
    ["rotateKey", { nativeRotate: { id: "same", maxGraceMs: 0, graceChosen: false } }],
    ["revokePrevious", { maxActiveKeys: 1, nativeRotate: { id: "same", maxGraceMs: 60_000, graceChosen: false } }],
    [
      "revokePrevious",
      {
        maxActiveKeys: 1,
        nativeRotate: { id: "same", maxGraceMs: 60_000, graceChosen: true },
        lastUsed: { lagMs: 0, granularityMs: 0 },
      },
    ],
    ["listServiceAccounts", { serviceAccounts: accounts }],
    ["updateServiceAccount", { serviceAccounts: accounts }],
  ] as const)("have to include %s where the capabilities promise it: %j", (method, abilities) => {
    const everything = Object.fromEntries(
      [
        "createKey",
        "getKey",
        "listKeys",
        "revokeKey",
        "updateKey",
        "rotateKey",
        "revokePrevious",
        "createServiceAccount",
        "getServiceAccount",
        "listServiceAccounts",
        "updateServiceAccount",
        "deleteServiceAccount",
      ].map((name) => [name, () => undefined]),
    ) as unknown as BackendClient;
    const capabilities = { ...everyday, ...abilities };
    expect(checkClient("acme", capabilities, everything)).toBe(everything);
    expect(() => checkClient("acme", capabilities, { ...everything, [method]: undefined })).toThrow(
      `Backend "acme": the method "${method}" is missing; "connect" must return it, because the capabilities promise it.`,
    );
  });

  test.each([
    ["a missing one", "listkeys", "listKeys", 'the method "listKeys" is missing'],
    ["one that may be left out", "rotatekey", "rotateKey", 'there is no method "rotatekey". Did you mean "rotateKey"?'],
    ["one that is named at length", "revoke_previous", "revokePrevious", 'Did you mean "revokePrevious"?'],
  ])("that are misspelt are told with the right word: %s", (_title, wrong, right, words) => {
    const { [right as keyof BackendClient]: method = () => undefined, ...rest } = client;
    const misspelt = { ...rest, [wrong]: method } as unknown as BackendClient;
    expect(() => checkClient("acme", everyday, misspelt)).toThrow(words);
    expect(() => checkClient("acme", everyday, misspelt)).toThrow(`"${wrong}"`);
  });

  test("may stand beside others that mean something else", () => {
    const more = { ...client, logger: () => undefined, keysAt: () => undefined } as BackendClient;
    expect(checkClient("acme", everyday, more)).toBe(more);
  });

  test("may lack what no capability speaks of", () => {
    expect(checkClient("acme", everyday, client)).toBe(client);
    const rest = {
      ...client,
      createServiceAccount: () => undefined,
      getServiceAccount: () => undefined,
      listServiceAccounts: () => undefined,
      deleteServiceAccount: () => undefined,
      updateServiceAccount: undefined,
    } as unknown as BackendClient;
    const immutable = { ...accounts, name: "replace", description: "none", role: "replace", scopes: "none" } as const;
    expect(checkClient("acme", { ...everyday, serviceAccounts: immutable }, rest)).toBe(rest);
  });
});
