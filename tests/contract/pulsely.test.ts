import { describeBackend, startEmulator } from "../../testing";

describeBackend("pulsely", async () => {
  const emulator = await startEmulator({ limits: { pulsely: null } });
  const { url, adminToken, nonManagerToken } = emulator.services.pulsely;
  return {
    url,
    token: adminToken,
    weakToken: nonManagerToken,
    scopes: [
      ["read:checks", "read:alerts"],
      ["read:checks", "write:checks"],
      ["read:checks", "admin:*"],
    ],
    // The backend asks for pages of 100.
    manyKeys: 120,
    works: async ({ secret }) => (await fetch(`${url}/checks`, { headers: { authorization: `Bearer ${secret}` } })).ok,
    advance: (ms) => emulator.clock.advance(`${Math.ceil(ms / 1000)}s`),
    close: () => emulator.close(),
  };
});
