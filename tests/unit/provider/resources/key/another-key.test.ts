/** A service that answers a create with a key that was there before: that key is somebody's, and must not end with this resource. */
import { describe, expect, test } from "@jest/globals";
import type { IssuedApiKey } from "../../../../../provider/backends/definition";
import { createApiKeyProvider } from "../../../../../provider/resources/api-key/resource";
import { plainMarking } from "../../../../../provider/resources/identity/marking";
import { issueKey } from "../../../../../provider/resources/key/issue-key";
import { createRotatingApiKeyProvider } from "../../../../../provider/resources/rotation/resource";
import { dayMs, hourMs } from "../../../../../provider/values/durations";
import { formatTime } from "../../../../../provider/values/times";
import { EngineDouble } from "../../../../../testing/engine-double";
import { FakeService, origin, today } from "../../support/fake-service";
import { keyProgram } from "../../support/resources";

const rotating = { ...keyProgram, rotateEvery: "30d", overlap: "5d" };
const anotherKey = /answered with a key that it had before/;

/** From now on the service answers every create with this key, and makes none. */
function givesOnly(service: FakeService, id: string): void {
  const key = service.keys.get(id);
  if (!key) throw new Error(`there is no key ${id}`);
  service.gives = () => key;
}

describe("A create that is answered with a key of this stack", () => {
  test("does not let a replacement revoke the key that consumers have", async () => {
    const service = new FakeService();
    const key = new EngineDouble(createApiKeyProvider(service.context()));
    await key.up(keyProgram);
    const { keyId, secret } = key.outs;
    givesOnly(service, String(keyId));
    expect((await key.up({ ...keyProgram, keepers: { build: "2" } })).failures.join()).toMatch(anotherKey);
    expect(service.living()).toEqual([keyId]);
    expect([key.state, ...key.pendingDeletes].map((entry) => entry?.outs.secret)).toContain(secret);
    // The service is well again.
    service.gives = () => ({});
    expect((await key.up({ ...keyProgram, keepers: { build: "2" } })).failures).toEqual([]);
    expect(service.living()).toEqual([key.outs.keyId]);
  });

  test("does not let a resource take, and later end, the key of another one", async () => {
    const service = new FakeService();
    const first = new EngineDouble(createApiKeyProvider(service.context()));
    await first.up(keyProgram);
    const { keyId } = first.outs;
    givesOnly(service, String(keyId));
    const second = new EngineDouble(createApiKeyProvider(service.context()));
    expect((await second.up({ ...keyProgram, origin: `${origin}2` })).failures.join()).toMatch(anotherKey);
    await second.destroy();
    expect(service.living()).toEqual([keyId]);
  });

  test.each([{}, { emergency: "INC-1" }])("is no rotation: %j", async (change) => {
    const service = new FakeService();
    const key = new EngineDouble(createRotatingApiKeyProvider(service.context()));
    await key.up(rotating);
    const { keyId, secret } = key.outs;
    givesOnly(service, String(keyId));
    service.nowMs = today + 31 * dayMs;
    expect((await key.up({ ...rotating, ...change })).failures.join()).toMatch(anotherKey);
    expect(key.outs).toMatchObject({ keyId, secret, generation: 1 });
    expect(service.living()).toEqual([keyId]);
  });
});

test("A native rotation that is answered with the secret of before is none, and an emergency does not call it one", async () => {
  const abilities = {
    maxActiveKeys: 1,
    scopes: "none",
    nativeRotate: { id: "same", maxGraceMs: 7 * dayMs, graceChosen: true },
  } as const;
  const service = new FakeService(abilities);
  const key = new EngineDouble(createRotatingApiKeyProvider(service.context()));
  const program = { ...rotating, scopes: undefined };
  expect((await key.up(program)).failures).toEqual([]);
  const { secret } = key.outs;
  service.keepsSecret = true;
  const { failures } = await key.up({ ...program, emergency: "INC-1" });
  expect(failures.join()).toMatch(/was rotated, but answered with the secret that it had before/);
  expect(key.outs).toMatchObject({ secret, generation: 1 });
  expect(key.outs).not.toHaveProperty("emergency");
  service.keepsSecret = false;
  expect((await key.up({ ...program, emergency: "INC-1" })).failures).toEqual([]);
  expect(key.outs).toMatchObject({ generation: 2, emergency: "INC-1" });
});

describe("A create that is answered with a key that somebody made by hand", () => {
  const issue = (service: FakeService, clockMs: number | undefined) => {
    const connection = { ...service.connection(), clock: { nowMs: () => clockMs } };
    return plainMarking
      .naming("ApiKey", { origin }, connection)
      .then((naming) =>
        issueKey(connection, { scopes: ["read:checks"] }, naming, { nowMs: () => 0, sleep: () => Promise.resolve() }),
      );
  };

  test("is known by its age, on a service that tells the time", async () => {
    const service = new FakeService();
    service.keepOld({ keys: ["by-hand"] });
    givesOnly(service, "by-hand");
    await expect(issue(service, today)).rejects.toThrow(anotherKey);
    expect(service.living()).toEqual(["by-hand"]);
  });

  test.each<[string, Partial<IssuedApiKey>]>([
    ["a time without its zone", { createdAt: formatTime(today - 14 * hourMs) }],
    ["another name", { name: "Token 7" }],
    ["a name that ends in the time", { name: "token-1795634075" }],
    ["a name with more behind it", {}],
  ])("is not suspected of a new key with %s", async (_what, given) => {
    const service = new FakeService();
    service.gives = ({ name }) => ({ name: `${name}-1795634075`, ...given });
    expect(await issue(service, today)).toMatchObject({ id: "key-1" });
    service.gives = () => ({ name: "Token 7", createdAt: "2001-01-01T00:00:00Z" });
    // Nobody knows what time it is there.
    expect(await issue(service, undefined)).toMatchObject({ id: "key-2" });
  });
});
