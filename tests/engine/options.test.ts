import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";
import { examplesDir, startParcels } from "./support/example-bench";
import { type Face, TestStack } from "./support/stack";

jest.setTimeout(240_000);

test.each<Face>(["dynamic", "plugin"])(
  "An input that only one service has is checked, sent, kept by a refresh, and its change is named and makes another key, of %s resources",
  async (face) => {
    const parcels = await startParcels();
    const stack = await TestStack.open({
      connections: { default: { backend: "./backends/parcels.js", url: parcels.url, tokenEnv: "PARCELS_ADMIN_TOKEN" } },
      env: { PARCELS_ADMIN_TOKEN: parcels.adminToken },
    });
    stack.face = face;
    const program = (depot: string) =>
      stack.program(`
      const account = new ServiceAccount("warehouse");
      const common = { serviceAccountId: account.accountId, scopes: ["parcels.read"] };
      const depot = ${depot};
      const key = new ApiKey("scanner", { ...common, options: { depot } });
      const rot = new RotatingApiKey("printer", { ...common, rotateEvery: "30d", options: { depot } });
      Object.assign(exports, { secret: key.secret, keyId: key.keyId, generation: rot.generation, reason: rot.rotationReason });`);
    try {
      cpSync(join(examplesDir, "own-backend", "backends", "parcels.js"), join(stack.project, "backends", "parcels.js"));
      program('"nrth"');
      const refused = await stack.pulumi("preview");
      expect(refused.code).not.toBe(0);
      expect(refused.text).toContain('did you mean "north"? it takes north, south');
      program('pulumi.secret("north")');
      const secret = await stack.pulumi("preview");
      expect(secret.code).not.toBe(0);
      expect(secret.text).toContain("nothing secret may stand in them");

      // What a preview cannot know is checked in the update.
      program('account.accountId.apply(() => "north")');
      await stack.up();
      const first = await stack.outputs();
      expect((await stack.record("scanner")).options).toEqual({ depot: "north" });
      await stack.must("preview", "--expect-no-changes");
      await stack.must("refresh", "--yes", "--expect-no-changes");

      program('"south"');
      const steps = await stack.preview();
      const ofScanner = steps.find(({ urn, op }) => urn.endsWith("::scanner") && op === "replace");
      expect(ofScanner?.replaceReasons).toEqual(["options"]);
      const ofPrinter = steps.find(({ urn }) => urn.endsWith("::printer"));
      expect([ofPrinter?.op, ofPrinter?.newState?.inputs?.rotationReason]).toEqual([
        "update",
        "options changed: depot",
      ]);
      await stack.up();
      const second = await stack.outputs();
      expect(Number(second.keyId)).toBeGreaterThan(Number(first.keyId));
      expect([second.generation, second.reason]).toEqual([2, "options changed: depot"]);
      expect((await stack.record("printer")).options).toEqual({ depot: "south" });
      await stack.must("refresh", "--yes", "--expect-no-changes");
      await stack.must("preview", "--expect-no-changes");
      await stack.close();
    } finally {
      stack.discard();
      await parcels.close();
    }
  },
);
