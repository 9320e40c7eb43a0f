import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dueReport } from "../../../cli/due-report";
import { dayMs, hourMs } from "../../../provider/values/durations";
import { createApiKeyProvider } from "../../../provider/resources/api-key/resource";
import { createRotatingApiKeyProvider } from "../../../provider/resources/rotation/resource";
import { OneResource } from "../../../testing/one-resource";
import { FakeService, origin, today } from "../provider/support/fake-service";

/** What `apikeys due` says of a resource's record, as the state has it. */
function dueIn(type: "ApiKey" | "RotatingApiKey", outputs: unknown, nowMs: number) {
  const token = `pulumi-nodejs:dynamic/apikeys:${type}`;
  const state = {
    deployment: { resources: [{ urn: `urn:pulumi:dev::billing::${token}::export`, type: token, outputs }] },
  };
  const [key] = dueReport(state, nowMs, 0);
  if (!key) throw new Error("the key is not in the report");
  return key;
}

const schedules = fc.record(
  {
    rotateEvery: fc.constantFrom("36h", "10d", "30d", "90d"),
    overlap: fc.constantFrom("0s", "12h", "24h"),
    retire: fc.constantFrom("afterOverlap", "whenUnused", "immediately"),
    expiresIn: fc.constantFrom("100d", "120d"),
    jitter: fc.constantFrom("6h", "24h"),
  },
  { requiredKeys: ["rotateEvery"] },
);
const abilities = fc.record({
  expiry: fc.constant({ support: "optional", update: true, granularityMs: 1_000 } as const),
  delayedRevoke: fc.boolean(),
  lastUsed: fc.constant({ lagMs: 0, granularityMs: 1_000 }),
});

describe("`apikeys due` and `pulumi up` agree", () => {
  test("a rotating key is due exactly when the next update does something", async () => {
    const waits = fc.array(fc.integer({ min: 1, max: 40 * 24 }), { minLength: 5, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(schedules, abilities, waits, async (schedule, can, hours) => {
        const service = new FakeService(can);
        service.nowMs = today;
        const key = new OneResource(createRotatingApiKeyProvider(service.context()));
        const program = { scopes: ["read:checks"], origin, __provider: "code", ...schedule };
        if ((await key.up(program)).op === "refused") return;
        for (const wait of hours) {
          service.nowMs += wait * hourMs;
          const { due, problem, reason } = dueIn("RotatingApiKey", key.outs, service.nowMs);
          const { op } = await key.up(program);
          expect({ wait, reason, problem, due: due.length > 0 }).toEqual({
            wait,
            reason,
            problem: undefined,
            due: op !== "same",
          });
        }
      }),
      { numRuns: 100 },
    );
  });

  test("a key with a life of its own is due when the next update replaces it, and its end was never a surprise", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 90 * 24 }), async (life, hours) => {
        const service = new FakeService();
        const key = new OneResource(createApiKeyProvider(service.context()));
        const program = { scopes: ["read:checks"], origin, __provider: "code", expiresIn: `${life}d` };
        await key.up(program);
        service.nowMs += hours * hourMs;
        expect(dueIn("ApiKey", key.outs, service.nowMs).due.length > 0).toBe(
          (await key.preview(program)).op === "replace",
        );
        expect(dueIn("ApiKey", key.outs, service.nowMs).expiresAt).toBe(
          new Date(today + life * dayMs).toISOString().replace(".000", ""),
        );
      }),
    );
  });
});
