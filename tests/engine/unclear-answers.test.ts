import { describe, expect, test } from "@jest/globals";
import { call, storyOn } from "./support/services";
import type { Face } from "./support/stack";
import { ownSuffix } from "./support/own-name";

describe.each<Face>(["dynamic", "plugin"])("An answer that is lost after the key of a %s resource was made", (face) => {
  test(
    "leaves exactly one living key, whose secret is in the state: the lost one is found by its marker, revoked, and made anew",
    storyOn(face, async ({ stack, services }) => {
      for (const kind of ["drop-after-commit", "truncate", "garbage"] as const) {
        await services.faults.add({ service: "pulsely", method: "POST", path: "/api-keys$", kind });
        stack.program(`const k = new ApiKey("${kind}", { scopes: ["read:checks"] }); exports.s = k.secret;`);
        await stack.up();
        const { s } = await stack.outputs();
        expect(await call(services.services.pulsely.url, "/checks", s!)).toBe(200);
        const keys = (await services.keys.list("pulsely")).filter(({ name }) => name.startsWith(`${kind}-`));
        expect(keys.map(({ state }) => state).sort()).toEqual(["active", "revoked"]);
      }
    }),
    180_000,
  );

  test(
    "fails with the marker named where nothing was made, and the next update makes the key",
    storyOn(face, async ({ stack, services }) => {
      await services.faults.add({ service: "pulsely", method: "POST", path: "/api-keys$", kind: "drop-before" });
      stack.program(`const k = new ApiKey("k", { scopes: ["read:checks"] }); exports.s = k.secret;`);
      const failed = await stack.failingUp();
      expect(failed.text).toMatch(new RegExp(`it is unclear whether a key named "k${ownSuffix}" was made`));
      expect((await services.keys.list("pulsely")).filter(({ name }) => name.startsWith("k-"))).toEqual([]);
      expect((await services.requests("pulsely")).filter(({ method }) => method === "POST").length).toBe(1);
      await stack.up();
      expect(await call(services.services.pulsely.url, "/checks", (await stack.outputs()).s!)).toBe(200);
    }),
    180_000,
  );

  test(
    "keeps a key that was made but could not be revoked in the state, and the next update revokes and replaces it",
    storyOn(face, async ({ stack, services }) => {
      await services.faults.add({ service: "pulsely", method: "POST", path: "/api-keys$", kind: "drop-after-commit" });
      await services.faults.add({ service: "pulsely", method: "DELETE", kind: "status", status: 403, times: 9 });
      stack.program(`const k = new ApiKey("k", { scopes: ["read:checks"] }); exports.s = k.secret;`);
      const failed = await stack.failingUp();
      expect(failed.text).toMatch(/its secret is lost, and it could not be revoked \(.*\): the next run revokes it/);
      expect((await stack.state()).map(({ id }) => id)).toEqual([expect.stringMatching(/^key_/)]);
      await services.faults.clear();
      await stack.up();
      expect(await call(services.services.pulsely.url, "/checks", (await stack.outputs()).s!)).toBe(200);
      expect(
        (await services.keys.list("pulsely")).filter(({ name, state }) => name.startsWith("k-") && state === "active")
          .length,
      ).toBe(1);
    }),
    180_000,
  );
});
