import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { ConflictError } from "../../provider/errors";
import { describeBackend } from "../../testing";
import { runReadme, testWithEngine } from "./support/example";
import { type LosingProxy, startLosingProxy } from "./support/losing-proxy";
import { basic, type RunningRabbitmq, startRabbitmq } from "./support/rabbitmq/start";
import { common, type Stack, stackOn } from "./support/resources";
import { describeServer, startTimeoutMs } from "./support/server";

jest.setTimeout(60_000);

describeServer("rabbitmq", (installation) => {
  let server: RunningRabbitmq;
  let proxy: LosingProxy;
  let stack: Stack;
  /** The same server, through the proxy. */
  let lossy: Stack;

  beforeAll(async () => {
    server = await startRabbitmq(installation);
    proxy = await startLosingProxy(server.url);
    stack = stackOn("rabbitmq", { url: server.url, token: server.credential });
    lossy = stackOn("rabbitmq", { url: proxy.url, token: server.credential });
    await ask("PUT", "/vhosts/shop", {});
    await ask("PUT", "/users/watcher", { password: "watcher-of-the-tests", tags: "monitoring" });
  }, startTimeoutMs);
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
  }, startTimeoutMs);

  /** What the server itself answers, past the backend. */
  const send = async (method: string, path: string, body?: object, credential = server.credential) => {
    const headers = { authorization: basic(credential), "content-type": "application/json" };
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.text() };
  };
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await send(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.body === "" ? undefined : JSON.parse(answer.body);
  };
  /** Whether the broker lets the user in; without the tag `management` its API says so, and no more. */
  const works = async (name: unknown, secret: unknown) =>
    !(await send("GET", "/whoami", undefined, `${String(name)}:${String(secret)}`)).body.includes("Login failed");
  const names = async () => ((await ask("GET", "/users")) as { name: string }[]).map(({ name }) => name);

  describeBackend("rabbitmq", async () => ({
    url: server.url,
    token: server.credential,
    scopes: [["read:/:^orders\\."], ["monitoring", "read:/:^orders\\.", "write:shop:^bills"]],
    works: ({ accessId, secret }) => works(accessId, secret),
    close: async () => undefined,
  }));

  test("A user may do on each virtual host what its scopes say, and nothing else.", async () => {
    const { id, secret } = await stack.connection.client.createKey({
      name: "declarer",
      scopes: ["management", "configure:shop:^orders\\."],
    });
    const declare = async (vhost: string, queue: string) =>
      (await send("PUT", `/queues/${vhost}/${queue}`, {}, `${id}:${secret}`)).status;
    expect(await declare("shop", "orders.new")).toBe(201);
    expect(await declare("shop", "bills")).toBe(401);
    expect(await declare("%2F", "orders.new")).toBe(401);
    const bare = await stack.connection.client.createKey({ name: "bare", scopes: [] });
    expect(await works(bare.accessId, bare.secret)).toBe(true);
    expect(await ask("GET", "/users/bare/permissions")).toEqual([]);
  });

  test("A user who is there keeps its password: a key of that name is refused before anything is sent.", async () => {
    await ask("PUT", "/users/somebody", { password: "their-own-password", tags: "" });
    await expect(stack.connection.client.createKey({ name: "somebody", scopes: ["administrator"] })).rejects.toThrow(
      ConflictError,
    );
    expect(await works("somebody", "their-own-password")).toBe(true);
  });

  test("Permissions that the broker refuses leave no user behind.", async () => {
    const make = (scope: string) =>
      stack.connection.client.createKey({ name: "halfway", scopes: ["read:/:^a", scope] });
    await expect(make("read:nowhere:^a")).rejects.toThrow(
      /answered 400: vhost_or_user_not_found\. The user was removed again, so no key was made\. Each virtual host of the scopes has to exist/,
    );
    await expect(make("read:shop:(")).rejects.toThrow(/each pattern to be a regular expression\.$/);
    expect(await names()).not.toContain("halfway");
  });

  test("Two patterns for one verb on one virtual host are refused in the preview, because the second would replace the first.", async () => {
    const key = stack.newKey();
    const { failures } = await key.preview({ ...common, scopes: ["read:/:^orders", "read:/:^bills"] });
    expect(failures.map(({ reason }) => reason).join()).toMatch(
      /RabbitMQ keeps one pattern for each verb on a virtual host, and "read:\/:…" stands there more than once/,
    );
  });

  test("A key whose creation was never answered is sent again, and the one user has the secret that was handed out.", async () => {
    proxy.loseAnswer(({ method, path }) => method === "PUT" && path.startsWith("/users/"));
    const key = lossy.newKey();
    await key.up({ ...common, scopes: ["read:/:^orders"] });
    expect(await works(key.outs.accessId, key.outs.secret)).toBe(true);
    expect((await names()).filter((name) => name.startsWith("exporter"))).toEqual([key.outs.keyId]);
    await key.destroy();
  });

  test("What somebody gave, took or changed by hand is drift, and the update makes another user.", async () => {
    const key = stack.newKey();
    const program = { ...common, scopes: ["read:/:^orders"] };
    await key.up(program);
    const name = String(key.outs.keyId);
    await ask("PUT", `/permissions/%2F/${name}`, { configure: ".*", write: "", read: "^orders" });
    expect(await key.refresh()).toEqual(["scopes"]);
    expect((await key.up(program)).op).not.toBe("same");
    expect(await names()).not.toContain(name);
    const next = String(key.outs.keyId);
    // Without its password the user is there, and the key is not.
    await ask("PUT", `/users/${next}`, { tags: "" });
    expect(await key.refresh()).toEqual(["status"]);
    expect(key.outs.status).toBe("revoked");
    await key.destroy();
    expect(await names()).not.toContain(next);
  });

  test("A rotating key is a new user each time: both log in during the overlap, and the first is gone after it.", async () => {
    let nowMs = Date.parse("2026-11-26T00:00:00Z");
    const key = stackOn(
      "rabbitmq",
      { url: server.url, token: server.credential },
      { nowMs: () => nowMs },
    ).newRotatingKey();
    const program = { ...common, scopes: ["read:/:^orders"], rotateEvery: "30d", overlap: "7d" };
    await key.up(program);
    const first = { ...key.outs };
    nowMs += 31 * 24 * 60 * 60 * 1000;
    await key.up(program);
    expect(key.outs.keyId).not.toBe(first.keyId);
    expect(await works(first.accessId, first.secret)).toBe(true);
    expect(await works(key.outs.accessId, key.outs.secret)).toBe(true);
    nowMs += 8 * 24 * 60 * 60 * 1000;
    await key.up(program);
    expect(await works(first.accessId, first.secret)).toBe(false);
    expect(await works(key.outs.accessId, key.outs.secret)).toBe(true);
    await key.destroy();
  });

  testWithEngine("The example runs as its README says.", async () => {
    const seen: Readonly<Record<string, string>>[] = [];
    const replaced = async (outputs: Readonly<Record<string, string>>) => {
      const before = seen.at(-1);
      expect(await works(outputs.workerUser, outputs.workerPassword)).toBe(true);
      expect(before?.workerUser).not.toBe(outputs.workerUser);
      if (before) expect(await names()).not.toContain(before.workerUser);
      seen.push(outputs);
    };
    const connection = { backend: "rabbitmq", url: server.url, tokenEnv: "RABBITMQ_ADMIN_CREDENTIAL" };
    const env = { RABBITMQ_ADMIN_CREDENTIAL: server.credential };
    await runReadme("rabbitmq", { connections: { default: connection }, env }, [replaced, replaced]);
    expect(await names()).not.toContain(seen.at(-1)?.workerUser);
  });

  test("A wrong password, a user without the tag, and a credential of another form are told apart, and quoted by nobody.", async () => {
    const list = (token: string) => stackOn("rabbitmq", { url: server.url, token }).connection.client.listKeys({});
    await expect(list("admin:not-the-password")).rejects.toThrow(/answered 401: Login failed/);
    await expect(list("watcher:watcher-of-the-tests")).rejects.toThrow(/answered 401: Not administrator user/);
    await expect(list("just-a-token")).rejects.toThrow(/The one given has another form\.$/);
  });

  test("An address that is not the API's makes no key look gone.", async () => {
    const { client } = stackOn("rabbitmq", {
      url: server.url.replace("/api", "/api/elsewhere"),
      token: server.credential,
    }).connection;
    await expect(client.listKeys({})).rejects.toThrow(/answered 40[46]/);
  });
});
