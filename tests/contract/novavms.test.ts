import { describeBackend, startEmulator } from "../../testing";

describeBackend(
  "novavms",
  async () => {
    const emulator = await startEmulator({ limits: { novavms: null } });
    const { url, adminToken, operatorToken } = emulator.services.novavms;
    return {
      url,
      token: adminToken,
      weakToken: operatorToken,
      scopes: [["cameras:read"], ["cameras:read", "events:read"]],
      serviceAccount: { role: "viewer" },
      manyKeys: 60,
      manyAccounts: 60,
      works: async ({ secret }) =>
        (await fetch(`${url}/cameras`, { headers: { authorization: `Bearer ${secret}` } })).ok,
      disableAccount: async (id) => {
        const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
        await fetch(`${url}/service-accounts/${id}`, { method: "PATCH", headers, body: '{"enabled":false}' });
      },
      advance: (ms) => emulator.clock.advance(`${Math.ceil(ms / 1000)}s`),
      close: () => emulator.close(),
    };
  },
  { allowUndocumentedEndpoints: true },
);
