import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { IssuedApiKey } from "../../provider/backends/definition";
import { observeKey } from "../../provider/resources/key/key-on-service";
import { dayMs } from "../../provider/values/durations";
import { formatTime } from "../../provider/values/times";
import { describeBackend } from "../../testing";
import { type RunningHub, startHub } from "./support/jupyterhub/start";
import { startLosingProxy } from "./support/losing-proxy";
import { common, type Stack, stackOn } from "./support/resources";
import { describeServer, startTimeoutMs } from "./support/server";

jest.setTimeout(60_000);

describeServer("jupyterhub", (installation) => {
  let hub: RunningHub;
  let stack: Stack;
  let owners = 0;

  beforeAll(async () => {
    hub = await startHub(installation);
    stack = stackOn("jupyterhub", { url: hub.url, token: hub.adminToken });
  }, startTimeoutMs);
  afterAll(async () => hub?.stop(), startTimeoutMs);

  describeBackend("jupyterhub", async () => ({
    url: hub.url,
    token: hub.adminToken,
    scopes: [["custom:reports:read"], ["custom:deploy", "list:users"], ["custom:reports:write"]],
    serviceAccount: { role: "service-accounts" },
    works: ({ secret }) => works(secret),
    close: async () => undefined,
  }));

  /** What the hub itself answers, past the backend. */
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${hub.url}${path}`, {
      method,
      headers: { authorization: `token ${hub.adminToken}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const scopesOf = async (secret: string): Promise<string[]> => {
    const answer = await fetch(`${hub.url}/user`, { headers: { authorization: `token ${secret}` } });
    return answer.ok ? ((await answer.json()) as { scopes: string[] }).scopes : [];
  };
  const works = async (secret: string) => (await scopesOf(secret)).length > 0;
  const newOwner = async (role = "service-accounts"): Promise<string> =>
    (await stack.connection.client.createServiceAccount?.({ name: `owner-${(owners += 1)}`, role }))?.id ?? "";
  const issue = (serviceAccountId: string, name: string, expiresAt?: string): Promise<IssuedApiKey> =>
    stack.connection.client.createKey({
      serviceAccountId,
      name,
      scopes: ["custom:deploy"],
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });

  describe("scopes", () => {
    test("A key asked for without scopes would hold everything that its owner holds, so they are always sent.", async () => {
      const serviceAccountId = await newOwner();
      const careless = (await ask("POST", `/users/${serviceAccountId}/tokens`, { note: "careless" })) as {
        token: string;
      };
      expect(await scopesOf(careless.token)).toContain(`tokens!user=${serviceAccountId}`);

      const key = await stack.connection.client.createKey({ serviceAccountId, name: "careful" });
      expect(await scopesOf(key.secret)).toEqual([
        `read:users:groups!user=${serviceAccountId}`,
        `read:users:name!user=${serviceAccountId}`,
      ]);
    });

    test("Scopes come back expanded, unordered and with implied ones, and none of that is drift.", async () => {
      const key = stack.newKey();
      const program = {
        ...common,
        serviceAccountId: await newOwner(),
        scopes: ["read:users!user", "custom:reports:write"],
      };
      await key.up(program);
      expect(key.outs.serverScopes).toContain("custom:reports:read");
      expect(await key.refresh()).toEqual([]);
      expect(key.outs.scopes).toEqual(["custom:reports:write", "read:users!user"]);
      expect((await key.up(program)).op).toBe("same");
    });

    test("A key whose owner has left the group has lost its scopes, which is drift, and the account's next update heals it.", async () => {
      const [account, key] = [stack.newAccount(), stack.newKey()];
      const accountProgram = { ...common, role: "service-accounts" };
      await account.up(accountProgram);
      const serviceAccountId = account.outs.accountId as string;
      const keyProgram = { ...common, serviceAccountId, scopes: ["custom:deploy", "custom:reports:read"] };
      await key.up(keyProgram);

      await ask("DELETE", "/groups/service-accounts/users", { users: [serviceAccountId] });
      expect(await key.refresh()).toEqual(["scopes"]);
      expect((await key.preview(keyProgram)).op).toBe("replace");
      expect(await account.refresh()).toEqual(["role"]);
      expect((await account.up(accountProgram)).op).toBe("update");

      expect(await key.refresh()).toEqual(["scopes"]);
      expect(key.outs.scopes).toEqual(["custom:deploy", "custom:reports:read"]);
      expect((await key.up(keyProgram)).op).toBe("same");
      expect(await scopesOf(key.outs.secret as string)).toContain("custom:deploy");
    });

    test("A scope that the owner does not hold is refused in the hub's words, and makes no key.", async () => {
      const serviceAccountId = await newOwner("deployers");
      const key = stack.newKey();
      await expect(key.up({ ...common, serviceAccountId, scopes: ["custom:reports:read"] })).rejects.toThrow(
        /answered 400: Not assigning requested scopes custom:reports:read not held by User owner-\d+\. A key can have no scope that its account lacks/,
      );
      expect(await stack.connection.client.listKeys({ serviceAccountId })).toEqual([]);
    });

    test("A slip in the name of a scope is found in the preview, with the nearest one.", async () => {
      const { failures } = await stack.newKey().preview({
        ...common,
        serviceAccountId: "somebody",
        scopes: ["read:user!group=analysts", "list:user", "inherit"],
      });
      expect(failures.map(({ reason }) => reason)).toEqual([
        expect.stringContaining('"inherit" is a wildcard'),
        expect.stringContaining('did you mean "list:users"'),
        expect.stringContaining('did you mean "read:users!group=analysts"'),
      ]);
    });
  });

  describe("ids that are given again", () => {
    test("A key whose id was given to another key of its account is missing, and its revocation leaves the other one alone.", async () => {
      const serviceAccountId = await newOwner();
      const key = stack.newKey();
      await key.up({ ...common, serviceAccountId, scopes: ["custom:deploy"] });
      const id = key.outs.keyId as string;
      await ask("DELETE", `/users/${serviceAccountId}/tokens/${id}`);
      const heir = await issue(serviceAccountId, "heir");
      expect(heir.id).toBe(id);

      await key.refresh();
      expect(key.outs.status).toBe("missing");
      await key.destroy();
      expect(await works(heir.secret)).toBe(true);
    });

    test("A key whose id was given to another account's key is missing, and its revocation leaves the other one alone.", async () => {
      const [serviceAccountId, stranger] = [await newOwner(), await newOwner()];
      const key = stack.newKey();
      await key.up({ ...common, serviceAccountId, scopes: ["custom:deploy"] });
      await ask("DELETE", `/users/${serviceAccountId}/tokens/${String(key.outs.keyId)}`);
      const heir = await issue(stranger, "heir");
      expect(heir.id).toBe(key.outs.keyId);

      await key.refresh();
      expect(key.outs.status).toBe("missing");
      await key.destroy();
      expect(await works(heir.secret)).toBe(true);
    });

    test("A key that was made anew by hand under the same id and the same exact name is not taken for ours.", async () => {
      const serviceAccountId = await newOwner();
      const key = stack.newKey();
      await key.up({ ...common, serviceAccountId, name: "exact", exactName: true, scopes: ["custom:deploy"] });
      await ask("DELETE", `/users/${serviceAccountId}/tokens/${String(key.outs.keyId)}`);
      expect((await issue(serviceAccountId, "exact")).id).toBe(key.outs.keyId);
      await key.refresh();
      expect(key.outs.status).toBe("revoked");
    });
  });

  describe("rotation", () => {
    test("A successor that was given the id of the key before, which somebody had deleted, is revoked by nothing but the end of its resource.", async () => {
      for (const change of [
        { keepers: { build: "2" } },
        { emergency: "drill" },
        { retire: "immediately", keepers: { build: "2" } },
      ]) {
        const serviceAccountId = await newOwner();
        const key = stack.newRotatingKey();
        const program = { ...common, serviceAccountId, scopes: ["custom:deploy"], rotateEvery: "30d" };
        await key.up(program);
        const old = key.outs;
        await ask("DELETE", `/users/${serviceAccountId}/tokens/${String(old.keyId)}`);
        // Nobody has refreshed, so the update takes the key before for alive.
        expect((await key.up({ ...program, ...change })).op).toBe("update");
        expect(key.outs).toMatchObject({ keyId: old.keyId, generation: 2 });
        expect(key.outs).not.toHaveProperty("previousKeyId");
        const { secret } = key.outs;
        expect(await works(String(secret))).toBe(true);
        expect((await key.up({ ...program, ...change })).op).toBe("same");
        await key.destroy();
        expect(await works(String(secret))).toBe(false);
      }
    });

    test("A previous key whose id was given to somebody else's key is over, and that one goes on working.", async () => {
      let nowMs = Date.now();
      const later = stackOn("jupyterhub", { url: hub.url, token: hub.adminToken }, { nowMs: () => nowMs });
      const [serviceAccountId, stranger] = [await newOwner(), await newOwner()];
      const key = later.newRotatingKey();
      const program = {
        ...common,
        serviceAccountId,
        scopes: ["custom:deploy"],
        rotateEvery: "30d",
        retire: "whenUnused",
      };
      await key.up(program);
      nowMs += 30 * dayMs;
      await key.up(program);
      const [previous, current] = [String(key.outs.previousKeyId), String(key.outs.keyId)];
      // The hub gives the highest ids anew: both go, and come back in the hands of others.
      for (const id of [current, previous]) await ask("DELETE", `/users/${serviceAccountId}/tokens/${id}`);
      const heirs = [await issue(stranger, "heir"), await issue(serviceAccountId, "other")];
      expect(heirs.map(({ id }) => id)).toEqual([previous, current]);
      nowMs += 10 * dayMs;
      await key.up(program);
      expect(key.outs).toMatchObject({ generation: 3, status: "active", rotationReason: "gone from the service" });
      await key.destroy();
      for (const { secret } of heirs) expect(await works(secret)).toBe(true);
      expect((await stack.connection.client.listKeys({ serviceAccountId }))?.map(({ name }) => name)).toEqual([
        "other",
      ]);
    });
  });

  describe("what a 403 and a 404 prove", () => {
    test("A wrong credential is a 403 and never makes a key look missing.", async () => {
      const serviceAccountId = await newOwner();
      const key = await issue(serviceAccountId, "kept");
      const { client } = stackOn("jupyterhub", { url: hub.url, token: "0".repeat(64) }).connection;
      const ref = { id: key.id, serviceAccountId, name: "kept" };
      for (const call of [() => client.getKey(ref), () => client.revokeKey(ref)]) {
        await expect((async () => call())()).rejects.toThrow(/answered 403: Missing or invalid credentials/);
      }
      expect(await works(key.secret)).toBe(true);
    });

    test("A credential that is limited to a group gets a 404 for whoever is outside, and no key looks missing to it.", async () => {
      const [inside, outside] = [await newOwner(), await newOwner("deployers")];
      const { client } = stackOn("jupyterhub", { url: hub.url, token: hub.limitedToken }).connection;
      const key = await issue(outside, "kept");
      const ref = { id: key.id, serviceAccountId: outside, name: "kept" };
      for (const call of [
        () => client.getKey(ref),
        () => client.revokeKey(ref),
        () => client.listKeys(ref),
        () => client.getServiceAccount?.(outside),
        () => client.deleteServiceAccount?.(outside),
      ]) {
        await expect((async () => call())()).rejects.toThrow(
          /answered 404: No access to resources or resources not found\. This does not prove that it is gone\..*filter/,
        );
      }
      expect(await works(key.secret)).toBe(true);
      expect(await client.listKeys({ serviceAccountId: inside })).toEqual([]);
      expect(await client.getKey({ ...ref, serviceAccountId: inside })).toBeUndefined();
    });

    test("An address that is not the API's makes no key look missing.", async () => {
      const serviceAccountId = await newOwner();
      const key = await issue(serviceAccountId, "kept");
      const ref = { id: key.id, serviceAccountId, name: "kept" };
      for (const url of [hub.url.replace("/hub/api", ""), hub.url.replace("/api", ""), `${hub.url}/v1`]) {
        const { client } = stackOn("jupyterhub", { url, token: hub.adminToken }).connection;
        for (const call of [
          () => client.getKey(ref),
          () => client.revokeKey(ref),
          () => client.deleteServiceAccount?.(serviceAccountId),
        ]) {
          await expect((async () => call())()).rejects.toThrow(
            /answered 404.*must end in \/hub\/api|was redirected \(302\)|answered 403/,
          );
        }
      }
      expect(await works(key.secret)).toBe(true);
    });
  });

  describe("the end of a key", () => {
    test("An expired key is told as expired, and as missing once somebody's listing has deleted it.", async () => {
      const serviceAccountId = await newOwner();
      const { id, secret } = await issue(serviceAccountId, "short", formatTime(Date.now() + 2_000));
      const ref = { id, serviceAccountId, name: "short" };
      expect(await works(secret)).toBe(true);
      await wait(3_000);
      expect((await observeKey(stack.connection, ref, Date.now())).status).toBe("expired");
      expect(await works(secret)).toBe(false);
      expect(await stack.connection.client.listKeys({ serviceAccountId })).toEqual([]);
      expect((await observeKey(stack.connection, ref, Date.now())).status).toBe("missing");
    });

    test("A key ends at the time in its record, also where APIKEYS_NOW has set another clock.", async () => {
      const key = stackOn(
        "jupyterhub",
        { url: hub.url, token: hub.adminToken },
        { nowMs: () => Date.parse("2100-01-01T00:00:00Z"), heedsServiceClock: () => false },
      ).newKey();
      await key.up({ ...common, serviceAccountId: await newOwner(), scopes: ["custom:deploy"], expiresIn: "30d" });
      // The record has the end that the hub gave, which counts whole seconds from the request.
      const early = Date.parse("2100-01-31T00:00:00Z") - Date.parse(String(key.outs.expiresAt));
      expect(early).toBeGreaterThanOrEqual(0);
      expect(early).toBeLessThanOrEqual(60_000);
      expect(await key.refresh()).toEqual([]);
    });

    test("A key whose end is over by the real clock is refused before anything is sent, because the hub counts from now.", async () => {
      const serviceAccountId = await newOwner();
      await expect(issue(serviceAccountId, "late", "2020-01-01T00:00:00Z")).rejects.toThrow(
        /would end at 2020-01-01T00:00:00Z, which is over by this machine's clock; nothing was sent/,
      );
      expect(await stack.connection.client.listKeys({ serviceAccountId })).toEqual([]);
    });

    test("Where the hub limits the life of keys, a key gets an end that nobody asked for, which is no drift, and a longer one is refused.", async () => {
      const strict = await startHub(installation, { mostSeconds: 3600 });
      try {
        const limited = stackOn("jupyterhub", { url: strict.url, token: strict.adminToken });
        const account = await limited.connection.client.createServiceAccount?.({
          name: "owner",
          role: "service-accounts",
        });
        const program = { ...common, serviceAccountId: account?.id, scopes: ["custom:deploy"] };
        const key = limited.newKey();
        await key.up(program);
        expect(Date.parse(String(key.outs.expiresAt)) - Date.now()).toBeLessThanOrEqual(3_600_000);
        expect(await key.refresh()).toEqual([]);
        expect((await key.up(program)).op).toBe("same");
        await expect(limited.newKey().up({ ...program, expiresIn: "1d" })).rejects.toThrow(
          /answered 400: token expires_in: \d+ must not exceed 3600/,
        );
      } finally {
        await strict.stop();
      }
    });
  });

  describe("a user whom an administrator renames", () => {
    test("keeps its tokens, which are found by their marks, shown under the new name, and revoked there.", async () => {
      const program = { ...common, serviceAccountId: await newOwner(), scopes: ["custom:deploy"] };
      const keys = [stack.newKey(), stack.newKey(), stack.newRotatingKey()];
      for (const key of keys) await key.up({ ...program, ...(key === keys[2] && { rotateEvery: "30d" }) });
      const renamed = `${program.serviceAccountId}-renamed`;
      await ask("PATCH", `/users/${program.serviceAccountId}`, { name: renamed });
      const [refreshed, destroyed, rotating] = keys;
      for (const key of [refreshed, rotating]) {
        expect(await key?.refresh()).toEqual(["serviceAccountId"]);
        expect(key?.outs).toMatchObject({ status: "active", serviceAccountId: renamed });
      }
      for (const key of [refreshed, destroyed, rotating]) {
        const secret = String(key?.outs.secret);
        expect(await works(secret)).toBe(true);
        await key?.destroy();
        expect(await works(secret)).toBe(false);
      }
      expect(await ask("GET", `/users/${renamed}/tokens`)).toEqual({ api_tokens: [] });
    });
  });

  describe("accounts and their groups", () => {
    test("An account's role is the group it is a member of, and a new role moves it there in place.", async () => {
      const account = stack.newAccount();
      await account.up({ ...common, role: "service-accounts" });
      const id = account.outs.accountId;
      expect((await account.up({ ...common, role: "deployers" })).op).toBe("update");
      expect(account.outs.accountId).toBe(id);
      expect(await ask("GET", `/users/${String(id)}`)).toMatchObject({ groups: ["deployers"] });
      expect(await account.refresh()).toEqual([]);
      expect((await account.up(common)).op).toBe("update");
      expect(await ask("GET", `/users/${String(id)}`)).toMatchObject({ groups: [] });
    });

    test("An account that somebody has put into a further group has drifted, and the next update takes it out.", async () => {
      const account = stack.newAccount();
      const program = { ...common, role: "service-accounts" };
      await account.up(program);
      await ask("POST", "/groups/deployers/users", { users: [account.outs.accountId] });
      expect(await account.refresh()).toEqual(["role"]);
      expect(account.outs.role).toBe("deployers, service-accounts");
      await account.up(program);
      expect(await ask("GET", `/users/${String(account.outs.accountId)}`)).toMatchObject({
        groups: ["service-accounts"],
      });
    });

    test("An account whose group does not exist is refused, and not left behind.", async () => {
      await expect(stack.newAccount().up({ ...common, name: "groupless", role: "no-such-group" })).rejects.toThrow(
        /answered 404: No such group: no-such-group\. The account's role is the name of a group of the hub/,
      );
      const all = (await stack.connection.client.listServiceAccounts?.({})) ?? [];
      expect(all.filter(({ name }) => name.startsWith("groupless"))).toEqual([]);
    });

    test("An account whose creation was never answered is found by its name, and gets the group that it lacks.", async () => {
      const proxy = await startLosingProxy(hub.url);
      try {
        const account = stackOn("jupyterhub", { url: proxy.url, token: hub.adminToken }).newAccount();
        proxy.loseAnswer(({ method }) => method === "POST");
        await account.up({ ...common, role: "service-accounts" });
        expect(await ask("GET", `/users/${String(account.outs.accountId)}`)).toMatchObject({
          groups: ["service-accounts"],
        });
      } finally {
        await proxy.close();
      }
    });

    test("An account's name is folded to lower case, as the hub does it, and found again.", async () => {
      const account = await stack.connection.client.createServiceAccount?.({ name: "CamelCase" });
      expect(account).toMatchObject({ id: "camelcase", name: "camelcase" });
      expect(await stack.connection.client.listServiceAccounts?.({ name: "CamelCase" })).toEqual([account]);
    });

    test("All accounts are told where they are more than one page.", async () => {
      const names = Array.from({ length: 201 }, (_, index) => `many-${index}`);
      await ask("POST", "/users", { usernames: names });
      const told = new Set((await stack.connection.client.listServiceAccounts?.({}))?.map(({ name }) => name));
      expect(names.filter((name) => !told.has(name))).toEqual([]);
    });
  });

  test("A key whose creation was never answered is revoked, and made again with a secret that is known.", async () => {
    const proxy = await startLosingProxy(hub.url);
    try {
      const serviceAccountId = await newOwner();
      const key = stackOn("jupyterhub", { url: proxy.url, token: hub.adminToken }).newKey();
      proxy.loseAnswer(({ method }) => method === "POST");
      await key.up({ ...common, serviceAccountId, scopes: ["custom:deploy"] });
      expect(proxy.seen.filter(({ method }) => method === "POST")).toHaveLength(2);
      expect((await stack.connection.client.listKeys({ serviceAccountId }))?.map(({ name }) => name)).toEqual([
        key.outs.physicalName,
      ]);
      expect(await works(key.outs.secret as string)).toBe(true);
    } finally {
      await proxy.close();
    }
  });
});
