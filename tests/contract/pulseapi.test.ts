import { describeBackend, startEmulator } from "../../testing";

describeBackend("pulseapi", async () => {
  const emulator = await startEmulator({ limits: { pulseapi: null } });
  const { url, adminToken, freePlanToken } = emulator.services.pulseapi;
  return {
    url,
    token: adminToken,
    weakToken: freePlanToken,
    scopes: [["monitors:read"], ["monitors:read", "monitors:write"]],
    manyKeys: 120,
    works: async ({ secret }) =>
      (await fetch(`${url}/monitors`, { headers: { authorization: `Bearer ${secret}` } })).ok,
    advance: (ms) => emulator.clock.advance(`${Math.ceil(ms / 1000)}s`),
    close: () => emulator.close(),
  };
});
