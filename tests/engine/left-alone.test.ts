import { describe, expect, jest, test } from "@jest/globals";
import { storyOn } from "./support/services";
import type { Face } from "./support/stack";

jest.setTimeout(120_000);

const program = (options = "", emergency = "") => `
  const key = new ApiKey("key", { scopes: ["read:checks"] }, { ${options} });
  const rot = new RotatingApiKey("rot", { scopes: ["read:checks"], rotateEvery: "30d", ${emergency} }, { ${options} });
  Object.assign(exports, { key: key.keyId, rot: rot.keyId, reason: rot.rotationReason, generation: rot.generation });`;

describe.each<Face>(["dynamic", "plugin"])("What a program leaves alone of %s resources on the real engine", (face) => {
  test(
    "ignoreChanges freezes a resource, or its status alone, and a secret emergency text stands nowhere in clear",
    storyOn(face, async ({ stack, services }) => {
      stack.program(program());
      await stack.up();
      const first = await stack.outputs();

      for (const names of ['"*"', '"status"', '"generation", "issuedOn", "rotationReason"']) {
        stack.program(program(`ignoreChanges: [${names}]`));
        expect((await stack.up()).stdout).toMatch(/3 unchanged/);
      }

      // Forty days later, with one key revoked by hand: frozen, nothing of it is made good.
      stack.env.APIKEYS_NOW = new Date(Date.now() + 40 * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");
      await services.keys.edit("pulsely", first.key!, { state: "revoked" });
      stack.program(program('ignoreChanges: ["*"]'));
      await stack.refresh();
      expect((await stack.up()).stdout).toMatch(/3 unchanged/);

      stack.env.CANARY = "CANARY-emergency-told-by-alice";
      stack.guard(stack.env.CANARY);
      stack.program(program("", "emergency: pulumi.secret(process.env.CANARY),"));
      await stack.must("preview", "--diff");
      await stack.up("--diff");
      const last = await stack.outputs();
      expect(last.key).not.toBe(first.key);
      expect(last.rot).not.toBe(first.rot);
      expect(last.reason).toMatch(/^emergency: text withheld \([0-9a-f]{8}\)$/);
    }),
  );
});
