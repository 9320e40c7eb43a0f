import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { dayMs } from "../../provider/values/durations";
import { PermissionDeniedError } from "../../provider/errors";
import { describeBackend } from "../../testing";
import { runReadme, testWithEngine } from "./support/example";
import { type LosingProxy, startLosingProxy } from "./support/losing-proxy";
import { common, type Stack, stackOn } from "./support/resources";
import { describeServer, startTimeoutMs } from "./support/server";
import { askZabbix, type RunningZabbix, startZabbix } from "./support/zabbix/start";

jest.setTimeout(60_000);

describeServer("zabbix", (installation) => {
  let server: RunningZabbix;
  let proxy: LosingProxy;
  let stack: Stack;
  /** The same server, through the proxy. */
  let lossy: Stack;
  const role = "User role";

  beforeAll(async () => {
    server = await startZabbix(installation);
    proxy = await startLosingProxy(`${server.url}/`);
    stack = stackOn("zabbix", { url: server.url, token: server.adminToken });
    lossy = stackOn("zabbix", { url: proxy.url, token: server.adminToken });
  }, startTimeoutMs);
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
  }, startTimeoutMs);

  /** What the server itself answers, past the backend. */
  const ask = (method: string, params: object, token = server.adminToken) =>
    askZabbix(server.url, token, method, params);
  const works = async (secret: unknown): Promise<boolean> => {
    try {
      await ask("user.get", { output: ["userid"] }, String(secret));
      return true;
    } catch {
      return false;
    }
  };
  let accounts = 0;
  const newAccount = async (): Promise<string> =>
    (await stack.connection.client.createServiceAccount?.({ name: `account-${(accounts += 1)}`, role }))?.id ?? "";

  describeBackend("zabbix", async () => ({
    url: server.url,
    token: server.adminToken,
    serviceAccount: { role },
    otherRole: "Admin role",
    works: ({ secret }) => works(secret),
    disableKey: async ({ id }) => {
      await ask("token.update", { tokenid: id, status: 1 });
    },
    close: async () => undefined,
  }));

  test("A token whose second step, its secret, is never answered is found by its name and removed, and another is made.", async () => {
    const serviceAccountId = await newAccount();
    let creates = 0;
    // Every call has the same address: the version, whatever was left, and then the two steps.
    const key = lossy.newKey();
    await lossy.connection.client.listKeys({ serviceAccountId });
    proxy.seen.length = 0;
    proxy.loseAnswer(() => (creates += 1) === 2);
    await key.up({ ...common, serviceAccountId });
    const left = (await ask("token.get", { userids: [serviceAccountId] })) as { tokenid: string }[];
    expect(left.map(({ tokenid }) => tokenid)).toEqual([key.outs.keyId]);
    expect(await works(key.outs.secret)).toBe(true);
  });

  test("Who is no Super admin sees its own tokens only, so what it does not see is not taken for gone.", async () => {
    const serviceAccountId = await newAccount();
    const { id } = await stack.connection.client.createKey({ serviceAccountId, name: "watched" });
    const weak = await stack.connection.client.createKey({ serviceAccountId: await newAccount(), name: "weak" });
    const { client } = stackOn("zabbix", { url: server.url, token: weak.secret }).connection;
    const ref = { id, serviceAccountId, name: "watched" };
    await expect(client.getKey(ref)).rejects.toThrow(PermissionDeniedError);
    await expect(client.revokeKey(ref)).rejects.toThrow(/No permissions to call "authentication\.get"/);
    await expect(client.listKeys({ serviceAccountId })).rejects.toThrow(PermissionDeniedError);
    expect(await stack.connection.client.getKey(ref)).toMatchObject({ status: "active" });
  });

  test("A user of an ordinary role makes further tokens for itself with its key.", async () => {
    const serviceAccountId = await newAccount();
    const { secret } = await stack.connection.client.createKey({ serviceAccountId, name: "first" });
    await ask("token.create", { name: "its own", userid: serviceAccountId }, secret);
    expect((await stack.connection.client.listKeys({ serviceAccountId }))?.map(({ name }) => name)).toContain(
      "its own",
    );
  });

  test("No account is made with a role that is not there, or that has no access to the API.", async () => {
    const up = (name: string) => stack.newAccount().up({ ...common, role: name });
    await expect(up("Usr role")).rejects.toThrow(
      /this Zabbix has no role "Usr role" \(its roles: .*User role.*\)\. Nothing was changed\.$/,
    );
    await expect(up("Guest role")).rejects.toThrow(/the role "Guest role" has no access to the API/);
    const homeless = stackOn(
      "zabbix",
      { url: server.url, token: server.adminToken },
      { fields: { userGroup: "nowhere" } },
    );
    await expect(homeless.newAccount().up({ ...common, role })).rejects.toThrow(/has no user group "nowhere"/);
    expect(await ask("user.get", { search: { username: "exporter" } })).toEqual([]);
  });

  test("A key that was switched off is left so, and one whose user is in a disabled group shows it.", async () => {
    const serviceAccountId = await newAccount();
    const key = stack.newKey();
    const program = { ...common, serviceAccountId };
    await key.up(program);
    await ask("token.update", { tokenid: key.outs.keyId, status: 1 });
    expect(await key.refresh()).toEqual(["status"]);
    expect([key.outs.status, await works(key.outs.secret)]).toEqual(["disabled", false]);
    expect((await key.up(program)).op).toBe("same");
    await ask("token.update", { tokenid: key.outs.keyId, status: 0 });
    expect(await key.refresh()).toEqual([]);
    const [off] = (await ask("usergroup.get", { filter: { name: "Disabled" } })) as { usrgrpid: string }[];
    await ask("user.update", { userid: serviceAccountId, usrgrps: [{ usrgrpid: off?.usrgrpid }] });
    expect(await key.refresh()).toEqual(["status"]);
    expect([key.outs.status, await works(key.outs.secret)]).toEqual(["disabled", false]);
  });

  test("A rotating key has a token for each generation, and Zabbix itself ends the older one at the end of the overlap.", async () => {
    let nowMs = Date.now();
    const clocked = stackOn("zabbix", { url: server.url, token: server.adminToken }, { nowMs: () => nowMs });
    const key = clocked.newRotatingKey();
    const program = { ...common, serviceAccountId: await newAccount(), rotateEvery: "30d", overlap: "1d" };
    await key.up(program);
    const first = { ...key.outs };
    nowMs += 31 * dayMs;
    await key.up(program);
    expect(key.outs.keyId).not.toBe(first.keyId);
    expect([await works(first.secret), await works(key.outs.secret)]).toEqual([true, true]);
    const [old] = (await ask("token.get", { tokenids: [first.keyId] })) as { expires_at: string }[];
    expect(Number(old?.expires_at) * 1000).toBe(Date.parse(String(key.outs.previousValidUntil)));
    const { secret } = key.outs;
    await key.destroy();
    expect([await works(first.secret), await works(secret)]).toEqual([false, false]);
  });

  testWithEngine("The example runs as its README says.", async () => {
    const seen: Readonly<Record<string, string>>[] = [];
    const replaced = async (outputs: Readonly<Record<string, string>>) => {
      const before = seen.at(-1);
      expect(await works(outputs.collectorSecret)).toBe(true);
      expect(before?.collectorKeyId).not.toBe(outputs.collectorKeyId);
      if (before) expect(await works(before.collectorSecret)).toBe(false);
      seen.push(outputs);
    };
    const connection = { backend: "zabbix", url: server.url, tokenEnv: "ZABBIX_ADMIN_TOKEN" };
    const env = { ZABBIX_ADMIN_TOKEN: server.adminToken };
    await runReadme("zabbix", { connections: { default: connection }, env }, [replaced, replaced]);
    expect(await works(seen.at(-1)?.collectorSecret)).toBe(false);
    expect(await ask("user.get", { search: { username: "collector" } })).toEqual([]);
  });

  test("A wrong token is refused, and quoted by nobody; an address that is not the frontend's makes no key look gone.", async () => {
    const wrong = "f".repeat(64);
    const list = (url: string, token: string) =>
      stackOn("zabbix", { url, token }).connection.client.listKeys({ serviceAccountId: "1" });
    const refusal = await list(server.url, wrong).catch((error: unknown) => error);
    expect(String(refusal)).toMatch(/answered 401: Not authorized\. The admin credential was not accepted/);
    expect(String(refusal)).not.toContain(wrong);
    await expect(list(`${server.url}/elsewhere`, server.adminToken)).rejects.toThrow(/answered 404/);
  });
});
