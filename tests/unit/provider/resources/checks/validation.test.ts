import { describe, expect, test } from "@jest/globals";
import { defineBackend } from "../../../../../provider/backends/define-backend";
import type { BackendDefinition, InputProblem } from "../../../../../provider/backends/definition";
import { createConnections } from "../../../../../provider/connections/connections";
import { createApiKeyProvider } from "../../../../../provider/resources/api-key/resource";
import { createContext } from "../../../../../provider/resources/context";
import { createRotatingApiKeyProvider } from "../../../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../../../provider/resources/service-account/resource";
import { unknownValue } from "../../../../../provider/values/wire";
import { accounts, FakeService, origin } from "../../support/fake-service";

type Program = Readonly<Record<string, unknown>>;
type Validators = Pick<BackendDefinition, "validateKey" | "validateAccount">;
type Checks = (olds: never, news: never) => Promise<{ failures?: { property: string; reason: string }[] }>;

const kinds = {
  ApiKey: createApiKeyProvider,
  RotatingApiKey: createRotatingApiKeyProvider,
  ServiceAccount: createServiceAccountProvider,
} as const;

/** What is wrong with a program, where the backend has a say of its own. */
async function failuresOf(kind: keyof typeof kinds, program: Program, validators: Validators): Promise<unknown[]> {
  const service = new FakeService(kind === "ServiceAccount" ? { serviceAccounts: accounts } : {});
  const backend = defineBackend({ ...(service.backend() as BackendDefinition), ...validators });
  const settings = { default: { backend: "fake", url: "http://127.0.0.1:4010/v1", tokenEnv: "FAKE_TOKEN" } };
  const config = { get: (key: string) => (key === "apikeys:connections" ? JSON.stringify(settings) : undefined) };
  const context = createContext(createConnections(config, {}, { load: () => backend }));
  const check = kinds[kind](context).check as unknown as Checks;
  const { failures = [] } = await check({} as never, { origin, __provider: "code", ...program } as never);
  expect(service.calls).toEqual([]);
  return failures.map(({ property, reason }) => [property, reason]);
}

const rotates: Program = { rotateEvery: "30d", overlap: "7d" };
const onlyOne = ({ scopes = [] }: { readonly scopes?: readonly string[] }): InputProblem[] =>
  scopes.length > 1 ? [{ field: "scopes", message: "a fake key has one scope; make a key for each" }] : [];

describe("What a backend itself finds wrong", () => {
  test.each(["ApiKey", "RotatingApiKey"] as const)("fails the preview of an %s at its input", async (kind) => {
    const more = kind === "RotatingApiKey" ? rotates : {};
    const validators = { validateKey: onlyOne };
    expect(await failuresOf(kind, { ...more, scopes: ["read:checks"] }, validators)).toEqual([]);
    expect(await failuresOf(kind, { ...more, scopes: ["read:checks", "write:checks"] }, validators)).toEqual([
      ["scopes", "a fake key has one scope; make a key for each"],
    ]);
  });

  test("fails the preview of a ServiceAccount at its input", async () => {
    const validators: Validators = {
      validateAccount: ({ name }) => (name === "root" ? [{ field: "name", message: '"root" is reserved' }] : []),
    };
    expect(await failuresOf("ServiceAccount", { name: "root" }, validators)).toEqual([["name", '"root" is reserved']]);
    expect(await failuresOf("ServiceAccount", { name: "export" }, validators)).toEqual([]);
  });

  test("is asked for what is known, sees no secret, and is not asked where the inputs are wrong already", async () => {
    const asked: unknown[] = [];
    const validators: Validators = { validateKey: (key) => (asked.push(key), []) };
    await failuresOf(
      "ApiKey",
      { scopes: ["write:checks", "read:checks"], description: unknownValue, labels: { a: unknownValue } },
      validators,
    );
    await failuresOf("ApiKey", { scopes: ["no:such"] }, validators);
    expect(asked).toEqual([{ scopes: ["read:checks", "write:checks"] }]);
  });

  test.each([
    [() => "no" as never, "answered a text"],
    [() => undefined as never, "answered nothing"],
    [() => [{ field: "scopes" }] as never, "answered a list"],
    [
      () => {
        throw new TypeError("x is not a function");
      },
      "threw TypeError: x is not a function",
    ],
  ])("is told as the backend's fault where it is one: case %#", async (validateKey, words) => {
    expect(await failuresOf("ApiKey", { scopes: ["read:checks"] }, { validateKey })).toEqual([
      ["connection", expect.stringContaining(`the backend's own check of the inputs ${words}`)],
    ]);
  });

  test("keeps what looks like a secret out of the message", async () => {
    const message = "not beside Bearer abcdefgh12345678";
    const validators: Validators = { validateKey: () => [{ field: "scopes", message }] };
    expect(await failuresOf("ApiKey", { scopes: ["read:checks"] }, validators)).toEqual([
      ["scopes", "not beside [redacted]"],
    ]);
  });
});
