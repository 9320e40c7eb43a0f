// `npm test`: what every backend owes, proven against the running service.
import { describeBackend } from "pulumi-apikeys/testing";
import { startParcels } from "../service.mjs";
import { parcels } from "./parcels.js";

describeBackend(parcels, async () => {
  let aheadMs = 0;
  const { url, adminToken, close } = await startParcels({ now: () => Date.now() + aheadMs });
  return {
    url,
    token: adminToken,
    scopes: [["parcels.read"], ["parcels.read", "labels.print"], ["parcels.write"]],
    manyKeys: "no pages",
    manyAccounts: "no pages",
    works: async ({ secret }) => (await fetch(`${url}/parcels`, { headers: { authorization: `Bearer ${secret}` } })).ok,
    advance: async (ms) => void (aheadMs += ms),
    close,
  };
});
