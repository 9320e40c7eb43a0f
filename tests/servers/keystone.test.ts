import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { IssuedApiKey } from "../../provider/backends/definition";
import { secondMs } from "../../provider/values/durations";
import { AuthenticationError } from "../../provider/errors";
import { describeBackend } from "../../testing";
import { runReadme, testWithEngine } from "./support/example";
import { type RunningKeystone, startKeystone } from "./support/keystone/start";
import { type LosingProxy, type SeenRequest, startLosingProxy } from "./support/losing-proxy";
import { common, type Stack, stackOn } from "./support/resources";
import { describeServer, startTimeoutMs } from "./support/server";

// The first key of each account waits a second for its login.
jest.setTimeout(60_000);

describeServer("keystone", (installation) => {
  let server: RunningKeystone;
  let proxy: LosingProxy;
  let session: string;
  let stack: Stack;
  /** The same server, through the proxy. */
  let lossy: Stack;
  const fields = { project: "admin" };

  beforeAll(async () => {
    server = await startKeystone(installation);
    proxy = await startLosingProxy(server.url);
    stack = stackOn("keystone", { url: server.url, token: server.credential }, { fields });
    lossy = stackOn("keystone", { url: proxy.url, token: server.credential }, { fields });
    session = (
      await logIn(
        passwordOf({ name: "admin", domain: { id: "default" } }, server.credential.slice("admin:".length)),
        adminProject,
      )
    ).token;
  }, startTimeoutMs);
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
  }, startTimeoutMs);

  const adminProject = { project: { name: "admin", domain: { id: "default" } } };
  const passwordOf = (user: object, password: string) => ({
    methods: ["password"],
    password: { user: { ...user, password } },
  });
  const keyOf = (id: string, secret: string) => ({
    methods: ["application_credential"],
    application_credential: { id, secret },
  });
  /** What the server itself answers, past the backend. */
  const send = async (
    method: string,
    path: string,
    body?: object,
    token = session,
  ): Promise<{ readonly status: number; readonly token: string; readonly body: string }> => {
    const headers = { "x-auth-token": token, "content-type": "application/json" };
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, token: answer.headers.get("x-subject-token") ?? "", body: await answer.text() };
  };
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await send(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.body === "" ? undefined : JSON.parse(answer.body);
  };
  const logIn = (identity: object, scope?: object) =>
    send("POST", "/auth/tokens", { auth: { identity, ...(scope && { scope }) } }, "");
  const works = async (id: unknown, secret: unknown) => (await logIn(keyOf(String(id), String(secret)))).status === 201;
  const roleNamed = async (name: string) =>
    ((await ask("GET", `/roles?name=${name}`)) as { roles: { id: string }[] }).roles[0]?.id ?? "";

  let accounts = 0;
  const newAccount = async (scopes = ["member"]): Promise<string> =>
    (await stack.connection.client.createServiceAccount?.({ name: `account-${(accounts += 1)}`, scopes }))?.id ?? "";
  const newKey = (serviceAccountId: string, name: string, scopes = ["reader"]): Promise<IssuedApiKey> =>
    stack.connection.client.createKey({ serviceAccountId, name, scopes });
  const isCreate = ({ method, path }: SeenRequest) => method === "POST" && path.endsWith("/application_credentials");
  const isNewPassword = ({ method, path }: SeenRequest) => method === "PATCH" && path.startsWith("/users/");

  describeBackend(
    "keystone",
    async () => ({
      url: server.url,
      token: server.credential,
      scopes: [["reader"], ["member"]],
      serviceAccount: { scopes: ["member"] },
      works: ({ accessId, secret }) => works(accessId, secret),
      disableAccount: async (id) => {
        await ask("PATCH", `/users/${id}`, { user: { enabled: false } });
      },
      advance: (ms) => wait(ms),
      close: async () => undefined,
    }),
    fields,
  );

  test("An account whose password the connection has is recognised, and not deleted with it.", async () => {
    const account = stack.newAccount();
    await account.up({ ...common, scopes: ["admin"] });
    const { accountId, physicalName } = account.outs;
    const password = `Aa1!${Math.random()}`;
    await ask("PATCH", `/users/${String(accountId)}`, { user: { password } });
    // A token from the same second would be refused.
    await wait(secondMs);
    const own = stackOn("keystone", { url: server.url, token: `${String(physicalName)}:${password}` }, { fields });
    expect(await own.connection.client.whoAmI?.()).toEqual({ serviceAccountId: accountId });
    const same = own.newAccount();
    same.state = account.state;
    expect(await same.refresh()).toEqual([]);
    expect(same.outs.ownCredential).toBe(true);
    await expect(same.destroy()).rejects.toThrow(/belongs to the account .* and would end with it\. Nothing was done/);
    await account.destroy();
  });

  describe("keys that only their user can make", () => {
    test("A token from the second in which a password changed is refused, so the backend waits that second out.", async () => {
      const id = await newAccount();
      const { default_project_id: project } = (
        (await ask("GET", `/users/${id}`)) as { user: { default_project_id: string } }
      ).user;
      const create = async (pauseMs: number) => {
        const password = `Aa1!${Math.random()}`;
        await wait(secondMs - (Date.now() % secondMs));
        await ask("PATCH", `/users/${id}`, { user: { password } });
        await wait(pauseMs);
        const { token } = await logIn(passwordOf({ id }, password), { project: { id: project } });
        return (
          await send(
            "POST",
            `/users/${id}/application_credentials`,
            { application_credential: { name: `raw-${pauseMs}` } },
            token,
          )
        ).status;
      };
      expect([await create(0), await create(secondMs)]).toEqual([401, 201]);
      expect(await works(...pairOf(await newKey(id, "key")))).toBe(true);
    });

    test("Keys that are made side by side for one account share one new password, also by several connections, and all of them work.", async () => {
      const serviceAccountId = await newAccount();
      proxy.seen.length = 0;
      const second = stackOn("keystone", { url: proxy.url, token: server.credential }, { fields });
      const keys = await Promise.all(
        ["a", "b", "c", "d", "e"].map(
          (name, index) =>
            [lossy, second][index % 2]?.connection.client.createKey({
              serviceAccountId,
              name,
              scopes: ["reader"],
            }) as Promise<IssuedApiKey>,
        ),
      );
      expect(proxy.seen.filter(isNewPassword)).toHaveLength(1);
      for (const key of keys) expect(await works(...pairOf(key))).toBe(true);
    });

    test("Two runs that make keys for one account at the same time end each other's sessions, and both get their key.", async () => {
      const serviceAccountId = await newAccount();
      // Sessions are kept by address, so that another address is another run.
      const other = (name: string, address = proxy.url) =>
        stackOn("keystone", { url: address, token: server.credential }, { fields }).connection.client.createKey({
          serviceAccountId,
          name,
          scopes: ["reader"],
        });
      const keys = await Promise.all([newKey(serviceAccountId, "mine"), other("theirs")]);
      // A third run ends the sessions of both.
      keys.push(
        await other("third", server.url.replace("127.0.0.1", "localhost")),
        await newKey(serviceAccountId, "fourth"),
        await other("fifth"),
      );
      for (const key of keys) expect(await works(...pairOf(key))).toBe(true);
    });

    test("A user that no ServiceAccount made keeps its password, and gets no key until it is handed over.", async () => {
      const password = "Aa1!somebody-knows-this";
      const { user } = (await ask("POST", "/users", {
        user: { name: "somebody", domain_id: "default", password },
      })) as { user: { id: string } };
      await expect(newKey(user.id, "key")).rejects.toThrow(
        /^the user "somebody" \(.+\) was not made by a ServiceAccount\. Making a key would give it a new password, so nothing was done\./,
      );
      expect((await logIn(passwordOf({ id: user.id }, password))).status).toBe(201);

      await ask("PATCH", `/users/${user.id}`, { user: { managed_by: "pulumi-apikeys" } });
      const project = ((await ask("GET", "/projects?name=admin")) as { projects: { id: string }[] }).projects[0]?.id;
      await ask("PUT", `/projects/${project}/users/${user.id}/roles/${await roleNamed("member")}`);
      expect(await works(...pairOf(await newKey(user.id, "key")))).toBe(true);
      expect((await logIn(passwordOf({ id: user.id }, password))).status).toBe(401);
    });

    test("No key is made for an account that is disabled, or that has no role.", async () => {
      const [disabled, roleless] = [await newAccount(), await newAccount([])];
      await ask("PATCH", `/users/${disabled}`, { user: { enabled: false } });
      await expect(newKey(disabled, "key")).rejects.toThrow(
        /^the service account "account-\d+" \(.+\) is disabled, so no key can be made for it; enable it first\.$/,
      );
      await expect(newKey(roleless, "key")).rejects.toThrow(
        /^the service account "account-\d+" \(.+\) has no role on its project, so it can have no key; give it "scopes"\.$/,
      );
    });
  });

  describe("whose key it is", () => {
    test("The server reads and deletes a key under any user's path; the backend touches it under its own account only.", async () => {
      const [owner, stranger] = [await newAccount(), await newAccount()];
      const { id, accessId, secret } = await newKey(owner, "key");
      expect((await send("GET", `/users/${stranger}/application_credentials/${id}`)).status).toBe(200);
      const ref = { id, serviceAccountId: stranger, name: "key" };
      expect([await stack.connection.client.getKey(ref), await stack.connection.client.revokeKey(ref)]).toEqual([
        undefined,
        "absent",
      ]);
      expect(await works(accessId, secret)).toBe(true);
      expect((await send("DELETE", `/users/${stranger}/application_credentials/${id}`)).status).toBe(204);
      expect(await works(accessId, secret)).toBe(false);
    });

    test("A list with a limit is a 500 in HTML, so keys are listed whole; and a user that never was has an empty list, not a 404.", async () => {
      const serviceAccountId = await newAccount();
      await Promise.all(["a", "b"].map((name) => newKey(serviceAccountId, name)));
      const limited = await send("GET", `/users/${serviceAccountId}/application_credentials?limit=1`);
      expect([limited.status, limited.body.slice(0, 5)]).toEqual([500, "<html"]);
      expect((await stack.connection.client.listKeys({ serviceAccountId }))?.map(({ name }) => name).sort()).toEqual([
        "a",
        "b",
      ]);
      expect((await send("GET", "/users/nobody/application_credentials")).status).toBe(200);
      expect(await stack.connection.client.listKeys({ serviceAccountId: "nobody" })).toBeUndefined();
    });
  });

  describe("roles", () => {
    test("A key whose role or project was taken away opens nothing, shows as disabled, and is left so.", async () => {
      const key = stack.newKey();
      const program = { ...common, serviceAccountId: await newAccount(["member", "manager"]), scopes: ["member"] };
      await key.up(program);
      const { default_project_id: project } = (
        (await ask("GET", `/users/${program.serviceAccountId}`)) as { user: { default_project_id: string } }
      ).user;
      const roleAt = async (name: string) =>
        `/projects/${project}/users/${program.serviceAccountId}/roles/${await roleNamed(name)}`;
      // What another role implies is held still.
      await ask("DELETE", await roleAt("member"));
      expect(await key.refresh()).toEqual([]);
      expect(await works(key.outs.accessId, key.outs.secret)).toBe(true);
      await ask("DELETE", await roleAt("manager"));
      expect(await key.refresh()).toEqual(["status"]);
      expect(key.outs.status).toBe("disabled");
      expect(await works(key.outs.accessId, key.outs.secret)).toBe(false);
      expect(await key.up(program)).toMatchObject({ op: "same" });
      await ask("PUT", await roleAt("member"));
      // It is again what the program wants it to be.
      expect(await key.refresh()).toEqual([]);
      expect(key.outs.status).toBe("active");
      expect(await works(key.outs.accessId, key.outs.secret)).toBe(true);
    });

    test("A role brings along those that it implies, and that is no drift.", async () => {
      const key = stack.newKey();
      const program = { ...common, serviceAccountId: await newAccount(), scopes: ["member"] };
      await key.up(program);
      expect(key.outs.serverScopes).toEqual(["member", "reader"]);
      expect(await key.refresh()).toEqual([]);
      expect((await key.up(program)).op).toBe("same");
    });

    test("A key with a role that its account lacks, or that nobody has, is refused with what to do.", async () => {
      const id = await newAccount();
      await expect(newKey(id, "key", ["manager"])).rejects.toThrow(
        /answered 400: .*unassigned role\. A key can have no role that its account lacks: add it to the ServiceAccount's scopes, or take it out of the key's\.$/,
      );
      await expect(newKey(id, "key", ["raeder"])).rejects.toThrow(
        /answered 404: Role raeder is not defined\. The key was not made\. Each of its scopes has to be a role of this Keystone\.$/,
      );
      expect(await stack.connection.client.listKeys({ serviceAccountId: id })).toEqual([]);
    });

    test("An account with a role that nobody has is refused before it is made.", async () => {
      await expect(stack.newAccount().up({ ...common, name: "roles", scopes: ["raeder"] })).rejects.toThrow(
        'this Keystone has no role "raeder"; did you mean "reader"? (its roles: admin, manager, member, reader, service). Nothing was changed.',
      );
      expect(
        (await stack.connection.client.listServiceAccounts?.({}))?.filter(({ name }) => name.startsWith("roles")),
      ).toEqual([]);
    });

    test("A role that was taken from an account by hand shows as drift; the key is refused until the next update gives it back.", async () => {
      const account = stack.newAccount();
      const program = { ...common, scopes: ["member"] };
      await account.up(program);
      const id = String(account.outs.accountId);
      const key = await newKey(id, "key");
      const { default_project_id: project } = (
        (await ask("GET", `/users/${id}`)) as { user: { default_project_id: string } }
      ).user;
      await ask("DELETE", `/projects/${project}/users/${id}/roles/${await roleNamed("member")}`);
      expect(await works(...pairOf(key))).toBe(false);
      expect(await account.refresh()).toEqual(["scopes"]);
      expect((await account.up(program)).op).toBe("update");
      expect(await works(...pairOf(key))).toBe(true);
    });

    test("A session from before a new role is not used for a key with that role.", async () => {
      const id = await newAccount(["reader"]);
      await newKey(id, "before");
      await stack.connection.client.updateServiceAccount?.(id, { scopes: ["member"] });
      expect((await newKey(id, "after", ["member"])).scopes).toEqual(["member", "reader"]);
    });
  });

  describe("chosen secrets", () => {
    test("The server looks at the first 72 bytes of a secret only, so a longer one is refused in the preview.", async () => {
      const serviceAccountId = await newAccount();
      const long = "x".repeat(80);
      const { accessId } = await stack.connection.client.createKey({
        serviceAccountId,
        name: "long",
        scopes: ["reader"],
        secretValue: long,
      });
      expect([await works(accessId, long.slice(0, 72)), await works(accessId, long.slice(0, 71))]).toEqual([
        true,
        false,
      ]);
      const { failures } = await stack
        .newKey()
        .preview({ ...common, serviceAccountId, scopes: ["reader"], secretValue: "é".repeat(37) });
      expect(failures).toEqual([{ property: "secretValue", reason: expect.stringContaining("74 bytes long") }]);
    });
  });

  describe("answers that are lost", () => {
    test("A key whose creation was never answered is revoked, and made again with a secret that is known.", async () => {
      const serviceAccountId = await newAccount();
      const key = lossy.newKey();
      proxy.seen.length = 0;
      proxy.loseAnswer(isCreate);
      await key.up({ ...common, serviceAccountId, scopes: ["reader"] });
      expect(proxy.seen.filter(isCreate)).toHaveLength(2);
      expect((await stack.connection.client.listKeys({ serviceAccountId }))?.map(({ name }) => name)).toEqual([
        key.outs.physicalName,
      ]);
      expect(await works(key.outs.accessId, key.outs.secret)).toBe(true);
    });

    test("An account whose creation was never answered is found by its name, and gets the roles that it lacks.", async () => {
      const account = lossy.newAccount();
      proxy.loseAnswer(({ method, path }) => method === "POST" && path === "/users");
      await account.up({ ...common, scopes: ["member"] });
      expect((await stack.connection.client.getServiceAccount?.(String(account.outs.accountId)))?.scopes).toEqual([
        "member",
      ]);
    });

    test("A new password that was never answered is set again, and an account's refused session is opened anew.", async () => {
      const serviceAccountId = await newAccount();
      proxy.loseAnswer(isNewPassword);
      await lossy.connection.client.createKey({ serviceAccountId, name: "first", scopes: ["reader"] });
      proxy.loseCredential(isCreate);
      const key = await lossy.connection.client.createKey({ serviceAccountId, name: "second", scopes: ["reader"] });
      expect(await works(...pairOf(key))).toBe(true);
    });

    test("An administrator's session that the server refuses is opened anew once.", async () => {
      const id = await newAccount();
      await lossy.connection.client.getServiceAccount?.(id);
      proxy.seen.length = 0;
      proxy.loseCredential(({ path }) => path === `/users/${id}`);
      expect(await lossy.connection.client.getServiceAccount?.(id)).toMatchObject({ id });
      expect(proxy.seen.slice(0, 3).map(({ path }) => path)).toEqual([`/users/${id}`, "/auth/tokens", `/users/${id}`]);
    });
  });

  testWithEngine("The commands of the example's README do what it says.", async () => {
    const connection = { url: server.url, project: "admin", adminProject: "admin" };
    let before: Readonly<Record<string, string>> = {};
    const replaced = async (outputs: Readonly<Record<string, string>>) => {
      expect(await works(outputs.backupKeyId, outputs.backupSecret)).toBe(true);
      expect(await works(before.backupKeyId, before.backupSecret)).toBe(false);
      expect(outputs.restoreSecret).toBe(before.restoreSecret ?? outputs.restoreSecret);
      before = outputs;
    };
    await runReadme(
      "keystone",
      { connections: { default: connection }, env: { KEYSTONE_ADMIN_CREDENTIAL: server.credential } },
      [replaced, replaced, replaced],
    );
    expect(await works(before.restoreKeyId, before.restoreSecret)).toBe(false);
    expect(
      (await stack.connection.client.listServiceAccounts?.({}))?.filter(({ name }) => name.startsWith("backup")),
    ).toEqual([]);
  });

  describe("credentials and addresses", () => {
    test("A wrong password is refused at the login, and stands in no message.", async () => {
      const { client } = stackOn(
        "keystone",
        { url: server.url, token: "admin:not-the-password" },
        { fields },
      ).connection;
      const refusal: unknown = await client.listKeys({ serviceAccountId: "x" }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(AuthenticationError);
      expect((refusal as AuthenticationError).message).toMatch(
        /^POST \/auth\/tokens answered 401: The request you have made requires authentication\. The admin credential was not accepted/,
      );
      expect((refusal as AuthenticationError).message).not.toContain("not-the-password");
    });

    test("A credential of another form is refused before anything is sent, and is not quoted.", async () => {
      const { client } = stackOn("keystone", { url: server.url, token: "just-a-token" }, { fields }).connection;
      await expect(client.listKeys({ serviceAccountId: "x" })).rejects.toThrow(
        /^the admin token of a keystone connection is the name and .+ of an administrator, .*The one given has another form\.$/,
      );
    });

    test("Connection fields that are missing, wrong or unknown are named, each with what it takes.", () => {
      const open = (given: object) =>
        stackOn("keystone", { url: server.url, token: server.credential }, { fields: given });
      expect(() => open({})).toThrow(
        /the connection field "project" is missing; it takes the name of the project on which service accounts get their roles\.$/,
      );
      expect(() => open({ project: 7 })).toThrow(/the connection field "project" is a number; it takes/);
      expect(() => open({ project: "admin", domain: "Default" })).toThrow(
        /knows no connection field "domain"; its own are project, domainId, adminProject, adminDomainId\.$/,
      );
    });

    test("A project that does not exist is named before an account is made.", async () => {
      const { client } = stackOn(
        "keystone",
        { url: server.url, token: server.credential },
        { fields: { project: "no-such" } },
      ).connection;
      await expect(client.createServiceAccount?.({ name: "homeless" })).rejects.toThrow(
        'the domain "default" of this Keystone has no project "no-such"; make it, or correct the connection\'s "project" or "domainId".',
      );
    });

    test("An address that is not the API's makes no key look missing.", async () => {
      const serviceAccountId = await newAccount();
      const { id } = await newKey(serviceAccountId, "key");
      for (const path of ["", "/v3/v3", "/identity/v3"]) {
        const { client } = stackOn(
          "keystone",
          { url: server.url.replace("/v3", path), token: server.credential },
          { fields },
        ).connection;
        await expect(client.getKey({ id, serviceAccountId, name: "key" })).rejects.toThrow(
          /answered (404|405)|not JSON/,
        );
      }
    });
  });
});

function pairOf({ accessId, secret }: IssuedApiKey): [string, string] {
  return [accessId ?? "", secret];
}
