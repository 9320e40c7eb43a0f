import { expect, test } from "@jest/globals";
import { checkedClient } from "../support/one-step";
import { checkClient } from "../../../../provider/backends/check-client";
import { defineBackend } from "../../../../provider/backend";
import type { BackendClient, DeclaredOption, DeclaredOptions } from "../../../../provider/backends/definition";
import { ConfigError, ResponseShapeError } from "../../../../provider/errors";
import { accounts, everyday } from "../support/fake-service";

const capabilities = { ...everyday, scopes: "none" } as const;
const client = {} as BackendClient;

function declaring(option: object, part: "keyOptions" | "accountOptions" = "keyOptions", name = "project") {
  const declared = { [name]: { type: "text", description: "a project", ...option } } as DeclaredOptions;
  const able = part === "accountOptions" ? { ...capabilities, serviceAccounts: accounts } : capabilities;
  return () => defineBackend({ name: "acme", capabilities: able, [part]: declared, connect: () => client });
}

test.each<[string, object, string]>([
  ["a type that is none", { type: "string" }, '"keyOptions.project.type" is wrong'],
  ["no description", { description: undefined }, '"keyOptions.project.description" is missing'],
  ["a field that is none", { chnage: "update" }, 'Did you mean "change"?'],
  ["no regular expression", { pattern: "(" }, '"keyOptions.project.pattern" is wrong: write a regular expression'],
  ["a fact of other types", { min: 1 }, '"keyOptions.project" says "min", which only "wholeNumber" have'],
  ["a default of a required one", { required: true, default: "a" }, 'is "required" and has a "default"'],
  ["a default that it refuses", { values: ["a"], default: "b" }, 'has a "default" that it does not take'],
  ["an order of texts that nobody knows", { wider: "up" }, 'list its "values" in their order, or leave "wider" out'],
  [
    "an order of harmless values",
    { wider: "up", harmless: true },
    'says which values give more ("wider"), and is "harmless"',
  ],
  ["a change of power in place", { change: "update" }, 'set "harmless" to true if no value of it lets anybody do more'],
])("A declaration is refused when the backend is loaded: %s", (_what, option, words) => {
  expect(declaring(option)).toThrow(ConfigError);
  expect(declaring(option)).toThrow(words);
});

test("A name that a program cannot write plainly, and options of accounts that a service has not, are refused", () => {
  expect(declaring({}, "keyOptions", "my-project")).toThrow("has a name that a program cannot write plainly");
  const accountOptions = { region: { type: "text", description: "where" } } as const;
  const define = () => defineBackend({ name: "acme", capabilities, accountOptions, connect: () => client });
  expect(define).toThrow('there are "accountOptions", but "capabilities.serviceAccounts" is left out');
});

test("An account's option may change in place whatever it gives, and a key's where it is harmless", () => {
  expect(declaring({ change: "update" }, "accountOptions")).not.toThrow();
  expect(declaring({ change: "update", harmless: true })).not.toThrow();
});

test("What changes in place needs the method that changes it", () => {
  const note = { type: "text", description: "a note", change: "update", harmless: true } satisfies DeclaredOption;
  const methods = { createKey: 1, getKey: 1, listKeys: 1, revokeKey: 1, createServiceAccount: 1 };
  const some = {
    ...Object.fromEntries(Object.keys(methods).map((name) => [name, () => Promise.resolve()])),
    getServiceAccount: () => Promise.resolve(),
    listServiceAccounts: () => Promise.resolve(),
    deleteServiceAccount: () => Promise.resolve(),
  } as unknown as BackendClient;
  const none = { ...accounts, name: "none", description: "none", role: "none" } as const;
  const able = { ...capabilities, serviceAccounts: none };
  expect(() => checkClient("acme", able, some, { keyOptions: { note } })).toThrow('the method "updateKey" is missing');
  expect(() => checkClient("acme", able, some, { accountOptions: { note } })).toThrow(
    '"updateServiceAccount" is missing',
  );
  expect(checkClient("acme", able, some)).toBe(some);
});

const keyOptions = {
  project: { type: "text", description: "a project" },
  hosts: { type: "textList", description: "from where" },
} as const;

test.each([
  [["a"], 'answered with "options" that are a list of 1; they must be a map, or left out'],
  [{ hosts: "a" }, 'answered with an "options.hosts" that is a text of 1 character; it is declared as "textList"'],
  [{ proyect: "a" }, 'answered with an option "proyect" that it does not declare'],
])("What a service tells of options is checked where it comes in: %j", async (options, words) => {
  const key = { id: "1", name: "a", status: "active", options };
  const telling = { getKey: () => Promise.resolve(key), listKeys: () => Promise.resolve([key]) };
  const checked = checkedClient(telling as unknown as BackendClient, { keyOptions });
  const asked = checked.getKey({ id: "1", name: "a" });
  await expect(asked).rejects.toThrow(ResponseShapeError);
  await expect(asked).rejects.toThrow(words);
  await expect(checked.listKeys({})).rejects.toThrow(words);
});

test("None and not told are two answers", async () => {
  const key = { id: "1", name: "a", status: "active", options: { project: null, hosts: undefined } };
  const telling = { getKey: () => Promise.resolve(key) } as unknown as BackendClient;
  const told = await checkedClient(telling, { keyOptions }).getKey({ id: "1", name: "a" });
  expect(told?.options).toStrictEqual({ project: null });
});

test("An author's methods get the options with their types", () => {
  const backend = defineBackend({
    name: "acme",
    capabilities,
    keyOptions: {
      project: { type: "text", required: true, description: "a project" },
      tier: { type: "text", values: ["free", "paid"], default: "free", description: "what it costs" },
      uses: { type: "wholeNumber", description: "how often" },
    },
    validateKey: ({ options }) => (options?.tier === "paid" ? [] : [{ field: "options.tier", message: "pay" }]),
    connect: () => ({
      createKey: ({ name, options }) => {
        const project: string | undefined = options?.project;
        const tier: "free" | "paid" | undefined = options?.tier;
        // @ts-expect-error it may be left out
        const uses: number = options?.uses;
        // @ts-expect-error there is no such option
        const other: unknown = options?.other;
        const secret = [project, tier, uses, other].join("-");
        return Promise.resolve({ id: "1", name, status: "active", secret });
      },
      getKey: () => Promise.resolve(undefined),
      listKeys: () => Promise.resolve([]),
      revokeKey: () => Promise.resolve("revoked"),
    }),
  });
  expect(Object.keys(backend.keyOptions ?? {})).toEqual(["project", "tier", "uses"]);
});
