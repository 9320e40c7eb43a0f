import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { dayMs } from "../../provider/values/durations";
import { type Product, products, RotationBench } from "./support/rotation-bench";

const rotations = 20;
/** How often a consumer looks at the published secret. */
const readEveryMs = 50;
/** Longer than any consumer holds on to what it has read. */
const settleMs = readEveryMs + 20;

/** The management API, and not the data plane that the consumer calls. */
const management = "api-keys|service-accounts";
const making = "keys$";

/** What goes wrong in three of the rotations. */
function trouble(
  { services: { faults } }: RotationBench,
  service: Product,
): Readonly<Record<number, () => Promise<void>>> {
  return {
    // A key is made and nobody knows its secret, nor can anybody look for it: the next update does.
    5: async () => {
      await faults.add({ service, method: "POST", path: making, kind: "drop-after-commit" });
      await faults.add({ service, method: "GET", path: management, kind: "status", status: 503, times: 3 });
    },
    // The new key is made, and the one before can neither be revoked nor given its end.
    11: () =>
      faults.add({
        service,
        method: service === "novavms" ? "PATCH" : "DELETE",
        path: management,
        kind: "status",
        status: 403,
      }),
    // The service refuses altogether.
    17: () => faults.add({ service, method: "POST", path: making, kind: "status", status: 403 }),
  };
}

interface Story {
  readonly failed: number;
  readonly secrets: number;
  /** How often the data plane answered with each status. */
  readonly answers: Readonly<Record<number, number>>;
  readonly living: number;
}

async function rotateUnderLoad(product: Product): Promise<Story> {
  const bench = await RotationBench.open();
  let calling = true;
  try {
    await bench.reset("2027-01-04T09:17:00Z");
    const key = bench.key();
    const program = bench.program(product, "acme/app/dev/app", {
      rotateEvery: "30d",
      ...(product === "pulseapi" ? {} : { expiresIn: "60d" }),
    });
    await key.up(program);

    // What a deployment puts into the consumer's environment when an update has ended.
    let published = String(key.outs.secret);
    const secrets = new Set([published]);
    const answers: Record<number, number> = {};
    const consumer = (async () => {
      let [secret, readAtMs] = [published, performance.now()];
      while (calling) {
        if (performance.now() - readAtMs >= readEveryMs) [secret, readAtMs] = [published, performance.now()];
        const status = await bench.use(product, secret);
        answers[status] = (answers[status] ?? 0) + 1;
      }
    })();

    const troubles = trouble(bench, product);
    let failed = 0;
    for (let rotation = 1; rotation <= rotations; rotation += 1) {
      await bench.pass(31 * dayMs);
      await troubles[rotation]?.();
      const { failures } = await key.up(program);
      published = String(key.outs.secret);
      await wait(settleMs);
      await bench.services.faults.clear();
      if (failures.length > 0) {
        failed += 1;
        expect((await key.up(program)).failures).toEqual([]);
        published = String(key.outs.secret);
        await wait(settleMs);
      }
      secrets.add(published);
    }
    calling = false;
    await consumer;
    return { failed, secrets: secrets.size, answers, living: (await bench.living(product, "app-")).length };
  } finally {
    calling = false;
    await bench.close();
  }
}

describe("A consumer that re-reads the published secret every 50 ms and calls all the time", () => {
  test(`is never refused through ${rotations} rotations on each product, three of which fail half-way`, async () => {
    for (const { answers, ...story } of await Promise.all(products.map(rotateUnderLoad))) {
      expect(story).toEqual({ failed: 3, secrets: rotations + 1, living: 2 });
      expect(Object.keys(answers)).toEqual(["200"]);
      // Several calls for every rotation, on a busy machine as well.
      expect(answers[200]).toBeGreaterThan(3 * rotations);
    }
  }, 60_000);
});

describe("The consumers of the rotation example", () => {
  const consumers = resolve(__dirname, "../../examples/rotation/consumers");

  test("work before, during and after a rotation, with what is published and with what was published before it", async () => {
    const bench = await RotationBench.open();
    const dir = mkdtempSync(join(tmpdir(), "apikeys-consumers-"));
    const file = join(dir, "published");
    /** Whether each of the two gets through. */
    const work = () =>
      Promise.all(
        ["reads-current", "reads-both"].map((name) =>
          promisify(execFile)(process.execPath, [
            join(consumers, `${name}.mjs`),
            file,
            bench.services.services.pulsely.url,
          ]).then(
            () => true,
            () => false,
          ),
        ),
      );
    try {
      await bench.reset("2027-01-04T09:17:00Z");
      const key = bench.key();
      const program = bench.program("pulsely", "acme/app/dev/app", { rotateEvery: "30d" });
      const publish = (change: object = {}) =>
        writeFileSync(
          file,
          JSON.stringify({ current: key.outs.secret, previous: key.outs.previousSecret, ...change }),
          { mode: 0o600 },
        );
      await key.up(program);
      publish();
      expect(await work()).toEqual([true, true]);
      await bench.pass(30 * dayMs);
      await key.up(program);
      // The consumers' own deployment fails all week.
      expect(await work()).toEqual([true, true]);
      publish();
      expect(await work()).toEqual([true, true]);
      // A new key that is not active everywhere yet: this is what reading both is for.
      publish({ current: "ply_live_unknown" });
      expect(await work()).toEqual([false, true]);
      publish();
      await bench.pass(8 * dayMs);
      await key.up(program);
      expect(await work()).toEqual([true, true]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
      await bench.close();
    }
  }, 60_000);
});
