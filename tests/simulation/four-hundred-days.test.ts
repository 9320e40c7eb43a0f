import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { dayMs, hourMs, minuteMs, parseDuration } from "../../provider/values/durations";
import type { RotatingOutputs } from "../../provider/resources/rotation/key-ring";
import type { EmulatedRequest } from "../../testing/emulator";
import type { EngineDouble } from "../../testing/engine-double";
import { type LivingKey, RotationBench } from "../contract/support/rotation-bench";
import { fleet, type FleetKey } from "./support/fleet";
import { type Generation, generationsOf } from "./support/generations";
import { drawRotation } from "./support/rotation-picture";

const days = 400;
const startMs = Date.parse("2027-01-01T18:40:00Z");
const midnightMs = Math.floor(startMs / dayMs) * dayMs;

/** What became of a key on a day on which something was done. */
interface Done {
  readonly day: number;
  readonly reason: string;
  readonly retireStatus: string | undefined;
  /** The key that is current after it. */
  readonly keyId: string | undefined;
  /** Whether the previous key's use was asked for. */
  readonly asked: boolean;
  /** A previous key whose time was over was retired by the key's own `up`. */
  readonly wasOver: boolean;
}

const millis = (text: unknown): number | undefined => {
  const ms = parseDuration(text);
  return typeof ms === "number" ? ms : undefined;
};
const dayOf = (ms: number) => Math.floor((ms - midnightMs) / dayMs);

/** The schedule that was promised, read from the contract a second time. */
function promiseOf({ inputs }: FleetKey) {
  const everyMs = millis(inputs.rotateEvery) ?? 0;
  const lifeMs = millis(inputs.expiresIn) ?? Infinity;
  const overlapMs =
    inputs.retire === "immediately"
      ? 0
      : (millis(inputs.overlap) ?? Math.min(7 * dayMs, everyMs / 3, lifeMs - everyMs));
  const latestMs =
    inputs.retire === "whenUnused"
      ? (millis(inputs.maxOverlap) ?? Math.max(overlapMs, Math.min(30 * dayMs, (2 / 3) * everyMs)))
      : overlapMs;
  return { everyMs, lifeMs, overlapMs, latestMs };
}

describe("Twenty keys on three products, through 400 days", () => {
  const history = new Map<string, Done[]>(fleet.map(({ name }) => [name, []]));
  const accounts = new Map<string, string>();
  const wrong: string[] = [];
  let keys: readonly LivingKey[] = [];
  let requests: readonly EmulatedRequest[] = [];
  let nowMs = startMs;
  let bench: RotationBench;

  beforeAll(async () => {
    bench = await RotationBench.open();
    await bench.reset(new Date(startMs).toISOString());
    const resources: { key: FleetKey; resource: EngineDouble; inputs: Record<string, unknown>; mintedOn: number }[] =
      [];
    for (const key of fleet) {
      const account = key.product === "novavms" ? { serviceAccountId: await bench.newAccount() } : {};
      if (account.serviceAccountId) accounts.set(account.serviceAccountId, key.name);
      resources.push({ key, resource: bench.key(), inputs: { ...key.inputs, ...account }, mintedOn: 0 });
    }
    const setUp = await bench.mark();
    for (let day = 0; day < days; day += 1) {
      // A schedule of a CI never starts at the same second.
      nowMs = startMs + day * dayMs + ((day * 7) % 11) * minuteMs;
      await bench.goTo(nowMs);
      for (const one of resources) {
        const { key, resource } = one;
        one.inputs = { ...one.inputs, ...key.changes[day] };
        const before = resource.state?.outs as RotatingOutputs | undefined;
        const { op, failures } = await resource.up(
          bench.program(key.product, `acme/fleet/dev/${key.name}`, one.inputs),
        );
        const after = resource.outs as unknown as RotatingOutputs;
        if (failures.length > 0) wrong.push(`day ${day}, ${key.name}: ${failures.join(" ")}`);
        if (after.keyId !== before?.keyId) one.mintedOn = day;
        if (op !== "same") history.get(key.name)?.push(describeDay(key, day, before, after));
        await consume(resource, key, day - one.mintedOn);
      }
    }
    nowMs = bench.nowMs();
    keys = await bench.keys();
    requests = await bench.requestsSince(setUp);
  }, 300_000);
  afterAll(() => bench.close());

  function describeDay(
    { inputs }: FleetKey,
    day: number,
    before: RotatingOutputs | undefined,
    after: RotatingOutputs,
  ): Done {
    const previous = before?.previousKey;
    const wasOver = previous !== undefined && Date.parse(before?.previousValidUntil ?? "") <= nowMs;
    const asked =
      previous !== undefined &&
      inputs.retire === "whenUnused" &&
      !wasOver &&
      Date.parse(previous.retireAfter) <= nowMs &&
      after.keyId === before?.keyId;
    return { day, reason: after.rotationReason, retireStatus: after.retireStatus, keyId: after.keyId, asked, wasOver };
  }

  /** Every consumer calls on every day; a slow one with the previous key. Whatever the outputs call valid has to work. */
  async function consume(resource: EngineDouble, key: FleetKey, age: number): Promise<void> {
    const { secret, previousSecret, previousValidUntil = "" } = resource.outs as unknown as RotatingOutputs;
    if ((await bench.use(key.product, secret)) !== 200) wrong.push(`${key.name}: the current key does not work`);
    const slow = key.inputs.retire !== "whenUnused" || age < key.slowDays;
    if (previousSecret === undefined || !slow || Date.parse(previousValidUntil) <= nowMs) return;
    if ((await bench.use(key.product, previousSecret)) !== 200)
      wrong.push(`${key.name}: the previous key does not work, and is called valid until ${previousValidUntil}`);
  }

  /** Whose key or account a request was about. */
  function ownerOf({ path, keyId }: EmulatedRequest): string | undefined {
    const id = keyId ?? path.split("/").find((part) => keys.some((key) => key.id === part));
    const name = keys.find((key) => key.id === id)?.name.replace(/-[0-9a-f]{10}$/, "");
    return name ?? accounts.get(path.split("/").find((part) => accounts.has(part)) ?? "");
  }

  /** What each day of a key needed, from what became of its keys on the service. */
  function neededOn(
    key: FleetKey,
    generations: readonly Generation[],
    { day, reason, asked, wasOver }: Done,
  ): Record<string, number> {
    const creates = generations.filter(({ madeMs }) => dayOf(madeMs) === day).length;
    const revokes = generations.filter(({ endMs, revoked }) => revoked && dayOf(endMs) === day).length;
    const ends = generations.filter(
      ({ endMovedBySuccessor }, index) => endMovedBySuccessor && dayOf(generations[index + 1]?.madeMs ?? 0) === day,
    ).length;
    const emergency = creates > 0 && reason.startsWith("emergency");
    const rotates = creates > 0 && !reason.startsWith("first issue") && !emergency;
    // The key that goes is read before it is promised as the previous one. Before a retire the current key is read; an emergency reads the last use of what it ends; one product keeps ids over rotations, so each revocation looks first.
    // Whether the current key works takes a look at its account as well, on one product.
    const look = asked || rotates || (wasOver && revokes > 0) ? (key.product === "novavms" ? 2 : 1) : 0;
    const looks = look + (asked ? 1 : 0) + (emergency ? revokes : 0) + (key.product === "pulseapi" ? revokes : 0);
    return { creates, revokes, ends, reads: looks };
  }

  test("no update failed, and no key that was called valid was refused", () => {
    expect(wrong).toEqual([]);
    const updates = [...history.values()].flat().length;
    console.log(
      `${fleet.length} keys, ${days} days: ${keys.length} keys made in ${updates} updates with ${requests.length} requests; ${fleet.length * days - updates} times there was nothing to do`,
    );
    expect(keys.length).toBeGreaterThan(500);
  });

  test("no request was sent that was not needed", () => {
    const sent = new Map<string, Record<string, number>>();
    for (const request of requests) {
      const owner = `${ownerOf(request) ?? "nobody"} on day ${dayOf(Date.parse(request.at))}`;
      const { method, path } = request;
      const kind =
        method === "GET"
          ? "reads"
          : method === "PATCH"
            ? "ends"
            : method === "DELETE" || path.endsWith("/revoke")
              ? "revokes"
              : "creates";
      const counts = sent.get(owner) ?? { creates: 0, revokes: 0, ends: 0, reads: 0 };
      sent.set(owner, { ...counts, [kind]: (counts[kind] ?? 0) + 1 });
    }
    const needed = new Map<string, Record<string, number>>();
    for (const key of fleet) {
      const generations = generationsOf(keys, key.name, nowMs, promiseOf(key).lifeMs);
      for (const done of history.get(key.name) ?? []) {
        const counts = neededOn(key, generations, done);
        if (Object.values(counts).some((count) => count > 0)) needed.set(`${key.name} on day ${done.day}`, counts);
      }
    }
    // Before a key goes whose secret is not on record, a list tells whether the connection itself runs on it.
    const nobodys = [...sent].filter(([owner]) => owner.startsWith("nobody on "));
    for (const [owner, counts] of nobodys) {
      sent.delete(owner);
      const day = owner.slice("nobody".length);
      const revokes = [...needed].filter(([done]) => done.endsWith(day)).map(([, { revokes: count = 0 }]) => count);
      expect({ ...counts, reads: 0 }).toEqual({ creates: 0, revokes: 0, ends: 0, reads: 0 });
      expect(counts.reads).toBeLessThanOrEqual(revokes.reduce((sum, count) => sum + count, 0));
    }
    expect(nobodys.length).toBeLessThanOrEqual(3);
    expect(Object.fromEntries(sent)).toEqual(Object.fromEntries(needed));
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
      // What was told when its successor came, and when it went.
      const told = reasons
        .filter(({ day, keyId }) => day === dayOf(endMs) || keyId === next.id)
        .map(({ reason }) => reason);
      const excused = told.some((reason) => /emergency|ends .* early/.test(reason));
      // A second lies between two requests of one update, by rounding.
      if (overlap < overlapMs - 1000 && endMs !== Infinity && !excused)
        return [
          `${id} lived ${overlap / hourMs} h beside its successor, ${overlapMs / hourMs} h were asked for: ${told.join(" | ")}`,
        ];
      // Rounded up to a day, and ended by the run of that day.
      return overlap > latestMs + 2 * dayMs
        ? [`${id} lived ${overlap / dayMs} days beside its successor, ${latestMs / dayMs} were asked for`]
        : [];
    });
    expect(problems).toEqual([]);
  });

  test("no third generation lived beside two others without a reason", () => {
    const crowds = fleet.flatMap(({ name }) => {
      const generations = generationsOf(keys, name, nowMs);
      return generations.flatMap(({ madeMs, id }) => {
        const beside = generations.filter((other) => other.madeMs < madeMs && other.endMs > madeMs);
        const reason = history.get(name)?.find(({ keyId }) => keyId === id)?.reason ?? "";
        return beside.length > 1 && !/ends .* early|emergency/.test(reason)
          ? [`${name}: ${beside.length} older keys lived when ${id} was made: ${reason}`]
          : [];
      });
    });
    expect(crowds).toEqual([]);
  });

  test("the picture in the documentation is drawn from these days (APIKEYS_DRAW=1 draws it anew)", () => {
    const file = resolve(__dirname, "../../docs/rotation.svg");
    const shown = 250;
    const reasons = history.get("n-changes") ?? [];
    const generations = generationsOf(keys, "n-changes", nowMs)
      .filter(({ madeMs }) => dayOf(madeMs) < shown)
      .map((generation) => ({
        ...generation,
        reason: reasons.find(({ keyId }) => keyId === generation.id)?.reason ?? "",
      }));
    const drawn = drawRotation(
      "One rotating key of NovaVMS: rotateEvery 35d, overlap 7d, a change of scopes, an emergency",
      generations,
      midnightMs,
      shown,
    );
    if (process.env.APIKEYS_DRAW === "1") {
      mkdirSync(resolve(file, ".."), { recursive: true });
      writeFileSync(file, drawn);
    }
    expect(drawn).toBe(readFileSync(file, "utf8"));
  });
});
