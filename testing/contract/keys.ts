import assert from "node:assert/strict";
import type { Capabilities, KeyRef } from "../../provider/backends/definition";
import { ConflictError } from "../../provider/errors";
import { covers } from "../../provider/scopes";
import { assertKeyForm, isNear, refusalOf } from "../assertions";
import { type Contract, parentOf, type Workbench, within } from "../workbench";

/** Making, finding and revoking keys. */
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
    ...findingPromises(can),
    ...revokingPromises(can),
    ...lastUsedPromises(can),
  };
}

/** The key as the service tells it, once its lag is over. */
export async function found({ client, can }: Workbench, ref: KeyRef) {
  const key = await within(
    can.activationLagMs,
    () => client.getKey(ref),
    (seen) => seen !== undefined,
  );
  assert.ok(key, `getKey does not find the key "${ref.name}"`);
  assertKeyForm(key);
  return key;
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

function findingPromises(can: Capabilities): Contract {
  return {
    "a key is found by its name among more keys than fit on one page": async (bench) => {
      const parent = await bench.parent();
      const many = Math.min(bench.harness.manyKeys ?? 3, bench.room());
      const names: string[] = [];
      for (let count = 0; count < many; count += 1) names.push((await bench.issue({}, parent)).ref.name);
      const isComplete = (keys: readonly { readonly name: string }[] | undefined) =>
        names.every((name) => keys?.some((key) => key.name === name));
      const keys = await within(can.activationLagMs, () => bench.client.listKeys(parent), isComplete);
      for (const name of names)
        assert.equal(keys?.filter((key) => key.name === name).length, 1, "listKeys has to tell every key, once");
    },
    "a key that never was is absent, and not an error": async (bench) => {
      const { ref } = await bench.issue();
      const stranger: KeyRef = { ...ref, id: unlike(ref.id), name: bench.newName() };
      assert.equal(await bench.client.getKey(stranger), undefined);
      assert.equal(await bench.client.revokeKey(stranger), "absent");
      assert.equal((await found(bench, ref)).status, "active");
    },
    ...(can.parent === "serviceAccount" && {
      "a key is not found, and not revoked, under another account": async (bench) => {
        const { key, ref } = await bench.issue();
        const elsewhere = { ...ref, ...(await bench.otherParent()) };
        assert.notEqual(elsewhere.serviceAccountId, ref.serviceAccountId, "the harness has to offer a second account");
        assert.equal(await bench.client.getKey(elsewhere), undefined);
        assert.equal(await bench.client.revokeKey(elsewhere), "absent");
        assert.equal((await found(bench, ref)).status, "active");
        assert.notEqual(await bench.works(key, ref, true), false, "the key has to live on");
      },
    }),
  };
}

function revokingPromises(can: Capabilities): Contract {
  return {
    "a revoked key is dead and gone from the list, and revoking it again is no error": async (bench) => {
      const { key, ref } = await bench.issue();
      await found(bench, ref);
      assert.equal(await bench.client.revokeKey(ref), "revoked");
      const gone = await within(
        can.revocationLagMs,
        () => bench.client.getKey(ref),
        (seen) => seen?.status !== "active",
      );
      assert.notEqual(gone?.status, "active", "getKey must not tell a revoked key as active");
      assert.deepEqual(await bench.listed(ref), [], "listKeys must not tell a revoked key as active");
      assert.notEqual(await bench.works(key, ref, false), true, "a revoked key must not work");
      assert.ok(["revoked", "absent"].includes(await bench.client.revokeKey(ref)));
    },
    ...(bothFit(can) && {
      "revoking a key leaves the one beside it alone": async (bench) => {
        const parent = await bench.parent();
        const [first, second] = [await bench.issue({}, parent), await bench.issue({}, parent)];
        await bench.client.revokeKey(first.ref);
        assert.equal((await found(bench, second.ref)).status, "active");
        assert.notEqual(await bench.works(second.key, second.ref, true), false, "the other key has to live on");
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

function bothFit({ maxActiveKeys }: Capabilities): boolean {
  return maxActiveKeys === undefined || maxActiveKeys > 1;
}

/** An id of the same form that belongs to nothing: digits and letters are turned, so that numbers stay numbers. */
export function unlike(id: string): string {
  return id
    .replace(/[0-9]/g, (digit) => String(9 - Number(digit)))
    .replace(/[a-f]/g, (letter) => ({ a: "f", b: "e", c: "d", d: "c", e: "b", f: "a" })[letter] ?? letter);
}
