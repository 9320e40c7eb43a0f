/** The key that a connection runs on: what ends it takes a consent, and a successor that works. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { pulsely } from "../../provider/backends/pulsely";
import type { Backend } from "../../provider/backends/definition";
import { createConnections } from "../../provider/connections/connections";
import { dayMs } from "../../provider/values/durations";
import { createApiKeyProvider } from "../../provider/resources/api-key/resource";
import type { ResourceContext } from "../../provider/resources/context";
import { plainMarking } from "../../provider/resources/identity/marking";
import { createRotatingApiKeyProvider } from "../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../provider/resources/service-account/resource";
import type { Replacements } from "../../provider/connections/own-credential";
import { formatTime } from "../../provider/values/times";
import { startEmulator, type TestEmulator } from "../../testing/emulator";
import { EngineDouble } from "../../testing/engine-double";

let services: TestEmulator;
const env: Record<string, string> = {};
let warnings: string[] = [];
let nowMs = 0;
/** What the process of a run has replaced. */
let replaced: Replacements = [];
/** Another backend than the package's own. */
let backend: Backend | undefined;

beforeAll(async () => void (services = await startEmulator({ limits: { pulsely: null, pulseapi: null } })));
afterAll(() => services.close());
beforeEach(async () => {
  await services.reset();
  nowMs = Date.parse("2027-01-04T09:00:00Z");
  await services.clock.set(formatTime(nowMs));
  warnings = [];
  backend = undefined;
  for (const service of ["pulsely", "pulseapi"] as const)
    env[`${service.toUpperCase()}_TOKEN`] = services.services[service].adminToken;
});

/** What a process of the engine has: connections of its own. */
function context(): ResourceContext {
  const settings = Object.fromEntries(
    (["pulsely", "pulseapi"] as const).map((backend) => [
      backend,
      { backend, url: services.services[backend].url, tokenEnv: `${backend.toUpperCase()}_TOKEN`, retryBudget: "0s" },
    ]),
  );
  return {
    connections: createConnections(
      { get: (key) => (key === "apikeys:connections" ? JSON.stringify(settings) : undefined) },
      env,
      { replaced, ...(backend && { load: () => backend as Backend }) },
    ),
    nowMs: () => nowMs,
    warn: (message) => void warnings.push(message),
    clock: { nowMs: () => performance.now(), sleep: () => Promise.resolve() },
    marking: plainMarking,
  };
}

const program = { connection: "pulsely", origin: "acme/app/dev/admin", scopes: ["admin:*"], fullAccess: true };
const apiKey = () => new EngineDouble(createApiKeyProvider(context()));
const rotating = () => new EngineDouble(createRotatingApiKeyProvider(context()));

/** The next run: a process of its own, with the state as it is. */
function nextRun(last: EngineDouble, make: () => EngineDouble): EngineDouble {
  replaced = [];
  const next = make();
  next.state = last.state;
  next.pendingDeletes = last.pendingDeletes;
  return next;
}

/** The connection gets the key of a resource as its credential. @returns the secret */
function runOn(key: EngineDouble): string {
  const secret = key.outs.secret as string;
  env.PULSELY_TOKEN = secret;
  return secret;
}

async function living(): Promise<readonly string[]> {
  return (await services.keys.list("pulsely")).filter(({ state }) => state === "active").map(({ id }) => id);
}

async function requestsOf(run: () => Promise<unknown>): Promise<readonly string[]> {
  const before = (await services.requests()).length;
  await run();
  return (await services.requests()).slice(before).map(({ method, status }) => `${method} ${status}`);
}

const runsOn = /the key key_\w+ is the credential that the connection "pulsely" itself runs on/;
const remedy = /environment variable PULSELY_TOKEN.*selfRotate: true/;

describe("A key that the connection itself runs on", () => {
  test("is recognised by a refresh, and then no preview plans its end", async () => {
    const key = apiKey();
    expect((await key.up(program)).failures).toEqual([]);
    runOn(key);
    const run = nextRun(key, apiKey);
    expect(await run.refresh()).toMatchObject({ listed: [], failures: [] });
    expect(run.outs.ownCredential).toBe(true);
    // Nothing else of it changes.
    expect((await run.up({ ...program, labels: { owner: "platform" } })).failures).toEqual([]);
    expect(run.outs.ownCredential).toBe(true);
    for (const wording of [runsOn, remedy])
      await expect(run.preview({ ...program, keepers: { build: "2" } })).rejects.toThrow(wording);
    expect(await living()).toEqual([key.outs.keyId]);
    // With another credential it is a key like every other.
    env.PULSELY_TOKEN = services.services.pulsely.adminToken;
    const later = nextRun(run, apiKey);
    await later.refresh();
    expect(later.outs).not.toHaveProperty("ownCredential");
    expect((await later.up({ ...program, keepers: { build: "2" } })).failures).toEqual([]);
  });

  test("is not revoked by a destroy, nor by a replacement that no preview could foresee, and without a request", async () => {
    const key = apiKey();
    await key.up(program);
    runOn(key);
    const run = nextRun(key, apiKey);
    expect(await requestsOf(() => run.destroy())).toEqual([]);
    expect(run.thrown.map(String).join()).toMatch(/has made no successor of it\. Nothing was done\..*PULSELY_TOKEN/);
    expect(await living()).toEqual([key.outs.keyId]);

    const replaced = nextRun(run, apiKey);
    expect((await replaced.up({ ...program, keepers: { build: "2" } })).failures.join()).toMatch(runsOn);
    expect(await living()).toHaveLength(2);
    // Once the connection has the new one, the old one goes.
    runOn(replaced);
    const next = nextRun(replaced, apiKey);
    expect((await next.up({ ...program, keepers: { build: "2" } })).failures).toEqual([]);
    expect(await living()).toEqual([replaced.outs.keyId]);
  });

  test("makes way for its successor with selfRotate, which the rest of the run uses, and ends last", async () => {
    const key = apiKey();
    await key.up(program);
    const before = runOn(key);
    const run = nextRun(key, apiKey);
    await run.refresh();
    const sent = await requestsOf(async () =>
      expect((await run.up({ ...program, keepers: { build: "2" }, selfRotate: true })).failures).toEqual([]),
    );
    expect(sent).toEqual(["POST 201", "GET 200", "DELETE 204"]);
    expect(await living()).toEqual([run.outs.keyId]);
    expect(warnings).toEqual([
      expect.stringMatching(/put the output secret of "admin" where .* \(environment variable PULSELY_TOKEN\)$/),
    ]);
    // The settings name the old key still: other resources of this run go on.
    expect(env.PULSELY_TOKEN).toBe(before);
    const beside = rotating();
    const night = { ...program, origin: "acme/app/dev/night", scopes: ["read:checks"], rotateEvery: "30d" };
    expect((await beside.up(night)).failures).toEqual([]);
    expect((await beside.destroy()).failures).toEqual([]);
  });

  /** A run whose new key may not read keys: the connection's own key has to stay. */
  const runWithWeakSuccessor = async () => {
    const key = apiKey();
    await key.up(program);
    runOn(key);
    const run = nextRun(key, apiKey);
    const { failures } = await run.up({ ...program, scopes: ["read:checks"], selfRotate: true });
    expect(failures.join()).toMatch(/cannot take the place of key_\w+ .* The connection's own key was not ended/);
    expect(await living()).toContain(key.outs.keyId);
    return run;
  };

  test("stays where its successor cannot do its work", async () => {
    await runWithWeakSuccessor();
  });

  test("stays where its successor cannot do its work, also where the connection logs in", async () => {
    backend = {
      ...pulsely,
      authenticate: async ({ token }) => ({ headers: { authorization: `Bearer ${await token()}` } }),
    };
    const run = await runWithWeakSuccessor();
    // The session of the key that stays goes on.
    expect((await run.refresh()).failures).toEqual([]);
  });

  test("that was adopted without its secret is found by the mask that the service shows", async () => {
    const key = apiKey();
    await key.up(program);
    runOn(key);
    const adopted = apiKey();
    const { outs } = key;
    expect((await adopted.up({ ...program, adopt: { keyId: outs.keyId }, revokeOnDestroy: true })).failures).toEqual(
      [],
    );
    expect(adopted.outs.ownCredential).toBe(true);
    await adopted.destroy();
    expect(adopted.thrown.map(String).join()).toMatch(runsOn);
    expect(await living()).toEqual([outs.keyId]);
    // Its successor takes its place all the same: the credential is this key and nothing else.
    const run = nextRun(adopted, apiKey);
    expect((await run.up({ ...program, keepers: { build: "2" }, selfRotate: true })).failures).toEqual([]);
    expect(await living()).toEqual([run.outs.keyId]);
  });
});

describe("A rotating key that the connection itself runs on", () => {
  const every = { ...program, rotateEvery: "30d" };
  const pass = async (days: number) => {
    nowMs += days * dayMs;
    await services.clock.set(formatTime(nowMs));
  };

  test("is not rotated by the clock: the preview refuses it after a refresh, and the update before it issues", async () => {
    const key = rotating();
    await key.up(every);
    runOn(key);
    await pass(31);
    const run = nextRun(key, rotating);
    const sent = await requestsOf(async () => expect((await run.up(every)).failures.join()).toMatch(runsOn));
    expect(sent.filter((request) => !request.startsWith("GET"))).toEqual([]);
    expect(run.outs).toMatchObject({ keyId: key.outs.keyId, generation: 1 });
    await run.refresh();
    await expect(run.preview(every)).rejects.toThrow(remedy);
    await run.destroy();
    expect(run.thrown.map(String).join()).toMatch(runsOn);
    expect(await living()).toEqual([key.outs.keyId]);
  });

  test("rotates with selfRotate, keeps its overlap, and ends then, wherever the connection reads its credential", async () => {
    for (const isMoved of [true, false]) {
      const consent = { ...every, origin: `acme/app/dev/admin-${String(isMoved)}`, selfRotate: true };
      env.PULSELY_TOKEN = services.services.pulsely.adminToken;
      const key = rotating();
      await key.up(consent);
      const first = runOn(key);
      await pass(31);
      warnings = [];
      const second = nextRun(key, rotating);
      expect((await second.up(consent)).failures).toEqual([]);
      expect(second.outs).toMatchObject({ generation: 2, previousKeyId: key.outs.keyId });
      expect(warnings.join()).toMatch(/\(environment variable PULSELY_TOKEN\)/);
      expect(await living()).toEqual(expect.arrayContaining([key.outs.keyId, second.outs.keyId]));
      if (isMoved) runOn(second);
      else expect(env.PULSELY_TOKEN).toBe(first);
      await pass(8);
      const third = nextRun(second, rotating);
      expect((await third.up(consent)).failures).toEqual([]);
      expect(third.outs.rotationReason).toBe("previous key retired after overlap");
      expect(await living()).not.toContain(key.outs.keyId);
      expect(await living()).toContain(second.outs.keyId);
    }
  });

  test("is not left for a new key that gets less than asked, and is taken back", async () => {
    const asked = { ...every, environment: "live", selfRotate: true };
    const key = rotating();
    await key.up(asked);
    runOn(key);
    await pass(31);
    backend = {
      ...pulsely,
      connect: (given: Parameters<typeof pulsely.connect>[0]) => {
        const client = pulsely.connect(given);
        return { ...client, createKey: async (asked) => ({ ...(await client.createKey(asked)), environment: "test" }) };
      },
    };
    const run = nextRun(key, rotating);
    expect((await run.up(asked)).failures.join()).toMatch(/is for the environment "test"/);
    expect(await living()).toEqual([key.outs.keyId]);
    expect(warnings.join()).not.toMatch(/takes the place/);
    // The rest of this run goes on with the key that lives.
    expect(await run.refresh()).toMatchObject({ listed: [], failures: [] });
    expect(warnings.join()).not.toMatch(/401/);
  });

  test("without an overlap ends with the next run, because a killed one would leave the connection nothing else", async () => {
    for (const isMoved of [true, false]) {
      const consent = { ...every, origin: `acme/app/dev/at-once-${String(isMoved)}`, selfRotate: true };
      const atOnce = { ...consent, retire: "immediately" };
      env.PULSELY_TOKEN = services.services.pulsely.adminToken;
      const key = rotating();
      await key.up(atOnce);
      runOn(key);
      await pass(31);
      const run = nextRun(key, rotating);
      expect((await run.up(atOnce)).failures).toEqual([]);
      expect(run.outs.generation).toBe(2);
      expect(await living()).toEqual(expect.arrayContaining([key.outs.keyId, run.outs.keyId]));
      if (isMoved) runOn(run);
      const next = nextRun(run, rotating);
      expect((await next.up(atOnce)).failures).toEqual([]);
      expect(await living()).not.toContain(key.outs.keyId);
      expect(await living()).toContain(run.outs.keyId);
      expect(await nextRun(next, rotating).preview(atOnce)).toMatchObject({ op: "same" });
    }
  });

  test.each([true, false])(
    "is found among the older ones by its fingerprint, where no service says who calls (selfRotate: %s)",
    async (selfRotate) => {
      backend = {
        ...pulsely,
        connect: (given: Parameters<typeof pulsely.connect>[0]) => {
          const { whoAmI: _unasked, ...client } = { ...pulsely.connect(given) } as Record<string, unknown>;
          return client as unknown as ReturnType<typeof pulsely.connect>;
        },
      };
      const key = rotating();
      await key.up({ ...every, selfRotate: true });
      runOn(key);
      await pass(31);
      const second = nextRun(key, rotating);
      expect((await second.up({ ...every, selfRotate: true })).failures).toEqual([]);
      // Nobody has moved the connection yet.
      const run = nextRun(second, rotating);
      const { failures } = await run.up({ ...every, selfRotate, emergency: "INC-1" });
      expect(await living()).toContain(run.outs.keyId);
      if (selfRotate) {
        expect(failures).toEqual([]);
        expect(await living()).toEqual([run.outs.keyId]);
        return;
      }
      expect(failures.join()).toMatch(runsOn);
      expect([...(await living())].sort()).toEqual([key.outs.keyId, run.outs.keyId].sort());
      // It waits in the record, from which neither the next update nor a destroy ends it.
      const again = nextRun(run, rotating);
      expect((await again.up({ ...every, emergency: "INC-1" })).failures.join()).toMatch(runsOn);
      await again.destroy();
      expect(again.thrown.map(String).join()).toMatch(runsOn);
      expect(await living()).toContain(key.outs.keyId);
    },
  );

  test("ends last in an emergency, and not at all where the new key opens nothing", async () => {
    const consent = { ...every, selfRotate: true };
    const key = rotating();
    await key.up(consent);
    runOn(key);
    await services.faults.add({ service: "pulsely", method: "GET", path: "/api-keys/.+", kind: "status", status: 403 });
    const failed = nextRun(key, rotating);
    expect((await failed.up({ ...consent, emergency: "INC-1" })).failures.join()).toMatch(/cannot take the place/);
    expect(await living()).toEqual([key.outs.keyId]);
    await services.faults.clear();
    const run = nextRun(failed, rotating);
    const sent = await requestsOf(async () =>
      expect((await run.up({ ...consent, emergency: "INC-1" })).failures).toEqual([]),
    );
    expect(sent.filter((request) => !request.startsWith("GET"))).toEqual(["POST 201", "DELETE 204"]);
    expect(await living()).toEqual([run.outs.keyId]);
    // Nothing could bring it back if this run were cut short, so whoever watches it is told the way out before.
    expect(warnings.join()).toMatch(/The old one ends in this run: .* make a new credential on the service/);
    // The program gets its answer from the new key alone.
    expect(run.outs.rotationReason).toBe("emergency: INC-1");
  });
});

test("PulseAPI's tokens begin with the id of their key", async () => {
  const pulse = { connection: "pulseapi", origin: "acme/app/dev/pulse", scopes: ["monitors:read"] };
  const key = new EngineDouble(createApiKeyProvider(context()));
  await key.up(pulse);
  env.PULSEAPI_TOKEN = key.outs.secret as string;
  const { client } = context().connections.open("pulseapi");
  expect(await client.whoAmI?.()).toEqual({ keyId: key.outs.keyId });
});

test("The account that the connection's credential belongs to is neither replaced nor deleted", async () => {
  const base = context();
  const account = {
    id: "robot-1",
    name: "robot-acab123456",
    status: "active" as const,
    role: "viewer",
    createdAt: "2027-01-01T00:00:00Z",
  };
  const connection = {
    ...base.connections.describe("pulsely"),
    capabilities: {
      ...base.connections.describe("pulsely").capabilities,
      serviceAccounts: {
        role: "replace",
        scopes: "none",
        name: "update",
        description: "none",
        disabling: "account",
        deletes: "keys",
      },
    },
    own: { caller: () => Promise.resolve({ serviceAccountId: "robot-1" }) },
    client: {
      whoAmI: () => Promise.resolve({ serviceAccountId: "robot-1" }),
      getServiceAccount: () => Promise.resolve(account),
      listServiceAccounts: () => Promise.resolve([account]),
      deleteServiceAccount: () => Promise.reject(new Error("it was deleted")),
    },
  };
  const connections = {
    describe: () => connection,
    open: () => connection,
    openForRefresh: () => connection,
    openForWrite: () => connection,
  };
  const robot = new EngineDouble(createServiceAccountProvider({ ...base, connections } as unknown as ResourceContext));
  const inputs = { connection: "pulsely", origin: "acme/app/dev/robot", role: "viewer" };
  expect((await robot.up({ ...inputs, adopt: { accountId: "robot-1" }, revokeOnDestroy: true })).failures).toEqual([]);
  const belongs = /belongs to the account robot-1, and would end with it\. Nothing was done/;
  await expect(
    robot.preview({ ...inputs, adopt: { accountId: "robot-1" }, revokeOnDestroy: true, role: "owner" }),
  ).rejects.toThrow(belongs);
  await robot.destroy();
  expect(robot.thrown.map(String).join()).toMatch(belongs);
});
