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

  test("fails with a trace that leads to the program's line", () => {
    const stackOf = () => {
      try {
        return make(wrongParent);
      } catch (error) {
        return (error as Error).stack;
      }
    };
    expect(stackOf()).toContain("constructors.test.ts");
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
