import assert from "node:assert/strict";
import type { Capabilities } from "../../provider/backends/definition";
import { ConflictError } from "../../provider/errors";
import { covers } from "../../provider/scopes";
import { isNear, refusalOf } from "../assertions";
import { type Contract, parentOf, within } from "../workbench";
import { found } from "./finding";

/** Making keys, and what they tell of themselves. */
export function keyContract(can: Capabilities): Contract {
  return {
    "a new key works, and its secret is told once, by its creation": async (bench) => {
      const { key, ref } = await bench.issue();
      assert.ok(typeof key.secret === "string" && key.secret !== "", "createKey has to tell the secret");
      assert.equal(key.name, ref.name, "a key bears the name that was asked for: it is the marker");
      assert.equal(key.status, "active");
      const told = { getKey: await found(bench, ref), listKeys: await bench.client.listKeys(parentOf(ref)) };
      for (const [method, answer] of Object.entries(told))
        assert.ok(!JSON.stringify(answer).includes(key.secret), `${method} shows the secret`);
      assert.equal(told.getKey.id, key.id);
      assert.equal(told.getKey.status, "active");
      assert.notEqual(await bench.works(key, ref, true), false, "a new key has to work");
      for (const telling of [told.getKey, await found(bench, ref)])
        assert.equal(
          telling.secretVersion,
          key.secretVersion,
          "secretVersion changes with the secret, and with nothing else",
        );
    },
    ...(can.secret.form === "pair"
      ? {
          "a key is a pair: its public half can be told, its private half cannot": async (bench) => {
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
        assert.ok(key.secret === secretValue, "createKey has to return the chosen secret");
        assert.notEqual(await bench.works(key, ref, true), false, "a key with a chosen secret has to work");
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
      "a key tells no scopes, because it has none of its own": async (bench) => {
        const { key, ref } = await bench.issue();
        assert.equal(key.scopes, undefined);
        assert.equal((await found(bench, ref)).scopes, undefined);
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
        const { key, ref } = await bench.issue({ description: "nightly export" });
        for (const description of ["weekly export", ""]) {
          await bench.client.updateKey?.(ref, { description });
          const told = await found(bench, ref);
          assert.equal(told.description ?? "", description);
          assert.equal(told.name, ref.name, "whatever is not mentioned stays");
        }
        assert.notEqual(await bench.works(key, ref, true), false, "a new description must not change the secret");
      },
    }),
  };
}

function namePromises(can: Capabilities): Contract {
  return {
    ...(can.rename && {
      "a key is renamed in place": async (bench) => {
        const { key, ref } = await bench.issue();
        const name = bench.newName();
        await bench.client.updateKey?.(ref, { name });
        const told = await found(bench, bench.track({ ...ref, name }));
        assert.equal(told.id, key.id);
        assert.equal(told.name, name);
        assert.notEqual(await bench.works(key, ref, true), false, "a new name must not change the secret");
      },
    }),
    ...(can.maxActiveKeys === 1
      ? {}
      : can.uniqueNames
        ? {
            "two living keys cannot bear one name": async (bench) => {
              const { ref } = await bench.issue();
              const second = bench.request(parentOf(ref), { name: ref.name });
              await refusalOf(() => bench.client.createKey(second), [ConflictError], "a second key of the same name");
              assert.equal((await bench.listed(ref)).length, 1);
            },
          }
        : {
            "two keys may bear one name": async (bench) => {
              const first = await bench.issue();
              const second = await bench.issue({ name: first.ref.name }, parentOf(first.ref));
              assert.notEqual(second.key.id, first.key.id);
              assert.ok(second.key.secret !== first.key.secret, "two keys have two secrets");
              const ids = await within(
                can.activationLagMs,
                () => bench.listed(first.ref),
                ({ length }) => length === 2,
              );
              assert.deepEqual([...ids].sort(), [first.key.id, second.key.id].sort());
            },
          }),
  };
}

function lastUsedPromises({ lastUsed }: Capabilities): Contract {
  if (!lastUsed) {
    return {
      "a key does not tell when it was used": async (bench) => {
        const { key, ref } = await bench.issue();
        await bench.works(key, ref, true);
        assert.equal((await found(bench, ref)).lastUsedAt, undefined);
      },
    };
  }
  return {
    "a key tells when it was used, and that it never was": async (bench) => {
      const { key, ref } = await bench.issue();
      assert.equal((await found(bench, ref)).lastUsedAt, undefined);
      if (!(await bench.works(key, ref, true)) || !(await bench.pass(lastUsed.lagMs))) return;
      const { lastUsedAt } = await found(bench, ref);
      assert.ok(lastUsedAt !== undefined, "a key that was used has to tell so");
      const step = lastUsed.granularityMs + lastUsed.lagMs + 60_000;
      assert.ok(isNear(lastUsedAt, new Date(bench.nowMs()).toISOString(), step), "the time has to be that of the use");
    },
  };
}
