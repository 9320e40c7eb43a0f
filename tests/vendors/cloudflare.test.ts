import { expect, test } from "@jest/globals";
import { type CloudflareDouble, cloudflareGroups, cloudflareRepair, startCloudflare } from "../doubles/cloudflare";
import { common, stackOn } from "../servers/support/resources";
import { describeVendor } from "./support/describe-vendor";

const account = "0123456789abcdef0123456789abcdef";
const zone = "abcdefabcdefabcdefabcdefabcdefab";
const own = `com.cloudflare.api.account.${account}`;
const fields = { account };
const tokens = "/accounts/{account_id}/tokens";

describeVendor<CloudflareDouble>(
  {
    ...{ backend: "cloudflare", fields, start: startCloudflare },
    harness: ({ double }) => ({
      token: double.adminToken,
      weakToken: double.weakToken,
      scopes: [
        ["DNS Write", "Workers Scripts Read"],
        ["Workers Scripts Read"],
        [`DNS Write!zone=${zone}`, "Zone Read"],
      ],
      // The backend asks for pages of 50.
      manyKeys: 60,
      works: async ({ secret }) => double.use(secret) !== undefined,
      advance: async (ms) => double.advance(ms),
    }),
    alsoAnswers: cloudflareRepair,
    operations: [
      `POST ${tokens}`,
      `GET ${tokens}`,
      `GET ${tokens}/permission_groups`,
      `GET ${tokens}/verify`,
      `GET ${tokens}/{token_id}`,
      `DELETE ${tokens}/{token_id}`,
    ],
  },
  (vendor) => {
    const stack = () => stackOn("cloudflare", { url: vendor().url, token: vendor().double.adminToken }, { fields });
    const newKey = async (scopes: readonly string[]) => {
      const key = stack().newKey();
      await key.up({ ...common, scopes });
      return { key, policies: vendor().double.use(String(key.outs.secret)) };
    };

    test("The token that the connection runs on is told from others, and a user's token is none of the account's.", async () => {
      const { key } = await newKey(["Workers Scripts Read"]);
      const as = (token: string) => stackOn("cloudflare", { url: vendor().url, token }, { fields }).connection.client;
      expect(await as(String(key.outs.secret)).whoAmI?.()).toEqual({ keyId: key.outs.keyId });
      expect(await as("a-token-of-a-user").whoAmI?.()).toBeUndefined();
      await key.destroy();
    });

    test("Scopes become policies: over the account, over all its zones, or over one zone, and no wider.", async () => {
      const { key, policies } = await newKey([
        "Workers Scripts Read",
        "Zone Read",
        "DNS Write",
        `Zone Read!zone=${zone}`,
      ]);
      expect(policies).toHaveLength(3);
      expect(policies).toEqual(
        expect.arrayContaining([
          { groups: ["Workers Scripts Read"], resources: { [own]: "*" } },
          { groups: ["DNS Write", "Zone Read"], resources: { [own]: { "com.cloudflare.api.account.zone.*": "*" } } },
          { groups: ["Zone Read"], resources: { [`com.cloudflare.api.account.zone.${zone}`]: "*" } },
        ]),
      );
      expect(await key.refresh()).toEqual([]);
      await key.destroy();
    });

    test("A permission that the account does not have is refused with the nearest one, and one that cannot be limited, before anything is made.", async () => {
      const before = vendor().double.livingKeys().length;
      for (const [scope, words] of [
        [
          "Workers Script Read",
          /no permission group "Workers Script Read"; did you mean "Workers Scripts Read"\? Nothing was sent/,
        ],
        [`Billing Read!zone=${zone}`, /cannot be given for one zone; nothing was sent/],
        ["R2 Bucket Read", /holds for com\.cloudflare\.edge\.r2\.bucket, and cannot be given here/],
      ] as const)
        await expect(newKey([scope])).rejects.toThrow(words);
      expect(vendor().double.livingKeys()).toHaveLength(before);
    });

    test("No scopes are refused in the preview, whatever the program consents to.", async () => {
      const { failures } = await stack()
        .newKey()
        .preview({ ...common, scopes: [], fullAccess: true });
      expect(failures).toEqual([{ property: "scopes", reason: expect.stringContaining("list what it may do") }]);
    });

    test("A token that somebody has given other policies has drifted, and the next update makes another; nothing is written over it.", async () => {
      const { key } = await newKey(["Zone Read"]);
      const id = String(key.outs.keyId);
      const dns = cloudflareGroups.filter(({ name }) => name === "DNS Write").map((group) => ({ id: group.id }));
      const resources = { "com.cloudflare.api.account.zone.*": "*" };
      vendor().double.edit(id, { policies: [{ effect: "deny", permission_groups: dns, resources }] });
      expect(await key.refresh()).toEqual(["scopes"]);
      expect(key.outs.scopes).toEqual(["DNS Write!com.cloudflare.api.account.zone.*=*!deny"]);
      expect((await key.up({ ...common, scopes: ["Zone Read"] })).op).toBe("replace");
      expect(vendor().double.livingKeys()).not.toContain(id);
      await key.destroy();
    });

    test("A token that somebody has disabled is told as disabled, and left so.", async () => {
      const { key } = await newKey(["Zone Read"]);
      vendor().double.edit(String(key.outs.keyId), { status: "disabled" });
      expect(await key.refresh()).toEqual(["status"]);
      expect(key.outs.status).toBe("disabled");
      expect(await key.preview({ ...common, scopes: ["Zone Read"] })).toMatchObject({ op: "same" });
      await key.destroy();
    });

    test("A missing token that is answered as a bad request is missing all the same, because the list lacks it.", async () => {
      vendor().double.answerMissingWith(400);
      const { key } = await newKey(["Zone Read"]);
      const { client } = stack().connection;
      await client.revokeKey({ id: String(key.outs.keyId), name: String(key.outs.physicalName) });
      expect(await key.refresh()).toEqual(["status"]);
      expect(key.outs.status).toBe("missing");
      await key.destroy();
    });
  },
);
