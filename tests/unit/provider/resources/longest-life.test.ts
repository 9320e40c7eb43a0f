import { describe, expect, test } from "@jest/globals";
import { createConnections } from "../../../../provider/connections/connections";
import { dayMs } from "../../../../provider/values/durations";
import { createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
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

  test("can be asked for as a date, and not more; a date that is known already is not judged again", async () => {
    const service = new FakeService(limited);
    const key = new OneResource(createApiKeyProvider(service.context()));
    const program = { ...keyProgram, expiresAt: "2026-09-13T12:00:00Z" };
    expect((await key.preview({ ...keyProgram, expiresAt: "2026-09-20T12:00:00Z" })).failures).toEqual([
      {
        property: "expiresAt",
        reason:
          '"expiresAt" is 97 d from now, which is over the longest life that fake gives a key (90d); give an earlier date',
      },
    ]);
    expect(await key.up(program)).toMatchObject({ op: "create", failures: [] });
    service.nowMs -= dayMs;
    expect(await key.up(program)).toMatchObject({ op: "same", failures: [] });
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

  test("is shortened by the field maxLife of a connection", () => {
    const open = (maxLife: unknown, backend = "jupyterhub") =>
      createConnections(
        {
          get: (key) =>
            key === "apikeys:connections"
              ? JSON.stringify({
                  hub: { backend, url: "http://127.0.0.1:1/hub/api", tokenEnv: "T", maxLife },
                })
              : undefined,
        },
        {},
      ).describe("hub");
    expect(open("90d").capabilities.expiry.longestMs).toBe(90 * dayMs);
    expect(open(undefined).capabilities.expiry.longestMs).toBeUndefined();
    expect(() => open("soon")).toThrow(/"maxLife" is "soon", not a duration/);
    expect(() => open("0s")).toThrow('"maxLife" is zero');
    expect(() => open("90d", "pulseapi")).toThrow('keys of pulseapi have no end of their own; leave "maxLife" out');
  });
});
