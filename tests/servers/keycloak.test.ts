import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { IssuedApiKey } from "../../provider/backends/definition";
import { fingerprintOf } from "../../provider/values/fingerprint";
import { minuteMs, secondMs } from "../../provider/values/durations";
import { AuthenticationError, ConflictError } from "../../provider/errors";
import { createMarking } from "../../provider/resources/identity/marking";
import { describeBackend } from "../../testing";
import { examplesDir, runReadme, testWithEngine } from "./support/example";
import { ask, createRealm, logInWith, send, setPolicy } from "./support/keycloak/realm";
import { type RunningKeycloak, startKeycloak } from "./support/keycloak/start";
import { type LosingProxy, type SeenRequest, startLosingProxy } from "./support/losing-proxy";
import { common, type Stack, stackOn } from "./support/resources";
import { describeServer, startTimeoutMs } from "./support/server";

jest.setTimeout(60_000);

/** What the server tells of a client. */
interface Client {
  readonly id: string;
  readonly secret: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly defaultClientScopes: readonly string[];
  readonly optionalClientScopes: readonly string[];
}

describeServer("keycloak", (installation) => {
  let server: RunningKeycloak;
  let proxy: LosingProxy;
  let stack: Stack;
  /** The same realm, through the proxy. */
  let lossy: Stack;

  beforeAll(async () => {
    server = await startKeycloak(installation);
    proxy = await startLosingProxy(server.url);
    await createRealm(server, "plain");
    await createRealm(server, "rotating", { lifeSeconds: 3_600, graceSeconds: 600 });
    stack = inRealm("plain");
    lossy = stackOn("keycloak", { url: proxy.url, token: server.credential }, { fields: { realm: "plain" } });
  }, startTimeoutMs);
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
  }, startTimeoutMs);

  const inRealm = (realm: string, fields: object = {}) =>
    stackOn("keycloak", { url: server.url, token: server.credential }, { fields: { realm, ...fields } });
  const works = async (
    realm: string,
    { accessId, secret }: { readonly accessId?: unknown; readonly secret?: unknown },
  ) => (await logInWith(server, realm, String(accessId), String(secret))).status === 200;
  const clientOf = async (realm: string, id: unknown): Promise<Client> =>
    (await ask(server, "GET", `/admin/realms/${realm}/clients/${String(id)}`)) as Client;
  const change = async (realm: string, id: unknown, body: object): Promise<number> =>
    (await send(server, "PUT", `/admin/realms/${realm}/clients/${String(id)}`, body)).status;
  const regenerate = async (realm: string, id: unknown): Promise<string> =>
    ((await ask(server, "POST", `/admin/realms/${realm}/clients/${String(id)}/client-secret`)) as { value: string })
      .value;

  let accounts = 0;
  const newAccount = async ({ connection: { client } } = stack): Promise<string> =>
    (await client.createServiceAccount?.({ name: `account-${(accounts += 1)}` }))?.id ?? "";
  const newKey = (serviceAccountId: string, name: string, { connection: { client } } = stack): Promise<IssuedApiKey> =>
    client.createKey({ serviceAccountId, name });
  const rotate = async (id: string, name: string, graceMs: number, { connection: { client } } = stack) =>
    (await client.rotateKey?.({ id, serviceAccountId: id, name }, { graceMs, name })) as IssuedApiKey;

  for (const fields of [{ realm: "plain" }, { realm: "rotating", rotationGrace: "10m" }]) {
    describe(`the realm "${fields.realm}"`, () => {
      describeBackend(
        "keycloak",
        async () => ({
          url: server.url,
          token: server.credential,
          scopes: [["profile", "email"], ["address"]],
          // A client without these attributes of ours has no key, or is no account.
          absenceFields: ["attributes.pulumi-apikeys.key", "attributes.pulumi-apikeys.account"],
          works: (key) => works(fields.realm, key),
          // Under a policy on secrets the server fails without attributes.
          disableAccount: async (id) => {
            await change(fields.realm, id, { enabled: false, attributes: {} });
          },
          close: async () => undefined,
        }),
        fields,
      );
    });
  }

  describe("one secret per client", () => {
    test("A second key on one account is refused, and the error names both; the first goes on working.", async () => {
      const id = await newAccount();
      const first = await newKey(id, "first");
      await expect(newKey(id, "second")).rejects.toThrow(
        /^the service account "account-\d+" carries the key "first" already, made at 20\S+Z, and Keycloak keeps one secret per client; the key "second" was not made\. Give each key a ServiceAccount of its own\. If an interrupted run left that key and nobody uses it, remove the attribute pulumi-apikeys\.key of the client \S+, and run again\.$/,
      );
      expect(await works("plain", first)).toBe(true);
    });

    test("Of two keys that are made for one account side by side one is made.", async () => {
      const id = await newAccount();
      const outcomes = await Promise.allSettled([newKey(id, "mine"), newKey(id, "theirs")]);
      const made = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      expect(made).toHaveLength(1);
      expect(await works("plain", made[0] ?? {})).toBe(true);
    });

    test("A key that a killed run left on an account is replaced by one update, and a key of another resource is not.", async () => {
      const serviceAccountId = await newAccount();
      const program = { ...common, serviceAccountId, allowOutage: true };
      const run = () => {
        const warnings: string[] = [];
        const warn = (message: string) => warnings.push(message);
        // The account is recorded, and its id is the one that the key goes by.
        const state = { identity: "one state", names: new Set(["account"]), holders: new Map() };
        const marking = createMarking(() => Promise.resolve(state), warn);
        const server_ = { url: server.url, token: server.credential };
        return { key: stackOn("keycloak", server_, { fields: { realm: "plain" }, marking, warn }).newKey(), warnings };
      };
      const killed = run();
      await killed.key.up(program);
      const { key, warnings } = run();
      await key.up(program);
      expect(warnings).toEqual([
        expect.stringContaining(`(${String(killed.key.outs.physicalName)}) was left by an interrupted run`),
      ]);
      expect([await works("plain", killed.key.outs), await works("plain", key.outs)]).toEqual([false, true]);

      const other = { ...program, origin: `${common.origin}-2` };
      await expect(run().key.up(other)).rejects.toThrow(/carries the key .* already, made at 20/);
      expect(await works("plain", key.outs)).toBe(true);
    });

    test("A revoked key leaves a secret behind that nobody knows, and the account free for another key.", async () => {
      const id = await newAccount();
      const first = await newKey(id, "first");
      await stack.connection.client.revokeKey({ id, serviceAccountId: id, name: "first" });
      const { secret, attributes } = await clientOf("plain", id);
      expect(secret).not.toBe(first.secret);
      expect(Object.keys(attributes)).not.toContain("pulumi-apikeys.key");
      expect(await works("plain", await newKey(id, "second"))).toBe(true);
      expect(await stack.connection.client.revokeKey({ id, serviceAccountId: id, name: "first" })).toBe("absent");
      expect((await stack.connection.client.listKeys({ serviceAccountId: id }))?.map(({ name }) => name)).toEqual([
        "second",
      ]);
    });

    test("A client that no ServiceAccount made keeps its secret, and gets no key until it is handed over.", async () => {
      await ask(server, "POST", "/admin/realms/plain/clients", {
        clientId: "somebody's",
        secret: "in-use-somewhere",
        publicClient: false,
        serviceAccountsEnabled: true,
      });
      const [client] = (await ask(server, "GET", "/admin/realms/plain/clients?clientId=somebody's")) as Client[];
      const id = client?.id ?? "";
      await expect(newKey(id, "key")).rejects.toThrow(
        /^the client "somebody's" was not made by a ServiceAccount\. Making a key would replace its secret, which may be in use, so nothing was done\. .*hand the client over: set its attribute pulumi-apikeys\.account to true\.$/,
      );
      expect(await works("plain", { accessId: "somebody's", secret: "in-use-somewhere" })).toBe(true);
      await change("plain", id, { attributes: { "pulumi-apikeys.account": "true" } });
      expect(await works("plain", await newKey(id, "key"))).toBe(true);
    });

    test("A replacement on one account needs consent, revokes the old key first, and keeps the id.", async () => {
      const key = stack.newKey();
      const program = { ...common, serviceAccountId: await newAccount(), allowOutage: true };
      expect((await key.preview({ ...program, allowOutage: false })).failures).toEqual([
        {
          property: "allowOutage",
          reason: expect.stringMatching(/^keycloak keeps one key per account, so replacing it leaves a gap/),
        },
      ]);
      await key.up(program);
      const old = key.outs;
      expect(await key.up({ ...program, keepers: { round: "2" } })).toMatchObject({
        op: "replace",
        deletedFirst: true,
      });
      expect(key.outs.keyId).toBe(old.keyId);
      expect([await works("plain", old), await works("plain", key.outs)]).toEqual([false, true]);
    });

    test("Labels stand in the client's attributes, and change without touching the secret.", async () => {
      const [account, key] = [stack.newAccount(), stack.newKey()];
      await account.up({ ...common, labels: { owner: "team-a" } });
      const program = { ...common, serviceAccountId: account.outs.accountId, allowOutage: true };
      await key.up({ ...program, labels: { purpose: "export" } });
      await key.up({ ...program, labels: { purpose: "import" } });
      await account.up({ ...common, labels: { owner: "team-b" } });
      expect((await clientOf("plain", account.outs.accountId)).attributes).toMatchObject({
        "pulumi-apikeys.account-labels": '{"owner":"team-b"}',
        "pulumi-apikeys.key-labels": '{"purpose":"import"}',
      });
      expect(await works("plain", key.outs)).toBe(true);
    });
  });

  describe("what an administrator changes of a client", () => {
    test("A clientId that was renamed shows in the key's public half and in the account's name, and nothing is replaced.", async () => {
      const [account, key] = [stack.newAccount(), stack.newKey()];
      await account.up(common);
      const program = { ...common, serviceAccountId: String(account.outs.accountId), allowOutage: true };
      await key.up(program);
      await change("plain", program.serviceAccountId, { clientId: "renamed-by-hand", description: "other words" });
      expect(await works("plain", key.outs)).toBe(false);
      await key.refresh();
      expect(key.outs).toMatchObject({ status: "active", accessId: "renamed-by-hand" });
      expect(await works("plain", key.outs)).toBe(true);
      expect(await account.refresh()).toEqual(["description"]);
      expect(account.outs).toMatchObject({ physicalName: "renamed-by-hand", description: "other words" });
      expect(await key.up(program)).toMatchObject({ op: "same" });
      await key.destroy();
      await account.destroy();
    });

    test("A client that was disabled gets no new secret, however often it is updated.", async () => {
      const key = stack.newKey();
      const program = { ...common, serviceAccountId: await newAccount(), allowOutage: true };
      await key.up(program);
      const { secret } = key.outs;
      await change("plain", program.serviceAccountId, { enabled: false });
      for (let round = 0; round < 2; round += 1) {
        await key.refresh();
        expect(key.outs.status).toBe("disabled");
        expect(await key.up(program)).toMatchObject({ op: "same" });
      }
      await expect(key.up({ ...program, onDisabled: "replace" })).rejects.toThrow(
        /is disabled, so it gets no new secret; nothing was changed/,
      );
      await change("plain", program.serviceAccountId, { enabled: true });
      expect((await clientOf("plain", program.serviceAccountId)).secret === secret).toBe(false);
    });
  });

  describe("secrets that others change", () => {
    test("A secret that was regenerated in the console shows as drift, and the key is made anew.", async () => {
      const key = stack.newKey();
      const program = { ...common, serviceAccountId: await newAccount(), allowOutage: true };
      await key.up(program);
      await regenerate("plain", program.serviceAccountId);
      await key.refresh();
      expect(key.outs.status).toBe("revoked");
      expect((await key.up(program)).op).toBe("replace");
      expect(await works("plain", key.outs)).toBe(true);
    });

    test("A chosen secret leaves no fingerprint in the record, and its regeneration shows as drift all the same.", async () => {
      const key = stack.newKey();
      const program = { ...common, serviceAccountId: await newAccount(), allowOutage: true, secretValue: "hunter2" };
      await key.up(program);
      const { secret, ...others } = key.outs;
      expect(secret).toBe("hunter2");
      expect(JSON.stringify(others)).not.toContain(fingerprintOf("hunter2"));
      expect(await key.refresh()).toEqual([]);
      await wait(secondMs);
      await regenerate("plain", program.serviceAccountId);
      await key.refresh();
      expect(key.outs.status).toBe("revoked");
    });
  });

  describe("scopes", () => {
    test("The server drops scopes that it does not know; the backend refuses them, and leaves nothing behind.", async () => {
      const answer = await send(server, "POST", "/admin/realms/plain/clients", {
        clientId: "dropped",
        serviceAccountsEnabled: true,
        defaultClientScopes: ["profile", "no-such"],
      });
      expect(answer).toMatchObject({ status: 201, body: undefined });
      expect(
        (await clientOf("plain", answer.location.split("/").pop())).defaultClientScopes.filter(
          (name) => name !== "service_account",
        ),
      ).toEqual(["profile"]);

      const message =
        'the realm "plain" has no client scope "profil" (did you mean "profile"?), and Keycloak would leave it out without a word, so nothing was changed. Its client scopes: acr, address, ';
      await expect(stack.newAccount().up({ ...common, name: "unknown-scope", scopes: ["profil"] })).rejects.toThrow(
        message,
      );
      expect(
        (await stack.connection.client.listServiceAccounts?.({}))?.filter(({ name }) =>
          name.startsWith("unknown-scope"),
        ),
      ).toEqual([]);
      const id = await newAccount();
      await expect(
        (async () => stack.connection.client.updateServiceAccount?.(id, { scopes: ["profil"] }))(),
      ).rejects.toThrow(message);
      expect((await clientOf("plain", id)).defaultClientScopes).toContain("email");
    });

    test("An account has the scopes that were asked for and no optional ones, also where a scope was optional before.", async () => {
      const id = await newAccount();
      const scopes = (await ask(server, "GET", "/admin/realms/plain/client-scopes")) as { id: string; name: string }[];
      const phone = scopes.find(({ name }) => name === "phone")?.id ?? "";
      expect(
        (await send(server, "PUT", `/admin/realms/plain/clients/${id}/default-client-scopes/${phone}`)).status,
      ).toBe(204);
      expect((await clientOf("plain", id)).defaultClientScopes).not.toContain("phone");

      await stack.connection.client.updateServiceAccount?.(id, { scopes: ["phone", "profile"] });
      const { defaultClientScopes, optionalClientScopes } = await clientOf("plain", id);
      expect([[...defaultClientScopes].sort(), optionalClientScopes]).toEqual([
        ["phone", "profile", "service_account"],
        [],
      ]);
      const key = await newKey(id, "key");
      expect((await logInWith(server, "plain", key.accessId ?? "", key.secret)).scope.split(" ").sort()).toEqual([
        "phone",
        "profile",
      ]);
    });

    test("The scope that the server adds by itself is no drift, and is not to be asked for.", async () => {
      const account = stack.newAccount();
      const program = { ...common, scopes: ["profile"] };
      await account.up(program);
      expect(await account.refresh()).toEqual([]);
      expect((await account.preview({ ...program, scopes: ["profile", "service_account"] })).failures).toEqual([
        { property: "scopes", reason: expect.stringContaining('has no scope "service_account"') },
      ]);
    });
  });

  describe("rotation by the realm's policy", () => {
    const grace = { rotationGrace: "10m" };

    test("A rotation tells when the policy ends the secret before, and an emergency ends it at once.", async () => {
      const rotating = inRealm("rotating", grace);
      const id = await newAccount(rotating);
      const first = await newKey(id, "key", rotating);
      const second = await rotate(id, "key", 10 * minuteMs, rotating);
      const untilMs = Date.parse(second.previousValidUntil ?? "") - Date.now();
      expect(untilMs).toBeGreaterThan(9 * minuteMs);
      expect(untilMs).toBeLessThanOrEqual(10 * minuteMs + secondMs);
      expect([await works("rotating", first), await works("rotating", second)]).toEqual([true, true]);
      const third = await rotate(id, "key", 0, rotating);
      expect([await works("rotating", first), await works("rotating", second), await works("rotating", third)]).toEqual(
        [false, false, true],
      );
    });

    test("A RotatingApiKey keeps its id: the policy's grace is its overlap, and without a policy it wants consent to the gap.", async () => {
      let nowMs = Date.now();
      const [rotating, plain] = ["rotating", "plain"].map((realm) =>
        stackOn(
          "keycloak",
          { url: server.url, token: server.credential },
          { nowMs: () => nowMs, fields: { realm, ...(realm === "rotating" ? grace : {}) } },
        ),
      ) as [Stack, Stack];
      const key = rotating.newRotatingKey();
      const program = { ...common, serviceAccountId: await newAccount(rotating), rotateEvery: "30m" };
      await key.up(program);
      const first = key.outs;
      nowMs += 31 * minuteMs;
      expect((await key.up(program)).op).toBe("update");
      const second = key.outs;
      expect(second).toMatchObject({ keyId: first.keyId, generation: 2, previousSecret: first.secret });
      expect([await works("rotating", first), await works("rotating", second)]).toEqual([true, true]);
      await key.destroy();
      expect([await works("rotating", first), await works("rotating", second)]).toEqual([false, false]);

      const gapped = { ...program, serviceAccountId: await newAccount(plain) };
      expect((await plain.newRotatingKey().preview(gapped)).failures).toEqual([
        { property: "allowOutage", reason: expect.stringContaining("or let the service give a grace (rotationGrace)") },
      ]);
      expect((await plain.newRotatingKey().preview({ ...gapped, allowOutage: true })).failures).toEqual([]);
    });

    test("A rotation that a killed run had begun is repeated without ending the grace of the published secret.", async () => {
      const rotating = inRealm("rotating", grace);
      const key = rotating.newRotatingKey();
      const before = { ...common, serviceAccountId: await newAccount(rotating), rotateEvery: "30m" };
      await key.up(before);
      const first = key.state;
      const program = { ...before, keepers: { seenBy: "2" } };
      await key.up(program);
      const lost = key.outs;
      // The killed run recorded nothing.
      key.state = first;
      await key.up(program);
      expect(await Promise.all([first?.outs ?? {}, lost, key.outs].map((each) => works("rotating", each)))).toEqual([
        true,
        false,
        true,
      ]);
      expect(key.outs).toMatchObject({
        previousSecret: first?.outs.secret,
        previousValidUntil: lost.previousValidUntil,
      });
      await key.refresh();
      expect(key.outs.status).toBe("active");
      await key.up({ ...program, emergency: "drill" });
      expect([await works("rotating", first?.outs ?? {}), await works("rotating", key.outs)]).toEqual([false, true]);
    });

    test("A grace beyond the policy's, or without any policy, is refused before anything is rotated.", async () => {
      const [rotating, plain] = [inRealm("rotating", { rotationGrace: "1h" }), inRealm("plain", grace)];
      const [id, other] = [await newAccount(rotating), await newAccount(plain)];
      const [key, plainKey] = [await newKey(id, "key", rotating), await newKey(other, "key", plain)];
      await expect(rotate(id, "key", 60 * minuteMs, rotating)).rejects.toThrow(
        'the realm "rotating" lets an old secret work for 10m, and 1h are wanted, so nothing was rotated.',
      );
      await expect(rotate(other, "key", 10 * minuteMs, plain)).rejects.toThrow(
        'the realm "plain" has no policy that lets an old secret work on, and 10m are wanted, so nothing was rotated.',
      );
      expect([await works("rotating", key), await works("plain", plainKey)]).toEqual([true, true]);
    });

    test("A rotation whose answer is lost is not sent again, because that would end the secret that was handed out.", async () => {
      const rotating = stackOn(
        "keycloak",
        { url: proxy.url, token: server.credential },
        { fields: { realm: "rotating", ...grace } },
      );
      const id = await newAccount(rotating);
      const key = await newKey(id, "key", rotating);
      const isRotation = ({ method, path }: SeenRequest) => method === "POST" && path.endsWith("/client-secret");
      proxy.seen.length = 0;
      proxy.loseAnswer(isRotation);
      await expect(rotate(id, "key", 10 * minuteMs, rotating)).rejects.toThrow(
        /the connection broke before the answer was complete/,
      );
      expect(proxy.seen.filter(isRotation)).toHaveLength(1);
      expect(await works("rotating", key)).toBe(true);
    });
  });

  describe("secrets that have expired", () => {
    let brief: Stack;
    beforeAll(async () => {
      await createRealm(server, "brief", { lifeSeconds: 2, graceSeconds: 2 });
      brief = inRealm("brief", { rotationGrace: "2s" });
    });

    test("A change by hand revives an expired secret, or is a 500; the backend's changes do neither.", async () => {
      const [raw, bare, ours] = [await newAccount(brief), await newAccount(brief), await newAccount(brief)];
      const keys = [
        await newKey(raw, "raw", brief),
        await newKey(bare, "bare", brief),
        await newKey(ours, "ours", brief),
      ];
      await wait(3 * secondMs);
      for (const key of keys) expect(await works("brief", key)).toBe(false);
      await setPolicy(server, "brief", { lifeSeconds: 60, graceSeconds: 60 });
      expect([
        await change("brief", raw, { attributes: {} }),
        await change("brief", bare, { description: "x" }),
      ]).toEqual([204, 500]);
      expect(await works("brief", keys[0] ?? {})).toBe(true);

      await brief.connection.client.updateServiceAccount?.(ours, { description: "nightly export" });
      expect(await works("brief", keys[2] ?? {})).toBe(false);
      expect(await brief.connection.client.getServiceAccount?.(ours)).toMatchObject({ description: "nightly export" });
      expect(await brief.connection.client.listKeys({ serviceAccountId: ours })).toEqual([]);
      await setPolicy(server, "brief", { lifeSeconds: 2, graceSeconds: 2 });
    });

    test("A key that the policy has ended is expired, is not revived by a rotation, and is made anew by the next update.", async () => {
      const key = brief.newKey();
      const program = { ...common, serviceAccountId: await newAccount(brief), allowOutage: true };
      await key.up(program);
      const old = key.outs;
      expect(Date.parse(String(old.expiresAt)) - Date.parse(String(old.createdAt))).toBe(2 * secondMs);
      await wait(3 * secondMs);
      await setPolicy(server, "brief", { lifeSeconds: 60, graceSeconds: 60 });
      await key.refresh();
      expect(key.outs.status).toBe("expired");
      const rotated = await rotate(String(old.keyId), String(old.physicalName), 60 * secondMs, brief);
      expect([await works("brief", old), await works("brief", rotated)]).toEqual([false, true]);
      expect((await key.up(program)).op).toBe("replace");
      expect([await works("brief", rotated), await works("brief", key.outs)]).toEqual([false, true]);
    });
  });

  describe("limits", () => {
    test("A name of 240 characters is a 500, which no repetition mends, so longer ones than 239 are refused in the preview.", async () => {
      const create = async (length: number) =>
        (
          await send(server, "POST", "/admin/realms/plain/clients", {
            clientId: "n".repeat(length),
            serviceAccountsEnabled: true,
          })
        ).status;
      expect([await create(239), await create(240)]).toEqual([201, 500]);
      expect(
        (await stack.newAccount().preview({ ...common, name: "n".repeat(239), exactName: true })).failures,
      ).toEqual([]);
      for (const name of ["n".repeat(229), "n".repeat(240)]) {
        const { failures } = await stack.newAccount().preview({ ...common, name, exactName: name.length === 240 });
        expect(failures.map(({ property }) => property)).toEqual(["name"]);
      }
    });

    test("A description and a chosen secret of 256 characters are refused in the preview as well.", async () => {
      const long = "x".repeat(256);
      expect(
        (await stack.newAccount().preview({ ...common, description: long })).failures.map(({ property }) => property),
      ).toEqual(["description"]);
      const { failures } = await stack
        .newKey()
        .preview({ ...common, serviceAccountId: "some", allowOutage: true, secretValue: long });
      expect(failures.map(({ property }) => property)).toEqual(["secretValue"]);
    });

    test("Names that differ in case only are conflicts.", async () => {
      await stack.connection.client.createServiceAccount?.({ name: "CamelCase" });
      await expect(
        (async () => stack.connection.client.createServiceAccount?.({ name: "camelcase" }))(),
      ).rejects.toThrow(ConflictError);
    });
  });

  describe("answers that are lost", () => {
    const isChange = ({ method, path }: SeenRequest) => method === "PUT" && path.includes("/clients/");

    test("A key whose creation was never answered is asked for again, with the same secret.", async () => {
      const id = await newAccount();
      proxy.seen.length = 0;
      proxy.loseAnswer(isChange);
      const key = await newKey(id, "key", lossy);
      expect(proxy.seen.filter(isChange)).toHaveLength(2);
      expect(await works("plain", key)).toBe(true);
    });

    test("An account whose creation was never answered is found by its name, with its scopes.", async () => {
      const account = lossy.newAccount();
      proxy.loseAnswer(({ method, path }) => method === "POST" && path.endsWith("/clients"));
      await account.up({ ...common, scopes: ["profile"] });
      expect(await stack.connection.client.getServiceAccount?.(String(account.outs.accountId))).toMatchObject({
        name: account.outs.physicalName,
        scopes: ["profile"],
      });
    });

    test("A session that the server refuses is opened anew once.", async () => {
      const id = await newAccount();
      await lossy.connection.client.getServiceAccount?.(id);
      proxy.seen.length = 0;
      proxy.loseCredential(({ path }) => path.endsWith(id));
      expect(await lossy.connection.client.getServiceAccount?.(id)).toMatchObject({ id });
      expect(proxy.seen.map(({ path }) => path.split("/").at(-1))).toEqual([id, "token", id]);
    });
  });

  testWithEngine("The commands of the example's README do what it says.", async () => {
    await ask(
      server,
      "POST",
      "/admin/realms",
      JSON.parse(readFileSync(join(examplesDir, "keycloak/realm.json"), "utf8")) as object,
    );
    let before: Readonly<Record<string, string>> = {};
    const holds = (auditStays: boolean, reportsStays: boolean) => async (outputs: Readonly<Record<string, string>>) => {
      const opens = (clientId: string | undefined, secret: string | undefined) =>
        works("apps", { accessId: clientId, secret });
      expect([
        await opens(outputs.auditClientId, outputs.auditSecret),
        await opens(outputs.reportsClientId, outputs.reportsSecret),
      ]).toEqual([true, true]);
      expect([
        await opens(before.auditClientId, before.auditSecret),
        await opens(before.reportsClientId, before.reportsSecret),
      ]).toEqual([auditStays, reportsStays]);
      before = outputs;
    };
    const settings = {
      connections: { default: { url: server.url } },
      env: { KEYCLOAK_ADMIN_CREDENTIAL: server.credential },
    };
    await runReadme("keycloak", settings, [
      holds(false, false),
      holds(true, true),
      holds(false, true),
      holds(true, false),
    ]);
    const clients = (await ask(server, "GET", "/admin/realms/apps/clients")) as { clientId: string }[];
    expect(clients.filter(({ clientId }) => /^(reports|audit)-/.test(clientId))).toEqual([]);
  });

  describe("credentials and addresses", () => {
    test("A wrong password is refused at the login, and stands in no message.", async () => {
      const { client } = stackOn(
        "keycloak",
        { url: server.url, token: "admin:not-the-password" },
        { fields: { realm: "plain" } },
      ).connection;
      const refusal: unknown = await client.listKeys({ serviceAccountId: "x" }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(AuthenticationError);
      expect((refusal as AuthenticationError).message).toMatch(
        /^POST \/realms\/master\/protocol\/openid-connect\/token answered 401: Invalid user credentials/,
      );
      expect((refusal as AuthenticationError).message).not.toContain("not-the-password");
    });

    test("A credential of another form is refused before anything is sent, and is not quoted.", async () => {
      const { client } = stackOn(
        "keycloak",
        { url: server.url, token: "just-a-token" },
        { fields: { realm: "plain" } },
      ).connection;
      await expect(client.listKeys({ serviceAccountId: "x" })).rejects.toThrow(
        /^the admin token of a keycloak connection is the name and .+ of an administrator, .*The one given has another form\.$/,
      );
    });

    test("Connection fields that are missing, wrong or unknown are named, each with what it takes.", () => {
      const open = (given: object) =>
        stackOn("keycloak", { url: server.url, token: server.credential }, { fields: given });
      expect(() => open({})).toThrow(
        /the connection field "realm" is missing; it takes the name of the realm in which service accounts are made\.$/,
      );
      expect(() => open({ realm: "plain", rotationGrace: "soon" })).toThrow(
        /the connection field "rotationGrace" is a text of 4 characters; it takes the rotated-expiration-period .*such as 24h/,
      );
      expect(() => open({ realm: "plain", relam: "x" })).toThrow(
        /knows no connection field "relam"; its own are realm, adminRealm, rotationGrace\.$/,
      );
    });

    test("A realm that does not exist makes no key look missing.", async () => {
      const id = await newAccount();
      await newKey(id, "key");
      const { client } = inRealm("nowhere").connection;
      for (const call of [
        () => client.getKey({ id, serviceAccountId: id, name: "key" }),
        () => client.revokeKey({ id, serviceAccountId: id, name: "key" }),
        () => client.deleteServiceAccount?.(id),
      ]) {
        await expect((async () => call())()).rejects.toThrow(
          /answered 404: Realm not found\. This does not prove that it is gone\. Check that the connection's url and its realm "nowhere" are right\.$/,
        );
      }
    });

    test("A connection that was turned to another realm is refused before anything is sent: every key would look missing there.", async () => {
      const [account, elsewhere] = [stack.newAccount(), inRealm("rotating").newAccount()];
      await account.up(common);
      expect(account.outs.service).toBe(`${server.url}/realms/plain`);
      elsewhere.state = account.state;
      await expect(elsewhere.refresh()).rejects.toThrow(
        /now leads to http:\S+\/realms\/rotating, but this object was made on http:\S+\/realms\/plain\. Nothing was sent\./,
      );
      const moved = inRealm("rotating", { movedFrom: [`${server.url}/realms/plain/`] }).newAccount();
      moved.state = account.state;
      await moved.refresh();
      expect(moved.outs.status).toBe("missing");
    });
  });
});
