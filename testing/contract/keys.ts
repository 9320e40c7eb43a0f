import assert from "node:assert/strict";
import type { Capabilities } from "../../provider/backends/definition";
import { hourMs, minuteMs } from "../../provider/values/durations";
import { ConflictError, ProviderError } from "../../provider/errors";
import { fingerprintOf } from "../../provider/values/fingerprint";
import { covers } from "../../provider/scopes";
import { nameRules } from "../../provider/vendors/name-rules";
import { assertChanged, isNear, refusalOf } from "../assertions";
import { type Contract, parentOf, type Workbench, within } from "../workbench";
import { longestName, unusualName } from "../sample-names";
import { found } from "./finding";

/** Making keys, and what they report. */
export function keyContract(can: Capabilities): Contract {
  return {
    "a new key works, and only its creation returns its secret": async (bench) => {
      const { key, ref } = await bench.issue();
      assert.ok(typeof key.secret === "string" && key.secret !== "", "createKey must return the secret");
      assert.equal(key.name, ref.name, "a key bears the name that was asked for: it is the marker");
      assert.equal(key.status, "active");
      assert.equal(key.secret, key.secret.trim(), "a secret has no blanks or line ends around it");
      if (key.createdAt !== undefined)
        assert.ok(
          isNear(key.createdAt, bench.timeIn(0), 10 * minuteMs),
          `a key that was just made reports ${key.createdAt}: times are in UTC. If the service reports only the day, leave createdAt out`,
        );
      const told = { getKey: await found(bench, ref), listKeys: await bench.client.listKeys(parentOf(ref)) };
      for (const [method, answer] of Object.entries(told))
        assert.ok(!JSON.stringify(answer).includes(key.secret), `${method} shows the secret`);
      assert.equal(told.getKey.id, key.id);
      assert.equal(told.getKey.name, key.name);
      assert.equal(told.getKey.status, "active");
      assert.notEqual(await bench.works(key, ref, true), false, "a new key must work");
      for (const telling of [told.getKey, await found(bench, ref)])
        assert.equal(
          telling.secretVersion,
          key.secretVersion,
          "secretVersion changes with the secret, and with nothing else",
        );
    },
    "a key's own secret shows whether the key lives, if the backend can ask with it": async (bench) => {
      if (!bench.client.probe) return;
      const { key, ref } = await bench.issue();
      const known = { ...ref, secret: key.secret, ...(key.accessId !== undefined && { accessId: key.accessId }) };
      const probe = () => Promise.resolve(bench.client.probe?.(known));
      const living = await within(can.activationLagMs, probe, (answer) => answer?.works === true);
      assert.equal(living?.works, true, "the service accepts the secret of a key that lives");
      if (living.serviceAccountId !== undefined) assert.equal(living.serviceAccountId, ref.serviceAccountId);
      await bench.client.revokeKey(ref);
      const dead = await within(can.revocationLagMs, probe, (answer) => answer?.works === false);
      assert.equal(dead?.works, false, "and refuses that of one that was revoked");
    },
    "whoAmI, if the backend has it, names a new key when that key asks, and never otherwise": async (bench) => {
      if (!bench.client.whoAmI) return;
      const { key, ref } = await bench.issue();
      const caller = await bench.client.whoAmI();
      assert.notEqual(caller?.keyId, ref.id, "whoAmI takes a new key for the connection's own");
      if (ref.serviceAccountId !== undefined)
        assert.notEqual(caller?.serviceAccountId, ref.serviceAccountId, "whoAmI takes a new account for its own");
      // Most keys may not ask, and some services need another kind of credential; then there is no answer.
      const told = await bench
        .clientWith(can.secret.form === "pair" ? `${key.accessId}:${key.secret}` : key.secret)
        .whoAmI?.()
        .catch((error: unknown) => {
          assert.ok(error instanceof ProviderError, "whoAmI throws an error of the tree");
          return undefined;
        });
      if (told?.keyId !== undefined) assert.equal(told.keyId, ref.id, "whoAmI must name the key that asks");
      if (told?.serviceAccountId !== undefined && ref.serviceAccountId !== undefined)
        assert.equal(told.serviceAccountId, ref.serviceAccountId, "whoAmI must name the account of the key that asks");
    },
    "keys that are made side by side are not mixed up": async (bench) => {
      const parent = await bench.parent();
      const count = Math.min(3, bench.room());
      const keys = await Promise.all(Array.from({ length: count }, () => bench.issue({}, parent)));
      assert.equal(
        new Set(keys.map(({ key }) => fingerprintOf(key.secret))).size,
        count,
        "each key has its own secret",
      );
      for (const { key, ref } of keys) {
        assert.equal(key.name, ref.name, "each key bears the name that its own call asked for");
        assert.equal((await found(bench, ref)).name, ref.name);
        assert.notEqual(await bench.works(key, ref, true), false, "each of the keys must work");
      }
    },
    ...(can.secret.form === "pair"
      ? {
          "a key is a pair: its public half is known, its private half is not": async (bench) => {
            const { key, ref } = await bench.issue();
            assert.ok(key.accessId !== undefined, "a pair has an accessId");
            assert.ok(
              !key.accessId.includes(key.secret) && !key.secret.includes(key.accessId),
              "the secret is the private half alone",
            );
            assert.equal((await found(bench, ref)).accessId, key.accessId);
          },
        }
      : {
          "a key is one token: it has no public half": async (bench) => {
            const { key, ref } = await bench.issue();
            assert.equal(key.accessId, undefined);
            assert.equal((await found(bench, ref)).accessId, undefined);
          },
        }),
    ...(can.secret.callerChosen && {
      "a key has the secret that its caller chose": async (bench) => {
        const secretValue = `chosen-${bench.newName()}-0123456789abcdef`;
        const { key, ref } = await bench.issue({ secretValue });
        assert.ok(key.secret === secretValue, "createKey must return the chosen secret");
        assert.notEqual(await bench.works(key, ref, true), false, "a key with a chosen secret must work");
      },
    }),
    ...(can.environments && {
      "a key belongs to the environment that was asked for": async (bench) => {
        for (const environment of can.environments ?? []) {
          const { ref } = await bench.issue({ environment });
          assert.equal((await found(bench, ref)).environment, environment);
        }
      },
    }),
    ...scopePromises(can),
    ...descriptionPromises(can),
    ...namePromises(can),
    ...lastUsedPromises(can),
  };
}

function scopePromises(can: Capabilities): Contract {
  if (can.scopes === "none" || can.scopes === "account") {
    return {
      "a key reports no scopes, because it has none of its own": async (bench) => {
        const { key, ref } = await bench.issue();
        assert.equal(key.scopes, undefined);
        assert.equal((await found(bench, ref)).scopes, undefined);
      },
    };
  }
  if (!can.scopesTold) {
    return {
      "a key does not report its scopes, and the backend does not guess them": async (bench) => {
        for (const scopes of bench.harness.scopes ?? []) {
          const { key, ref } = await bench.issue({ scopes });
          for (const told of [key, await found(bench, ref)])
            assert.equal(
              told.scopes,
              undefined,
              "the scopes that were asked for are no proof of those that were given",
            );
        }
      },
    };
  }
  return {
    "a key has all the scopes that were asked for, whichever they are": async (bench) => {
      for (const scopes of bench.harness.scopes ?? []) {
        const { key, ref } = await bench.issue({ scopes });
        for (const told of [key, await found(bench, ref)]) {
          const missing = scopes.filter((scope) => !covers(bench.connection.catalogue, told.scopes ?? [], scope));
          assert.deepEqual(missing, [], "the service may add scopes, and may leave none out");
        }
      }
    },
  };
}

function descriptionPromises(can: Capabilities): Contract {
  if (can.description === "none") {
    return {
      "a key's description is not kept": async (bench) => {
        const { ref } = await bench.issue({ description: "nightly export" });
        assert.equal((await found(bench, ref)).description, undefined);
      },
    };
  }
  return {
    "a key keeps its description": async (bench) => {
      const { ref } = await bench.issue({ description: "nightly export" });
      assert.equal((await found(bench, ref)).description, "nightly export");
    },
    ...(can.description === "update" && {
      "a key's description is changed in place, and can be emptied": async (bench) => {
        const { key, ref } = await bench.issue({ description: "nightly export", ...inADay(bench) });
        const before = await found(bench, ref);
        for (const description of ["weekly export", ""]) {
          const changed = await bench.client.updateKey?.(ref, { description });
          assertChanged(changed, await found(bench, ref), { ...before, description });
        }
        assert.notEqual(await bench.works(key, ref, true), false, "a new description must not change the secret");
      },
    }),
  };
}

/** An end, if a key may have one. */
function inADay(bench: Workbench) {
  return bench.can.expiry.support === "optional" ? { expiresAt: bench.timeIn(24 * hourMs) } : {};
}

const asWritten = "a name comes back as it was asked for";

function namePromises(can: Capabilities): Contract {
  return {
    "a name of the greatest length is kept whole": async (bench) => {
      const { key, ref } = await bench.issue({ name: longestName(bench, "keys") });
      for (const { name } of [key, await found(bench, ref)])
        assert.equal(name, ref.name, `limits.nameLength promises ${nameRules(can, "keys").length} characters`);
    },
    "a name is kept as it is written, capitals and blanks in it": async (bench) => {
      const name = unusualName(bench, "keys");
      const { key, ref } = await bench.issue({ name });
      for (const told of [key.name, (await found(bench, ref)).name, ...(await bench.listedNames(ref))])
        assert.equal(told, name, `${asWritten}: "limits.naming" says how this service writes names`);
    },
    ...(can.rename && {
      "a key is renamed in place": async (bench) => {
        const { key, ref } = await bench.issue({
          ...(can.description !== "none" && { description: "nightly export" }),
          ...inADay(bench),
        });
        const before = await found(bench, ref);
        const name = bench.newName();
        const changed = await bench.client.updateKey?.(ref, { name });
        assertChanged(changed, await found(bench, bench.track({ ...ref, name })), { ...before, name });
        assert.notEqual(await bench.works(key, ref, true), false, "a new name must not change the secret");
      },
    }),
    ...(can.maxActiveKeys === 1
      ? {}
      : can.uniqueNames
        ? {
            "two living keys cannot have the same name": async (bench) => {
              const { ref } = await bench.issue();
              const second = bench.request(parentOf(ref), { name: ref.name });
              await refusalOf(() => bench.client.createKey(second), [ConflictError], "a second key of the same name");
              assert.equal((await bench.listed(ref)).length, 1);
            },
          }
        : {
            "two keys may have the same name": async (bench) => {
              const first = await bench.issue();
              const second = await bench
                .issue({ name: first.ref.name }, parentOf(first.ref))
                .catch((error: unknown) => {
                  if (!(error instanceof ConflictError)) throw error;
                  return assert.fail("the service refuses a second key of the same name: declare `uniqueNames: true`");
                });
              assert.notEqual(second.key.id, first.key.id);
              assert.ok(second.key.secret !== first.key.secret, "two keys have two secrets");
              const ids = await within(
                can.activationLagMs,
                () => bench.listed(first.ref),
                ({ length }) => length === 2,
              );
              assert.deepEqual([...ids].sort(), [first.key.id, second.key.id].sort());
              assert.equal(await bench.client.revokeKey(first.ref), "revoked");
              assert.equal((await found(bench, second.ref)).status, "active", "a name alone does not tell which key");
              assert.notEqual(
                await bench.works(second.key, second.ref, true),
                false,
                "the other key must keep working",
              );
            },
          }),
  };
}

function lastUsedPromises({ lastUsed }: Capabilities): Contract {
  if (!lastUsed) {
    return {
      "a key does not report when it was used": async (bench) => {
        const { key, ref } = await bench.issue();
        await bench.works(key, ref, true);
        assert.equal((await found(bench, ref)).lastUsedAt, undefined);
      },
    };
  }
  return {
    "a key reports when it was used, and that it never was": async (bench) => {
      const { key, ref } = await bench.issue();
      assert.equal((await found(bench, ref)).lastUsedAt, undefined);
      // A use in the same time step as the creation may look like no use.
      if (!(await bench.pass(lastUsed.granularityMs))) return;
      if (!(await bench.works(key, ref, true)) || !(await bench.pass(lastUsed.lagMs))) return;
      const { lastUsedAt } = await found(bench, ref);
      assert.ok(lastUsedAt !== undefined, "the service must report the use of a key");
      const step = lastUsed.granularityMs + lastUsed.lagMs + 60_000;
      assert.ok(isNear(lastUsedAt, new Date(bench.nowMs()).toISOString(), step), "the time must be that of the use");
    },
  };
}
