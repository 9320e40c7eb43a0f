import assert from "node:assert/strict";
import type { Capabilities } from "../../provider/backends/definition";
import { defined } from "../../provider/values/defined";
import { hourMs } from "../../provider/values/durations";
import { fingerprintOf } from "../../provider/values/fingerprint";
import { observeKey } from "../../provider/resources/key/key-on-service";
import { assertChanged, assertKeyForm, assertTime, isNear } from "../assertions";
import { type Contract, type Issued, parentOf, type Workbench } from "../workbench";
import { found } from "./finding";

/** When keys end, and what a native rotation does. */
export function changeContract(can: Capabilities): Contract {
  return { ...expiryPromises(can), ...recordPromises(can), ...rotationPromises(can) };
}

function expiryPromises(can: Capabilities): Contract {
  const { expiry } = can;
  if (expiry.support === "none") {
    return {
      "a key has no end": async (bench) => {
        const { key, ref } = await bench.issue();
        assert.equal(key.expiresAt, undefined);
        assert.equal((await found(bench, ref)).expiresAt, undefined);
      },
    };
  }
  if (expiry.support === "imposed") {
    return {
      "a key reports the expiry that the service has set": async (bench) => {
        const { key, ref } = await bench.issue();
        assert.ok(key.expiresAt !== undefined, "createKey must report the expiry");
        assert.ok(isNear((await found(bench, ref)).expiresAt, key.expiresAt, expiry.granularityMs));
      },
    };
  }
  return {
    "a key ends when it was asked to": async (bench) => {
      const short = 24 * hourMs;
      const long = Math.min(3 * short + 2 * expiry.granularityMs, expiry.longestMs ?? Infinity);
      // Programs give both; with APIKEYS_NOW, and here, there is the end alone.
      for (const [livesMs, asked] of [
        [short, {}],
        [long, {}],
        [long, { livesForMs: long }],
      ] as const) {
        const expiresAt = bench.timeIn(livesMs);
        const { key, ref } = await bench.issue({ expiresAt, ...asked });
        for (const told of [key, await found(bench, ref)]) {
          assert.equal(told.status, "active");
          assert.ok(
            isNear(told.expiresAt, expiresAt, expiry.granularityMs),
            `asked to end at ${expiresAt} (${asked.livesForMs === undefined ? "without" : "with"} livesForMs), the key ends at ${told.expiresAt ?? "no time"}`,
          );
        }
      }
    },
    "a key whose time is over is expired or gone, and dead": async (bench) => {
      const { key, ref } = await bench.issue({ expiresAt: bench.timeIn(4_000 + expiry.granularityMs) });
      assert.equal((await observeKey(bench.connection, ref, bench.nowMs())).status, "active");
      if (!(await bench.pass(6_000 + 2 * expiry.granularityMs))) return;
      const { status } = await observeKey(bench.connection, ref, bench.nowMs());
      assert.ok(["expired", "missing"].includes(status), `the key is reported as ${status}`);
      assert.notEqual(await bench.works(key, ref, false), true, "an expired key must not work");
    },
    ...(expiry.support === "optional" && {
      "a key that was not asked to end has no end": async (bench) => {
        const { key, ref } = await bench.issue();
        assert.equal(key.expiresAt, undefined);
        assert.equal((await found(bench, ref)).expiresAt, undefined);
      },
    }),
    ...(expiry.update && {
      "a key's end is moved in place": async (bench) => {
        const { key, ref } = await bench.issue({
          expiresAt: bench.timeIn(24 * hourMs),
          ...(can.description !== "none" && { description: "nightly export" }),
        });
        const ends = [
          bench.timeIn(48 * hourMs),
          bench.timeIn(hourMs),
          ...(expiry.support === "optional" && expiry.removable !== false ? [null] : []),
        ];
        const before = await found(bench, ref);
        for (const expiresAt of ends) {
          const changed = await bench.client.updateKey?.(ref, { expiresAt });
          const told = await found(bench, ref);
          assert.ok(
            isNear(told.expiresAt, expiresAt ?? undefined, expiry.granularityMs),
            `the expiry must be ${expiresAt ?? "taken away"}`,
          );
          const { expiresAt: _end, ...rest } = before;
          assertChanged(changed, told, defined({ ...rest, expiresAt: told.expiresAt }));
        }
        assert.notEqual(await bench.works(key, ref, true), false, "a new end must not change the secret");
      },
    }),
  };
}

/** What is left of a key that has ended. */
function recordPromises({ endedRecords, expiry }: Capabilities): Contract {
  if (endedRecords === undefined) return {};
  if (endedRecords === "kept")
    return {
      "the record of a revoked key stays": async (bench) => {
        const { ref } = await bench.issue();
        await bench.client.revokeKey(ref);
        assert.ok(
          (await bench.client.getKey(ref)) !== undefined,
          "nothing is left: the service keeps no ended records",
        );
      },
    };
  if (expiry.support !== "optional" && expiry.support !== "required") return {};
  return {
    "a key that has ended by itself leaves a record, and a revoke removes it": async (bench) => {
      const { ref } = await bench.issue({ expiresAt: bench.timeIn(4_000 + expiry.granularityMs) });
      if (!(await bench.pass(6_000 + 2 * expiry.granularityMs))) return;
      const listed = async () => ((await bench.client.listKeys(parentOf(ref))) ?? []).some(({ id }) => id === ref.id);
      assert.ok(await listed(), "nothing is left of it: the service keeps no ended records");
      assert.equal(await bench.client.revokeKey(ref), "revoked");
      assert.equal((await bench.client.getKey(ref))?.id, undefined, "the record is still there");
      assert.ok(!(await listed()), "the record is still in the list");
    },
  };
}

function rotationPromises({ nativeRotate }: Capabilities): Contract {
  if (!nativeRotate) return {};
  const { maxGraceMs, graceChosen, id } = nativeRotate;
  const graceMs = Math.min(maxGraceMs, hourMs);
  return {
    ...((graceChosen || maxGraceMs === 0) && {
      "a native rotation without grace kills the old secret at once": async (bench) => {
        const { old, rotated } = await rotate(bench, 0, id);
        assert.notEqual(await bench.works(rotated.key, rotated.ref, true), false, "the new secret must work");
        assert.notEqual(await bench.works(old.key, old.ref, false), true, "the old secret must not work");
      },
    }),
    ...(maxGraceMs > 0 && {
      "a native rotation with grace lets both secrets work, until the old one is ended": async (bench) => {
        const { old, rotated } = await rotate(bench, graceMs, id);
        for (const { key, ref } of [rotated, old])
          assert.notEqual(await bench.works(key, ref, true), false, "both secrets have to work");
        assertTime("the rotated key's previousValidUntil", rotated.key.previousValidUntil);
        assert.ok(
          rotated.key.previousValidUntil !== undefined,
          "a rotation with grace must report how long the old secret works",
        );
        if (graceChosen)
          assert.ok(
            isNear(rotated.key.previousValidUntil, bench.timeIn(graceMs), 120_000),
            "the grace must be the one that was asked for",
          );
        if (!bench.client.revokePrevious)
          return bench.skip('an early end of the old secret: the backend has no "revokePrevious"');
        assert.equal(await bench.client.revokePrevious(rotated.ref), "revoked");
        assert.notEqual(await bench.works(old.key, old.ref, false), true, "the old secret must not work any more");
        assert.notEqual(await bench.works(rotated.key, rotated.ref, true), false, "the new secret must work");
      },
    }),
  };
}

async function rotate(
  bench: Workbench,
  graceMs: number,
  id: "same" | "new",
): Promise<{ readonly old: Issued; readonly rotated: Issued }> {
  const old = await bench.issue();
  const name = id === "same" ? old.ref.name : bench.newName();
  const key = await bench.client.rotateKey?.(old.ref, { graceMs, name });
  assert.ok(key, "rotateKey must return the key with its new secret");
  assertKeyForm(key);
  assert.equal(key.id === old.key.id, id === "same", `a rotated key has ${id === "same" ? "the same" : "a new"} id`);
  assert.notEqual(fingerprintOf(key.secret), fingerprintOf(old.key.secret), "a rotation must bring a new secret");
  const ref = bench.track({ id: key.id, name: key.name, ...parentOf(old.ref) });
  const told = await found(bench, ref);
  assert.ok(!JSON.stringify(told).includes(key.secret), "getKey shows the secret");
  assert.equal(told.secretVersion, key.secretVersion, "getKey must report the version that rotateKey returned");
  if (key.secretVersion !== undefined)
    assert.notEqual(key.secretVersion, old.key.secretVersion, "secretVersion must change with the secret");
  return { old, rotated: { key, ref } };
}
