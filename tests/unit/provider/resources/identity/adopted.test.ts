import { describe, expect, test } from "@jest/globals";
import { dayMs } from "../../../../../provider/values/durations";
import { createApiKeyProvider } from "../../../../../provider/resources/api-key/resource";
import type { ResourceContext } from "../../../../../provider/resources/context";
import { usualNames } from "../../../../../provider/resources/identity/names";
import { createRotatingApiKeyProvider } from "../../../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../../../provider/resources/service-account/resource";
import { isSecret } from "../../../../../provider/values/wire";
import { OneResource } from "../../../../../testing/one-resource";
import { accounts, FakeService, origin } from "../../support/fake-service";

const secret = "sk_old-1_0123456789abcdef";
const program = { origin, __provider: "code", scopes: ["read:checks"], adopt: { keyId: "old-1" } };
const rotating = { ...program, rotateEvery: "30d" };

function serviceWithOldKey(): FakeService {
  const service = new FakeService();
  service.keepOld({ keys: ["old-1"] });
  service.probe = (given) => ({ works: given === secret });
  return service;
}

/** Calls that change something on the service. */
const writes = ({ calls }: FakeService) =>
  calls.map(([name]) => name).filter((name) => !/^(get|list|probe)/.test(name));

const refusal = async (create: (context: ResourceContext) => object, service: FakeService, inputs: object) =>
  new OneResource(create(service.context())).up(inputs).then(
    () => "none",
    (error: unknown) => (error as Error).message,
  );

describe("A key that was there before", () => {
  test("is taken over as it is, without its secret, and stays unchanged from then on", async () => {
    const service = serviceWithOldKey();
    const key = new OneResource(createApiKeyProvider(service.context()));
    await key.up(program);
    expect(key.state?.id).toBe("old-1");
    expect(key.outs).toMatchObject({ keyId: "old-1", adoptedId: "old-1", physicalName: "the old-1", status: "active" });
    expect(key.outs).not.toHaveProperty("secret");
    expect((await key.up(program)).op).toBe("same");
    expect(await key.refresh()).toEqual([]);
    // That it was taken over is known without the program.
    const { adopt: _adopt, ...rest } = program;
    expect((await key.up(rest)).op).toBe("same");
    expect(writes(service)).toEqual([]);
  });

  test("has its secret where somebody gave it and the service takes it, and the program may drop it", async () => {
    const service = serviceWithOldKey();
    const key = new OneResource(createApiKeyProvider(service.context()));
    const given = { ...program, adopt: { keyId: "old-1", secret } };
    await key.up(given);
    expect(key.outs).toMatchObject({
      secret,
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      adopt: { keyId: "old-1" },
    });
    expect((await key.up(given)).op).toBe("same");
    expect(JSON.stringify(key.state?.inputs)).not.toContain(secret);
    expect((await key.up(program)).op).toBe("same");
  });

  test.each([
    [
      "refuses it",
      "sk_old-1_another0123456789",
      () => ({ works: false }),
      /not that of the key old-1: the service refuses it/,
    ],
    [
      "shows another mask",
      "pk_old-1_0123456789abcdef",
      () => ({ works: true }),
      /the service shows another beginning or end of it/,
    ],
    ["cannot try it", secret, undefined, /cannot be tried: fake has no call that would tell/],
  ] as const)(
    "is not recorded with a secret where the service %s, and the secret is in no message",
    async (_why, given, probe, words) => {
      const service = serviceWithOldKey();
      service.probe = probe;
      const told = await refusal(createApiKeyProvider, service, {
        ...program,
        adopt: { keyId: "old-1", secret: given },
      });
      expect(told).toMatch(words);
      expect(told).not.toContain(given);
    },
  );

  test.each<[string, object, (service: FakeService) => void, RegExp]>([
    [
      "is not there",
      { adopt: { keyId: "gone" } },
      () => undefined,
      /there is no key gone, so there is nothing to take over/,
    ],
    [
      "is over",
      {},
      (service) => service.edit("old-1", { status: "revoked" }),
      /the key old-1 is revoked: there is nothing to take over/,
    ],
    [
      "has other scopes",
      { scopes: ["read:alerts"] },
      () => undefined,
      /its scopes are \[read:checks\].*Write into the program what the key has/,
    ],
    ["has another end", { expiresAt: "2027-01-01T00:00:00Z" }, () => undefined, /it has no end/],
  ])("is refused where it %s, and left as it is", async (_why, more, meanwhile, words) => {
    const service = serviceWithOldKey();
    meanwhile(service);
    expect(await refusal(createApiKeyProvider, service, { ...program, ...more })).toMatch(words);
    expect(writes(service)).toEqual([]);
  });

  test("is left on the service by a destroy, which says so; with revokeOnDestroy it is revoked", async () => {
    for (const revokeOnDestroy of [false, true]) {
      const service = serviceWithOldKey();
      const key = new OneResource(createApiKeyProvider(service.context()));
      await key.up(program);
      await key.up({ ...program, revokeOnDestroy });
      await key.destroy();
      expect(service.living()).toEqual(revokeOnDestroy ? [] : ["old-1"]);
      expect(service.warnings.filter((words) => words.includes("it is left on the service"))).toHaveLength(
        revokeOnDestroy ? 0 : 1,
      );
    }
  });

  test("is followed by a key of ours when its scopes change, where the state says that it was taken over before", async () => {
    const service = serviceWithOldKey();
    const context = service.context();
    const holder = () => Promise.resolve({ type: "ApiKey", name: "export" });
    const key = new OneResource(createApiKeyProvider(context));
    await key.up(program);
    const later = new OneResource(createApiKeyProvider({ ...context, marking: { ...context.marking, holder } }));
    later.state = key.state;
    expect((await later.up({ ...program, scopes: ["read:alerts"] })).op).toBe("replace");
    expect(later.outs).toMatchObject({ scopes: ["read:alerts"], secret: expect.any(String) });
    expect(later.outs).not.toHaveProperty("adoptedId");
    expect(service.living()).toContain("old-1");
  });

  test("belongs to one resource of a stack", async () => {
    const service = serviceWithOldKey();
    const context = service.context();
    const holder = () => Promise.resolve({ type: "RotatingApiKey", name: "night" });
    const key = new OneResource(createApiKeyProvider({ ...context, marking: { ...context.marking, holder } }));
    await expect(key.up(program)).rejects.toThrow(/old-1 belongs to RotatingApiKey "night" of this stack already/);
  });

  test("whose name another stack has given is taken over with a warning; one with any other name is nobody's", async () => {
    for (const [name, warnings] of [
      [usualNames.physicalName("ci", "other/stack/of/key"), 1],
      [usualNames.physicalName("ci", origin), 0],
      ["ci-key", 0],
    ] as const) {
      const service = serviceWithOldKey();
      service.edit("old-1", { name });
      await new OneResource(createApiKeyProvider(service.context())).up(program);
      expect(service.warnings.filter((words) => words.includes("another stack has given"))).toHaveLength(warnings);
    }
  });
});

describe("A rotating key that takes over a key", () => {
  test("is as old as that, and gets a successor with a secret when it is due; the old one goes after the overlap", async () => {
    const service = serviceWithOldKey();
    const key = new OneResource(createRotatingApiKeyProvider(service.context()));
    await key.up(rotating);
    expect(key.outs).toMatchObject({
      generation: 1,
      rotationReason: "taken over",
      nextRotationAt: "2026-06-25T00:00:00Z",
    });
    expect((await key.up(rotating)).op).toBe("same");
    expect(await key.refresh()).not.toContain("secret");
    service.nowMs += 11 * dayMs;
    expect((await key.up(rotating)).op).toBe("update");
    expect(key.outs).toMatchObject({ generation: 2, secret: expect.any(String), previousKeyId: "old-1" });
    expect(key.outs).not.toHaveProperty("previousSecret");
    expect(service.living()).toHaveLength(2);
    service.nowMs += 11 * dayMs;
    await key.up(rotating);
    expect(service.living()).toEqual([key.outs.keyId]);
  });

  test("gets one at once where the program says so, in the update after the one that takes it over", async () => {
    const service = serviceWithOldKey();
    const key = new OneResource(createRotatingApiKeyProvider(service.context()));
    const now = { ...rotating, firstRotation: "now" };
    await key.up(now);
    expect(writes(service)).toEqual([]);
    expect((await key.up(now)).op).toBe("update");
    expect(key.outs).toMatchObject({
      generation: 2,
      rotationReason: expect.stringMatching(/^first rotation of a key that was taken over/),
    });
    expect((await key.up(now)).op).toBe("same");
  });

  test("leaves it on the service when it goes, and revokes the keys of its own", async () => {
    const service = serviceWithOldKey();
    const key = new OneResource(createRotatingApiKeyProvider(service.context()));
    await key.up(rotating);
    service.nowMs += 11 * dayMs;
    await key.up(rotating);
    await key.destroy();
    expect(service.living()).toEqual(["old-1"]);
  });
});

describe("What a program leaves out of what it takes over, a review would not see", () => {
  test("so the role that an account has is to be written", async () => {
    const service = new FakeService({ parent: "serviceAccount", serviceAccounts: { ...accounts, role: "replace" } });
    service.keepOld({ accounts: ["root"] });
    service.accounts.set("root", { id: "root", name: "root", status: "active", role: "admin" });
    const inputs = { origin, __provider: "code", adopt: { accountId: "root" } };
    expect(await refusal(createServiceAccountProvider, service, inputs)).toContain("its role is admin");
    expect(await refusal(createServiceAccountProvider, service, { ...inputs, role: "admin" })).toBe("none");
  });
});

describe("An account that was there before", () => {
  const account = { origin, __provider: "code", adopt: { accountId: "account-a" } };
  const able = { parent: "serviceAccount", serviceAccounts: accounts } as const;

  test("is taken over as it is, and left there at the end", async () => {
    const service = new FakeService(able);
    service.keepOld({ accounts: ["account-a"] });
    const resource = new OneResource(createServiceAccountProvider(service.context()));
    await resource.up(account);
    expect(resource.outs).toMatchObject({
      accountId: "account-a",
      adoptedId: "account-a",
      physicalName: "the account-a",
    });
    expect((await resource.up(account)).op).toBe("same");
    expect(await resource.refresh()).toEqual([]);
    await resource.destroy();
    expect([...service.accounts.keys()]).toEqual(["account-a"]);
    expect(service.warnings).toContainEqual(expect.stringContaining("it is left on the service (id account-a)"));
  });
});

describe("An import", () => {
  test("brings what a program has to say of the key, and its record, with the secret encrypted", async () => {
    const service = serviceWithOldKey();
    const { id, props, inputs } = await createApiKeyProvider(service.context()).imported({
      id: "default/old-1",
      origin,
      secret,
    });
    expect(id).toBe("old-1");
    expect(inputs).toMatchObject({ connection: "default", scopes: ["read:checks"], status: "active" });
    expect(inputs).not.toHaveProperty("secret");
    expect(props).toMatchObject({ adoptedId: "old-1", secret });
    expect(isSecret({ ...props })).toBe(false);
    expect(await createApiKeyProvider(service.context()).imported({ id: "default/none", origin })).toEqual({ id: "" });
    expect(writes(service)).toEqual([]);
  });

  test("of a key that lives under an account needs the account", async () => {
    const service = new FakeService({ parent: "serviceAccount", serviceAccounts: accounts });
    service.keepOld({ keys: ["old-1"], accounts: ["account-a"] });
    const provider = createApiKeyProvider(service.context());
    await expect(provider.imported({ id: "default/old-1", origin })).rejects.toThrow(/Write default\/<account>\/old-1/);
    expect(await provider.imported({ id: "default/account-a/old-1", origin })).toMatchObject({
      id: "old-1",
      inputs: { serviceAccountId: "account-a" },
    });
  });
});
