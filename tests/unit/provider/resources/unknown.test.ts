import { describe, expect, test } from "@jest/globals";
import type { Capabilities, ProbeAnswer } from "../../../../provider/backends/definition";
import { AuthenticationError, ConfigError, ServerError } from "../../../../provider/errors";
import { createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { createRotatingApiKeyProvider } from "../../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../../provider/resources/service-account/resource";
import { OneResource } from "../../../../testing/one-resource";
import { accounts, FakeService } from "../support/fake-service";
import { accountProgram, keyProgram, succeeded } from "../support/resources";

const down = () => new ServerError({ status: 503, method: "GET", path: "/keys" });

/** An account with a key and a rotating key; `again` opens new providers, as another run does. */
async function family(
  abilities: Partial<Capabilities> = {},
  probe?: (secret: string) => ProbeAnswer | undefined,
  scopes?: readonly string[],
) {
  const service = new FakeService({ parent: "serviceAccount", serviceAccounts: accounts, ...abilities });
  if (scopes) service.imposed = { scopes };
  if (probe) service.probe = probe;
  const open = (fields: Readonly<Record<string, unknown>> = {}) => {
    const context = service.context(fields);
    return {
      account: new OneResource(createServiceAccountProvider(context)),
      key: new OneResource(createApiKeyProvider(context)),
      rotating: new OneResource(createRotatingApiKeyProvider(context)),
    };
  };
  const first = open();
  succeeded(await first.account.up(accountProgram));
  const ofKey = { ...keyProgram, serviceAccountId: first.account.outs.accountId };
  succeeded(await first.key.up(ofKey));
  succeeded(await first.rotating.up({ ...ofKey, rotateEvery: "30d" }));
  const again = (fields: Readonly<Record<string, unknown>>) => {
    const next = open(fields);
    for (const name of ["account", "key", "rotating"] as const) next[name].state = first[name].state;
    return next;
  };
  return { service, ...first, again };
}

describe("A read that cannot tell", () => {
  test("keeps the state, and says so once for a service that is down, with what to do", async () => {
    const { service, account, key, rotating } = await family();
    const before = [account.state, key.state, rotating.state];
    service.fail("getKey", down(), { times: 2 });
    service.fail("getServiceAccount", down());
    for (const resource of [account, key, rotating]) expect(await resource.refresh()).toEqual([]);
    expect([account.state, key.state, rotating.state].map((state) => state?.outs)).toEqual(
      before.map((state) => state?.outs),
    );
    expect(service.warnings).toEqual([
      expect.stringMatching(
        /^the connection "default" could not be read, .* stands, unproven \(first of all the service account "export": GET \/keys answered 503.*Run "pulumi refresh" when/,
      ),
    ]);
  });

  test("keeps drift that an earlier one has found", async () => {
    const { service, key } = await family();
    service.edit(String(key.outs.keyId), { status: "revoked" });
    await key.refresh();
    service.fail("getKey", new AuthenticationError({ status: 401, method: "GET", path: "/keys" }));
    expect(await key.refresh()).toEqual([]);
    expect(key.outs.status).toBe("revoked");
  });

  test("is an error where the configuration is wrong, or the backend is", async () => {
    const { service, key } = await family();
    service.fail("getKey", new ConfigError("there is no token"));
    await expect(key.refresh()).rejects.toThrow("there is no token");
    service.fail("getKey", new TypeError("a slip"));
    await expect(key.refresh()).rejects.toThrow();
  });
});

describe("An account that was deleted by hand, where nothing proves it", () => {
  const strangersOnly = (service: FakeService) => {
    service.accounts.clear();
    service.accounts.set("foreign", { id: "foreign", name: "stranger-ffff000001", status: "active" });
  };

  test("keeps its keys in the state, and blocks their end, until the connection says that it is gone", async () => {
    const { service, account, key, rotating, again } = await family({ absence: "list" });
    strangersOnly(service);
    service.keys.clear();
    for (const resource of [account, key, rotating]) {
      expect(await resource.refresh()).toEqual([]);
      expect(resource.outs.status).toBe("active");
      await expect(resource.destroy()).rejects.toThrow(
        /cannot be told whether account account-1 is gone.*assumeGone: \["account-1"\]/,
      );
    }
    for (const assumeGone of [["account-1"], ["http://127.0.0.1:4010"]]) {
      const consenting = again({ assumeGone });
      for (const resource of [consenting.key, consenting.rotating, consenting.account]) {
        expect(await resource.refresh()).toEqual(["status"]);
        expect(resource.outs.status).toBe("missing");
        await resource.destroy();
      }
    }
  });

  test("lets its keys go where the service refuses their own secret, but is no place for successors", async () => {
    const { service, key, rotating } = await family({ absence: "list" }, () => ({ works: false }));
    strangersOnly(service);
    service.keys.clear();
    for (const resource of [key, rotating]) {
      expect(await resource.refresh()).toEqual([]);
      expect(resource.outs.status).toBe("active");
      await resource.destroy();
    }
  });
});

describe("A key that is not where it was", () => {
  const named = { serviceAccounts: { ...accounts, id: "name" as const } };
  /** Somebody renames the account, and its name is its id. */
  const rename = (service: FakeService) => {
    const account = service.accounts.get("account-1");
    service.accounts.clear();
    if (account) service.accounts.set("renamed", { ...account, id: "renamed", name: "renamed" });
    for (const [id, key] of service.keys) service.keys.set(id, { ...key, serviceAccountId: "renamed" });
  };

  test("is found by its mark, with or without the word of its own secret, and never called missing", async () => {
    for (const probe of [undefined, () => ({ works: true, serviceAccountId: "renamed" }), () => undefined]) {
      const { service, key, rotating } = await family(named, probe);
      rename(service);
      for (const resource of [key, rotating]) {
        expect(await resource.refresh()).toEqual(["serviceAccountId"]);
        expect(resource.outs).toMatchObject({ status: "active", serviceAccountId: "renamed" });
      }
    }
  });

  test("takes the scopes along that name its account", async () => {
    const scopesOf = (account: string) => ["read:checks", `read:checks!user=${account}`];
    const { service, key, rotating } = await family(named, undefined, scopesOf("account-1"));
    rename(service);
    for (const resource of [key, rotating]) {
      service.edit(String(resource.outs.keyId), { scopes: scopesOf("renamed") });
      expect(await resource.refresh()).toEqual(["serviceAccountId"]);
      expect(await resource.refresh()).toEqual([]);
    }
  });

  test("is not taken for gone where the service contradicts itself", async () => {
    for (const works of [true, false]) {
      const { service, key } = await family({}, () => ({ works }));
      service.deniesKeys = true;
      await expect(key.destroy()).rejects.toThrow(/still works|lists it as active/);
      expect(service.living()).toContain(key.outs.keyId);
    }
    const { service, key } = await family(named, () => ({ works: true, serviceAccountId: "renamed" }));
    rename(service);
    service.deniesKeys = true;
    await expect(key.destroy()).rejects.toThrow("does not exist, and shows it under the account renamed");
  });

  test("is revoked where it is now, also where nobody has refreshed", async () => {
    const { service, key, rotating } = await family(named);
    rename(service);
    await key.destroy();
    await rotating.destroy();
    expect(service.living()).toEqual([]);
  });

  test("is not called gone while its own secret works, although nobody lists it", async () => {
    const { service, key } = await family({}, () => ({ works: true }));
    service.keys.clear();
    expect(await key.refresh()).toEqual([]);
    await expect(key.destroy()).rejects.toThrow("is not where it was, but its own secret still works");
    expect(service.warnings.join()).not.toContain(String(key.outs.secret));
  });

  test("is asked for with its own secret only where it is missing", async () => {
    const asked: string[] = [];
    const { key } = await family({}, (secret) => {
      asked.push(secret);
      return { works: true };
    });
    await key.refresh();
    await key.destroy();
    expect(asked).toEqual([]);
  });
});

describe("What else a record tells of the service", () => {
  test("follows: the public half of a pair, and the name and the description of an account", async () => {
    const { service, account, key, rotating } = await family();
    for (const resource of [key, rotating]) service.edit(String(resource.outs.keyId), { accessId: "renamed-client" });
    const told = service.accounts.get("account-1");
    if (told) service.accounts.set("account-1", { ...told, name: "renamed", description: "other words" });
    await key.refresh();
    await rotating.refresh();
    expect([key.outs.accessId, rotating.outs.accessId]).toEqual(["renamed-client", "renamed-client"]);
    expect(await account.refresh()).toEqual(["description"]);
    expect(account.outs).toMatchObject({ physicalName: "renamed", description: "other words" });
    await account.up(accountProgram);
    expect(service.accounts.get("account-1")).toMatchObject({ name: "renamed", description: "nightly export" });
    await account.up({ ...accountProgram, name: "import" });
    expect(service.accounts.get("account-1")?.name).toMatch(/^import-[0-9a-f]{10}$/);
  });
});
