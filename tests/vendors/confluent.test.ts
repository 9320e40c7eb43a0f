import { expect, test } from "@jest/globals";
import { startConfluent } from "../doubles/confluent";
import { common, stackOn } from "../servers/support/resources";
import { describeVendor } from "./support/describe-vendor";

describeVendor(
  {
    backend: "confluent",
    start: startConfluent,
    harness: ({ double }) => ({
      token: double.adminToken,
      weakToken: double.weakToken,
      keyOptions: [
        { resource: "lkc-abc123", environment: "env-abc1" },
        { resource: "lkc-def456", environment: "env-def4" },
      ],
      manyKeys: 101,
      manyAccounts: 101,
      works: ({ accessId, secret }) => Promise.resolve(double.opens(accessId, secret)),
    }),
    operations: [
      "POST /iam/v2/api-keys",
      "GET /iam/v2/api-keys",
      "GET /iam/v2/api-keys/{id}",
      "PATCH /iam/v2/api-keys/{id}",
      "DELETE /iam/v2/api-keys/{id}",
      "POST /iam/v2/service-accounts",
      "GET /iam/v2/service-accounts",
      "GET /iam/v2/service-accounts/{id}",
      "PATCH /iam/v2/service-accounts/{id}",
      "DELETE /iam/v2/service-accounts/{id}",
    ],
  },
  (vendor) => {
    const stack = () => stackOn("confluent", { url: vendor().url, token: vendor().double.adminToken });
    const newAccount = async (name: string) =>
      (await stack().connection.client.createServiceAccount?.({ name }))?.id ?? "";

    test("Without a resource Confluent would make a key for the whole Cloud API, so the preview demands to say so.", async () => {
      const program = { ...common, serviceAccountId: "sa-1" };
      const { failures } = await stack().newKey().preview(program);
      expect(failures.map(({ reason }) => reason).join()).toMatch(/resource/);
      for (const resource of ["lkc-abc123", "cloud"])
        expect(
          (
            await stack()
              .newKey()
              .preview({ ...program, options: { resource } })
          ).failures,
        ).toEqual([]);
      expect(
        (
          await stack()
            .newKey()
            .preview({ ...program, options: { resource: "kafka" } })
        ).failures,
      ).toHaveLength(1);
    });

    test("A key that opens nothing for a while is handed out when it works, of either kind.", async () => {
      const serviceAccountId = await newAccount("patient");
      vendor().double.delay(2);
      for (const resource of ["cloud", "lkc-abc123"]) {
        const key = stack().newKey();
        await key.up({ ...common, serviceAccountId, options: { resource } });
        expect(vendor().double.opens(String(key.outs.accessId), String(key.outs.secret))).toBe(true);
        expect(vendor().double.resourceOf(String(key.outs.keyId))).toBe(resource === "cloud" ? undefined : resource);
      }
      vendor().double.delay(0);
      await stack().connection.client.deleteServiceAccount?.(serviceAccountId);
    });

    test("A refusal is told in Confluent's words.", async () => {
      await newAccount("taken");
      await expect(stack().connection.client.createServiceAccount?.({ name: "taken" })).rejects.toThrow(
        /answered 409: .*A service account of that name exists/,
      );
    });
  },
);
