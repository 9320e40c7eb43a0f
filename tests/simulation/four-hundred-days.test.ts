import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { dayMs, hourMs, minuteMs, parseDuration } from "../../provider/durations";
import type { RotatingOutputs } from "../../provider/resources/rotation-plan";
import type { EngineDouble } from "../contract/support/engine-double";
import { type LivingKey, RotationBench } from "../contract/support/rotation-bench";
import { fleet, type FleetKey } from "./support/fleet";
import { generationsOf } from "./support/generations";

const days = 400;
const startMs = Date.parse("2027-01-01T18:40:00Z");

/** What became of a key on a day on which something was done. */
interface Done {
  readonly day: number;
  readonly reason: string;
  readonly retireStatus: string | undefined;
  /** The key that is current after it. */
  readonly keyId: string;
}

interface Requests {
  readonly creates: number;
  readonly ends: number;
  readonly revokes: number;
  readonly reads: number;
}

const millis = (text: unknown): number | undefined => {
  const ms = parseDuration(text);
  return typeof ms === "number" ? ms : undefined;
};
const dayOf = (ms: number) => Math.floor(ms / dayMs);

/** The schedule that was promised, read from the contract a second time. */
function promiseOf({ inputs }: FleetKey) {
  const everyMs = millis(inputs.rotateEvery) ?? 0;
  const lifeMs = millis(inputs.expiresIn) ?? Infinity;
  const overlapMs = inputs.retire === "immediately" ? 0 : (millis(inputs.overlap) ?? Math.min(7 * dayMs, everyMs / 3, lifeMs - everyMs));
  const latestMs = inputs.retire === "whenUnused" ? (millis(inputs.maxOverlap) ?? Math.max(overlapMs, Math.min(30 * dayMs, (2 / 3) * everyMs))) : overlapMs;
  return { everyMs, lifeMs, overlapMs, latestMs };
}

describe("Twenty keys on three products, through 400 days", () => {
  const history = new Map<string, Done[]>();
  const wrong: string[] = [];
  let keys: readonly LivingKey[] = [];
  let nowMs = startMs;
  let sent = 0;
  let bench: RotationBench;

  beforeAll(async () => {
    bench = await RotationBench.open();
    await bench.reset(new Date(startMs).toISOString());
    const resources = fleet.map((key) => ({ key, resource: bench.key(), inputs: { ...key.inputs } as Record<string, unknown>, mintedOn: 0 }));
    let known = await bench.keys();
    let mark = await bench.mark();
    for (let day = 0; day < days; day += 1) {
      // A schedule of a CI never starts at the same second.
      nowMs = startMs + day * dayMs + ((day * 7) % 11) * minuteMs;
      await bench.goTo(nowMs);
      for (const one of resources) {
        const { key, resource } = one;
        one.inputs = { ...one.inputs, ...key.changes[day] };
        const before = resource.state?.outs as RotatingOutputs | undefined;
        const program = bench.program(key.product, `acme/fleet/dev/${key.name}`, one.inputs);
        const { op, failures } = await resource.up(program);
        const after = resource.outs as unknown as RotatingOutputs;
        if (failures.length > 0) wrong.push(`day ${day}, ${key.name}: ${failures.join(" ")}`);
        if (after.keyId !== before?.keyId) one.mintedOn = day;
        if (op !== "same") {
          const requests = await bench.requestsSince(mark);
          const found = await bench.keys();
          wrong.push(...compareRequests(key, day, before, after, known, found, requests));
          known = found;
          sent += requests.length;
          history.set(key.name, [...(history.get(key.name) ?? []), { day, reason: after.rotationReason, retireStatus: after.retireStatus, keyId: after.keyId ?? "" }]);
        } else if ((await bench.mark()) !== mark) wrong.push(`day ${day}, ${key.name}: nothing was done, and requests were sent`);
        await consume(resource, key, day - one.mintedOn);
        mark = await bench.mark();
      }
    }
    keys = await bench.keys();
  }, 120_000);
  afterAll(() => bench.close());

  /** Every consumer calls on every day; a slow one with the previous key. Whatever the outputs call valid has to work. */
  async function consume(resource: EngineDouble, key: FleetKey, age: number): Promise<void> {
    const { secret, previousSecret, previousValidUntil } = resource.outs as unknown as RotatingOutputs;
    if (key.inputs.retire !== "whenUnused") {
      for (const [what, value, until] of [["current", secret, "9999"], ["previous", previousSecret, previousValidUntil ?? ""]] as const) {
        if (value !== undefined && until > new Date(nowMs).toISOString() && !(await bench.holder(key.product, value))) wrong.push(`${key.name}: the ${what} key does not work`);
      }
      return;
    }
    if ((await bench.use(key.product, secret)) !== 200) wrong.push(`${key.name}: the current key does not work`);
    if (previousSecret === undefined || age >= key.slowDays) return;
    if ((await bench.use(key.product, previousSecret)) !== 200) wrong.push(`${key.name}: the previous key does not work, and is called valid until ${previousValidUntil ?? ""}`);
  }

  /** Each write has to have done something, and each read to have had its reason. */
  function compareRequests(key: FleetKey, day: number, before: RotatingOutputs | undefined, after: RotatingOutputs, old: readonly LivingKey[], found: readonly LivingKey[], requests: Awaited<ReturnType<RotationBench["requestsSince"]>>): string[] {
    const was = (id: string) => old.find((other) => other.id === id);
    const creates = found.filter(({ id }) => !was(id)).length;
    const revokes = found.filter(({ id, revokedAt }) => revokedAt !== null && was(id)?.revokedAt === null).length;
    const ends = found.filter(({ id, expiresAt }) => was(id) && was(id)?.expiresAt !== expiresAt).length;
    const asked = after.retireAskedOn !== undefined && after.retireAskedOn !== before?.retireAskedOn ? 1 : 0;
    const askedAndGone = key.inputs.retire === "whenUnused" && creates === 0 && revokes === 1 && asked === 0 && Date.parse(before?.previousValidUntil ?? "") > nowMs ? 1 : 0;
    const emergency = creates === 1 && after.rotationReason.startsWith("emergency");
    const over = before?.previousKey && !emergency && revokes > 0 && Date.parse(before.previousValidUntil ?? "") <= nowMs ? 1 : 0;
    const looks = asked + askedAndGone > 0 ? 2 : over;
    const needed: Requests = { creates, revokes, ends, reads: looks + (emergency ? revokes : 0) + (key.product === "pulseapi" ? revokes : 0) };
    const is = (pattern: RegExp) => requests.filter(({ method, path }) => pattern.test(`${method} ${path}`)).length;
    const were: Requests = { creates: is(/^POST .*keys$/), revokes: is(/^DELETE |^POST .*revoke$/), ends: is(/^PATCH /), reads: is(/^GET /) };
    const words = `${JSON.stringify(were)} were sent, ${JSON.stringify(needed)} were needed (${after.rotationReason})`;
    return JSON.stringify(were) === JSON.stringify(needed) ? [] : [`day ${day}, ${key.name}: ${words}`];
  }

  test("no update failed, no valid key was refused, and no request was sent that was not needed", () => {
    expect(wrong).toEqual([]);
    const updates = [...history.values()].flat().length;
    console.log(`${fleet.length} keys, ${days} days: ${keys.length} keys made, ${updates} updates, ${sent} requests, ${fleet.length * days - updates} decisions that nothing is to be done`);
    expect(keys.length).toBeGreaterThan(500);
  });

  test.each(fleet)("$name: no key grew older than promised", (key) => {
    const { everyMs } = promiseOf(key);
    const made = generationsOf(keys, key.name, nowMs).map(({ madeMs }) => dayOf(madeMs));
    const ages = made.map((day, index) => (made[index + 1] ?? dayOf(nowMs)) - day);
    expect(Math.max(...ages)).toBeLessThanOrEqual(everyMs / dayMs);
    // Nor was one made before its time without a reason.
    const jitterDays = (millis(key.inputs.jitter) ?? 0) / dayMs;
    const early = ages.slice(0, -1).filter((age) => age < everyMs / dayMs - jitterDays);
    expect(early.length).toBe(Object.keys(key.changes).length);
  });

  test.each(fleet)("$name: every overlap is as long as asked, and no longer, or its reason says why", (key) => {
    const { overlapMs, latestMs } = promiseOf(key);
    const generations = generationsOf(keys, key.name, nowMs);
    const reasons = history.get(key.name) ?? [];
    const problems = generations.flatMap(({ endMs, id }, index) => {
      const next = generations[index + 1];
      if (!next) return endMs === Infinity ? [] : [`the current key ${id} has ended`];
      const overlap = Math.min(endMs, nowMs) - next.madeMs;
      const told = reasons.filter(({ day }) => Math.abs(startMs + day * dayMs - Math.min(endMs, nowMs)) < dayMs || reasons.find(({ keyId }) => keyId === next.id)?.day === day);
      const excused = told.some(({ reason, retireStatus }) => /emergency|ends .* early/.test(`${reason} ${retireStatus ?? ""}`));
      // A few milliseconds lie between two requests of one update.
      if (overlap < overlapMs - 1000 && endMs !== Infinity && !excused) return [`${id} lived ${overlap / hourMs} h beside its successor, ${overlapMs / hourMs} h were asked for: ${told.map(({ reason }) => reason).join(" | ")}`];
      // Rounded up to a day, and ended by the run of that day.
      return overlap > latestMs + 2 * dayMs ? [`${id} lived ${overlap / dayMs} days beside its successor, ${latestMs / dayMs} were asked for`] : [];
    });
    expect(problems).toEqual([]);
  });

  test("no third generation lived beside two others without a reason", () => {
    const crowds = fleet.flatMap(({ name }) => {
      const generations = generationsOf(keys, name, nowMs);
      return generations.flatMap(({ madeMs, id }) => {
        const beside = generations.filter((other) => other.madeMs < madeMs && other.endMs > madeMs + 1000);
        const reason = history.get(name)?.find(({ keyId }) => keyId === id)?.reason ?? "";
        return beside.length > 1 && !/ends .* early|emergency/.test(reason) ? [`${name}: ${beside.length} older keys lived when ${id} was made: ${reason}`] : [];
      });
    });
    expect(crowds).toEqual([]);
  });
});
