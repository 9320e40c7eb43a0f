import { describe, expect, jest, test } from "@jest/globals";
import { hourMs, minuteMs } from "../../../provider/values/durations";
import { overlapOf } from "../../../testing/contract/rotation";
import { timeoutOf } from "../../../testing/describe-backend";
import { findRunner } from "../../../testing/runner";
import { everyday } from "../provider/support/fake-service";

describe("What a contract could not prove is shown", () => {
  const bodies: ((...args: unknown[]) => Promise<void>)[] = [];
  const runner = findRunner({
    describe: () => undefined,
    test: (_title: string, body: (...args: unknown[]) => Promise<void>) => void bodies.push(body),
    beforeAll: () => undefined,
    afterAll: () => undefined,
  });
  runner.test("keys end", () => Promise.resolve(["there is no clock", "nobody waits a day"]), 1_000);
  runner.test("keys live", () => Promise.resolve([]), 1_000);
  const [unproven, proven] = bodies;

  test("by jest, in print, and its test takes no callback for the end", async () => {
    const warned = jest.spyOn(console, "warn").mockImplementation(() => undefined);
    await unproven?.();
    await proven?.();
    expect(warned.mock.calls).toEqual([['not proven: "keys end": there is no clock; nobody waits a day']]);
    expect(unproven).toHaveLength(0);
    warned.mockRestore();
  });

  test("by vitest, as a skipped test", async () => {
    const skip = jest.fn();
    await unproven?.({ skip });
    await proven?.({ skip });
    expect(skip.mock.calls).toEqual([["there is no clock; nobody waits a day"]]);
  });

  test("by node:test, as a skipped test", async () => {
    const registered: ((context: unknown) => Promise<void>)[] = [];
    const skip = jest.fn();
    const fake = {
      test: (_title: string, _options: object, body: (context: unknown) => Promise<void>) => void registered.push(body),
    };
    const ofNode = findRunner({}, () => fake as never);
    ofNode.test("keys end", () => Promise.resolve(["there is no clock"]), 1_000);
    ofNode.test("keys live", () => Promise.resolve([]), 1_000);
    for (const body of registered) await body({ skip });
    expect(skip.mock.calls).toEqual([["there is no clock"]]);
  });
});

describe("A contract follows what its backend declares", () => {
  const slow = {
    ...everyday,
    revocationLagMs: 65_000,
    delayedRevoke: true,
    expiry: { support: "optional", update: true, granularityMs: 1_000 },
    lastUsed: { lagMs: 3 * minuteMs, granularityMs: minuteMs },
  } as const;

  test("its promises have the time that the service's lags take", () => {
    expect(timeoutOf(everyday)).toBeGreaterThanOrEqual(2 * minuteMs);
    expect(timeoutOf(slow)).toBeGreaterThan(6 * (65_000 + 3 * minuteMs));
    expect(timeoutOf(slow)).toBeLessThan(2 * hourMs);
  });

  test("its overlaps outlast a revocation that lags", () => {
    expect(overlapOf({ ...slow, revocationLagMs: 0 })).toEqual({ overlap: "21s" });
    expect(overlapOf(slow)).toEqual({ overlap: "131s" });
  });
});
