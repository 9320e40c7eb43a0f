import { describe, expect, test } from "@jest/globals";
import type { Lifecycle } from "../../../provider/resources/lifecycle";
import { PartialFailure } from "../../../provider/resources/lifecycle";
import { secretProperties, secretsIn, withSecretBoundary } from "../../../provider/secret-boundary";
import { asSecret } from "../../../provider/values/wire";

type Properties = Readonly<Record<string, unknown>>;

const clear: Properties = { secret: "s-1", previousSecret: "s-0", secretValue: "s-1", keyId: "key-1", scopes: ["a"] };
const encrypted: Properties = {
  ...clear,
  ...Object.fromEntries(secretProperties.map((name) => [name, asSecret(String(clear[name]))])),
};

function recorder(answer: () => Properties) {
  const got: unknown[] = [];
  const methods: Lifecycle<Properties, Properties> = {
    check: async (...args) => (got.push(...args), { inputs: args[1] }),
    diff: async (_id, ...args) => (got.push(...args), { changes: false }),
    create: async (inputs) => (got.push(inputs), { id: "1", outs: answer() }),
    read: async (_id, props) => (got.push(props), { id: "1", props: answer(), inputs: answer() }),
    update: async (_id, ...args) => (got.push(...args), { outs: answer() }),
    imported: async () => ({ id: "1", props: answer(), inputs: answer() }),
    planned: async (_id, ...args) => (got.push(...args), answer()),
    delete: async (_id, props) => void got.push(props),
  };
  return { got, provider: withSecretBoundary(methods) };
}

describe("A secret at the engine's door", () => {
  test("is plain text for every method, whatever form it arrives in, and encrypted in every record that leaves", async () => {
    const { got, provider } = recorder(() => clear);
    await provider.check!(encrypted, clear);
    await provider.diff!("1", encrypted, clear);
    expect((await provider.create(encrypted)).outs).toEqual(encrypted);
    expect(await provider.read!("1", encrypted)).toEqual({ id: "1", props: encrypted, inputs: encrypted });
    expect((await provider.update!("1", encrypted, encrypted)).outs).toEqual(encrypted);
    await provider.delete!("1", encrypted);
    expect(got).toEqual(Array(got.length).fill(clear));
    expect(got).toHaveLength(9);
  });

  test("is encrypted in what is kept although an operation failed", async () => {
    const { provider } = recorder(() => {
      throw new PartialFailure("the retire failed.", "1", { ...clear, __provider: "code" });
    });
    for (const run of [() => provider.create({}), () => provider.read!("1", {}), () => provider.update!("1", {}, {})])
      await expect(run()).rejects.toMatchObject({
        id: "1",
        reasons: ["the retire failed."],
        properties: { ...encrypted, __provider: "code" },
      });
  });

  test("is not invented where there is none", async () => {
    const { provider } = recorder(() => ({ keyId: "key-1" }));
    expect((await provider.create({})).outs).toEqual({ keyId: "key-1" });
    expect(secretsIn({ keyId: "key-1", secret: asSecret("s-1"), previousSecret: "s-0" })).toEqual(["s-1", "s-0"]);
    expect(secretsIn(undefined)).toEqual([]);
  });
});
