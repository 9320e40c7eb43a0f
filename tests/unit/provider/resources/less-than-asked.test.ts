import { describe, expect, test } from "@jest/globals";
import { dayMs, hourMs, minuteMs } from "../../../../provider/values/durations";
import { createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { createRotatingApiKeyProvider } from "../../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../../provider/resources/service-account/resource";
import { formatTime } from "../../../../provider/values/times";
import { EngineDouble } from "../../../../testing/engine-double";
import { accounts, FakeService, today } from "../support/fake-service";
import { accountProgram, keyProgram } from "../support/resources";

const asked = { ...keyProgram, scopes: ["read:alerts", "read:checks"] };
const onlyAlerts = () => ({ scopes: ["read:alerts"] });
const lacks = 'the key "export" was not given "read:checks", although asked for';
const kept = "The key key-1 is kept in the state.";

/** What a run told: the reasons of a failure that kept the object, or nothing. */
async function run(resource: EngineDouble, program: object): Promise<string> {
  await resource.up(program);
  return resource.thrown
    .map((error) => (error as { reasons?: string[] }).reasons?.join(" ") ?? String(error))
    .join(" ");
}

describe("An ApiKey that is given less than it asked for", () => {
  const made = async (service: FakeService, program: object = asked) => {
    const key = new EngineDouble(createApiKeyProvider(service.context()), {});
    return { key, told: await run(key, program) };
  };

  test("fails with the key kept and named, at every run, and makes no other", async () => {
    const service = new FakeService();
    service.gives = onlyAlerts;
    const { key, told } = await made(service);
    expect(told).toContain(`${lacks}. ${kept}`);
    expect(told).toContain("acceptLess: true");
    expect(key.state?.id).toBe("key-1");
    expect(await run(key, asked)).toContain(lacks);
    expect(service.living()).toEqual(["key-1"]);
  });

  test("is a success with a warning at every run where the program accepts it", async () => {
    const service = new FakeService();
    service.gives = onlyAlerts;
    const { key } = await made(service);
    for (const _run of [1, 2, 3]) {
      service.warnings = [];
      expect(await run(key, { ...asked, acceptLess: true })).toBe("");
      expect(service.warnings).toContain(lacks);
    }
    expect(service.living()).toEqual(["key-1"]);
  });

  test("is whole again after a refresh, once somebody has given it the rest", async () => {
    const service = new FakeService();
    service.gives = onlyAlerts;
    const { key } = await made(service);
    service.edit("key-1", { scopes: ["read:alerts", "read:checks"] });
    await key.refresh();
    service.warnings = [];
    expect(await run(key, asked)).toBe("");
    expect(service.warnings).toEqual([]);
    expect(service.living()).toEqual(["key-1"]);
  });

  test("leaves the key that it was to replace alive", async () => {
    const service = new FakeService();
    const { key } = await made(service, keyProgram);
    service.gives = onlyAlerts;
    expect(await run(key, asked)).toContain(lacks);
    expect(service.living()).toContain("key-1");
  });

  test("says so of another environment, and of an end that is not there when it is issued", async () => {
    const service = new FakeService({
      environments: ["live", "test"],
      expiry: { support: "optional", update: false, granularityMs: dayMs },
    });
    service.gives = () => ({ environment: "test" });
    expect((await made(service)).told).toContain('is for the environment "test" on the service, and not for "live"');
    service.gives = () => ({ expiresAt: "2026-06-15T00:00:00Z" });
    expect((await made(service, { ...keyProgram, expiresIn: "5h" })).told).toContain(
      "ends at 2026-06-15T00:00:00Z on the service, which was over before it was issued",
    );
  });

  test.each([{ expiresIn: "365d" }, { expiresAt: "2027-06-15T12:00:00Z" }])(
    "keeps one key whose life the service cuts, whatever says when it ends: %j",
    async (life) => {
      const service = new FakeService();
      service.gives = () => ({ expiresAt: "2026-09-13T12:00:00Z" });
      const { key, told } = await made(service, { ...keyProgram, ...life });
      expect(told).toContain("earlier than 2027-06-15T12:00:00Z, which was asked for");
      expect(key.outs).toMatchObject({ expiresAt: "2026-09-13T12:00:00Z" });
      expect(await run(key, { ...keyProgram, ...life })).toContain("earlier than 2027-06-15T12:00:00Z");
      await key.refresh();
      expect(await run(key, { ...keyProgram, ...life, acceptLess: true })).toBe("");
      expect(service.living()).toEqual(["key-1"]);
      // When the end that was given is over, the next key comes.
      service.nowMs = Date.parse("2026-09-14T00:00:00Z");
      service.gives = () => ({});
      expect(await run(key, { ...keyProgram, ...life, acceptLess: true })).toBe("");
      expect(service.count("createKey")).toBe(2);
    },
  );

  test("that asks for the life that it got from then on makes no other key", async () => {
    const service = new FakeService();
    service.gives = () => ({ expiresAt: "2026-09-13T12:00:00Z" });
    const { key } = await made(service, { ...keyProgram, expiresIn: "365d" });
    expect(await run(key, { ...keyProgram, expiresIn: "90d" })).toBe("");
    expect(service.count("createKey")).toBe(1);
  });
});

describe("A rotation that gets less than was asked for", () => {
  const program = { ...asked, rotateEvery: "30d" };
  const rotating = async () => {
    const service = new FakeService();
    const key = new EngineDouble(createRotatingApiKeyProvider(service.context()), {});
    expect(await run(key, program)).toBe("");
    service.gives = onlyAlerts;
    return { service, key };
  };

  test("leaves the key before it as it was, current and alone, and revokes what it made", async () => {
    const { service, key } = await rotating();
    service.nowMs = today + 31 * dayMs;
    for (const made of ["key-2", "key-3"]) {
      const told = await run(key, program);
      expect(told).toContain(`the new key ${made} was not given "read:checks", although asked for: it was revoked`);
      expect(told).toContain("key-1 stays the current one");
      expect(key.outs).toMatchObject({ keyId: "key-1", generation: 1 });
      expect(service.living()).toEqual(["key-1"]);
    }
    service.gives = () => ({});
    expect(await run(key, program)).toBe("");
    expect(key.outs).toMatchObject({ keyId: "key-4", previousKeyId: "key-1" });
  });

  test("remembers the new key where it cannot be revoked, and revokes it first of all in the next run", async () => {
    const { service, key } = await rotating();
    service.nowMs = today + 31 * dayMs;
    service.fail("revokeKey", new Error("down"));
    expect(await run(key, program)).toContain("it could not be revoked, the next update tries again");
    expect(key.outs).toMatchObject({ keyId: "key-1", pendingRevocations: [{ keyId: "key-2" }] });
    service.gives = () => ({});
    expect(await run(key, program)).toBe("");
    expect(service.living()).toEqual(["key-1", "key-3"]);
  });

  test("is done all the same in an emergency, and where the key before it is dead; the run fails, and goes on to fail", async () => {
    const { service, key } = await rotating();
    expect(await run(key, { ...program, emergency: "INC-7" })).toContain(lacks);
    expect(service.living()).toEqual(["key-2"]);
    expect(await run(key, { ...program, emergency: "INC-7" })).toContain(lacks);
    expect(key.outs).toMatchObject({ keyId: "key-2" });
    service.edit("key-2", { status: "revoked" });
    await key.refresh();
    expect(await run(key, { ...program, emergency: "INC-7" })).toContain(lacks);
    expect(key.outs).toMatchObject({ keyId: "key-3" });
    expect(service.living()).toEqual(["key-3"]);
  });

  test("goes on where the program accepts that", async () => {
    const { service, key } = await rotating();
    service.nowMs = today + 31 * dayMs;
    service.warnings = [];
    expect(await run(key, { ...program, acceptLess: true })).toBe("");
    expect(service.warnings).toContain(lacks);
    expect(key.outs).toMatchObject({ keyId: "key-2", previousKeyId: "key-1" });
  });

  test("fails at the first issue with the key kept", async () => {
    const service = new FakeService();
    service.gives = onlyAlerts;
    const key = new EngineDouble(createRotatingApiKeyProvider(service.context()), {});
    expect(await run(key, program)).toContain(`${lacks}. ${kept}`);
    expect(await run(key, program)).toContain(lacks);
    expect(key.outs).toMatchObject({ keyId: "key-1", generation: 1 });
    expect(service.living()).toEqual(["key-1"]);
  });
});

describe("A service account that is given another role or fewer scopes", () => {
  const able = (role: "update" | "replace") => ({
    parent: "serviceAccount" as const,
    serviceAccounts: { ...accounts, role, scopes: role },
  });
  const program = { ...accountProgram, role: "editor", scopes: ["read:alerts", "read:checks"] };
  const words = 'the service account "export" has the role "viewer" on the service, and not "editor"';

  test("fails with the account kept and named, at every run, and makes no other", async () => {
    const service = new FakeService(able("replace"));
    service.givesAccount = () => ({ role: "viewer", scopes: ["read:alerts"] });
    const account = new EngineDouble(createServiceAccountProvider(service.context()), {});
    for (const _run of [1, 2]) {
      const told = await run(account, program);
      expect(told).toContain(words);
      expect(told).toContain('was not given "read:checks", although asked for');
      expect(told).toContain("The service account account-1 is kept in the state.");
    }
    expect(await run(account, { ...program, acceptLess: true })).toBe("");
    expect(service.warnings).toContain(words);
    expect([...service.accounts.keys()]).toEqual(["account-1"]);
    expect(await account.refresh()).toMatchObject({ listed: [] });
  });

  test("is asked for the rest by the next run, where the service can change it", async () => {
    const service = new FakeService(able("update"));
    service.givesAccount = () => ({ role: "viewer" });
    const account = new EngineDouble(createServiceAccountProvider(service.context()), {});
    expect(await run(account, program)).toContain(words);
    expect(await run(account, program)).toBe("");
    expect(service.accounts.get("account-1")).toMatchObject({ role: "editor" });
    service.warnings = [];
    expect(await run(account, program)).toBe("");
    expect(service.warnings).toEqual([]);
  });

  test("is warned of for more, and for other words", async () => {
    const service = new FakeService(able("update"));
    service.givesAccount = ({ scopes = [], name }) => ({
      scopes: [...scopes, "write:checks"],
      name: name.toUpperCase(),
      description: "nightly",
    });
    const account = new EngineDouble(createServiceAccountProvider(service.context()), {});
    expect(await run(account, program)).toBe("");
    expect(service.warnings).toEqual([
      'the service account "export" was given "write:checks", which nobody asked for',
      expect.stringMatching(/^the service account "export" is called "EXPORT-.*" on the service, and not "export-/),
      'the service account "export" is described as "nightly" on the service, and not "nightly export"',
    ]);
  });
});

test("A service that is told a life, and counts it by a clock of its own, gives what was asked for", async () => {
  const service = new FakeService();
  for (const offMs of [-10 * minuteMs, 10 * minuteMs]) {
    service.gives = ({ livesForMs = 0 }) => ({
      createdAt: formatTime(today + offMs),
      expiresAt: formatTime(today + offMs + livesForMs),
    });
    service.warnings = [];
    for (const [create, more] of [
      [createApiKeyProvider, {}],
      [createRotatingApiKeyProvider, { rotateEvery: "30d" }],
    ] as const) {
      const key = new EngineDouble(create({ ...service.context(), heedsServiceClock: () => true }), {});
      expect(await run(key, { ...keyProgram, ...more, expiresIn: "90d" })).toBe("");
      expect(key.outs).toMatchObject({ expiresAt: formatTime(today + offMs + 90 * dayMs) });
      expect(key.outs).not.toHaveProperty("askedExpiresAt");
    }
    expect(service.warnings).toEqual([]);
  }
});

describe("A key that lives longer than was asked for", () => {
  test("is told at every run, and is over when the program says so", async () => {
    const service = new FakeService();
    service.gives = () => ({ expiresAt: "2026-12-15T12:00:00Z" });
    const key = new EngineDouble(createApiKeyProvider(service.context()), {});
    const program = { ...keyProgram, expiresIn: "30d" };
    for (const _run of [1, 2]) {
      service.warnings = [];
      expect(await run(key, program)).toBe("");
      expect(service.warnings).toEqual([
        'the key "export" ends at 2026-12-15T12:00:00Z on the service, later than 2026-07-15T12:00:00Z, which was asked for',
      ]);
      expect(await key.refresh()).toMatchObject({ listed: [] });
    }
    expect(key.outs).toMatchObject({ expiresAt: "2026-07-15T12:00:00Z" });
    service.nowMs = Date.parse("2026-07-15T13:00:00Z");
    expect(await run(key, program)).toBe("");
    expect(key.state?.id).toBe("key-2");
    expect(service.living()).toEqual(["key-2"]);
  });
});

describe("A service that keeps ends as dates", () => {
  const dates = (update: boolean) => ({
    expiry: { support: "optional" as const, update, granularityMs: dayMs },
    delayedRevoke: update,
  });
  const floor = ({ expiresAt }: { readonly expiresAt?: string }) =>
    expiresAt === undefined ? {} : { expiresAt: `${expiresAt.slice(0, 10)}T00:00:00Z` };

  test("has its end recorded, and the key is over when the service says so", async () => {
    const service = new FakeService(dates(false));
    service.nowMs = Date.parse("2027-01-01T18:00:00Z");
    service.gives = floor;
    const key = new EngineDouble(createApiKeyProvider(service.context()), {});
    const program = { ...keyProgram, expiresIn: "30d" };
    expect(await run(key, program)).toBe("");
    expect(key.outs).toMatchObject({ expiresAt: "2027-01-31T00:00:00Z" });
    expect(await key.refresh()).toMatchObject({ listed: [] });
    service.nowMs = Date.parse("2027-01-31T00:05:00Z");
    expect(await run(key, program)).toBe("");
    expect(key.state?.id).toBe("key-2");
  });

  test("leaves a key whose own date is over there expired, and makes none that would be dead at once", async () => {
    const service = new FakeService(dates(false));
    service.nowMs = Date.parse("2027-01-01T18:00:00Z");
    service.gives = floor;
    const key = new EngineDouble(createApiKeyProvider(service.context()), {});
    const program = { ...keyProgram, expiresAt: "2027-01-31T18:00:00Z" };
    expect(await run(key, program)).toBe("");
    service.nowMs = Date.parse("2027-01-31T12:00:00Z");
    expect(await run(key, program)).toBe("");
    await key.refresh();
    service.warnings = [];
    expect(await run(key, program)).toBe("");
    expect(service.warnings).toEqual([expect.stringContaining('the key "export" expired at 2027-01-31T18:00:00Z')]);
    expect(service.count("createKey")).toBe(1);
  });

  test("never makes a promise of a previous key that it does not keep", async () => {
    const service = new FakeService(dates(false));
    service.nowMs = Date.parse("2027-01-01T18:00:00Z");
    service.gives = floor;
    const key = new EngineDouble(createRotatingApiKeyProvider(service.context()), {});
    const program = { ...keyProgram, rotateEvery: "28d", expiresIn: "30d", overlap: "2d" };
    expect(await run(key, program)).toBe("");
    service.nowMs = Date.parse("2027-01-29T18:00:00Z");
    expect(await run(key, program)).toBe("");
    expect(key.outs).toMatchObject({ previousKeyId: "key-1", previousValidUntil: "2027-01-31T00:00:00Z" });
  });

  test("is asked for an end that keeps the overlap, and is come back for where it ends later", async () => {
    const service = new FakeService(dates(true));
    service.nowMs = Date.parse("2027-01-01T10:00:00Z");
    const key = new EngineDouble(createRotatingApiKeyProvider(service.context()), {});
    const program = { ...keyProgram, rotateEvery: "12h", overlap: "2h" };
    expect(await run(key, program)).toBe("");
    service.nowMs += 13 * hourMs;
    expect(await run(key, program)).toBe("");
    expect(key.outs).toMatchObject({ previousValidUntil: "2027-01-02T01:00:00Z" });
    expect(service.keys.get("key-1")?.expiresAt).toBe("2027-01-03T00:00:00Z");
    const before = service.calls.length;
    expect(await run(key, program)).toBe("");
    expect(service.calls).toHaveLength(before);
    service.nowMs += 3 * hourMs;
    expect(await run(key, program)).toBe("");
    expect(service.living()).toEqual(["key-2"]);
  });

  test("that sets the end of the previous key sooner has that told, and no more is promised", async () => {
    const service = new FakeService(dates(true));
    service.nowMs = Date.parse("2027-01-01T10:00:00Z");
    const key = new EngineDouble(createRotatingApiKeyProvider(service.context()), {});
    const program = { ...keyProgram, rotateEvery: "30d", overlap: "5d" };
    expect(await run(key, program)).toBe("");
    service.nowMs += 31 * dayMs;
    service.setsEnd = (end) => new Date(Date.parse(end) - 6 * hourMs).toISOString();
    expect(await run(key, program)).toBe("");
    expect(key.outs).toMatchObject({ previousValidUntil: "2027-02-06T18:00:00Z" });
  });
});
