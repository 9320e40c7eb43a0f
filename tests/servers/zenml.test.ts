import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { IssuedApiKey } from "../../provider/backends/definition";
import { AuthenticationError, ConflictError } from "../../provider/errors";
import { dayMs, hourMs, minuteMs } from "../../provider/values/durations";
import { describeBackend } from "../../testing";
import { type LosingProxy, startLosingProxy } from "./support/losing-proxy";
import { common, type Stack, stackOn } from "./support/resources";
import { describeServer, startTimeoutMs } from "./support/server";
import { type RunningZenml, startZenml } from "./support/zenml/start";

// Every look at a key by its secret, and every new secret, costs the server a bcrypt.
jest.setTimeout(120_000);

describeServer("zenml", (installation) => {
  let server: RunningZenml;
  let proxy: LosingProxy;
  let session: string;
  let stack: Stack;
  /** The same server, through the proxy. */
  let lossy: Stack;
  let accounts = 0;

  beforeAll(async () => {
    server = await startZenml(installation);
    proxy = await startLosingProxy(server.url);
    stack = stackOn("zenml", { url: server.url, token: server.credential });
    lossy = stackOn("zenml", { url: proxy.url, token: server.credential });
    session = await logIn();
  }, startTimeoutMs);
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
  }, startTimeoutMs);

  describeBackend("zenml", async () => ({
    url: server.url,
    token: server.credential,
    works: ({ secret }) => works(secret),
    disableAccount: async (id) => {
      await ask("PUT", `/service_accounts/${id}`, { active: false });
    },
    disableKey: async ({ id, serviceAccountId }) => {
      await ask("PUT", `/service_accounts/${String(serviceAccountId)}/api_keys/${id}`, { active: false });
    },
    close: async () => undefined,
  }));

  const logIn = async (): Promise<string> => {
    const [username = "", password = ""] = server.credential.split(":");
    const answer = await fetch(`${server.url}/login`, {
      method: "POST",
      body: new URLSearchParams({ username, password }),
    });
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  /** What the server itself answers, past the backend. */
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const headers = { authorization: `Bearer ${session}`, "content-type": "application/json" };
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const use = async (secret: string): Promise<number> =>
    (await fetch(`${server.url}/current-user`, { headers: { authorization: `Bearer ${secret}` } })).status;
  const works = async (secret: string) => (await use(secret)) === 200;
  const newAccount = async (): Promise<string> =>
    (await stack.connection.client.createServiceAccount?.({ name: `account-${(accounts += 1)}` }))?.id ?? "";
  const newKey = async () => {
    const serviceAccountId = await newAccount();
    const key = await stack.connection.client.createKey({ serviceAccountId, name: "key" });
    return { key, ref: { id: key.id, serviceAccountId, name: "key" } };
  };
  const rotate = (
    ref: { readonly id: string; readonly serviceAccountId: string; readonly name: string },
    graceMs: number,
  ) => stack.connection.client.rotateKey?.(ref, { graceMs, name: ref.name }) as Promise<IssuedApiKey>;

  describe("answers that are lost", () => {
    test("A key whose creation was never answered is asked for again, and the server tells the same secret.", async () => {
      const serviceAccountId = await newAccount();
      const isCreate = ({ method, path }: { readonly method: string; readonly path: string }) =>
        method === "POST" && path.endsWith("/api_keys");
      proxy.seen.length = 0;
      proxy.loseAnswer(isCreate);
      const key = lossy.newKey();
      await key.up({ ...common, serviceAccountId });
      expect(proxy.seen.filter(isCreate)).toHaveLength(2);
      expect((await stack.connection.client.listKeys({ serviceAccountId }))?.map(({ id }) => id)).toEqual([
        key.outs.keyId,
      ]);
      expect(await works(key.outs.secret as string)).toBe(true);
    });

    test("A rotation whose answer is lost is not sent again, because that would kill the secret before the one that was handed out.", async () => {
      const { key, ref } = await newKey();
      const isRotation = ({ path }: { readonly path: string }) => path.endsWith("/rotate");
      proxy.seen.length = 0;
      proxy.loseAnswer(isRotation);
      await expect(lossy.connection.client.rotateKey?.(ref, { graceMs: hourMs, name: ref.name })).rejects.toThrow(
        /the connection broke before the answer was complete/,
      );
      expect(proxy.seen.filter(isRotation)).toHaveLength(1);
      expect(await works(key.secret)).toBe(true);
    });

    test("A session that the server refuses is opened anew once, also for a create.", async () => {
      const serviceAccountId = await newAccount();
      const isCreate = ({ method, path }: { readonly method: string; readonly path: string }) =>
        method === "POST" && path.endsWith("/api_keys");
      await lossy.connection.client.listKeys({ serviceAccountId });
      proxy.seen.length = 0;
      proxy.loseCredential(isCreate);
      await lossy.connection.client.createKey({ serviceAccountId, name: "key" });
      expect(proxy.seen.map(({ path }) => path.split("/").at(-1))).toEqual(["api_keys", "login", "api_keys"]);
    });
  });

  describe("rotation", () => {
    test("A rotation keeps the id, the secret before it works during the grace, and its end is told.", async () => {
      const { key, ref } = await newKey();
      const rotated = await rotate(ref, 90_000);
      expect(rotated.id).toBe(key.id);
      expect(Date.parse(rotated.previousValidUntil ?? "") - Date.now()).toBeGreaterThan(minuteMs);
      expect(Date.parse(rotated.previousValidUntil ?? "") - Date.now()).toBeLessThanOrEqual(2 * minuteMs);
      expect([await works(key.secret), await works(rotated.secret)]).toEqual([true, true]);
    });

    test("A second rotation within the grace ends the oldest secret at once: one previous secret is kept.", async () => {
      const { key, ref } = await newKey();
      const second = await rotate(ref, hourMs);
      const third = await rotate(ref, hourMs);
      expect([await works(key.secret), await works(second.secret), await works(third.secret)]).toEqual([
        false,
        true,
        true,
      ]);
    });

    test("A grace that would brick the key, so that every use of it is a 500, is refused before anything is sent.", async () => {
      const { key, ref } = await newKey();
      await expect(rotate(ref, 91 * dayMs)).rejects.toThrow(
        "the previous secret of a ZenML key can go on working for 0s to 90d after a rotation; nothing was sent.",
      );
      await expect(rotate(ref, Number.NaN)).rejects.toThrow(/nothing was sent/);
      expect((await stack.connection.client.getKey(ref))?.secretVersion).toBe(key.secretVersion);

      await ask("PUT", `/service_accounts/${ref.serviceAccountId}/api_keys/${ref.id}/rotate`, {
        retain_period_minutes: 99_999_999_999_999,
      });
      expect(await use(key.secret)).toBe(500);
      const repaired = await rotate(ref, 0);
      expect([await use(key.secret), await use(repaired.secret)]).toEqual([401, 200]);
    });

    test("A secret that somebody else has rotated shows as drift, and the key is replaced.", async () => {
      const key = stack.newKey();
      const program = { ...common, serviceAccountId: await newAccount() };
      await key.up(program);
      await ask("PUT", `/service_accounts/${program.serviceAccountId}/api_keys/${String(key.outs.keyId)}/rotate`, {
        retain_period_minutes: 0,
      });
      await key.refresh();
      expect(key.outs.status).toBe("revoked");
      expect((await key.up(program)).op).toBe("replace");
      expect(await works(key.outs.secret as string)).toBe(true);
    });
  });

  describe("the server's own rotation keeps the id, so that one id may carry a newer secret than the record's", () => {
    const program = { ...common, rotateEvery: "30d" };
    /** A key that is current, after one that is previous still, and the clock that made it so. */
    const rotated = async () => {
      const clock = { nowMs: Date.now() };
      const key = stackOn(
        "zenml",
        { url: server.url, token: server.credential },
        { nowMs: () => clock.nowMs },
      ).newRotatingKey();
      const serviceAccountId = await newAccount();
      await key.up({ ...program, serviceAccountId });
      clock.nowMs += 31 * dayMs;
      await key.up({ ...program, serviceAccountId });
      return { key, clock, serviceAccountId };
    };
    const rotateByHand = async (serviceAccountId: string, id: unknown): Promise<string> =>
      (
        (await ask("PUT", `/service_accounts/${serviceAccountId}/api_keys/${String(id)}/rotate`, {
          retain_period_minutes: 0,
        })) as { body: { key: string } }
      ).body.key;

    test("A retire leaves it alone, also as the last step of another update; an emergency ends it.", async () => {
      const { key, clock, serviceAccountId } = await rotated();
      const id = key.outs.previousKeyId;
      const newer = await rotateByHand(serviceAccountId, id);
      // A change inside the overlap retires the previous key early.
      await key.up({ ...program, serviceAccountId, keepers: { build: "2" } });
      expect(key.outs.strayKeys).toEqual([expect.objectContaining({ keyId: id })]);
      clock.nowMs += 8 * dayMs;
      await key.up({ ...program, serviceAccountId, keepers: { build: "2" } });
      expect(key.outs).not.toHaveProperty("previousKeyId");
      expect([await works(newer), await works(String(key.outs.secret))]).toEqual([true, true]);

      const emergency = { ...program, serviceAccountId, keepers: { build: "2" }, emergency: "drill" };
      await key.up(emergency);
      expect(await works(newer)).toBe(false);
      expect((await stack.connection.client.listKeys({ serviceAccountId }))?.map((told) => told.id)).toEqual([
        key.outs.keyId,
      ]);
    });

    test("A current key that somebody has rotated gets a successor and is left alone; with the resource it goes.", async () => {
      const { key, serviceAccountId } = await rotated();
      const newer = await rotateByHand(serviceAccountId, key.outs.keyId);
      expect(await key.refresh()).toContain("status");
      await key.up({ ...program, serviceAccountId });
      expect(key.outs).toMatchObject({ generation: 3, rotationReason: "revoked on the service" });
      expect([await works(newer), await works(String(key.outs.secret))]).toEqual([true, true]);
      await key.destroy();
      expect(await works(newer)).toBe(false);
      expect(await stack.connection.client.listKeys({ serviceAccountId })).toEqual([]);
    });

    test("A replacement and a destroy leave alone what has become another resource's under the same id.", async () => {
      for (const end of ["replace", "destroy"]) {
        const { key, serviceAccountId } = await rotated();
        const { keyId } = key.outs;
        const another = "other-0123456789";
        const newer = await rotateByHand(serviceAccountId, keyId);
        await ask("PUT", `/service_accounts/${serviceAccountId}/api_keys/${String(keyId)}`, { name: another });
        if (end === "destroy") await key.destroy();
        else {
          const moved = { ...program, serviceAccountId: await newAccount() };
          expect((await key.up(moved)).op).toBe("replace");
          expect(await works(String(key.outs.secret))).toBe(true);
        }
        expect(await works(newer)).toBe(true);
        expect((await stack.connection.client.listKeys({ serviceAccountId }))?.map(({ name }) => name)).toEqual([
          another,
        ]);
      }
    });
  });

  describe("names", () => {
    test("Of accounts of one name that are made at the same time one is made, and the others are conflicts that tell no hash and no SQL.", async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 6 }, async () => stack.connection.client.createServiceAccount?.({ name: "racing" })),
      );
      const errors = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as Error] : []));
      expect(errors).toHaveLength(5);
      for (const error of errors) {
        expect(error).toBeInstanceOf(ConflictError);
        expect(error.message).not.toMatch(/\$2b\$|INSERT/);
      }
      expect(await stack.connection.client.listServiceAccounts?.({ name: "racing" })).toHaveLength(1);
    });

    test("Of keys of one name that are made at the same time one is made, and the others are conflicts that tell no hash and no SQL.", async () => {
      const serviceAccountId = await newAccount();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 4 }, () => stack.connection.client.createKey({ serviceAccountId, name: "racing" })),
      );
      const errors = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as Error] : []));
      expect(errors).toHaveLength(3);
      for (const error of errors) {
        expect(error).toBeInstanceOf(ConflictError);
        expect(error.message).not.toMatch(/\$2b\$|INSERT/);
      }
      expect(await stack.connection.client.listKeys({ serviceAccountId })).toHaveLength(1);
    });

    test("All accounts are told where they are more than one page.", async () => {
      const names = Array.from({ length: 101 }, (_, index) => `many-${index}`);
      for (const name of names) await ask("POST", "/service_accounts", { name, active: true });
      const told = new Set((await stack.connection.client.listServiceAccounts?.({}))?.map(({ name }) => name));
      expect(names.filter((name) => !told.has(name))).toEqual([]);
    });
  });

  describe("drift", () => {
    test("A key that was switched off by hand shows as disabled, is left so, and replaced where the program says so.", async () => {
      const key = stack.newKey();
      const program = { ...common, serviceAccountId: await newAccount() };
      await key.up(program);
      await ask("PUT", `/service_accounts/${program.serviceAccountId}/api_keys/${String(key.outs.keyId)}`, {
        active: false,
      });
      await key.refresh();
      expect(key.outs.status).toBe("disabled");
      expect(await key.preview(program)).toMatchObject({ op: "same" });
      expect((await key.preview({ ...program, onDisabled: "replace" })).replaces).toContain("status");
    });

    test("An account that was switched off by hand shows as disabled.", async () => {
      const account = stack.newAccount();
      await account.up(common);
      await ask("PUT", `/service_accounts/${String(account.outs.accountId)}`, { active: false });
      expect(await account.refresh()).toEqual(["status"]);
      expect(account.outs.status).toBe("disabled");
    });
  });

  describe("credentials and addresses", () => {
    test("A wrong password is refused at the login, and stands in no message.", async () => {
      const { key, ref } = await newKey();
      const { client } = stackOn("zenml", { url: server.url, token: "admin:not-the-password" }).connection;
      const refusal: unknown = await client.getKey(ref).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(AuthenticationError);
      const { message } = refusal as AuthenticationError;
      expect(message).toMatch(/POST \/login answered 401: CredentialsNotValid/);
      expect(message).not.toContain("not-the-password");
      expect(await works(key.secret)).toBe(true);
    });

    test("A credential of another form is refused before anything is sent, and is not quoted.", async () => {
      const { client } = stackOn("zenml", { url: server.url, token: "just-a-token" }).connection;
      await expect(client.listKeys({ serviceAccountId: "x" })).rejects.toThrow(
        /the user name and .+ of an admin, with a colon between them: .+ The one given has another form/,
      );
    });

    test("An address that is not the API's makes no key look missing.", async () => {
      const { key, ref } = await newKey();
      const { client } = stackOn("zenml", { url: proxy.url, token: server.credential }).connection;
      await client.getKey(ref);
      for (const path of ["", "/api", "/api/v1/v2"]) {
        const elsewhere = stackOn("zenml", { url: server.url.replace("/api/v1", path), token: server.credential })
          .connection.client;
        for (const call of [
          () => elsewhere.getKey(ref),
          () => elsewhere.revokeKey(ref),
          () => elsewhere.deleteServiceAccount?.(ref.serviceAccountId),
        ]) {
          await expect((async () => call())()).rejects.toThrow(/answered (404|405)/);
        }
      }
      expect(await works(key.secret)).toBe(true);
    });
  });
});
