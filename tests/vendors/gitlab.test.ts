import { expect, test } from "@jest/globals";
import { startGitlab } from "../doubles/gitlab";
import { common, stackOn } from "../servers/support/resources";
import { describeVendor } from "./support/describe-vendor";

const scopes = [["read_registry"], ["read_api", "read_registry"], ["write_repository"]];

describeVendor(
  {
    backend: "gitlab",
    start: startGitlab,
    fields: { group: "acme" },
    harness: ({ double }) => ({
      token: double.adminToken,
      weakToken: double.weakToken,
      scopes,
      manyKeys: 101,
      manyAccounts: 101,
      works: ({ secret }) => Promise.resolve(double.uses(secret)),
      advance: (ms) => Promise.resolve(double.advance(ms)),
    }),
    operations: [
      "GET /groups/{id}/service_accounts",
      "POST /groups/{id}/service_accounts",
      "PATCH /groups/{id}/service_accounts/{user_id}",
      "DELETE /groups/{id}/service_accounts/{user_id}",
      "GET /groups/{id}/service_accounts/{user_id}/personal_access_tokens",
      "POST /groups/{id}/service_accounts/{user_id}/personal_access_tokens",
      "DELETE /groups/{id}/service_accounts/{user_id}/personal_access_tokens/{token_id}",
      "GET /personal_access_tokens/{id}",
    ],
  },
  (vendor) => {
    const stack = (fields: object = { group: "acme" }) =>
      stackOn(
        "gitlab",
        { url: vendor().url, token: vendor().double.adminToken },
        { fields, nowMs: () => vendor().double.nowMs() },
      );

    test("A token ends at the beginning of the day after the end that was asked for, and never sooner.", async () => {
      const account = await stack().connection.client.createServiceAccount?.({ name: "ends" });
      const program = { ...common, serviceAccountId: account?.id, scopes: ["read_registry"] };
      const key = stack().newKey();
      const asked = new Date(vendor().double.nowMs() + 40 * 60 * 60 * 1000).toISOString();
      await key.up({ ...program, expiresAt: asked });
      const [given] = (await stack().connection.client.listKeys({ serviceAccountId: account?.id ?? "" })) ?? [];
      expect(given?.expiresAt).toMatch(/T00:00:00Z$/);
      expect(Date.parse(given?.expiresAt ?? "")).toBeGreaterThanOrEqual(Date.parse(asked));
      expect(await key.refresh()).toEqual([]);
      await key.destroy();
    });

    test("A token without an end, for more than GitLab's year, or without scopes is refused in the preview.", async () => {
      const refused = async (asked: object) =>
        (
          await stack()
            .newKey()
            .preview({ ...common, serviceAccountId: "1", scopes: ["read_registry"], expiresIn: "30d", ...asked })
        ).failures.map(({ property }) => property);
      expect(await refused({})).toEqual([]);
      expect(await refused({ expiresIn: undefined })).not.toEqual([]);
      expect(await refused({ expiresIn: "400d" })).toEqual(["expiresIn"]);
      expect(await refused({ scopes: [], fullAccess: true })).toEqual(["scopes"]);
    });

    test("A connection names one place of tokens, and no two.", () => {
      for (const fields of [{}, { group: "acme", project: "acme/shop" }])
        expect(() => stack(fields)).toThrow(/exactly one of "group" .+, "groupTokens" .+ and "project"/);
    });

    test("The token that the connection runs on, and its account, are told from others.", async () => {
      const { client } = stack().connection;
      const account = await client.createServiceAccount?.({ name: "admin" });
      const ref = { serviceAccountId: account?.id ?? "", name: "own" };
      const asked = { ...ref, scopes: ["read_api"], expiresAt: new Date(vendor().double.nowMs() + 1e9).toISOString() };
      const { id, secret } = await client.createKey(asked);
      const runsOn = { url: vendor().url, token: secret };
      const own = stackOn("gitlab", runsOn, { fields: { group: "acme" }, nowMs: () => vendor().double.nowMs() });
      expect(await own.connection.client.whoAmI?.()).toEqual({ keyId: id, serviceAccountId: account?.id });
      await client.revokeKey({ ...ref, id });
    });

    test("A group that is not there makes no account and no key look gone.", async () => {
      const { client } = stack({ group: "elsewhere" }).connection;
      await expect(client.getServiceAccount?.("1")).rejects.toThrow(/answered 404: there is no such group/);
      await expect(client.listServiceAccounts?.({})).rejects.toThrow(/answered 404/);
    });
  },
);

for (const [field, value, kind] of [
  ["project", "acme/shop", "projects"],
  ["groupTokens", "acme", "groups"],
] as const)
  describeVendor(
    {
      backend: "gitlab",
      start: startGitlab,
      fields: { [field]: value },
      harness: ({ double }) => ({
        token: double.adminToken,
        weakToken: double.weakToken,
        scopes,
        manyKeys: 101,
        works: ({ secret }) => Promise.resolve(double.uses(secret)),
        advance: (ms) => Promise.resolve(double.advance(ms)),
      }),
      operations: [
        `GET /${kind}/{id}/access_tokens`,
        `POST /${kind}/{id}/access_tokens`,
        `DELETE /${kind}/{id}/access_tokens/{token_id}`,
        "GET /personal_access_tokens/{id}",
      ],
    },
    (vendor) => {
      test("GitLab would make a token of a maintainer, so its level is always said and sent.", async () => {
        const stack = stackOn(
          "gitlab",
          { url: vendor().url, token: vendor().double.adminToken },
          { fields: { [field]: value }, nowMs: () => vendor().double.nowMs() },
        );
        const program = { ...common, scopes: ["read_registry"], expiresIn: "30d" };
        const { failures } = await stack.newKey().preview(program);
        expect(failures.map(({ reason }) => reason).join()).toContain("accessLevel");
        const key = stack.newKey();
        await key.up({ ...program, options: { accessLevel: "guest" } });
        expect(vendor().double.levelOf(String(key.outs.keyId))).toBe(10);
        await key.destroy();
      });
    },
  );
