import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { dayMs, hourMs, minuteMs } from "../../provider/values/durations";
import { createRotatingApiKeyProvider } from "../../provider/resources/rotation/resource";
import { EngineDouble } from "../../testing/engine-double";
import { type Product, productFacts, products, RotationBench } from "./support/rotation-bench";

const origin = "acme/app/dev/app";
let bench: RotationBench;
beforeAll(async () => void (bench = await RotationBench.open()));
afterAll(() => bench.close());
beforeEach(() => bench.reset("2027-01-04T09:17:00Z"));
afterEach(() => bench.services.faults.clear());

const every = (product: Product, inputs: object = {}) =>
  bench.program(product, origin, { rotateEvery: "30d", ...inputs });
const twoScopes = (product: Product) => ({ scopes: [...productFacts[product].scopes].slice(0, 2).sort() });

/** An update that has to succeed. */
async function up(key: EngineDouble, program: object): Promise<string> {
  const { op, failures } = await key.up(program);
  expect(failures).toEqual([]);
  return op;
}

/** What stands in the outputs of the named fields. */
const out = (key: EngineDouble, name: string) => key.outs[name] as string;

describe.each(products)("A rotating key of %s", (product) => {
  test("is made once for three missed periods, and says how old it had become", async () => {
    const key = bench.key();
    await up(key, every(product));
    await bench.pass(95 * dayMs);
    const preview = await key.preview(every(product));
    expect(preview).toMatchObject({ op: "update", inputs: { generation: 2, rotationReason: "due: age 95 d of 30 d" } });
    expect(preview.listed).toEqual(["generation", "issuedOn", "retireAfter", "rotationReason"]);
    await up(key, every(product));
    expect(key.outs).toMatchObject({ generation: 2, rotationReason: "due: age 95 d of 30 d" });
    expect(await bench.living(product, "app-")).toHaveLength(2);
  });

  test("keeps its predecessor until the overlap ends, a refresh between or not, and loses nothing by it", async () => {
    const [key, refreshed] = [bench.key(), bench.key()];
    for (const one of [key, refreshed]) {
      await up(one, every(product));
      await bench.pass(30 * dayMs);
      await up(one, every(product));
      await bench.pass(-30 * dayMs);
    }
    await bench.pass(32 * dayMs);
    const before = refreshed.outs;
    expect(await refreshed.refresh()).toMatchObject({ listed: [], failures: [] });
    expect(refreshed.outs).toEqual(before);
    for (const one of [key, refreshed]) {
      expect(await up(one, every(product))).toBe("same");
      expect(await bench.holder(product, out(one, "previousSecret"))).toMatchObject({ id: one.outs.previousKeyId });
    }
    // The consumer's own update has failed all week: it calls with the old key until the very end.
    await bench.goTo(Date.parse(out(key, "previousValidUntil")) - minuteMs);
    expect(await bench.use(product, key.outs.previousSecret)).toBe(200);
    await bench.pass(2 * minuteMs);
    const old = out(key, "previousSecret");
    for (const one of [key, refreshed]) {
      await up(one, every(product));
      expect(one.outs).toMatchObject({ rotationReason: "previous key retired after overlap" });
      expect(Object.keys(one.outs).filter((name) => name.startsWith("previous"))).toEqual([]);
    }
    expect(await bench.use(product, old)).toBe(401);
    expect(await bench.use(product, key.outs.secret)).toBe(200);
  });

  test("gets its new scopes at once, ends the oldest key early, and says by how much", async () => {
    const key = bench.key();
    await up(key, every(product));
    const first = out(key, "secret");
    await bench.pass(30 * dayMs);
    await up(key, every(product));
    const second = out(key, "secret");
    await bench.pass(dayMs);
    const program = every(product, twoScopes(product));
    const added = twoScopes(product).scopes.find((scope) => scope !== productFacts[product].scopes[0]);
    expect((await key.preview(program)).inputs.rotationReason).toBe(
      `scopes changed: +${added}; previous key ends 6 d early`,
    );
    await up(key, program);
    expect(key.outs.rotationReason).toBe(`scopes changed: +${added}; previous key ends 6 d early`);
    expect(await Promise.all([first, second, key.outs.secret].map((secret) => bench.use(product, secret)))).toEqual([
      401, 200, 200,
    ]);
  });

  test("is made anew before anything else in an emergency, which ends every older one and says what to search for", async () => {
    const key = bench.key();
    await up(key, every(product, { emergency: "before the first" }));
    expect(key.outs.rotationReason).toBe("first issue");
    await bench.pass(31 * dayMs);
    await up(key, every(product, { emergency: "before the first" }));
    await bench.use(product, key.outs.secret);
    await bench.pass(2 * hourMs);
    const mark = await bench.mark();
    await up(key, every(product, { emergency: "INC-4711" }));
    const sent = await bench.requestsSince(mark);
    expect(sent[0]).toMatchObject({ method: "POST", status: 201 });
    expect((await bench.living(product, "app-")).map(({ id }) => id)).toEqual([key.outs.keyId]);
    expect(key.outs.rotationReason).toBe("emergency: INC-4711");
    const used = product === "pulseapi" ? "2027-02-04T00:00:00Z" : "2027-02-04T09:17:0\\dZ";
    expect(key.outs.retireStatus).toMatch(
      new RegExp(
        `^emergency: \\S+ revoked at 2027-02-04T11:17:0\\dZ, last used never; \\S+ revoked at 2027-02-04T11:17:0\\dZ, last used ${used}; search the service's audit log`,
      ),
    );
    // Its removal clears it, and costs nothing.
    const calm = await bench.mark();
    expect(await up(key, every(product))).toBe("update");
    expect(key.outs).not.toHaveProperty("emergency");
    expect(await bench.mark()).toBe(calm);
  });

  test("that was revoked by hand is made anew after a refresh, without a word about an overlap", async () => {
    const key = bench.key();
    await up(key, every(product));
    await bench.services.keys.edit(product, out(key, "keyId"), { state: "revoked" });
    expect((await key.refresh()).listed).toContain("status");
    const gone = product === "pulseapi" ? "gone from the service" : "revoked on the service";
    expect((await key.preview(every(product))).inputs).toMatchObject({ rotationReason: gone });
    await up(key, every(product));
    expect(key.outs).toMatchObject({ status: "active", generation: 2, rotationReason: gone });
    expect(key.outs).not.toHaveProperty("previousKeyId");
    expect(await bench.use(product, key.outs.secret)).toBe(200);
  });

  test("that was revoked by hand is seen without a refresh by an update that has to retire, and the previous key waits for the new one", async () => {
    const key = bench.key();
    await up(key, every(product, { retire: "whenUnused" }));
    await bench.pass(31 * dayMs);
    await up(key, every(product, { retire: "whenUnused" }));
    const previous = out(key, "previousSecret");
    await bench.services.keys.edit(product, out(key, "keyId"), { state: "revoked" });
    await bench.pass(9 * dayMs);
    await bench.use(product, previous);
    await up(key, every(product, { retire: "whenUnused" }));
    expect(key.outs).toMatchObject({
      generation: 3,
      previousSecret: previous,
      retireStatus: "the new key has not been used yet; deferred",
    });
    expect(await Promise.all([previous, key.outs.secret].map((secret) => bench.use(product, secret)))).toEqual([
      200, 200,
    ]);
  });

  test("whose previous key was revoked by hand does not call it valid any more after a refresh", async () => {
    const key = bench.key();
    await up(key, every(product));
    await bench.pass(31 * dayMs);
    await up(key, every(product));
    await bench.services.keys.edit(product, out(key, "previousKeyId"), { state: "revoked" });
    await key.refresh();
    expect(Object.keys(key.outs).filter((name) => name.startsWith("previous"))).toEqual([]);
    expect(key.outs.retireStatus).toBe(
      `previous key ${product === "pulseapi" ? "gone from the service" : "revoked on the service"}`,
    );
    expect(await up(key, every(product))).toBe("same");
  });

  test("is kept although its predecessor could not be revoked; the next update revokes that first, and a second edit is not lost", async () => {
    const key = bench.key();
    const program = (count: number) =>
      every(product, { scopes: [...productFacts[product].scopes].slice(0, count).sort(), retire: "immediately" });
    await up(key, program(1));
    const method = product === "novavms" ? "POST" : "DELETE";
    await bench.services.faults.add({
      service: product,
      method,
      path: product === "novavms" ? "revoke$" : "api-keys",
      kind: "status",
      status: 403,
      times: 2,
    });
    const { failures } = await key.up(program(2));
    expect(failures.join()).toMatch(/^the key \S+ could not be revoked, the next update tries again: .* answered 403/);
    expect(key.outs).toMatchObject({
      generation: 2,
      rotationReason: expect.stringMatching(/^scopes changed: \+\S+$/),
      pendingRevocations: [{ end: expect.any(String) }],
    });
    expect(key.state?.inputs).toMatchObject({ generation: 1, rotationReason: "first issue" });
    const second = out(key, "secret");
    // Nothing but the retire is left to be done, and it fails again.
    expect((await key.up(program(2))).failures).toHaveLength(1);
    expect(key.outs).toMatchObject({ generation: 2, secret: second });
    await up(key, program(3));
    expect(key.outs).toMatchObject({ generation: 3, scopes: [...productFacts[product].scopes].sort() });
    expect((await bench.living(product, "app-")).map(({ id }) => id)).toEqual([key.outs.keyId]);
    expect(await up(key, program(3))).toBe("same");
  });

  test("is not lost with the answer to its making: what was made is revoked, and made anew", async () => {
    const key = bench.key();
    await bench.services.faults.add({ service: product, method: "POST", path: "keys$", kind: "drop-after-commit" });
    await up(key, every(product));
    expect((await bench.living(product, "app-")).map(({ id }) => id)).toEqual([key.outs.keyId]);
    await bench.pass(31 * dayMs);
    // Neither is an answer, nor can anybody look: the next update does.
    await bench.services.faults.add({ service: product, method: "POST", path: "keys$", kind: "drop-after-commit" });
    await bench.services.faults.add({ service: product, method: "GET", kind: "status", status: 503, times: 2 });
    const { failures } = await key.up(every(product));
    expect(failures.join()).toMatch(/it is unclear whether a key named "app-\S+" was made/);
    expect(key.outs).toMatchObject({ generation: 1, lostCreates: [expect.stringMatching(/^app-/)] });
    await bench.services.faults.clear();
    await up(key, every(product));
    expect(key.outs).toMatchObject({ generation: 2 });
    expect(key.outs).not.toHaveProperty("lostCreates");
    expect((await bench.living(product, "app-")).map(({ id }) => id).sort()).toEqual(
      [key.outs.keyId, key.outs.previousKeyId].sort(),
    );
  });

  test("of one stack never touches a key of another, of another program, or of a name that only begins alike", async () => {
    const [mine, theirs] = [bench.key(), bench.key()];
    const foreign = [await bench.foreignKey(product, "app"), await bench.foreignKey(product, "app-0123456789")];
    await up(mine, every(product));
    await up(theirs, { ...every(product), origin: "acme/app/prod/app" });
    await bench.pass(31 * dayMs);
    await up(mine, every(product));
    await bench.services.faults.add({ service: product, method: "POST", path: "keys$", kind: "drop-after-commit" });
    await up(mine, every(product, { emergency: "now" }));
    await mine.destroy();
    const living = (await bench.living(product, "app")).map(({ id }) => id).sort();
    expect(living).toEqual([...foreign, theirs.outs.keyId].sort());
  });

  test("is not lost by a replacement, --target-replace or destroy", async () => {
    const key = bench.key();
    await up(key, every(product));
    await bench.pass(31 * dayMs);
    await up(key, every(product));
    const old = [key.outs.secret, key.outs.previousSecret];
    const { id } = key.state!;
    expect((await key.targetReplace(every(product))).failures).toEqual([]);
    expect(key.state!.id).not.toBe(id);
    expect(key.outs).toMatchObject({ generation: 1, rotationReason: "first issue" });
    expect(await Promise.all([...old, key.outs.secret].map((secret) => bench.use(product, secret)))).toEqual([
      401, 401, 200,
    ]);
    expect((await key.destroy()).failures).toEqual([]);
    expect(await bench.living(product, "app-")).toEqual([]);
  });

  test("keeps the overlap that it was given, whatever the schedule says since", async () => {
    const key = bench.key();
    await up(key, every(product));
    await bench.pass(31 * dayMs);
    await up(key, every(product));
    const promised = out(key, "previousValidUntil");
    const mark = await bench.mark();
    expect(await up(key, every(product, { overlap: "1d", retire: "immediately" }))).toBe("update");
    expect(key.outs.previousValidUntil).toBe(promised);
    await bench.pass(3 * dayMs);
    expect(await up(key, every(product, { overlap: "1d", retire: "immediately" }))).toBe("same");
    expect(await bench.mark()).toBe(mark);
  });
});

describe.each(["pulsely", "novavms", "pulseapi"] as const)(
  "A previous key of %s that goes when it is unused",
  (product) => {
    const program = () => every(product, { overlap: "2d", retire: "whenUnused", maxOverlap: "10d" });
    /** One rotation; afterwards it is noon of the first day after the overlap. */
    async function rotated(): Promise<EngineDouble> {
      const key = bench.key();
      await up(key, program());
      await bench.pass(30 * dayMs);
      await up(key, program());
      await bench.goTo(Date.parse("2027-02-06T12:00:00Z"));
      return key;
    }

    test("stays while the new one is not used, and is asked for once a day", async () => {
      const key = await rotated();
      const mark = await bench.mark();
      await up(key, program());
      expect(key.outs.retireStatus).toBe("the new key has not been used yet; deferred");
      // On NovaVMS the account is read with the current key.
      const once = product === "novavms" ? ["GET", "GET", "GET"] : ["GET", "GET"];
      expect((await bench.requestsSince(mark)).map(({ method }) => method)).toEqual(once);
      await bench.pass(hourMs);
      expect(await up(key, program())).toBe("same");
      await bench.pass(dayMs);
      expect((await key.preview(program())).listed).toEqual(["retireAskedOn"]);
      await up(key, program());
      expect(await bench.requestsSince(mark)).toHaveLength(2 * once.length);
    });

    test("stays while it is used, and goes when it has been idle for a day", async () => {
      const key = await rotated();
      const old = out(key, "previousSecret");
      for (const secret of [key.outs.secret, old]) expect(await bench.use(product, secret)).toBe(200);
      await bench.pass(4 * minuteMs);
      await up(key, program());
      expect(key.outs.retireStatus).toBe(
        product === "pulseapi" ? "used 12 h ago; deferred" : "used 4 min ago; deferred",
      );
      await bench.pass(2 * dayMs);
      await up(key, program());
      expect(key.outs.retireStatus).toMatch(/^unused for 2 d; retired$/);
      expect(await bench.use(product, old)).toBe(401);
      expect(key.outs).not.toHaveProperty("previousKeyId");
    });

    test("goes at the latest at maxOverlap, in use or not", async () => {
      const key = await rotated();
      expect(key.outs.previousValidUntil).toBe("2027-02-14T00:00:00Z");
      const old = out(key, "previousSecret");
      await bench.goTo(Date.parse("2027-02-13T23:50:00Z"));
      expect(await bench.use(product, old)).toBe(200);
      await bench.pass(hourMs);
      await up(key, program());
      expect(await bench.use(product, old)).toBe(401);
    });

    test("stays when nobody can tell, which is no failure, and goes a day later", async () => {
      const key = await rotated();
      await bench.use(product, key.outs.secret);
      await bench.services.faults.add({ service: product, method: "GET", kind: "status", status: 503, times: 1 });
      await up(key, program());
      expect(key.outs.retireStatus).toMatch(/^its use is unknown; deferred \(GET .* answered 503/);
      await bench.pass(dayMs);
      await up(key, program());
      expect(key.outs.retireStatus).toBe("never used; retired");
      expect(await bench.living(product, "app-")).toHaveLength(1);
    });
  },
);

describe("What single products can and cannot do", () => {
  test("NovaVMS ends the old key by itself, at the very time that the outputs tell", async () => {
    const key = bench.key();
    await up(key, every("novavms"));
    await bench.pass(30 * dayMs);
    await up(key, every("novavms"));
    const old = (await bench.keys("novavms")).find(({ id }) => id === key.outs.previousKeyId);
    expect(old?.expiresAt).toBe(key.outs.previousValidUntil);
    await bench.pass(8 * dayMs);
    const mark = await bench.mark();
    expect(await bench.use("novavms", key.outs.previousSecret)).toBe(401);
    await up(key, every("novavms"));
    expect(await bench.requestsSince(mark)).toEqual([]);
    expect(key.outs.retireStatus).toBe("previous key retired after overlap (on the service)");
  });

  test.each(["later", "never"])(
    "an end that somebody has put off (%s) is seen by a refresh: the previous key goes when it was promised to",
    async (when) => {
      const moved = when === "never" ? null : "2027-12-31T00:00:00Z";
      for (const [product, inputs] of [
        ["novavms", {}],
        ["pulsely", { expiresIn: "35d", overlap: "5d" }],
      ] as const) {
        for (const afterItsEnd of [false, true]) {
          await bench.reset("2027-01-04T09:17:00Z");
          const key = bench.key();
          await up(key, every(product, inputs));
          await bench.pass(30 * dayMs);
          await up(key, every(product, inputs));
          const old = out(key, "previousSecret");
          await bench.services.keys.edit(product, out(key, "previousKeyId"), { expiresAt: moved });
          if (afterItsEnd) await bench.pass(8 * dayMs);
          await key.refresh();
          await up(key, every(product, inputs));
          await bench.pass(8 * dayMs);
          await up(key, every(product, inputs));
          expect(Object.keys(key.outs).filter((name) => name.startsWith("previous"))).toEqual([]);
          expect(await bench.use(product, old)).toBe(401);
        }
      }
    },
  );

  test("an end that somebody has brought forward is what a refresh tells of the previous key", async () => {
    const key = bench.key();
    await up(key, every("novavms"));
    await bench.pass(30 * dayMs);
    await up(key, every("novavms"));
    const end = "2027-02-04T00:00:00Z";
    await bench.services.keys.edit("novavms", out(key, "previousKeyId"), { expiresAt: end });
    expect((await key.refresh()).listed).toEqual(["retireAfter"]);
    expect(key.outs).toMatchObject({ previousValidUntil: end });
    expect(await up(key, every("novavms"))).toBe("same");
    expect((await key.refresh()).listed).toEqual([]);
    await bench.pass(2 * dayMs);
    await up(key, every("novavms"));
    expect(key.outs).toMatchObject({ rotationReason: "previous key retired after overlap" });
  });

  test("an end that could not be set on NovaVMS is set by the next update, and one of a key that is gone never blocks it", async () => {
    const key = bench.key();
    await up(key, every("novavms"));
    await bench.pass(30 * dayMs);
    await bench.services.faults.add({ service: "novavms", method: "PATCH", kind: "status", status: 503, times: 1 });
    const { failures } = await key.up(every("novavms"));
    expect(failures.join()).toMatch(
      /^the end of the key \S+ could not be set on the service, the next update tries again/,
    );
    await up(key, every("novavms"));
    expect((await bench.keys("novavms")).find(({ id }) => id === key.outs.previousKeyId)?.expiresAt).toBe(
      key.outs.previousValidUntil,
    );
    await bench.pass(30 * dayMs);
    // Somebody has revoked the current key, which is about to become the previous one: it is read before it is promised.
    await bench.services.keys.edit("novavms", out(key, "keyId"), { state: "revoked" });
    await up(key, every("novavms"));
    expect(key.outs).toMatchObject({ generation: 3, rotationReason: "due: age 30 d of 30 d; revoked on the service" });
    expect(key.outs).not.toHaveProperty("previousKeyId");
    expect(await up(key, every("novavms"))).toBe("same");
  });

  test("a key that may have been made on NovaVMS is not forgotten over a 404, which proves nothing there", async () => {
    const key = bench.key();
    const { faults } = bench.services;
    await faults.add({ service: "novavms", method: "POST", path: "keys$", kind: "drop-after-commit" });
    await faults.add({ service: "novavms", method: "GET", kind: "status", status: 403 });
    await key.up(every("novavms"));
    expect(key.outs.lostCreates).toHaveLength(1);
    await faults.add({ service: "novavms", method: "GET", path: "keys$", kind: "status", status: 404 });
    expect((await key.destroy()).failures.join()).toMatch(/the service shows the account \S+, but not its keys/);
    expect((await key.destroy()).failures).toEqual([]);
    expect(await bench.living("novavms", "app-")).toEqual([]);
  });

  test("a previous key never outlives its own end, and the reason tells an overlap that this cuts", async () => {
    const key = bench.key();
    const program = every("pulsely", { expiresIn: "40d", overlap: "7d" });
    await up(key, program);
    await bench.pass(38 * dayMs);
    await up(key, program);
    expect(key.outs).toMatchObject({
      rotationReason: "due: age 38 d of 30 d; previous key ends 5 d early, by its own end",
      previousValidUntil: "2027-02-13T09:17:00Z",
    });
    await bench.pass(3 * dayMs);
    const mark = await bench.mark();
    await up(key, program);
    expect(await bench.requestsSince(mark)).toEqual([]);
  });

  test("a key that has expired meanwhile is followed by a new one at once, whatever else is asked for, and nothing of it is called valid", async () => {
    const key = bench.key();
    const program = (keepers: object) => every("pulsely", { rotateEvery: "6h", expiresIn: "24h", ...keepers });
    await up(key, program({}));
    await bench.pass(3 * dayMs);
    expect((await key.preview(program({}))).inputs.rotationReason).toBe("due: age 3 d of 6 h");
    await up(key, program({ keepers: { build: "2" } }));
    expect(key.outs).toMatchObject({ generation: 2, rotationReason: "keepers changed: build" });
    expect(key.outs).not.toHaveProperty("previousKeyId");
  });

  test("PulseAPI's key that somebody rotated by hand is made anew after a refresh; the other secret is left alone until the resource goes", async () => {
    const key = bench.key();
    await up(key, every("pulseapi"));
    const id = out(key, "keyId");
    const rotate = async () =>
      ((await bench.admin("pulseapi", "POST", `/api-keys/${id}/rotate`)) as { token: string }).token;
    const token = await rotate();
    expect((await key.refresh()).listed).toContain("status");
    await up(key, every("pulseapi"));
    expect(key.outs).toMatchObject({
      generation: 2,
      rotationReason: "revoked on the service",
      strayKeys: [{ keyId: id }],
    });
    expect(await Promise.all([token, key.outs.secret].map((secret) => bench.use("pulseapi", secret)))).toEqual([
      200, 200,
    ]);
    await bench.pass(90 * dayMs);
    await up(key, every("pulseapi"));
    expect(await bench.use("pulseapi", token)).toBe(200);
    await key.destroy();
    expect(await bench.living("pulseapi", "app-")).toEqual([]);
  });

  test("PulseAPI's previous key that somebody rotated by hand is left alone by its retire, and ended by an emergency", async () => {
    const key = bench.key();
    await up(key, every("pulseapi"));
    await bench.pass(30 * dayMs);
    await up(key, every("pulseapi"));
    const id = out(key, "previousKeyId");
    const { token } = (await bench.admin("pulseapi", "POST", `/api-keys/${id}/rotate`)) as { token: string };
    await bench.pass(9 * dayMs);
    await up(key, every("pulseapi"));
    expect(key.outs.retireStatus).toBe(
      `the key ${id} was given another secret outside; it is left alone until an emergency, or until this resource is deleted`,
    );
    expect(await bench.use("pulseapi", token)).toBe(200);
    await up(key, every("pulseapi", { emergency: "INC-1" }));
    expect((await bench.living("pulseapi", "app-")).map((living) => living.id)).toEqual([key.outs.keyId]);
    expect(key.outs).not.toHaveProperty("strayKeys");
  });

  test("a name is changed on the current key alone, and one that cannot be changed because the key is gone is repaired", async () => {
    const key = bench.key();
    await up(key, every("pulsely"));
    const suffix = out(key, "physicalName").slice(-11);
    await up(key, every("pulsely", { name: "exporter" }));
    expect(key.outs).toMatchObject({ generation: 1, physicalName: `exporter${suffix}` });
    await bench.services.keys.edit("pulsely", out(key, "keyId"), { state: "revoked" });
    await up(key, every("pulsely", { name: "importer" }));
    expect(key.outs).toMatchObject({ generation: 2, rotationReason: "revoked on the service", name: "importer" });
    expect(key.outs.physicalName).toMatch(/^importer-/);
  });

  test("a rename that fails neither hides behind a revocation that waits, nor keeps it waiting", async () => {
    const key = bench.key();
    const program = (inputs: object) => every("pulsely", { retire: "immediately", ...inputs });
    await up(key, program({}));
    await bench.services.faults.add({ service: "pulsely", method: "DELETE", kind: "status", status: 403, times: 1 });
    await key.up(program({ keepers: { build: "2" } }));
    expect(key.outs.pendingRevocations).toHaveLength(1);
    await bench.services.faults.add({ service: "pulsely", method: "PATCH", kind: "status", status: 403, times: 1 });
    const { failures } = await key.up(program({ keepers: { build: "2" }, name: "exporter" }));
    expect(failures.join()).toMatch(/^the key \S+ could not be changed: PATCH .* answered 403/);
    expect(key.outs).not.toHaveProperty("pendingRevocations");
    expect(key.outs).not.toHaveProperty("name");
    await up(key, program({ keepers: { build: "2" }, name: "exporter" }));
    expect(key.outs).toMatchObject({ name: "exporter", generation: 2 });
  });

  test("an emergency stays one although the current key turns out to be revoked", async () => {
    const key = bench.key();
    await up(key, every("pulsely"));
    await bench.pass(30 * dayMs);
    await bench.services.faults.add({ service: "pulsely", method: "POST", kind: "drop-after-commit" });
    await bench.services.faults.add({ service: "pulsely", method: "GET", kind: "status", status: 503, times: 2 });
    await key.up(every("pulsely"));
    await bench.services.faults.clear();
    await up(key, every("pulsely"));
    await bench.services.faults.add({ service: "pulsely", method: "DELETE", kind: "status", status: 403, times: 1 });
    await key.up(every("pulsely", { keepers: { build: "1" } }));
    await bench.services.keys.edit("pulsely", out(key, "keyId"), { state: "revoked" });
    await up(key, every("pulsely", { keepers: { build: "1" }, emergency: "INC-1" }));
    expect(key.outs.rotationReason).toBe("emergency: INC-1; revoked on the service");
    expect((await bench.living("pulsely", "app-")).map(({ id }) => id)).toEqual([key.outs.keyId]);
  });

  test("a daily key whose run is late in the day is still made anew every day", async () => {
    const key = bench.key();
    const program = bench.program("pulsely", origin, { rotateEvery: "1d" });
    await bench.goTo(Date.parse("2027-01-04T18:30:00Z"));
    await up(key, program);
    for (let day = 2; day <= 5; day += 1) {
      await bench.pass(dayMs);
      await up(key, program);
      expect(key.outs).toMatchObject({ generation: day, rotationReason: "due: age 1 d of 1 d" });
    }
    expect(await bench.living("pulsely", "app-")).toHaveLength(2);
  });

  test.each(["1h", "30d"])(
    "of %s that nobody touched refreshes without a change, although its update came seconds after its request",
    async (rotateEvery) => {
      let nowMs = Date.parse("2027-01-04T09:17:00Z");
      const ticking = { ...bench.context(), nowMs: () => (nowMs += 2_000) };
      const key = new EngineDouble(createRotatingApiKeyProvider(ticking));
      const program = every("pulsely", { rotateEvery, overlap: "20m", retire: "whenUnused", maxOverlap: "40m" });
      await up(key, program);
      expect((await key.refresh()).listed).toEqual([]);
      // The request is made before midnight, the update comes after it.
      nowMs = Date.parse("2027-02-04T23:59:57Z");
      await up(key, program);
      expect(key.outs).toMatchObject({ generation: 2 });
      expect((await key.refresh()).listed).toEqual([]);
      expect(await up(key, program)).toBe("same");
    },
  );

  test("other environments make another identity, with no overlap between them", async () => {
    const key = bench.key();
    await up(key, every("pulsely"));
    const old = out(key, "secret");
    expect(await key.up(every("pulsely", { environment: "test" }))).toMatchObject({
      op: "replace",
      replaces: ["environment"],
      failures: [],
    });
    expect(await Promise.all([old, key.outs.secret].map((secret) => bench.use("pulsely", secret)))).toEqual([401, 200]);
  });
});
