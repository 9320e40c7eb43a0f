import { describe, expect, jest, test } from "@jest/globals";
import { story } from "./support/services";

jest.setTimeout(180_000);

const program = (owner: string) =>
  `const rot = new RotatingApiKey("rot", { scopes: ["read:checks"], rotateEvery: "30d", labels: { owner: "${owner}" } }); exports.key = rot.keyId;`;

describe("A saved plan that outlives midnight", () => {
  test(
    "is refused by the engine on the day on which a key is due, and holds with the clock of its making",
    story(async ({ stack }) => {
      stack.env.APIKEYS_NOW = "2027-01-01T10:00:00Z";
      stack.program(program("a"));
      await stack.up();
      const { key } = await stack.outputs();

      stack.env.APIKEYS_NOW = "2027-01-30T23:58:00Z";
      stack.program(program("b"));
      await stack.must("preview", "--save-plan", "plan.json");
      stack.env.APIKEYS_NOW = "2027-01-31T00:01:00Z";
      expect((await stack.failingUp("--plan", "plan.json")).text).toMatch(/violates plan/);

      stack.env.APIKEYS_NOW = "2027-01-30T23:58:00Z";
      await stack.up("--plan", "plan.json");
      expect((await stack.outputs()).key).toBe(key);
      stack.env.APIKEYS_NOW = "2027-01-31T00:01:00Z";
      await stack.up();
      expect((await stack.outputs()).key).not.toBe(key);
    }),
  );
});
