import { describe, expect, test } from "@jest/globals";
import { createConnections } from "../../../../provider/connections";
import { dayMs } from "../../../../provider/durations";
import { createApiKeyProvider } from "../../../../provider/resources/api-key";
import { createRotatingApiKeyProvider } from "../../../../provider/resources/rotation/resource";
import { OneResource } from "../../../../testing/one-resource";
import { FakeService } from "../support/fake-service";
import { keyProgram } from "../support/resources";

const limited = {
  expiry: { support: "optional", update: false, granularityMs: 1_000, longestMs: 90 * dayMs },
} as const;

describe("The longest life that a service gives a key", () => {
  test("can be asked for, and not more, of an ApiKey", async () => {
    const key = new OneResource(createApiKeyProvider(new FakeService(limited).context()));
    expect((await key.preview({ ...keyProgram, expiresIn: "90d" })).failures).toEqual([]);
    expect((await key.preview({ ...keyProgram, expiresIn: "91d" })).failures).toEqual([
      {
        property: "expiresIn",
        reason: '"expiresIn" (91d) is over the longest life that fake gives a key (90d); shorten it',
      },
    ]);
  });

  test("bounds a rotation and its overlap, and the sum is told", async () => {
    const key = new OneResource(createRotatingApiKeyProvider(new FakeService(limited).context()));
    const preview = async (inputs: object) => (await key.preview({ ...keyProgram, ...inputs })).failures;
    expect(await preview({ rotateEvery: "83d" })).toEqual([]);
    expect(await preview({ rotateEvery: "88d" })).toEqual([]);
    expect(await preview({ rotateEvery: "88d", overlap: "7d" })).toEqual([
      {
        property: "overlap",
        reason:
          "rotateEvery (88d) + overlap (7d) = 95d is over the longest life that fake gives a key (90d): the old key would end before its overlap does; shorten one of them",
      },
    ]);
  });

  test("is a field of a jupyterhub connection", () => {
    const open = (longestLife: unknown) =>
      createConnections(
        {
          get: (key) =>
            key === "apikeys:connections"
              ? JSON.stringify({
                  hub: { backend: "jupyterhub", url: "http://127.0.0.1:1/hub/api", tokenEnv: "T", longestLife },
                })
              : undefined,
        },
        {},
      ).describe("hub");
    expect(open("90d").capabilities.expiry.longestMs).toBe(90 * dayMs);
    expect(open(undefined).capabilities.expiry.longestMs).toBeUndefined();
    expect(() => open("soon")).toThrow(/"longestLife".*such as 90d/);
  });
});
