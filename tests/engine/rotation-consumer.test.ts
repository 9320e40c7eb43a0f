import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { call, goToDay, storyOn } from "./support/services";
import type { Face } from "./support/stack";

/** `consumer` stands for whatever is deployed with the key: another key of it makes another one of that. */
const program = `
  const source = new RotatingApiKey("source", { scopes: ["read:checks"], rotateEvery: "30d", overlap: "7d" });
  new ApiKey("consumer", { connection: "pulseapi", scopes: ["monitors:read"], keepers: { source: source.fingerprint } });
  Object.assign(exports, { secret: source.secret, generation: source.generation, until: source.previousValidUntil });`;

describe.each<Face>(["dynamic", "plugin"])("On the form %s", (face) => {
  test(
    "a consumer whose own update fails goes on with the previous key, is never refused, and the key is not made twice",
    storyOn(face, async (bench) => {
      const { stack, services } = bench;
      const { pulsely } = services.services;
      // The client below calls more often than Pulsely lets one key: its 429 is another story.
      const lifted = {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"service":"pulsely","perMinute":null}',
      };
      expect((await fetch(`${services.controlUrl}/limits`, lifted)).status).toBe(200);
      await goToDay(bench, 0);
      stack.program(program);
      await stack.up();
      let published = (await stack.outputs()).secret!;
      const first = published;

      let calling = true;
      const answers = new Set<number>();
      const client = (async () => {
        while (calling) {
          answers.add(await call(pulsely.url, "/checks", published));
          await wait(50);
        }
      })();
      try {
        await services.faults.add({ service: "pulseapi", method: "POST", kind: "status", status: 403 });
        await goToDay(bench, 30);
        expect((await stack.failingUp()).text).toMatch(/ApiKey "consumer".*answered 403/s);
        // The deployment has failed, so nothing was published.
        expect((await stack.record("source")).generation).toBe(2);

        await goToDay(bench, 33);
        await stack.up();
        const outputs = await stack.outputs();
        expect(String(outputs.generation)).toBe("2");
        expect(outputs.secret).not.toBe(first);
        published = outputs.secret!;
        await wait(200);

        await goToDay(bench, 38);
        await stack.up();
        expect(await call(pulsely.url, "/checks", first)).toBe(401);
        await wait(200);
      } finally {
        calling = false;
        await client;
      }
      expect([...answers]).toEqual([200]);
    }),
    300_000,
  );
});
