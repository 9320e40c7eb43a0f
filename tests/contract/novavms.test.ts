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
      advance: (ms) => emulator.clock.advance(`${Math.ceil(ms / 1000)}s`),
      close: () => emulator.close(),
    };
  },
  { allowUndocumentedEndpoints: true },
);
