import { describe, expect, test } from "@jest/globals";
import { defineBackend } from "../../../../../provider/backend";
import type { Capabilities } from "../../../../../provider/backends/definition";
import { createConnections } from "../../../../../provider/connections/connections";
import { dayMs, hourMs } from "../../../../../provider/values/durations";
import { BadRequestError, SecretUnavailableError, ServerError, TimeoutError } from "../../../../../provider/errors";
import type { ResourceContext } from "../../../../../provider/resources/context";
import { createRotatingApiKeyProvider } from "../../../../../provider/resources/rotation/resource";
import { EngineDouble } from "../../../../../testing/engine-double";
import { everyday, origin } from "../../support/fake-service";
import { FewKeysService } from "../../support/few-keys-service";
import { plainMarking } from "../../../../../provider/resources/identity/marking";

const grace = (maxGraceMs: number, more: Partial<Capabilities> = {}): Partial<Capabilities> => ({
  scopes: "none",
  maxActiveKeys: 1,
  expiry: { support: "none", update: false, granularityMs: 1_000 },
  nativeRotate: { id: "same", maxGraceMs, graceChosen: true },
  ...more,
});
const policyGrace = (maxGraceMs: number): Partial<Capabilities> =>
  grace(maxGraceMs, { nativeRotate: { id: "same", maxGraceMs, graceChosen: false } });

function setUp(abilities: Partial<Capabilities>) {
  const service = new FewKeysService({ ...everyday, ...abilities });
  const backend = defineBackend({
    name: "few",
    capabilities: service.capabilities,
    ...(service.capabilities.scopes === "none" ? {} : { catalogue: { scopes: { "read:x": {} } } }),
    connect: () => service.client(),
  });
  const config = {
    get: (key: string) =>
      key === "apikeys:connections"
        ? JSON.stringify({ default: { backend: "few", url: "http://127.0.0.1:4010/v1", tokenEnv: "T" } })
        : undefined,
  };
  const waits: number[] = [];
  const sleep = async (ms: number) => void waits.push(ms);
  const context: ResourceContext = {
    connections: createConnections(config, {}, { load: () => backend }),
    nowMs: () => service.nowMs,
    warn: () => undefined,
    marking: plainMarking,
    clock: { nowMs: () => 0, sleep },
  };
  return { service, waits, key: new EngineDouble(createRotatingApiKeyProvider(context)) };
}

const program = (inputs: object = {}) => ({ origin, rotateEvery: "30d", ...inputs });
const lost = () => new TimeoutError("no answer");
const refusal = () => new BadRequestError({ status: 400, method: "POST", path: "/keys" });
const outage = () => new ServerError({ status: 503, method: "GET", path: "/keys" });

async function up(key: EngineDouble, inputs: object): Promise<void> {
  expect((await key.up(inputs)).failures).toEqual([]);
}

describe("A rotating key of a service with one key per account", () => {
  test("is given a new secret in place, and the old one lives on for the grace that the service gives", async () => {
    const { service, key } = setUp(policyGrace(2 * dayMs));
    await up(key, program());
    const first = key.outs;
    service.nowMs += 30 * dayMs;
    await up(key, program());
    expect(service.calls).toEqual(["createKey", "getKey", "rotateKey"]);
    expect(key.outs).toMatchObject({
      keyId: first.keyId,
      previousKeyId: first.keyId,
      previousSecret: first.secret,
      generation: 2,
      previousValidUntil: "2026-07-17T12:00:00Z",
    });
    expect([first.secret, key.outs.secret].map((secret) => service.works(secret))).toEqual([true, true]);
    service.nowMs += 2 * dayMs + hourMs;
    await up(key, program());
    expect(key.outs).toMatchObject({ rotationReason: "previous key retired after overlap" });
    // Nothing had to be asked, and nothing must be revoked under the current key's id.
    expect(service.calls).toEqual(["createKey", "getKey", "rotateKey"]);
    expect(service.works(key.outs.secret)).toBe(true);
  });

  test("asks for the overlap that was wanted where the caller chooses the grace", async () => {
    const { service, key } = setUp(grace(7 * dayMs));
    await up(key, program({ overlap: "1d" }));
    const first = key.outs.secret;
    service.nowMs += 30 * dayMs;
    await up(key, program({ overlap: "1d" }));
    service.nowMs += dayMs - 1;
    expect(service.works(first)).toBe(true);
    service.nowMs += 1;
    expect(service.works(first)).toBe(false);
  });

  test.each([
    ["retire: immediately", { retire: "immediately" }],
    ["an overlap of nothing", { overlap: "0s", allowOutage: true }],
  ])("ends what a policy's grace would keep alive, with %s", async (_name, inputs) => {
    const { service, key } = setUp(policyGrace(2 * dayMs));
    await up(key, program(inputs));
    const first = key.outs.secret;
    service.nowMs += 30 * dayMs;
    await up(key, program(inputs));
    expect(service.works(first)).toBe(false);
    expect(service.works(key.outs.secret)).toBe(true);
    expect(key.outs).not.toHaveProperty("previousKeyId");
  });

  test("is kept although the rest of the old secret could not be ended, and that is done by the next update", async () => {
    const { service, key } = setUp(policyGrace(2 * dayMs));
    await up(key, program({ retire: "immediately" }));
    const first = key.outs.secret;
    service.nowMs += 30 * dayMs;
    service.fail("revokePrevious", { error: refusal() });
    expect((await key.up(program({ retire: "immediately" }))).failures.join()).toMatch(
      /could not be revoked, the next update tries again/,
    );
    expect(service.works(key.outs.secret)).toBe(true);
    expect(key.outs.pendingRevocations).toHaveLength(1);
    await up(key, program({ retire: "immediately" }));
    expect(service.works(first)).toBe(false);
    expect(service.works(key.outs.secret)).toBe(true);
  });

  test("loses its old secret at once in an emergency, and keeps the new one", async () => {
    const { service, key } = setUp(policyGrace(2 * dayMs));
    await up(key, program());
    const first = key.outs.secret;
    await up(key, program({ emergency: "INC-1" }));
    expect([first, key.outs.secret].map((secret) => service.works(secret))).toEqual([false, true]);
    expect(key.outs).toMatchObject({
      rotationReason: "emergency: INC-1",
      retireStatus: expect.stringMatching(/^emergency: key-1 revoked at 2026-06-15T12:00:00Z, last used unknown/),
    });
    expect(service.living()).toHaveLength(1);
  });

  test.each<[string, () => Error]>([
    ["was lost", lost],
    ["lacked the secret", () => new SecretUnavailableError("no secret")],
    ["made the backend stumble", () => new TypeError("x is undefined")],
  ])("is never rotated twice within the grace of a rotation whose answer %s; afterwards it is", async (_how, why) => {
    const { service, key } = setUp(grace(2 * dayMs));
    await up(key, program({ overlap: "2d" }));
    const first = key.outs;
    service.nowMs += 30 * dayMs;
    service.fail("rotateKey", { error: why(), after: true });
    const { failures } = await key.up(program({ overlap: "2d" }));
    expect(failures.join()).toMatch(
      /the answer to the rotation of key key-1 was lost.*the recorded one works until 2026-07-17T12:00:00Z/,
    );
    expect(key.outs).toMatchObject({ secret: first.secret, generation: 1, rotateBlockedUntil: "2026-07-17T12:00:00Z" });
    service.nowMs += dayMs;
    expect((await key.up(program({ overlap: "2d" }))).failures.join()).toMatch(/this is refused until then/);
    expect(service.calls.filter((call) => call === "rotateKey")).toHaveLength(1);
    expect(service.works(first.secret)).toBe(true);
    service.nowMs += dayMs;
    await up(key, program({ overlap: "2d" }));
    expect(key.outs).toMatchObject({ generation: 2 });
    expect(key.outs).not.toHaveProperty("rotateBlockedUntil");
    expect(service.works(key.outs.secret)).toBe(true);
  });

  const keeping = grace(2 * dayMs, {
    nativeRotate: { id: "same", maxGraceMs: 2 * dayMs, graceChosen: false, keepsPrevious: true },
  });
  /** A run that is killed after the service's rotation, before the engine hears of it. */
  const cutShort = async () => {
    const { service, key } = setUp(keeping);
    await up(key, program({ overlap: "2d" }));
    const before = key.state;
    service.nowMs += 30 * dayMs;
    await up(key, program({ overlap: "2d" }));
    key.state = before;
    service.nowMs += hourMs;
    return { service, key, first: before?.outs ?? {} };
  };

  test.each([false, true])(
    "that a killed run had rotated is rotated by the next one without ending the grace of the published secret (after a refresh: %s)",
    async (refreshed) => {
      const { service, key, first } = await cutShort();
      if (refreshed) await key.refresh();
      await up(key, program({ overlap: "2d" }));
      expect([first.secret, key.outs.secret].map((secret) => service.works(secret))).toEqual([true, true]);
      expect(key.outs).toMatchObject({
        generation: 2,
        previousSecret: first.secret,
        previousValidUntil: "2026-07-17T12:00:00Z",
        rotationReason: expect.stringContaining("an interrupted run rotated it, and nobody knows that secret"),
      });
      service.nowMs += 2 * dayMs;
      expect(service.works(first.secret)).toBe(false);
      await up(key, program({ overlap: "2d" }));
      expect(service.works(key.outs.secret)).toBe(true);
    },
  );

  test("that a killed run had rotated leaves no older secret alive after an emergency", async () => {
    const { service, key, first } = await cutShort();
    await up(key, program({ overlap: "2d", emergency: "INC-1" }));
    expect([first.secret, key.outs.secret].map((secret) => service.works(secret))).toEqual([false, true]);
  });

  test("is rotated by the next update where the service shows that nothing had happened", async () => {
    const { service, key } = setUp(grace(2 * dayMs));
    await up(key, program());
    service.nowMs += 30 * dayMs;
    service.fail("rotateKey", { error: lost() });
    expect((await key.up(program())).failures).toEqual(["no answer"]);
    expect(key.outs).not.toHaveProperty("rotateBlockedUntil");
    await up(key, program());
    expect(key.outs).toMatchObject({ generation: 2 });
  });

  test("is made anew where its account has none any more", async () => {
    const { service, key } = setUp(grace(dayMs));
    await up(key, program());
    service.held.clear();
    await key.refresh();
    expect(key.outs.status).toBe("missing");
    await up(key, program());
    expect(key.outs).toMatchObject({ status: "active", generation: 2, rotationReason: "gone from the service" });
    expect(service.works(key.outs.secret)).toBe(true);
  });

  test("that somebody rotated by hand is rotated again, and what he has lives on for the grace", async () => {
    const { service, key } = setUp(grace(2 * dayMs));
    await up(key, program());
    const byHand = service.rotate("key-1", 0);
    await key.refresh();
    expect(key.outs.status).toBe("revoked");
    await up(key, program());
    expect([byHand, key.outs.secret].map((secret) => service.works(secret))).toEqual([true, true]);
    expect(key.outs).not.toHaveProperty("strayKeys");
  });

  test("that is rotated again within the grace calls only what still works valid", async () => {
    const { service, key } = setUp(grace(7 * dayMs));
    await up(key, program());
    service.nowMs += 30 * dayMs;
    await up(key, program());
    service.rotate("key-1", dayMs);
    // The service keeps one older secret, and that is not the record's any more.
    await key.refresh();
    expect(key.outs).not.toHaveProperty("previousSecret");
    expect(key.outs.retireStatus).toBe("previous key revoked on the service");
    await up(key, program());
    expect(key.outs).toMatchObject({ generation: 3, rotationReason: "revoked on the service" });
    expect(key.outs).not.toHaveProperty("previousSecret");
    expect(service.works(key.outs.secret)).toBe(true);
  });

  test("that was revoked by hand, and is shown as such, is made anew: what is revoked cannot be rotated", async () => {
    const { service, key } = setUp(grace(7 * dayMs));
    await up(key, program());
    service.edit("key-1", { status: "revoked" });
    await key.refresh();
    await up(key, program());
    expect(key.outs).toMatchObject({ keyId: "key-2", generation: 2, rotationReason: "revoked on the service" });
    expect(service.works(key.outs.secret)).toBe(true);
  });

  test("has no previous key after a rotation whose answer was lost, because nobody knows the secret that was last", async () => {
    const { service, key } = setUp(grace(2 * dayMs));
    await up(key, program());
    service.nowMs += 30 * dayMs;
    service.fail("rotateKey", { error: lost(), after: true });
    expect((await key.up(program())).failures.join()).toMatch(/the answer to the rotation of key key-1 was lost/);
    service.nowMs += 3 * dayMs;
    await up(key, program());
    expect(key.outs).toMatchObject({
      generation: 2,
      rotationReason: expect.stringMatching(/; no previous key, because the answer to an earlier rotation was lost$/),
    });
    expect(key.outs).not.toHaveProperty("previousSecret");
    expect(service.works(key.outs.secret)).toBe(true);
  });

  test("is made after what an unclear first create has left there is gone", async () => {
    const { service, key } = setUp(grace(dayMs));
    service.fail("createKey", { error: lost(), after: true });
    service.fail("revokeKey", { error: refusal() });
    expect((await key.up(program())).failures.join()).toMatch(/could not be revoked/);
    await up(key, program());
    expect(service.living()).toEqual([key.outs.keyId]);
    expect((await key.destroy()).failures).toEqual([]);
    expect(service.living()).toEqual([]);
  });

  test("is destroyed whatever secret its key carries, and is left where it carries another's name", async () => {
    for (const [name, left] of [
      ["somebody-else-abcdef0123", ["key-1"]],
      [undefined, []],
    ] as const) {
      const { service, key } = setUp(grace(dayMs));
      await up(key, program());
      service.rotate("key-1", 0);
      if (name) service.edit("key-1", { name });
      expect((await key.destroy()).failures).toEqual([]);
      expect(service.living()).toEqual(left);
    }
  });
});

describe("A rotating key of a service with two keys per account", () => {
  const two: Partial<Capabilities> = { maxActiveKeys: 2, scopes: "none" };

  test("ends the oldest before the new one is made, after the current one was read, and says by how much", async () => {
    const { service, key } = setUp(two);
    await up(key, program());
    service.nowMs += 30 * dayMs;
    await up(key, program());
    const second = key.outs;
    service.calls.length = 0;
    service.nowMs += dayMs;
    await up(key, program({ keepers: { build: "2" } }));
    expect(service.calls).toEqual(["getKey", "revokeKey", "createKey"]);
    expect(key.outs).toMatchObject({
      generation: 3,
      previousKeyId: second.keyId,
      rotationReason: "keepers changed: build; previous key ends 6 d early",
    });
    expect(service.works(second.secret)).toBe(true);
  });

  test("never ends the previous key where it is the only one that works", async () => {
    const { service, key } = setUp(two);
    await up(key, program());
    service.nowMs += 30 * dayMs;
    await up(key, program());
    const previous = key.outs.previousSecret;
    service.edit(String(key.outs.keyId), { status: "revoked" });
    service.nowMs += dayMs;
    await up(key, program({ keepers: { build: "2" } }));
    expect(key.outs).toMatchObject({
      rotationReason: "keepers changed: build; revoked on the service",
      previousSecret: previous,
    });
    expect([previous, key.outs.secret].map((secret) => service.works(secret))).toEqual([true, true]);
  });

  test("is not made, and ends nothing, where the current one cannot be read", async () => {
    const { service, key } = setUp(two);
    await up(key, program());
    service.nowMs += 30 * dayMs;
    await up(key, program());
    service.fail("getKey", { error: outage() });
    expect((await key.up(program({ keepers: { build: "2" } }))).failures.join()).toMatch(
      /the current key could not be read, so nothing was retired.*too many keys/,
    );
    expect(service.living()).toHaveLength(2);
    await up(key, program({ keepers: { build: "2" } }));
    expect(service.living()).toHaveLength(2);
  });
});

describe("What holds on any service", () => {
  const many: Partial<Capabilities> = { scopes: "none" };

  test("a new key has time to become active before the old ones stop", async () => {
    const { service, waits, key } = setUp({ ...many, activationLagMs: 5_000 });
    await up(key, program({ retire: "immediately" }));
    service.nowMs += 30 * dayMs;
    await up(key, program({ retire: "immediately" }));
    expect(waits).toEqual([5_000]);
    expect(service.living()).toEqual([key.outs.keyId]);
  });

  test("a mistake in a backend does not lose the key that was made", async () => {
    const { service, key } = setUp(many);
    await up(key, program({ retire: "immediately" }));
    service.nowMs += 30 * dayMs;
    service.fail("revokeKey", { error: new TypeError("x is not a function") });
    expect((await key.up(program({ retire: "immediately" }))).failures.join()).toMatch(
      /Unexpected TypeError: x is not a function/,
    );
    expect(service.works(key.outs.secret)).toBe(true);
    expect(key.outs).toMatchObject({ generation: 2, pendingRevocations: [{ keyId: "key-1" }] });
  });

  test("a due key is made although the one whose overlap is over could not be retired, and the reason says so", async () => {
    const { service, key } = setUp(many);
    await up(key, program());
    service.nowMs += 30 * dayMs;
    await up(key, program());
    service.nowMs += 31 * dayMs;
    service.fail("revokeKey", { error: refusal() });
    expect((await key.up(program())).failures).toEqual([
      "the key key-1 could not be revoked, the next update tries again: POST /keys answered 400.",
    ]);
    expect(key.outs.rotationReason).toBe(
      "due: age 31 d of 30 d; an older key could not be retired first; an older key still waits to be revoked",
    );
    expect(service.living()).toHaveLength(3);
    await up(key, program());
    expect(service.living()).toEqual([key.outs.previousKeyId, key.outs.keyId]);
  });

  test("a due key that waited for an overlap is made in the update that finds the older one unused", async () => {
    const { service, key } = setUp({ ...many, lastUsed: { lagMs: 0, granularityMs: 0 } });
    const loose = { retire: "whenUnused", overlap: "1d", maxOverlap: "10d" };
    await up(key, program(loose));
    service.nowMs += 30 * dayMs;
    await up(key, program(loose));
    const second = String(key.outs.keyId);
    service.edit(second, { lastUsedAt: new Date(service.nowMs + hourMs).toISOString() });
    service.nowMs += 4 * dayMs;
    await up(key, program({ ...loose, rotateEvery: "1d", overlap: "6h", maxOverlap: "12h" }));
    expect(key.outs).toMatchObject({ generation: 3, rotationReason: "due: age 4 d of 1 d", previousKeyId: second });
    expect(service.living()).toEqual([second, key.outs.keyId]);
  });

  test("a due key does not come while the older one, unused by now, could not be retired", async () => {
    const { service, key } = setUp({ ...many, lastUsed: { lagMs: 0, granularityMs: 0 } });
    const loose = { retire: "whenUnused", overlap: "1d", maxOverlap: "10d" };
    await up(key, program(loose));
    service.nowMs += 30 * dayMs;
    await up(key, program(loose));
    service.edit(String(key.outs.keyId), { lastUsedAt: new Date(service.nowMs + hourMs).toISOString() });
    service.nowMs += 4 * dayMs;
    service.fail("revokeKey", { error: outage() });
    const tight = program({ ...loose, rotateEvery: "1d", overlap: "6h", maxOverlap: "12h" });
    expect((await key.up(tight)).failures).toHaveLength(1);
    expect(key.outs).toMatchObject({ generation: 2, pendingRevocations: [{ keyId: "key-1" }] });
    await up(key, tight);
    expect(key.outs).toMatchObject({ generation: 3, rotationReason: "due: age 4 d of 1 d" });
    expect(service.living()).toHaveLength(2);
  });

  test("where the current key turns out revoked, the older one is asked for in the same update", async () => {
    const { service, key } = setUp({ ...many, lastUsed: { lagMs: 0, granularityMs: 0 } });
    const loose = { retire: "whenUnused", overlap: "1d", maxOverlap: "10d" };
    await up(key, program(loose));
    service.nowMs += 30 * dayMs;
    await up(key, program(loose));
    service.fail("createKey", { error: lost() });
    expect((await key.up(program({ ...loose, keepers: { build: "1" } }))).failures).toHaveLength(1);
    service.edit(String(key.outs.keyId), { status: "revoked" });
    service.nowMs += 4 * dayMs;
    await up(key, program({ ...loose, keepers: { build: "1" } }));
    expect(key.outs).toMatchObject({
      previousKeyId: "key-1",
      retireStatus: "the new key has not been used yet; deferred",
    });
    expect((await key.up(program({ ...loose, keepers: { build: "1" } }))).op).toBe("same");
  });

  test("a key that is disabled gets a successor where the program says so, and is never enabled again", async () => {
    const { service, key } = setUp(many);
    await up(key, program());
    service.edit("key-1", { status: "disabled" });
    await key.refresh();
    await up(key, program({ onDisabled: "replace" }));
    expect(key.outs).toMatchObject({ status: "active", rotationReason: "disabled on the service", generation: 2 });
    expect(key.outs).not.toHaveProperty("previousKeyId");
    expect(service.held.get("key-1")?.key.status).toBe("revoked");
  });

  test("a key that was disabled, and is enabled again by now, is kept", async () => {
    const { service, key } = setUp(many);
    await up(key, program());
    service.edit("key-1", { status: "disabled" });
    await key.refresh();
    service.edit("key-1", { status: "active" });
    const replacing = program({ onDisabled: "replace" });
    expect((await key.preview(replacing)).inputs.rotationReason).toBe("disabled on the service");
    await up(key, replacing);
    expect(key.outs).toMatchObject({ status: "active", keyId: "key-1", generation: 1 });
    expect((await key.up(replacing)).op).toBe("same");
  });

  test("a name that somebody edited on the service is no reason to leave the key alive", async () => {
    const { service, key } = setUp({ ...many, nativeRotate: { id: "same", maxGraceMs: 0, graceChosen: false } });
    await up(key, program());
    service.nowMs += 30 * dayMs;
    await up(key, program());
    service.edit("key-1", { name: "edited by hand" });
    service.nowMs += 8 * dayMs;
    await up(key, program());
    expect(service.living()).toEqual(["key-2"]);
  });

  test("nothing at all is sent under a set clock to a service that is not on this machine, a retire included", async () => {
    const service = new FewKeysService({ ...everyday, ...many });
    const backend = defineBackend({ name: "few", capabilities: service.capabilities, connect: () => service.client() });
    const config = (url: string) => ({
      get: (name: string) =>
        name === "apikeys:connections"
          ? JSON.stringify({ default: { backend: "few", url, tokenEnv: "T", movedFrom: ["http://127.0.0.1:4010"] } })
          : undefined,
    });
    const at = (url: string) =>
      createRotatingApiKeyProvider({
        connections: createConnections(config(url), { APIKEYS_NOW: "2026-08-01T00:00:00Z" }, { load: () => backend }),
        nowMs: () => service.nowMs,
        warn: () => undefined,
        marking: plainMarking,
        clock: { nowMs: () => 0, sleep: async () => undefined },
      });
    const local = new EngineDouble(at("http://127.0.0.1:4010"));
    await up(local, program());
    service.nowMs += 30 * dayMs;
    await up(local, program());
    service.nowMs += 8 * dayMs;
    const retiring = local.state!;
    const { previousKeyId: _id, previousKey, ...current } = retiring.outs;
    const waiting = {
      ...retiring,
      outs: { ...current, pendingRevocations: [{ ...(previousKey as object), end: "2026-08-01T00:00:00Z" }] },
    };
    service.calls.length = 0;
    for (const state of [retiring, waiting]) {
      const remote = new EngineDouble(at("https://few.example"));
      remote.state = state;
      expect((await remote.up(program())).failures.join()).toMatch(/APIKEYS_NOW is set.*Nothing was sent/);
    }
    expect(service.calls).toEqual([]);
  });
});
