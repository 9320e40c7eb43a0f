import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Attempt, decideRetry, type RetryFacts, whyItEnded } from "../../../../provider/http/retry";

const first: Omit<RetryFacts, "attempt"> = {
  attempts: 1,
  idempotent: true,
  elapsedMs: 0,
  budgetMs: 60_000,
  random: 0.5,
};
const answered = (status: number, retryAfterMs?: number): Attempt => ({
  kind: "answered",
  status,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

describe("after the first attempt", () => {
  test.each([
    // attempt, a call with one effect, any other call
    [answered(200), false, false],
    [answered(400), false, false],
    [answered(401), false, false],
    [answered(403), false, false],
    [answered(404), false, false],
    [answered(408), false, false],
    [answered(409), false, false],
    [answered(422), false, false],
    [answered(429), true, true],
    [answered(429, 7_000), true, true],
    [answered(500), true, false],
    [answered(501), false, false],
    [answered(502), true, false],
    [answered(503, 7_000), true, false],
    [answered(504), true, false],
    [{ kind: "broken", sent: true }, true, false],
    [{ kind: "broken", sent: false }, true, true],
    [{ kind: "broken", sent: false, permanent: true }, false, false],
  ] satisfies readonly (readonly [Attempt, boolean, boolean])[])(
    "%j sends an idempotent call again: %s, any other: %s",
    (attempt, idempotent, other) => {
      expect(decideRetry({ ...first, attempt, idempotent: true }).again).toBe(idempotent);
      expect(decideRetry({ ...first, attempt, idempotent: false }).again).toBe(other);
    },
  );
});

describe("the reason not to send again", () => {
  test.each([
    [{ attempt: answered(404) }, "the answer is final"],
    [{ attempt: answered(500), idempotent: false }, "the service may have acted on the request"],
    [
      { attempt: { kind: "broken", sent: true } as const, idempotent: false },
      "the service may have acted on the request",
    ],
    [{ attempt: { kind: "broken", sent: false } as const, attempts: 4 }, "the service cannot be reached"],
    [{ attempt: answered(429, 60_000) }, "the retry budget of 60 s is used up"],
    [{ attempt: answered(503), elapsedMs: 59_900, attempts: 9 }, "the retry budget of 60 s is used up"],
    [{ attempt: answered(429), budgetMs: 0 }, "the retry budget of 0 s is used up"],
  ] satisfies readonly (readonly [Partial<RetryFacts> & Pick<RetryFacts, "attempt">, string])[])(
    "of %j is told: %s",
    (facts, why) => {
      expect(decideRetry({ ...first, ...facts })).toEqual({ again: false, why });
    },
  );
});

describe("the wait", () => {
  test("doubles from one attempt to the next, up to 15 seconds, with full jitter", () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 20].map((attempts) =>
      decideRetry({ ...first, attempt: answered(503), attempts, random: 0.999 }),
    );
    expect(delays.map((decision) => (decision.again ? Math.round(decision.delayMs) : -1))).toEqual([
      500, 999, 1998, 3996, 7992, 14985, 14985, 14985,
    ]);
    expect(decideRetry({ ...first, attempt: answered(503), random: 0 })).toEqual({ again: true, delayMs: 0 });
  });

  test("is at least what the service asks for, and at most a second more", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (askedMs, random) => {
          const decision = decideRetry({ ...first, attempt: answered(429, askedMs), random });
          if (!decision.again) throw new Error(decision.why);
          expect(decision.delayMs).toBeGreaterThanOrEqual(askedMs);
          expect(decision.delayMs).toBeLessThanOrEqual(askedMs + 1_000);
        },
      ),
    );
  });

  test("never ends after the budget, whatever has happened", () => {
    const attempts = fc.oneof(
      fc.record({
        kind: fc.constant("answered" as const),
        status: fc.integer({ min: 400, max: 599 }),
        retryAfterMs: fc.nat(100_000),
      }),
      fc.record({ kind: fc.constant("broken" as const), sent: fc.boolean() }),
    );
    fc.assert(
      fc.property(
        attempts,
        fc.nat(30),
        fc.boolean(),
        fc.nat(100_000),
        fc.nat(100_000),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, count, idempotent, elapsedMs, budgetMs, random) => {
          const decision = decideRetry({ attempt, attempts: count + 1, idempotent, elapsedMs, budgetMs, random });
          if (decision.again) expect(elapsedMs + decision.delayMs).toBeLessThan(budgetMs);
        },
      ),
    );
  });
});

test("what is not sent again tells the user how often it was tried, why it ended, and what to do", () => {
  const ended = (attempt: Attempt, facts: Partial<RetryFacts> = {}) => {
    const asked = { ...first, attempt, ...facts };
    const decision = decideRetry(asked);
    return decision.again ? "again" : whyItEnded(asked.attempts, decision.why);
  };
  const late = { elapsedMs: 59_999, attempts: 7 };
  const advice = "run again once the service is well, or raise retryBudget in the connection.";
  expect(ended(answered(503), late)).toBe(`Tried 7 times, until the retry budget of 60 s is used up: ${advice}`);
  expect(ended(answered(429), late)).toBe(`Tried 7 times, until the retry budget of 60 s is used up: ${advice}`);
  expect(ended(answered(500), { idempotent: false })).toBe(
    "Tried once, and not again: the service may have acted on the request.",
  );
  expect(ended({ kind: "broken", sent: false }, { attempts: 4 })).toBe(
    "Tried 4 times: check the connection's url and the network.",
  );
  expect(ended(answered(404))).toBe("");
  expect(ended(answered(503))).toBe("again");
});
