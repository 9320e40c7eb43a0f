import { expect, test } from "@jest/globals";
import { elasticsearchRefusals, startElasticsearch } from "../doubles/elasticsearch";
import { common, stackOn } from "../servers/support/resources";
import { describeVendor } from "./support/describe-vendor";

const fields = { owner: "keymaker" };

describeVendor(
  {
    backend: "elasticsearch",
    start: startElasticsearch,
    alsoAnswers: elasticsearchRefusals,
    fields,
    harness: ({ double }) => ({
      token: double.adminToken,
      scopes: [
        ["index:read:logs-shop"],
        ["cluster:monitor", "index:read:logs-shop", "index:write:logs-shop"],
        ["cluster:monitor"],
      ],
      manyKeys: 30,
      works: ({ secret }) => Promise.resolve(double.rightsOf(secret) !== undefined),
    }),
    operations: [
      "GET /_security/_authenticate",
      "POST /_security/api_key",
      "GET /_security/api_key",
      "DELETE /_security/api_key",
    ],
  },
  (vendor) => {
    const stack = (token = vendor().double.adminToken, own: object = fields) =>
      stackOn("elasticsearch", { url: vendor().url, token }, { fields: own });

    test("A key without privileges would have all rights of its owner, so none is ever asked for, whatever the program consents to.", async () => {
      const { failures } = await stack()
        .newKey()
        .preview({ ...common, scopes: [], fullAccess: true });
      expect(failures).toEqual([
        { property: "scopes", reason: expect.stringContaining("an empty list is never sent") },
      ]);
      const before = vendor().double.livingKeys();
      for (const asked of [{ name: "none" }, { name: "empty", scopes: [] }])
        await expect(stack().connection.client.createKey(asked)).rejects.toThrow(/nothing was sent/);
      expect(vendor().double.livingKeys()).toEqual(before);
    });

    test("A key has exactly the privileges of its scopes, in one role.", async () => {
      const scopes = ["cluster:monitor", "index:create_doc:logs-a", "index:read:logs-a", "index:read:logs-b*"];
      const { id, secret } = await stack().connection.client.createKey({ name: "exact", scopes });
      expect(vendor().double.rightsOf(secret)).toEqual({
        "pulumi-apikeys": {
          cluster: ["monitor"],
          indices: [
            { names: ["logs-a"], privileges: ["create_doc", "read"] },
            { names: ["logs-b*"], privileges: ["read"] },
          ],
        },
      });
      await stack().connection.client.revokeKey({ id, name: "exact" });
    });

    test("What somebody gave a key by hand is drift, all rights of the owner included, and the update makes another key.", async () => {
      const key = stack().newKey();
      const program = { ...common, scopes: ["index:read:logs-shop"] };
      await key.up(program);
      for (const given of [{}, { other: { run_as: ["root"] } }]) {
        vendor().double.change(String(key.outs.keyId), given);
        expect(await key.refresh()).toContain("scopes");
      }
      const { secret } = key.outs;
      expect((await key.up(program)).op).toBe("replace");
      expect(vendor().double.rightsOf(String(secret))).toBeUndefined();
      await key.destroy();
    });

    test("An API key as credential, or one of another user, is refused before anything is made, because it would see and make other keys.", async () => {
      const { id, secret } = await stack().connection.client.createKey({
        name: "maker",
        scopes: ["cluster:manage_own_api_key"],
      });
      const { client } = stack(`ApiKey ${secret}`).connection;
      await expect(client.createKey({ name: "derived", scopes: ["cluster:monitor"] })).rejects.toThrow(
        /make keys without privileges only/,
      );
      const strangers = stack(vendor().double.adminToken, { owner: "somebody" }).connection.client;
      for (const call of [
        () => strangers.getKey({ id, name: "maker" }),
        () => strangers.revokeKey({ id, name: "maker" }),
      ])
        await expect(call()).rejects.toThrow(/is of the user "keymaker", and its "owner" is "somebody"/);
      await stack().connection.client.revokeKey({ id, name: "maker" });
    });

    test("A key that is not there is absent, in either way of saying so.", async () => {
      for (const missesWith404 of [false, true]) {
        vendor().double.missesWith404 = missesWith404;
        expect(await stack().connection.client.getKey({ id: "nobody", name: "x" })).toBeUndefined();
        expect(await stack().connection.client.revokeKey({ id: "nobody", name: "x" })).toBe("absent");
      }
      vendor().double.missesWith404 = false;
    });
  },
);
