// Proves what acme.js claims, against a running service: node --test. Jest and vitest run it as well.
import backend from "./acme.js";
import { startStub } from "./acme.stub.mjs";
import { describeBackend } from "pulumi-apikeys/testing";

describeBackend(backend.acme, async () => {
  // For the real service: its URL, an admin token of a test account, and nothing to close.
  const { url, adminToken, close } = await startStub();
  return {
    url,
    token: adminToken,
    scopes: [["items.read"], ["items.read", "items.write"]],
    // More than one page of the list; "no pages" if the service lists all keys at once.
    manyKeys: 5,
    // Whether a key works.
    works: async ({ secret }) => (await fetch(`${url}/items`, { headers: { authorization: `Bearer ${secret}` } })).ok,
    close,
  };
});
