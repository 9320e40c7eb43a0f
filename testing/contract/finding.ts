import assert from "node:assert/strict";
import type { ApiKey, Capabilities, KeyRef } from "../../provider/backends/definition";
import { defined } from "../../provider/values/defined";
import { dayMs } from "../../provider/values/durations";
import { tellTheSame } from "../../provider/connections/shared-reads";
import { assertKeyForm } from "../assertions";
import { type Contract, parentOf, type Workbench, within } from "../workbench";
import { unlike } from "../unlike";
import { interrupted, settled, withDouble } from "./answers";

/** Finding and revoking keys. */
export function findingContract(can: Capabilities): Contract {
  return { ...findingPromises(can), ...revokingPromises(can) };
}

/** The key as the service reports it, once its lag is over. */
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

function findingPromises(can: Capabilities): Contract {
  return {
    "a key is found by its name among more keys than fit on one page": async (bench) => {
      const parent = await bench.parent();
      const many = Math.min(bench.manyOf("manyKeys"), bench.room());
      const names: string[] = [];
      for (let count = 0; count < many; count += 1) names.push((await bench.issue({}, parent)).ref.name);
      const isComplete = (keys: readonly { readonly name: string }[] | undefined) =>
        names.every((name) => keys?.some((key) => key.name === name));
      const keys = await within(can.activationLagMs, () => bench.client.listKeys(parent), isComplete);
      for (const name of names)
        assert.equal(keys?.filter((key) => key.name === name).length, 1, "listKeys must list every key exactly once");
      await interrupted(
        bench,
        {
          "listKeys of several pages": () =>
            Promise.resolve({
              secrets: [],
              run: (client) => client.listKeys(parent),
              assertTrue: async (outcome) =>
                assert.ok(isComplete(outcome as typeof keys), "it leaves out what stands on another page"),
              clean: () => Promise.resolve(),
            }),
        },
        () => ({ status: 500 }),
      );
    },
    ...(can.listTellsAll && {
      "a list reports everything about a key that a read of that key reports": async (bench) => {
        const parent = await bench.parent();
        const description = can.description === "none" ? undefined : "told in both";
        const expiresAt = can.expiry.support === "optional" ? bench.timeIn(2 * dayMs) : undefined;
        for (const asked of [{}, defined({ description, expiresAt })].slice(0, bench.room())) {
          const { ref } = await bench.issue(asked, parent);
          await assertListed(bench, ref);
          if (!can.rename || !bench.client.updateKey) continue;
          const name = bench.newName();
          await bench.client.updateKey(ref, { name });
          await assertListed(bench, { ...ref, name });
        }
      },
    }),
    "a key that never was is absent, and not an error": async (bench) => {
      const { ref } = await bench.issue();
      for (const name of [bench.newName(), ref.name]) {
        const stranger: KeyRef = { ...ref, id: unlike(ref.id), name };
        assert.equal(
          await bench.client.getKey(stranger),
          undefined,
          "getKey returns another key than the requested one",
        );
        assert.equal(
          await bench.client.revokeKey(stranger),
          "absent",
          "revokeKey says of a key that never was that it has revoked it",
        );
      }
      assert.equal((await found(bench, ref)).status, "active");
    },
    "an id is one part of a path, whatever stands in it": (bench) => idsAreEncoded(bench),
    ...(can.parent === "serviceAccount" && {
      "a key is not found, and not revoked, under another account": async (bench) => {
        const { key, ref } = await bench.issue();
        const elsewhere = { ...ref, ...(await bench.otherParent()) };
        assert.notEqual(elsewhere.serviceAccountId, ref.serviceAccountId, "the harness must offer a second account");
        assert.equal(
          await bench.client.getKey(elsewhere),
          undefined,
          "getKey finds the key of another account: compare the account that the service reports with serviceAccountId",
        );
        assert.deepEqual(await bench.listed({ ...elsewhere }), [], "listKeys returns the keys of another account");
        assert.equal(
          await bench.client.revokeKey(elsewhere),
          "absent",
          "revokeKey takes the key of another account: look first, as getKey does",
        );
        assert.equal((await found(bench, ref)).status, "active", "the key of another account was revoked");
        assert.notEqual(await bench.works(key, ref, true), false, "the key must keep working");
      },
    }),
  };
}

async function assertListed(bench: Workbench, ref: KeyRef): Promise<void> {
  const alone = await found(bench, ref);
  const listed = (await bench.client.listKeys(parentOf(ref)))?.find(({ id }) => id === ref.id);
  assert.ok(
    listed && tellTheSame(alone, listed),
    `"listTellsAll" lets a refresh read the list, but listKeys returns ${tellingFields(listed)}, and getKey returns ${tellingFields(alone)}`,
  );
}

/** The names of the fields, with the values that cannot be a secret's part. */
function tellingFields(key: ApiKey | undefined): string {
  if (!key) return "nothing";
  const { id: _id, name: _name, hint: _hint, secretVersion: _version, accessId: _access, ...rest } = key;
  return JSON.stringify({ ...rest, alsoTold: Object.keys(key).sort() });
}

/** What a service's own ids may hold. */
const oddIds = ["q7/z9", "q7?z=9", "q7#z9"];

async function idsAreEncoded(bench: Workbench): Promise<void> {
  const parent = await bench.parent();
  await withDouble(bench, "0s", async (double, client) => {
    for (const id of oddIds) {
      const ref = { id, name: bench.newName(), ...parentOf(parent) };
      const calls = {
        getKey: () => client.getKey(ref),
        revokeKey: () => client.revokeKey(ref),
        getServiceAccount: () => Promise.resolve(client.getServiceAccount?.(id)),
        deleteServiceAccount: () => Promise.resolve(client.deleteServiceAccount?.(id)),
      };
      for (const [name, call] of Object.entries(calls)) {
        double.interrupt(() => ({ status: 404, body: "{}" }));
        await settled(call());
        for (const { path } of double.requests)
          assert.ok(!path.includes(id), `${name} puts an id into a path as it is; encode it: path\`/keys/\${id}\``);
      }
    }
  });
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
      assert.notEqual(gone?.status, "active", "getKey must not report a revoked key as active");
      assert.deepEqual(await bench.listed(ref), [], "listKeys must not report a revoked key as active");
      assert.notEqual(await bench.works(key, ref, false), true, "a revoked key must not work");
      assert.ok(["revoked", "absent"].includes(await bench.client.revokeKey(ref)));
    },
    ...(bothFit(can) && {
      "revoking a key leaves the one beside it alone": async (bench) => {
        const parent = await bench.parent();
        const [first, second] = [await bench.issue({}, parent), await bench.issue({}, parent)];
        await bench.client.revokeKey(first.ref);
        assert.equal((await found(bench, second.ref)).status, "active");
        assert.notEqual(await bench.works(second.key, second.ref, true), false, "the other key must keep working");
      },
    }),
  };
}

function bothFit({ maxActiveKeys }: Capabilities): boolean {
  return maxActiveKeys === undefined || maxActiveKeys > 1;
}
