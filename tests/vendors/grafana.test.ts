import { expect, test } from "@jest/globals";
import { hourMs } from "../../provider/values/durations";
import { startGrafana } from "../doubles/grafana";
import { common, stackOn } from "../servers/support/resources";
import { describeVendor } from "./support/describe-vendor";

describeVendor(
  {
    backend: "grafana",
    start: startGrafana,
    harness: ({ double }) => ({
      token: double.adminToken,
      weakToken: double.weakToken,
      serviceAccount: { role: "Viewer" },
      otherRole: "Editor",
      manyAccounts: 101,
      works: ({ secret }) => Promise.resolve(double.uses(secret)),
      disableAccount: async (id) => double.disable(id),
    }),
    operations: [
      "POST /serviceaccounts",
      "GET /serviceaccounts/search",
      "GET /serviceaccounts/{serviceAccountId}",
      "PATCH /serviceaccounts/{serviceAccountId}",
      "DELETE /serviceaccounts/{serviceAccountId}",
      "GET /serviceaccounts/{serviceAccountId}/tokens",
      "POST /serviceaccounts/{serviceAccountId}/tokens",
      "DELETE /serviceaccounts/{serviceAccountId}/tokens/{tokenId}",
    ],
  },
  (vendor) => {
    const stack = () => stackOn("grafana", { url: vendor().url, token: vendor().double.adminToken });
    const newAccount = async () =>
      (await stack().connection.client.createServiceAccount?.({ name: "reports", role: "Viewer" }))?.id ?? "";

    test("An end that has passed would be none for Grafana, so it is not sent.", async () => {
      const serviceAccountId = await newAccount();
      const { client } = stack().connection;
      const expiresAt = "2020-01-01T00:00:00Z";
      await expect(client.createKey({ serviceAccountId, name: "late", expiresAt })).rejects.toThrow(/nothing was sent/);
      expect(await client.listKeys({ serviceAccountId })).toEqual([]);
    });

    test("A token whose life is over opens nothing, shows as expired, and is made anew.", async () => {
      const key = stack().newKey();
      const program = { ...common, serviceAccountId: await newAccount(), expiresIn: "1h" };
      await key.up(program);
      const { secret } = key.outs;
      vendor().double.age(2 * hourMs);
      expect(vendor().double.uses(String(secret))).toBe(false);
      expect(await key.refresh()).toContain("status");
      expect(key.outs.status).toBe("expired");
      await key.up(program);
      expect(vendor().double.uses(String(key.outs.secret))).toBe(true);
    });

    test("A role that Grafana does not have is refused in the preview, with the one that was meant.", async () => {
      const { failures } = await stack()
        .newAccount()
        .preview({ ...common, role: "veiwer" });
      expect(failures).toEqual([{ property: "role", reason: expect.stringContaining("Viewer") }]);
    });

    test("An account that somebody disabled shows on its keys, and is left so.", async () => {
      const serviceAccountId = await newAccount();
      const key = stack().newKey();
      const program = { ...common, serviceAccountId };
      await key.up(program);
      vendor().double.disable(serviceAccountId);
      expect(await key.refresh()).toEqual(["status"]);
      expect(key.outs.status).toBe("disabled");
      expect((await key.up(program)).op).toBe("same");
    });
  },
);
