import { describe, expect, jest, test } from "@jest/globals";
import { openBench, story, storyOn } from "./support/services";
import type { Face } from "./support/stack";

jest.setTimeout(300_000);

const dayMs = 86_400_000;

describe.each<Face>(["dynamic", "plugin"])("One service's trouble with %s resources on the real engine", (face) => {
  test(
    "stops no rotation elsewhere, and a destroy removes what it can: an account that was deleted by hand, and a service that is down",
    storyOn(face, async ({ stack, services, connections }) => {
      stack.connections({ ...connections, pulseapi: { ...connections.pulseapi, retryBudget: "1s" } });
      stack.program(`
        const account = new ServiceAccount("exporter", { connection: "novavms", role: "viewer" });
        const v = new ApiKey("v", { connection: "novavms", serviceAccountId: account.accountId, scopes: ["cameras:read"] });
        const p = new ApiKey("p", { connection: "pulseapi", scopes: ["monitors:read"] });
        const rot = new RotatingApiKey("rot", { scopes: ["read:checks"], rotateEvery: "30d" });
        Object.assign(exports, { account: account.accountId, v: v.secret, p: p.keyId, generation: rot.generation });`);
      await stack.up();
      const { account } = await stack.outputs();
      const { url, adminToken } = services.services.novavms;
      const ask = async (method: string, path: string, body?: object) => {
        const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
        const answer = await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
        expect(answer.ok).toBe(true);
      };
      await ask("POST", "/service-accounts", { name: "a-stranger", role: "viewer" });
      await ask("DELETE", `/service-accounts/${account}`);
      await services.faults.add({ service: "pulseapi", method: "GET", kind: "status", status: 503, times: 99 });

      const later = new Date(Date.now() + 31 * dayMs).toISOString().replace(/\.\d+Z$/, "Z");
      stack.env.APIKEYS_NOW = later;
      await services.clock.set(later);
      const run = await stack.up("--refresh");
      expect(run.text).toContain('the connection "pulseapi" could not be read');
      expect(run.text).toContain(`cannot be told whether account ${account} is gone`);
      expect((await stack.outputs()).generation).toBe(2);

      await services.faults.clear();
      const destroyed = await stack.pulumi("destroy", "--yes", "--skip-preview");
      expect(destroyed.code).not.toBe(0);
      expect(destroyed.text).toContain(`assumeGone: ["${account}"]`);
      const left = (await stack.state()).map(({ urn }) => urn.split("::").pop());
      expect(left).toContain("exporter");
      for (const gone of ["v", "p", "rot"]) expect(left).not.toContain(gone);

      // The consent, where the deployment can give it without a change of the stack.
      stack.env.APIKEYS_CONNECTIONS = JSON.stringify({ novavms: { assumeGone: [account] } });
    }),
  );

  test(
    "is told once for forty keys, which a refresh reads from one list; a rate limit is kept, and told",
    story(
      async ({ stack, services }) => {
        stack.face = face;
        stack.program(`
          for (let i = 0; i < 40; i += 1) new ApiKey("key-" + i, { scopes: ["read:checks"] });
          for (let i = 0; i < 20; i += 1) new ApiKey("slow-" + i, { connection: "pulseapi", scopes: ["monitors:read"] });`);
        const made = await stack.up();
        expect(made.text).toMatch(/connection "pulseapi": \d+ requests wait for the rate limit of http/);
        const creates = await services.requests("pulseapi");
        expect(creates.filter(({ status }) => status === 429).length).toBeLessThanOrEqual(1);
        await fetch(`${services.controlUrl}/limits`, {
          method: "POST",
          body: JSON.stringify({ service: "pulseapi", perMinute: null }),
        });

        const requests = async () => (await services.requests("pulsely")).length;
        const beforeReads = await requests();
        await stack.refresh();
        expect((await requests()) - beforeReads).toBeLessThanOrEqual(3);

        await services.faults.add({ service: "pulsely", kind: "drop-before", times: 10_000 });
        const beforeOutage = await requests();
        const kept = await stack.refresh();
        // The engine prints each warning when it comes, and all of them at the end.
        expect(kept.text.split("Diagnostics:")[1]?.match(/the connection "default" could not be read/g)).toHaveLength(
          1,
        );
        const destroyed = await stack.pulumi("destroy", "--yes", "--skip-preview", "--continue-on-error");
        expect(destroyed.code).not.toBe(0);
        expect(destroyed.text).toContain("is taken for down, and nothing more was sent");
        // Each of 40 reads, and of 40 revocations, would have been tried about eight times.
        expect((await requests()) - beforeOutage).toBeLessThanOrEqual(2 * 8 * 9);
      },
      () => openBench({ limits: { pulseapi: { perMinute: 60, burst: 10 } } }),
    ),
  );
});
