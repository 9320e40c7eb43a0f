import assert from "node:assert/strict";
import type { Capabilities, IssuedApiKey } from "../../provider/backends/definition";
import { dayMs, formatSpan, hourMs, minuteMs, secondMs } from "../../provider/values/durations";
import { createContext } from "../../provider/resources/context";
import { statusOf } from "../../provider/resources/key/key-on-service";
import { createRotatingApiKeyProvider } from "../../provider/resources/rotation/resource";
import { idleTimeMs } from "../../provider/resources/rotation/schedule";
import { assertTime, isNear } from "../assertions";
import { OneResource } from "../one-resource";
import { type Contract, type Issued, type Parent, type Workbench, within } from "../workbench";
import { found } from "./finding";
import { contextOf, keyProgram, keyScopes, recorded } from "./programs";

/**
 * A RotatingApiKey on this service: a second key beside the first, or the service's own rotation if it keeps only one
 * key.
 */
export function rotationContract(can: Capabilities): Contract {
  const byOwnRotation = can.maxActiveKeys === 1;
  if (byOwnRotation && !can.nativeRotate) {
    return {
      "a RotatingApiKey is refused, because an old and a new key never live together": async (bench) => {
        const key = new OneResource(createRotatingApiKeyProvider(createContext(bench.withoutCredential())));
        const { op, failures } = await key.preview({ ...(await keyProgram(bench)), rotateEvery: "30m" });
        assert.equal(op, "refused");
        assert.deepEqual(
          failures.map(({ property }) => property),
          ["rotateEvery"],
        );
      },
    };
  }
  const lastsLong = can.expiry.support === "optional" || can.expiry.support === "none";
  return {
    "a RotatingApiKey gets a new key by the clock, keeps the old one for the overlap, changes, has its emergency, and leaves nothing":
      life,
    "a RotatingApiKey whose key was revoked by hand gets a new one": revokedByHand,
    ...(can.lastUsed &&
      !byOwnRotation &&
      lastsLong && { "a previous key goes when it is not used any more, and not before": whenUnused }),
  };
}

/** The age at which keys rotate in the stories. */
const rotateEveryMs = 30 * minuteMs;
/**
 * The longest wait for something that the service does by itself: a revocation may lag, and the overlap is longer than
 * that.
 */
function mostWaited({ revocationLagMs, expiry }: Capabilities): number {
  return minuteMs + 4 * revocationLagMs + expiry.granularityMs;
}

async function life(bench: Workbench): Promise<void> {
  const story = await Story.begin(bench, { rotateEvery: "30m", ...overlapOf(bench.can) }, rotateEveryMs + minuteMs);
  const { key, parent } = story;
  const bystander = bench.room() >= 10 ? await bench.issue({}, parent) : undefined;
  await story.up("create");
  const first = story.generation();
  assert.equal((await key.up(story.program)).op, "same", "a key that is not due stays");

  const second = await turnedByTheClock(story, first);
  await overlapEnded(story, first, second);
  const third = await changed(story, first, second);
  const fourth = await emergency(story, [second, third]);

  await key.destroy();
  await story.isDead("the last key, after its resource", fourth);
  if (!bystander) return;
  await story.works("somebody else's key", bystander);
  assert.deepEqual(await bench.listed(bystander.ref), [bystander.key.id], "somebody else's key is left alone");
}

/** The key is due: a second one is issued, and the first one works during the overlap. */
async function turnedByTheClock(story: Story, first: Issued): Promise<Issued> {
  const { key, can, byOwnRotation } = story;
  story.clock.aheadMs = 0;
  await story.up("update");
  const second = story.generation();
  assert.equal(key.outs.generation, 2);
  assert.equal(
    second.key.id === first.key.id,
    byOwnRotation && can.nativeRotate?.id === "same",
    "a scheduled rotation makes a second key, wherever the service keeps two",
  );
  assert.equal(key.outs.previousValidUntil !== undefined, story.overlaps);
  await story.works("the new key", second);
  if (story.overlaps) await overlapIsKept(story, first);
  else await story.isDead("the old key, without a grace", first, !byOwnRotation);
  await story.isQuiet();
  return second;
}

async function overlapIsKept(story: Story, first: Issued): Promise<void> {
  const { key, can, byOwnRotation } = story;
  assert.ok(key.outs.previousSecret === first.key.secret, "the outputs have the previous secret during the overlap");
  assertTime("the output previousValidUntil", key.outs.previousValidUntil);
  await story.works("the old key, during the overlap", first);
  if (!can.delayedRevoke || byOwnRotation) return;
  assert.ok(
    isNear(
      (await found(story.bench, first.ref)).expiresAt,
      String(key.outs.previousValidUntil),
      can.expiry.granularityMs,
    ),
    "the service must have the expiry that the outputs show",
  );
}

/** The end of the overlap. If the service keeps it and a test cannot wait that long, the change cuts it. */
async function overlapEnded(story: Story, first: Issued, second: Issued): Promise<void> {
  const { bench, key, can, byOwnRotation } = story;
  if (!story.overlaps) return;
  const endsByItself = byOwnRotation || can.delayedRevoke;
  const leftMs = Date.parse(String(key.outs.previousValidUntil)) - story.nowMs() + 2 * secondMs;
  if (!endsByItself) story.clock.aheadMs += leftMs;
  else if (leftMs > mostWaited(can))
    return bench.skip(`the end of an overlap that the service keeps for ${formatSpan(leftMs)}`);
  else if (!(await bench.pass(leftMs))) return;
  await story.up("update");
  assert.equal(key.outs.previousKeyId, undefined);
  await story.isDead("the old key, after the overlap", first, !byOwnRotation);
  await story.works("the new key, after the overlap", second);
}

/** Another key at once. */
async function changed(story: Story, first: Issued, second: Issued): Promise<Issued> {
  const { bench, byOwnRotation } = story;
  Object.assign(story.program, bench.hasKeyScopes() ? keyScopes(bench, bench.scopes(1)) : { keepers: { build: "2" } });
  await story.up("update");
  const third = story.generation();
  await story.works("the key with the change", third);
  if (story.overlaps) await story.works("the key before the change", second);
  await story.isDead("the key before the last", first, !byOwnRotation);
  await story.isQuiet();
  return third;
}

async function emergency(story: Story, older: readonly Issued[]): Promise<Issued> {
  const { key, byOwnRotation } = story;
  Object.assign(story.program, { emergency: "drill" });
  await story.up("update");
  const fourth = story.generation();
  assert.equal(key.outs.previousKeyId, undefined);
  assert.match(String(key.outs.rotationReason), /^emergency: drill/);
  for (const each of older) await story.isDead("an older key, after an emergency", each, !byOwnRotation);
  await story.works("the key after an emergency", fourth);
  await story.isQuiet();
  return fourth;
}

async function revokedByHand(bench: Workbench): Promise<void> {
  const story = await Story.begin(bench, { rotateEvery: "30m", ...overlapOf(bench.can) });
  const { key } = story;
  await story.up("create");
  const first = story.generation();
  await bench.client.revokeKey(first.ref);
  const drifted = await within(
    bench.can.revocationLagMs,
    () => key.refresh(),
    (names) => names.includes("status"),
  );
  assert.ok(drifted.includes("status"), "a revoked key has drifted");
  assert.ok(key.outs.secret === first.key.secret, "a refresh never blanks the secret");
  await story.up("update");
  assert.equal(key.outs.status, "active");
  assert.equal(key.outs.generation, 2);
  assert.equal(key.outs.previousKeyId, undefined, "a key that is dead has no overlap");
  const second = story.generation();
  await story.works("the new key", second);
  await key.destroy();
  await story.isDead("the last key, after its resource", second);
}

async function whenUnused(bench: Workbench): Promise<void> {
  const { lagMs = 0 } = bench.can.lastUsed ?? {};
  const idleMs = idleTimeMs({ capabilities: bench.can });
  if (!bench.harness.works) return bench.skip('whether a key was used: the harness has no "works"');
  if (idleMs > 10 * dayMs) return bench.skip(`that an unused key goes: that takes ${formatSpan(idleMs)}`);
  const schedule = { rotateEvery: "30d", overlap: "1h", retire: "whenUnused", maxOverlap: "20d" };
  const story = await Story.begin(bench, schedule, 31 * dayMs);
  const { key } = story;
  await story.up("create");
  const first = story.generation();
  story.clock.aheadMs = 0;
  await story.up("update");
  const second = story.generation();
  await story.works("the old key", first);

  story.clock.aheadMs = dayMs + hourMs;
  await story.up("update");
  assert.equal(key.outs.retireStatus, "the new key has not been used yet; deferred");
  await story.works("the new key", second);
  if (!(await bench.pass(lagMs))) return;
  story.clock.aheadMs += dayMs + idleMs;
  await story.up("update");
  assert.match(String(key.outs.retireStatus), /^unused for .*; retired$/);
  await story.isDead("the old key, unused for long", first);
  await story.works("the new key", second);
  await key.destroy();
}

/** An overlap for which a story can wait if the service ends it by itself; minutes if the lifecycle ends it. */
export function overlapOf({ maxActiveKeys, nativeRotate, delayedRevoke, expiry, revocationLagMs }: Capabilities): {
  readonly overlap?: string;
} {
  // Longer than the service's lag.
  const leastMs = Math.max(20 * secondMs, 2 * revocationLagMs) + expiry.granularityMs;
  const shortMs = Math.min(Math.ceil(leastMs / secondMs) * secondMs, 9 * minuteMs);
  if (maxActiveKeys !== 1) return { overlap: delayedRevoke ? `${shortMs / secondMs}s` : "5m" };
  if (!nativeRotate?.graceChosen) return {};
  return { overlap: `${Math.floor(Math.min(shortMs, nativeRotate.maxGraceMs) / secondMs)}s` };
}

/** One RotatingApiKey, whose decision clock can differ from the service's. */
class Story {
  readonly can: Capabilities;
  /** The service keeps one key and rotates it by itself. */
  readonly byOwnRotation: boolean;
  /** A rotation leaves the older key alive for a while. */
  readonly overlaps: boolean;

  private constructor(
    readonly bench: Workbench,
    readonly clock: { aheadMs: number },
    readonly key: OneResource,
    readonly program: Record<string, unknown> & { readonly parent: Parent },
  ) {
    this.can = bench.can;
    this.byOwnRotation = bench.can.maxActiveKeys === 1;
    this.overlaps = !this.byOwnRotation || (bench.can.nativeRotate?.maxGraceMs ?? 0) > 0;
  }

  get parent(): Parent {
    return this.program.parent;
  }

  static async begin(bench: Workbench, inputs: object, agoMs = 0): Promise<Story> {
    const clock = { aheadMs: -agoMs };
    const context = { ...contextOf(bench), nowMs: () => bench.nowMs() + clock.aheadMs };
    // `parent` is not an input, and stays hidden.
    const program = Object.assign(await keyProgram(bench), inputs);
    return new Story(bench, clock, new OneResource(createRotatingApiKeyProvider(context)), program);
  }

  nowMs(): number {
    return this.bench.nowMs() + this.clock.aheadMs;
  }

  async up(op: "create" | "update"): Promise<void> {
    const step = await this.key.up(this.program);
    assert.deepEqual({ op: step.op, failures: step.failures }, { op, failures: [] });
  }

  /** The current key according to the outputs. */
  generation(): Issued {
    const { keyId, physicalName, accessId, secret } = recorded(this.key).outs as Readonly<Record<string, string>>;
    assert.ok(keyId !== undefined && physicalName !== undefined && secret !== undefined, "there is no current key");
    const ref = this.bench.track({ id: keyId, name: physicalName, ...this.parent });
    const key: IssuedApiKey = {
      id: keyId,
      name: physicalName,
      status: "active",
      secret,
      ...(accessId && { accessId }),
    };
    return { key, ref };
  }

  async works(what: string, { key, ref }: Issued): Promise<void> {
    assert.notEqual(await this.bench.works(key, ref, true), false, `${what} must work`);
  }

  /** @param listed - no list contains it any more */
  async isDead(what: string, { key, ref }: Issued, listed = true): Promise<void> {
    assert.notEqual(await this.bench.works(key, ref, false), true, `${what} must not work any more`);
    if (!listed) return;
    const keys = (await this.bench.client.listKeys(this.parent)) ?? [];
    // An expired key may be reported as active.
    const same = keys.filter(({ id, name }) => id === ref.id && name === ref.name);
    for (const told of same)
      assert.notEqual(statusOf(told, this.bench.nowMs()), "active", `${what} must not be listed as active`);
  }

  /** Nobody touched it: no drift, and nothing to do. */
  async isQuiet(): Promise<void> {
    assert.deepEqual(await this.key.refresh(), [], "a rotating key that nobody touched has not drifted");
    assert.equal((await this.key.up(this.program)).op, "same", "a second update has nothing to do");
  }
}
