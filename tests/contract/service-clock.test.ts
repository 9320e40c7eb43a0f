import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { dayMs, hourMs, minuteMs } from "../../provider/values/durations";
import { createApiKeyProvider } from "../../provider/resources/api-key/resource";
import { createServiceAccountProvider } from "../../provider/resources/service-account/resource";
import { OneResource } from "../../testing/one-resource";
import { RotationBench } from "./support/rotation-bench";

let bench: RotationBench;
beforeAll(async () => (bench = await RotationBench.open()));
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.reset("2027-01-01T10:00:00Z");
  bench.warnings = [];
});

const origin = "organization/shop/prod/exporter";
const lifeMs = ({ outs }: OneResource) => Date.parse(String(outs.expiresAt)) - bench.nowMs();

describe.each([10 * minuteMs, -10 * minuteMs])(
  "Where this machine's clock is %d ms ahead of the service's",
  (skewMs) => {
    test("a key lives as long as was asked for, by the service's clock, and the run says so once", async () => {
      bench.skewMs = skewMs;
      const context = bench.context();
      const account = new OneResource(createServiceAccountProvider(context));
      await account.up({ connection: "novavms", origin, role: "viewer" });
      const program = {
        connection: "novavms",
        serviceAccountId: account.state?.id,
        scopes: ["cameras:read"],
        expiresIn: "90d",
      };
      for (const name of ["one", "two"]) {
        const key = new OneResource(createApiKeyProvider(context));
        await key.up({ ...program, origin: `${origin}-${name}` });
        expect(Math.abs(lifeMs(key) - 90 * dayMs)).toBeLessThan(minuteMs);
        await key.refresh();
      }
      const how = skewMs > 0 ? "behind" : "ahead of";
      expect(bench.warnings).toEqual([expect.stringContaining(`10 min ${how} this machine's clock`)]);
    });
  },
);

test("A previous key is never ended sooner than promised because a service says that its clock is behind", async () => {
  const key = bench.key();
  const program = bench.program("novavms", origin, { rotateEvery: "12h", overlap: "2h" });
  await key.up(program);
  await bench.pass(13 * hourMs);
  bench.skewMs = 3 * hourMs;
  await key.up(program);
  const { previousKeyId, previousValidUntil } = key.outs;
  const old = (await bench.keys("novavms")).find(({ id }) => id === previousKeyId);
  expect(old?.expiresAt).toBe(previousValidUntil);
});

test("A previous key keeps its overlap where the service's clock is ahead", async () => {
  const key = bench.key();
  const program = bench.program("novavms", origin, { rotateEvery: "12h", overlap: "2h" });
  await key.up(program);
  await bench.pass(16 * hourMs);
  bench.skewMs = -3 * hourMs;
  await key.up(program);
  const { previousKeyId } = key.outs;
  const old = (await bench.keys("novavms")).find(({ id }) => id === previousKeyId);
  expect(Date.parse(String(old?.expiresAt)) - bench.nowMs()).toBeGreaterThanOrEqual(2 * hourMs - minuteMs);
});
