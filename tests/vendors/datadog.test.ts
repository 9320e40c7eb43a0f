import { expect, test } from "@jest/globals";
import { dayMs, minuteMs } from "../../provider/values/durations";
import type { BackendHarness } from "../../testing";
import { type DatadogDouble, datadogRefusals, startDatadog } from "../doubles/datadog";
import { common, stackOn } from "../servers/support/resources";
import { describeVendor, type HeldVendor } from "./support/describe-vendor";

const accountEmail = "platform@example.com";
const [reader, writer] = ["3653d3c6-0c75-11ea-ad28-fb5701eabc7d", "4a2f3c11-0c75-11ea-ad28-fb5701eabc7d"];

const harness = ({ double }: HeldVendor<DatadogDouble>): Omit<BackendHarness, "url" | "close"> => ({
  token: double.adminToken,
  wrongToken: `${"0".repeat(32)}:ddap_${"0".repeat(40)}`,
  weakToken: double.weakToken,
  scopes: [["dashboards_read", "metrics_read"], ["dashboards_read"], ["service_account_write"]],
  serviceAccount: { role: reader },
  otherRole: writer,
  // The backend asks for pages of 100.
  manyKeys: 110,
  manyAccounts: 110,
  works: async ({ secret }) => double.use(secret) !== undefined,
  disableAccount: async (id) => double.disable(id),
  advance: async (ms) => double.advance(ms),
});

const accounts = "/api/v2/service_accounts/{service_account_id}";
const onUsers = [
  "POST /api/v2/service_accounts",
  "GET /api/v2/users",
  "GET /api/v2/users/{user_id}",
  "PATCH /api/v2/users/{user_id}",
];
const onKeys = (path: string, id: string) => [
  `POST ${accounts}/${path}`,
  `GET ${accounts}/${path}`,
  `GET ${accounts}/${path}/{${id}}`,
  `PATCH ${accounts}/${path}/{${id}}`,
  `DELETE ${accounts}/${path}/{${id}}`,
];

describeVendor(
  {
    ...{ backend: "datadog", start: startDatadog, harness, fields: { accountEmail } },
    alsoAnswers: datadogRefusals,
    operations: [
      ...onUsers,
      ...onKeys("access_tokens", "token_id"),
      // An account's deletion ends keys of both kinds.
      `POST ${accounts}/application_keys`,
      `GET ${accounts}/application_keys`,
      `DELETE ${accounts}/application_keys/{app_key_id}`,
    ],
  },
  (vendor) => {
    const stack = (fields: object = { accountEmail }) =>
      stackOn("datadog", { url: vendor().url, token: vendor().double.adminToken }, { fields });

    test("A key without scopes might do everything, so none is ever asked for, whatever the program consents to.", async () => {
      for (const keys of ["access-tokens", "application-keys"]) {
        const used = stack({ accountEmail, keys });
        const asked = { ...common, serviceAccountId: "any", scopes: [], fullAccess: true };
        expect((await used.newKey().preview(asked)).failures).toEqual([
          { property: "scopes", reason: expect.stringContaining("an empty list is never sent") },
        ]);
        const sent = used.connection.client.createKey({ name: "none", serviceAccountId: "any" });
        await expect(sent).rejects.toThrow(/nothing was sent/);
      }
    });

    test("An account that is deleted is disabled, with a name that says so, and every key of it is revoked, of either kind.", async () => {
      const account = stack().newAccount();
      await account.up({ ...common, role: reader });
      const serviceAccountId = String(account.outs.accountId);
      const keys = [stack().newKey(), stack({ keys: "application-keys" }).newKey()];
      for (const key of keys) await key.up({ ...common, serviceAccountId, scopes: ["metrics_read"] });
      expect(vendor().double.livingKeys()).toHaveLength(2);
      await account.destroy();
      expect(vendor().double.livingKeys()).toEqual([]);
      expect(
        vendor()
          .double.users()
          .filter(({ id }) => id === serviceAccountId),
      ).toEqual([expect.objectContaining({ disabled: true, name: expect.stringMatching(/^\[deleted\] /) })]);
      for (const key of keys) await key.destroy();
    });

    test("An account that an administrator has disabled is told as disabled, is not replaced, and its name stays.", async () => {
      const account = stack().newAccount();
      const program = { ...common, role: reader };
      await account.up(program);
      vendor().double.disable(String(account.outs.accountId));
      expect(await account.refresh()).toEqual(["status"]);
      expect(account.outs.status).toBe("disabled");
      expect(await account.preview(program)).toMatchObject({ op: "same" });
      await account.destroy();
    });

    test("A life beyond a year is refused in the preview, and any end of an application key.", async () => {
      const asked = { ...common, serviceAccountId: "any", scopes: ["metrics_read"] };
      const reasons = async (expiresIn: string, fields?: object) =>
        (
          await stack(fields)
            .newKey()
            .preview({ ...asked, expiresIn })
        ).failures.map(({ reason }) => reason);
      expect(await reasons("365d")).toEqual([]);
      expect(await reasons("366d")).toEqual([expect.stringContaining("365d")]);
      expect(await reasons("90d", { keys: "application-keys" })).toHaveLength(1);
    });

    test("A credential of another form is refused before anything is sent, and is not quoted.", async () => {
      const { client } = stackOn("datadog", { url: vendor().url, token: "just-one-key" }).connection;
      await expect(client.listKeys({ serviceAccountId: "any" })).rejects.toThrow(
        /<API key>:<application key>\. The one given has another form/,
      );
    });

    test("An account without an address is refused, and says where to put it.", async () => {
      await expect(stack({}).newAccount().up(common)).rejects.toThrow(/give the connection "accountEmail"/);
    });

    test("Its times are those of the service: a key tells its last use, and ends when it was asked to.", async () => {
      const account = stack().newAccount();
      await account.up({ ...common, role: reader });
      const { client } = stack().connection;
      const serviceAccountId = String(account.outs.accountId);
      const expiresAt = new Date(Date.now() + 300 * dayMs).toISOString();
      const key = await client.createKey({ serviceAccountId, name: "timed", scopes: ["metrics_read"], expiresAt });
      expect(Math.abs(Date.parse(key.expiresAt ?? "") - Date.parse(expiresAt))).toBeLessThan(minuteMs);
      expect(vendor().double.use(key.secret)).toEqual(["metrics_read"]);
      expect(await client.getKey({ id: key.id, name: key.name, serviceAccountId })).toHaveProperty("lastUsedAt");
      await account.destroy();
    });
  },
);

describeVendor<DatadogDouble>({
  ...{ backend: "datadog", start: startDatadog },
  // The pages of lists are those of the suite above.
  harness: (vendor) => ({ ...harness(vendor), manyKeys: 3, manyAccounts: 3 }),
  ...{ fields: { accountEmail, keys: "application-keys" } },
  alsoAnswers: datadogRefusals,
  operations: [...onUsers, ...onKeys("application_keys", "app_key_id"), `GET ${accounts}/access_tokens`],
});
