import { describe, expect, test } from "@jest/globals";
import * as runtime from "../../../provider/runtime";
import { origin } from "./support/fake-service";

const connections = {
  default: { backend: "pulsely", url: "http://127.0.0.1:4010/pulsely/v1", tokenEnv: "PULSELY_TOKEN" },
};
const configOf = (value: object) => ({
  config: {
    get: (key: string) => (key === "apikeys:connections" ? JSON.stringify(value) : undefined),
    require: () => "",
  },
});
const program = { scopes: ["read:checks"], origin, __provider: "code" } as never;

describe("what the engine's process runs", () => {
  test("is one provider for each resource, by the names that its code text uses", () => {
    expect(Object.keys(runtime).sort()).toEqual(["ApiKey", "RotatingApiKey", "ServiceAccount"]);
  });

  test("knows its configuration at once: a second first call does not wait for it", async () => {
    const configured = runtime.ApiKey.configure?.(configOf(connections));
    const checked = await runtime.ApiKey.check?.({} as never, program);
    expect(checked?.failures).toEqual([]);
    await configured;
  });

  test("takes a new configuration", async () => {
    await runtime.ApiKey.configure?.(configOf({}));
    const checked = await runtime.ApiKey.check?.({} as never, program);
    expect(checked?.failures?.map(({ property }) => property)).toEqual(["connection"]);
    await runtime.ApiKey.configure?.(configOf(connections));
    expect((await runtime.ApiKey.check?.({} as never, program))?.failures).toEqual([]);
  });

  test("tells an error in one sentence that names the resource, without the stack that the host would print", async () => {
    await runtime.ApiKey.configure?.(configOf(connections));
    const props = { connection: "default", origin, keyId: "key-1", service: "https://api.pulsely.io" } as never;
    const error = (await runtime.ApiKey.delete?.("key-1", props).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toMatch(
      /^cannot delete ApiKey "export" \(id key-1\) on connection "default": connection "default" now leads to http:\/\/127\.0\.0\.1:4010, but this object was made on https:\/\/api\.pulsely\.io\./,
    );
    expect(error.stack).toBe("");
  });
});
