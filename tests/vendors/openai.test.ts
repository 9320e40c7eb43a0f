import { expect, test } from "@jest/globals";
import { hourMs, minuteMs } from "../../provider/values/durations";
import { openaiRefusals, startOpenai } from "../doubles/openai";
import { common, stackOn } from "../servers/support/resources";
import { describeVendor } from "./support/describe-vendor";

const projects = "/organization/projects/{project_id}";
const fields = { project: "proj_double" };

describeVendor(
  {
    backend: "openai",
    fields,
    start: startOpenai,
    harness: ({ double }) => ({
      token: double.adminToken,
      weakToken: double.weakToken,
      scopes: [["api.files.read", "api.model.request"], ["api.files.read"], ["api.all.read"]],
      serviceAccount: { role: "member" },
      otherRole: "owner",
      // The backend asks for pages of 100.
      manyKeys: 110,
      manyAccounts: 110,
      works: async ({ secret }) => double.use(secret) !== undefined,
      disableAccount: async (id) => double.takeAccess(id),
    }),
    alsoAnswers: openaiRefusals,
    operations: [
      `POST ${projects}/service_accounts`,
      `GET ${projects}/service_accounts`,
      `GET ${projects}/service_accounts/{service_account_id}`,
      `POST ${projects}/service_accounts/{service_account_id}`,
      `DELETE ${projects}/service_accounts/{service_account_id}`,
      `POST ${projects}/service_accounts/{service_account_id}/api_keys`,
      `GET ${projects}/api_keys`,
      `GET ${projects}/api_keys/{api_key_id}`,
      `DELETE ${projects}/api_keys/{api_key_id}`,
    ],
  },
  (vendor) => {
    const stack = (more: object = {}) =>
      stackOn("openai", { url: vendor().url, token: vendor().double.adminToken }, { fields: { ...fields, ...more } });
    const newAccount = async () => {
      const account = stack().newAccount();
      await account.up({ ...common, role: "member" });
      return { account, serviceAccountId: String(account.outs.accountId) };
    };

    test("An empty list of scopes would be every permission, so none is ever sent, whatever the program consents to.", async () => {
      const { account, serviceAccountId } = await newAccount();
      const { failures } = await stack()
        .newKey()
        .preview({ ...common, serviceAccountId, scopes: [], fullAccess: true });
      expect(failures).toEqual([{ property: "scopes", reason: expect.stringContaining("it is never sent") }]);
      const { client } = stack().connection;
      for (const asked of [{ name: "none" }, { name: "empty", scopes: [] }])
        await expect(client.createKey({ ...asked, serviceAccountId })).rejects.toThrow(/nothing was sent/);
      expect(await client.listKeys({ serviceAccountId })).toEqual([]);
      await account.destroy();
    });

    test("A key gets the scopes that were asked for, and no others, although no answer tells them.", async () => {
      const { account, serviceAccountId } = await newAccount();
      const key = stack().newKey();
      await key.up({ ...common, serviceAccountId, scopes: ["api.files.read"] });
      expect(vendor().double.use(String(key.outs.secret))).toEqual(["api.files.read"]);
      expect(await key.refresh()).toEqual([]);
      await key.destroy();
      await account.destroy();
    });

    test("A key tells its last use, and ends when it was asked to.", async () => {
      const { account, serviceAccountId } = await newAccount();
      let aheadMs = 0;
      const nowMs = () => Date.now() + aheadMs;
      const access = { url: vendor().url, token: vendor().double.adminToken };
      const key = stackOn("openai", access, { fields, nowMs }).newKey();
      await key.up({ ...common, serviceAccountId, scopes: ["api.files.read"], expiresIn: "1h" });
      const ref = { id: String(key.outs.keyId), name: String(key.outs.physicalName), serviceAccountId };
      const lastUse = async () => (await stack().connection.client.getKey(ref))?.lastUsedAt;
      expect(await lastUse()).toBeUndefined();
      expect(vendor().double.use(String(key.outs.secret))).toBeDefined();
      expect(Math.abs(Date.parse((await lastUse()) ?? "") - Date.now())).toBeLessThan(minuteMs);
      aheadMs = 2 * hourMs;
      vendor().double.advance(aheadMs);
      expect(vendor().double.use(String(key.outs.secret))).toBeUndefined();
      expect(await key.refresh()).toEqual(["status"]);
      expect(key.outs.status).toBe("expired");
      await key.destroy();
      await account.destroy();
    });

    test("An account is made without the key of full power that it is otherwise born with, and gets its role.", async () => {
      const { account, serviceAccountId } = await newAccount();
      expect(vendor().double.livingKeys()).toEqual([]);
      expect(await stack().connection.client.getServiceAccount?.(serviceAccountId)).toMatchObject({ role: "member" });
      await account.destroy();
    });

    test("Another role is another account: what living keys may do never grows.", async () => {
      const { account } = await newAccount();
      expect(await account.preview({ ...common, role: "owner" })).toMatchObject({ op: "replace", replaces: ["role"] });
      await account.destroy();
    });

    test("A life beyond a year, and one beyond the policy that the connection tells, are refused in the preview.", async () => {
      const asked = { ...common, serviceAccountId: "svc_acct_any", scopes: ["api.files.read"] };
      const reasons = async (expiresIn: string, more: object = {}) =>
        (
          await stack(more)
            .newKey()
            .preview({ ...asked, expiresIn })
        ).failures.map(({ reason }) => reason);
      expect(await reasons("366d")).toEqual([expect.stringContaining("365d")]);
      expect(await reasons("90d", { maxLife: "30d" })).toEqual([expect.stringContaining("30d")]);
      expect(await reasons("30d", { maxLife: "30d" })).toEqual([]);
    });

    test("Where every account is born with a key all the same, that key is revoked at once.", async () => {
      vendor().double.ignoreAccountOnly();
      const { account } = await newAccount();
      expect(vendor().double.livingKeys()).toEqual([]);
      await account.destroy();
    });

    test("Where single keys of accounts are not deleted, the error says what to do, and the key stays in the state.", async () => {
      const { account, serviceAccountId } = await newAccount();
      const key = stack().newKey();
      await key.up({ ...common, serviceAccountId, scopes: ["api.files.read"] });
      vendor().double.keepKeysOfAccounts();
      await expect(key.destroy()).rejects.toThrow(
        /answered 400: .*Delete the key in the project's settings, or the account/,
      );
      expect(key.state).toBeDefined();
      await account.destroy();
      await key.destroy();
    });
  },
);
