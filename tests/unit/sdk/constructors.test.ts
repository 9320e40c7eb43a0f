import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import {
  ApiKey,
  type NovavmsRole,
  type NovavmsScope,
  type PulselyScope,
  RotatingApiKey,
  ServiceAccount,
} from "../../../sdk";
import type { vendors } from "../../../provider/vendors";

beforeAll(() =>
  pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs as object }),
      call: ({ inputs }) => inputs as object,
    },
    "project",
    "stack",
    false,
    "organization",
  ),
);

const wrongParent = { parent: JSON.parse("{}") as pulumi.Resource };

describe.each<[string, (options?: pulumi.CustomResourceOptions) => pulumi.Resource]>([
  ["ServiceAccount", (options) => new ServiceAccount("a", {}, options)],
  ["ApiKey", (options) => new ApiKey("a", {}, options)],
  ["RotatingApiKey", (options) => new RotatingApiKey("a", { rotateEvery: "90d" }, options)],
])("The constructor of %s", (_className, make) => {
  test("leaves the limit of stack traces as it was", () => {
    const { stackTraceLimit } = Error;
    make();
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
    expect(() => make(wrongParent)).toThrow("not a valid Resource");
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  });

  test("fails with a trace that begins at the program's line", () => {
    const stackOf = (): string => {
      try {
        make(wrongParent);
        return "no error";
      } catch (error) {
        return String((error as Error).stack);
      }
    };
    const [first] = stackOf()
      .split("\n")
      .filter((line) => /^ +at /.test(line));
    expect(first).toContain("constructors.test.ts");
  });
});

test("A program in JavaScript that forgets the inputs is told so by the provider, not by a TypeError.", () => {
  const forgetful = RotatingApiKey as unknown as new (name: string) => unknown;
  expect(() => new forgetful("a")).not.toThrow();
  expect(() => new ApiKey("a")).not.toThrow();
});

test("An id that is a Pulumi id too is known even in the preview of a change.", async () => {
  const valueOf = <Value>(output: pulumi.Output<Value>) => new Promise<Value>((told) => void output.apply(told));
  expect(await valueOf(new ServiceAccount("exporter", { role: "viewer" }).accountId)).toBe("exporter-id");
  expect(await valueOf(new ApiKey("exporter").keyId)).toBe("exporter-id");
});

test("A program that says which service it means cannot write another one's words", () => {
  expect(new ApiKey<PulselyScope>("a", { scopes: ["read:alerts"] })).toBeInstanceOf(ApiKey);
  // @ts-expect-error a slip of the pen,
  new ApiKey<PulselyScope>("b", { scopes: ["read:alrets"] });
  // @ts-expect-error or a scope of another service
  new RotatingApiKey<PulselyScope>("c", { rotateEvery: "90d", scopes: ["monitors:read"] });
  // @ts-expect-error or a role that the service does not have
  new ServiceAccount<NovavmsScope, NovavmsRole>("d", { role: "veiwer" });
  expect(new ApiKey<PulselyScope | "reports:export">("e", { scopes: ["reports:export"] })).toBeInstanceOf(ApiKey);
  expect(new ApiKey("f", { scopes: ["a scope of one's own service"] })).toBeInstanceOf(ApiKey);
  expect(new ServiceAccount("g", { role: "a role of one's own service" })).toBeInstanceOf(ServiceAccount);
});

test("A RotatingApiKey says what replaceOnChanges does to its overlap", () => {
  const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
  try {
    new RotatingApiKey("calm", { rotateEvery: "90d" }, { ignoreChanges: ["labels"] });
    expect(warn).not.toHaveBeenCalled();
    new RotatingApiKey("rot", { rotateEvery: "90d" }, { replaceOnChanges: ["*"] });
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/"rot" replaces it without an overlap: .* change "keepers"/),
      expect.anything(),
    );
  } finally {
    warn.mockRestore();
  }
});

describe("As every Pulumi resource has it,", () => {
  const valueOf = <Value>(output: pulumi.Output<Value>) => new Promise<Value>((told) => void output.apply(told));

  test("get reads what another state owns by its id, and says so to the type checker", async () => {
    const key: ApiKey = ApiKey.get("key", "default/key_1", { secret: "of the vault" });
    const rotating: RotatingApiKey = RotatingApiKey.get("rotating", "key_2");
    const account: ServiceAccount = ServiceAccount.get("account", "nova/account_1", undefined, { protect: true });
    expect(await Promise.all([key.keyId, rotating.id, account.accountId].map(valueOf))).toEqual([
      "default/key_1",
      "key_2",
      "nova/account_1",
    ]);
    expect(await Promise.all([key, rotating, account].map(({ urn }) => valueOf(urn)))).toEqual([
      expect.stringContaining("ApiKey::key"),
      expect.stringContaining("RotatingApiKey::rotating"),
      expect.stringContaining("ServiceAccount::account"),
    ]);
    expect(await valueOf(pulumi.output(pulumi.isSecret(key.secret)))).toBe(true);
  });

  test("isInstance knows its own, also those of another copy of the package, and nothing else", () => {
    const [key, account]: unknown[] = [new ApiKey("key"), new ServiceAccount("account")];
    expect([ApiKey.isInstance(key), ApiKey.isInstance(account), RotatingApiKey.isInstance(key)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([undefined, null, "key", {}].map((each) => ServiceAccount.isInstance(each))).toEqual(Array(4).fill(false));
    const Copy = copyOfThePackage();
    const foreign: unknown = new Copy.ApiKey("copied");
    expect([foreign instanceof ApiKey, ApiKey.isInstance(foreign)]).toEqual([false, true]);
    if (ApiKey.isInstance(foreign)) expect(foreign.secret).toBeDefined();
    expect(pulumi.CustomResource.isInstance(key)).toBe(true);
  });
});

/** The SDK, loaded a second time. */
function copyOfThePackage(): { readonly ApiKey: new (name: string) => unknown } {
  let copy: { readonly ApiKey: new (name: string) => unknown } | undefined;
  jest.isolateModules(() => {
    jest.doMock("@pulumi/pulumi", () => pulumi);
    copy = jest.requireActual("../../../sdk");
  });
  if (!copy) throw new Error("the copy was not loaded");
  return copy;
}

test("No vendor's catalogue takes the words of all others away: each names its scopes to the type checker", () => {
  type Vague<V> = V extends { readonly catalogue: { readonly scopes: infer Scopes } }
    ? string extends keyof Scopes
      ? true
      : never
    : never;
  type Vendors = typeof vendors;
  const none: [Vague<Vendors[keyof Vendors]>] extends [never] ? true : never = true;
  expect(none).toBe(true);
});
