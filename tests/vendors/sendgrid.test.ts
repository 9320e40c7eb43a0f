import { expect, test } from "@jest/globals";
import { startSendgrid } from "../doubles/sendgrid";
import { common, stackOn } from "../servers/support/resources";
import { describeVendor } from "./support/describe-vendor";

describeVendor(
  {
    backend: "sendgrid",
    start: startSendgrid,
    harness: ({ double }) => ({
      token: double.adminToken,
      weakToken: double.weakToken,
      scopes: [["mail.send", "alerts.read"], ["mail.send", "stats.read"], ["api_keys.create"]],
      manyKeys: 60,
      works: async ({ secret }) => double.scopesOf(secret) !== undefined,
    }),
    operations: [
      "POST /v3/api_keys",
      "GET /v3/api_keys",
      "GET /v3/api_keys/{api_key_id}",
      "PATCH /v3/api_keys/{api_key_id}",
      "DELETE /v3/api_keys/{api_key_id}",
    ],
  },
  (vendor) => {
    const stack = () => stackOn("sendgrid", { url: vendor().url, token: vendor().double.adminToken });

    test("A key without scopes would have full access, so none is ever asked for, whatever the program consents to.", async () => {
      const key = stack().newKey();
      const { failures } = await key.preview({ ...common, scopes: [], fullAccess: true });
      expect(failures).toEqual([
        { property: "scopes", reason: expect.stringContaining("an empty list is never sent") },
      ]);
      for (const asked of [{ name: "none" }, { name: "empty", scopes: [] }])
        await expect(stack().connection.client.createKey(asked)).rejects.toThrow(/nothing was sent/);
      expect(await stack().connection.client.listKeys({})).toHaveLength(2);
    });

    test("Billing scopes and others are refused in the preview, with SendGrid's reason.", async () => {
      const { failures } = await stack()
        .newKey()
        .preview({ ...common, scopes: ["billing.read", "mail.send"] });
      expect(failures).toEqual([
        { property: "scopes", reason: expect.stringContaining("make another key for billing.read") },
      ]);
      expect(
        (
          await stack()
            .newKey()
            .preview({ ...common, scopes: ["billing.read"] })
        ).failures,
      ).toEqual([]);
    });

    test("What SendGrid adds to a key's scopes by itself is no drift.", async () => {
      const key = stack().newKey();
      await key.up({ ...common, scopes: ["mail.send"] });
      expect(vendor().double.scopesOf(String(key.outs.secret))).toEqual(["mail.send"]);
      expect(await key.refresh()).toEqual([]);
      await key.destroy();
    });

    test("A hundred and one keys are one too many, and the refusal says so.", async () => {
      vendor().double.fill(98);
      await expect(stack().connection.client.createKey({ name: "one-more", scopes: ["mail.send"] })).rejects.toThrow(
        /answered 403: .*100.* SendGrid answers so, too, where there are 100 keys already/,
      );
    });
  },
);
