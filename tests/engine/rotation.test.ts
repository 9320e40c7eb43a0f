import { describe, expect, test } from "@jest/globals";
import { call, goToDay, storyOn } from "./support/services";
import type { Face } from "./support/stack";

const program = (extra = "", scopes = '["read:checks"]') => `
  const account = new ServiceAccount("exporter", { connection: "novavms", role: "viewer" });
  const a = new RotatingApiKey("a", { scopes: ${scopes}, rotateEvery: "90d", ${extra} });
  const b = new RotatingApiKey("b", { connection: "novavms", serviceAccountId: account.accountId, scopes: ["cameras:read"], rotateEvery: "90d", expiresIn: "120d" });
  const c = new RotatingApiKey("c", { connection: "pulseapi", scopes: ["monitors:read"], rotateEvery: "90d" });
  for (const [name, key] of Object.entries({ a, b, c })) Object.assign(exports, { [name]: key.secret, [name + "Old"]: key.previousSecret, [name + "Id"]: key.keyId, [name + "Reason"]: key.rotationReason, [name + "Until"]: key.previousValidUntil, [name + "Next"]: key.nextRotationAt, [name + "Retire"]: key.retireStatus });`;

describe.each<Face>(["dynamic", "plugin"])("Rotation on the real engine, of a %s resource,", (face) => {
  test(
    "shows what is due and why in a preview, mints with overlap, retires afterwards, and does nothing on other days",
    storyOn(face, async (bench) => {
      const { stack, services } = bench;
      await goToDay(bench, 0);
      stack.program(program());
      await stack.up();
      const first = await stack.outputs();
      expect(first.aReason).toBe("first issue");
      expect(first.aOld).toBeUndefined();

      // Ninety days ahead, without waiting and without a credential.
      const { PULSELY_ADMIN_TOKEN: _a, NOVAVMS_ADMIN_TOKEN: _b, PULSEAPI_ADMIN_TOKEN: _c, ...bare } = stack.env;
      const full = stack.env;
      stack.env = { ...bare, APIKEYS_NOW: first.aNext! };
      const steps = await stack.preview();
      expect(
        steps
          .map(({ op, urn, diffReasons }) => [urn.split("::").pop(), op, diffReasons?.includes("generation")])
          .sort(),
      ).toEqual(["a", "b", "c"].map((name) => [name, "update", true]));
      expect(steps[0]?.newState?.inputs).toMatchObject({ generation: 2, rotationReason: "due: age 90 d of 90 d" });
      const shown = await stack.must("preview", "--diff");
      expect(shown.stdout).toMatch(/generation\s*: 1 => 2/);
      expect(shown.stdout).toContain('"first issue" => "due: age 90 d of 90 d"');
      stack.env = full;

      const quiet = (await services.requests()).length;
      await goToDay(bench, 89);
      expect((await stack.up()).stdout).toMatch(/5 unchanged/);
      expect((await services.requests()).length).toBe(quiet);

      await goToDay(bench, 91);
      await stack.up();
      const second = await stack.outputs();
      expect(second.aReason).toBe("due: age 91 d of 90 d");
      expect(second.aOld).toBe(first.a);
      for (const [service, path, name] of [
        ["pulsely", "/checks", "a"],
        ["novavms", "/cameras", "b"],
        ["pulseapi", "/monitors", "c"],
      ] as const) {
        expect([name, await call(services.services[service].url, path, second[name]!)]).toEqual([name, 200]);
        expect([name, await call(services.services[service].url, path, first[name]!)]).toEqual([name, 200]);
      }
      // NovaVMS ends the old key by itself, at the very time that the output tells.
      const old = (await services.keys.list("novavms")).find(({ id }) => id === first.bId);
      expect(Date.parse(old!.expiresAt!)).toBe(Date.parse(second.bUntil!));

      // A refresh between the mint and the retire loses nothing, and is no reason for anything.
      await stack.refresh();
      const calm = (await services.requests()).length;
      expect((await stack.up()).stdout).toMatch(/5 unchanged/);
      expect((await services.requests()).length).toBe(calm);

      await goToDay(bench, 99);
      const retire = await stack.preview();
      expect(retire.map(({ newState }) => newState?.inputs?.rotationReason)).toEqual(
        Array(3).fill("previous key retired after overlap"),
      );
      await stack.up();
      const third = await stack.outputs();
      expect(third.aOld).toBeUndefined();
      expect(await call(services.services.pulsely.url, "/checks", first.a!)).toBe(401);
      expect(await call(services.services.pulseapi.url, "/monitors", first.c!)).toBe(401);
      expect(await call(services.services.novavms.url, "/cameras", first.b!)).toBe(401);
      // Pulsely and PulseAPI: the current key is read, the old one revoked. NovaVMS: nothing is left to ask.
      const asked = (await services.requests()).slice(calm).filter(({ path }) => !/checks|cameras|monitors/.test(path));
      expect(asked.map(({ service, method }) => `${service} ${method}`).sort()).toEqual([
        "pulseapi DELETE",
        "pulseapi GET",
        "pulseapi GET",
        "pulsely DELETE",
        "pulsely GET",
      ]);
      expect((await stack.up()).stdout).toMatch(/5 unchanged/);

      // A scope change makes a key at once; an emergency leaves no older one.
      stack.program(program("", '["read:alerts", "read:checks"]'));
      expect((await stack.preview())[0]?.newState?.inputs?.rotationReason).toBe("scopes changed: +read:alerts");
      await stack.up();
      stack.program(program('emergency: "INC-4711",', '["read:alerts", "read:checks"]'));
      await stack.up();
      const last = await stack.outputs();
      expect(last.aReason).toBe("emergency: INC-4711");
      expect(last.aRetire).toMatch(/^emergency: key_\w+ revoked at .*last used/);
      const living = (await services.keys.list("pulsely")).filter(
        ({ name, state }) => name.startsWith("a-") && state === "active",
      );
      expect(living.map(({ id }) => id)).toEqual([last.aId]);

      // A key that somebody revoked is repaired by the update after a refresh.
      await services.keys.edit("pulsely", last.aId!, { state: "revoked" });
      await stack.refresh();
      await stack.up();
      const repaired = await stack.outputs();
      expect(repaired.aReason).toBe("revoked on the service");
      expect(await call(services.services.pulsely.url, "/checks", repaired.a!)).toBe(200);
    }),
    300_000,
  );

  test(
    "keeps the new key when the retire fails, says so, and finishes the retire in the next update",
    storyOn(face, async (bench) => {
      const { stack, services } = bench;
      await goToDay(bench, 0);
      const body = (scopes: string, every = "30d") =>
        `const a = new RotatingApiKey("a", { scopes: ${scopes}, rotateEvery: "${every}", retire: "immediately" }); exports.a = a.secret; exports.pending = a.pendingRevocations; exports.reason = a.rotationReason;`;
      stack.program(body('["read:checks"]'));
      await stack.up();
      const first = await stack.outputs();
      await services.faults.add({ service: "pulsely", method: "DELETE", kind: "status", status: 403, times: 9 });
      stack.program(body('["read:alerts"]'));
      const failed = await stack.failingUp();
      expect(failed.text).toMatch(/could not be revoked, the next update tries again/);
      const second = await stack.record("a");
      expect(await call(services.services.pulsely.url, "/alerts", String(second.secret))).toBe(200);
      expect(second.pendingRevocations).toEqual([expect.objectContaining({ keyId: expect.stringMatching(/^key_/) })]);
      expect(await call(services.services.pulsely.url, "/checks", first.a!)).toBe(200);
      await services.faults.clear();
      // A second edit after the partial failure is not lost, and the old key goes first of all.
      stack.program(body('["read:alerts", "read:metrics"]'));
      await stack.up();
      const third = await stack.outputs();
      expect(await call(services.services.pulsely.url, "/metrics", third.a!)).toBe(200);
      expect(await call(services.services.pulsely.url, "/checks", first.a!)).toBe(401);
      expect(await call(services.services.pulsely.url, "/alerts", String(second.secret))).toBe(401);
      expect((await stack.up()).stdout).toMatch(/2 unchanged/);
    }),
    300_000,
  );
});
