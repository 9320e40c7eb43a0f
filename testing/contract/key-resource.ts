import assert from "node:assert/strict";
import type { Capabilities } from "../../provider/backends/definition";
import { createApiKeyProvider } from "../../provider/resources/api-key/resource";
import { createContext } from "../../provider/resources/context";
import { assertTime } from "../assertions";
import { OneResource } from "../one-resource";
import { notOffered } from "../harness";
import { type Contract, type Workbench, within } from "../workbench";
import { contextOf, keyProgram, losingOnce, recorded } from "./programs";

/** Keys as resources: what a user of this backend sees in previews and updates. */
export function keyResourceContract(can: Capabilities): Contract {
  const onKeys = can.scopes === "immutable" || can.scopes === "mutable";
  const byTime = can.expiry.support === "optional" || can.expiry.support === "required";
  return {
    ...refusedInPreview(can),
    ...disabledWithItsAccount(can),
    "an ApiKey is made, read without drift, left alone, relabelled, and revoked": async (bench) => {
      const key = new OneResource(createApiKeyProvider(contextOf(bench)));
      const program = await keyProgram(bench);
      assert.equal((await key.up(program)).op, "create");
      const { id, outs } = recorded(key);
      bench.track({ id, name: String(outs.physicalName), ...program.parent });
      assert.equal(outs.keyId, id);
      assert.equal(outs.status, "active");
      assertTime("the output createdAt", outs.createdAt);
      const { secret, ...others } = outs;
      assert.ok(
        typeof secret === "string" && !JSON.stringify(others).includes(secret),
        "the secret stands in the output of that name, and nowhere else",
      );
      assert.deepEqual(await key.refresh(), [], "a key that nobody touched has not drifted");
      assert.deepEqual(key.outs, outs, "a refresh of a key that nobody touched changes nothing");
      assert.equal((await key.up(program)).op, "same");
      assert.equal((await key.up({ ...program, labels: { owner: "team-b" } })).op, "update");
      assert.equal(recorded(key).id, id);
      assert.ok(key.outs.secret === secret, "an update keeps the secret");
      assert.deepEqual(await key.refresh(), []);
      await key.destroy();
      assert.deepEqual(await bench.listed({ name: String(outs.physicalName), ...program.parent }), []);
      await key.remove({ id, inputs: {}, outs });
    },
    ...(onKeys && {
      "other words for the same scopes are no change, and other scopes are another key": async (bench) => {
        const key = new OneResource(createApiKeyProvider(contextOf(bench)));
        const program = await keyProgram(bench);
        await key.up(program);
        const old = recorded(key);
        bench.track({ id: old.id, name: String(old.outs.physicalName), ...program.parent });
        assert.deepEqual(
          old.outs.scopes,
          [...new Set(bench.scopes(0))].sort(),
          "scopes are recorded in their canonical order",
        );
        assert.equal(
          (await key.up({ ...program, scopes: [...bench.scopes(0), ...bench.scopes(0)].reverse() })).op,
          "same",
        );
        const step = await key.up({ ...program, scopes: bench.scopes(1) });
        assert.deepEqual(
          { op: step.op, replaces: step.replaces, deletedFirst: step.deletedFirst },
          { op: "replace", replaces: ["scopes"], deletedFirst: bench.room() === 1 },
        );
        const { id, outs } = recorded(key);
        bench.track({ id, name: String(outs.physicalName), ...program.parent });
        assert.notEqual(outs.physicalName, old.outs.physicalName, "two generations bear two names");
        const [living, dead] = [String(outs.physicalName), String(old.outs.physicalName)];
        assert.equal((await bench.listed({ name: living, ...program.parent })).length, 1);
        assert.deepEqual(await bench.listed({ name: dead, ...program.parent }), []);
      },
    }),
    ...(byTime && {
      [can.expiry.update ? "a longer life is given in place" : "a longer life is another key's"]: async (
        bench: Workbench,
      ) => {
        const key = new OneResource(createApiKeyProvider(contextOf(bench)));
        const program = await keyProgram(bench);
        await key.up({ ...program, expiresIn: "1d" });
        const old = recorded(key);
        bench.track({ id: old.id, name: String(old.outs.physicalName), ...program.parent });
        const { op, replaces } = await key.up({ ...program, expiresIn: "2d" });
        assert.deepEqual(
          { op, replaces },
          can.expiry.update ? { op: "update", replaces: [] } : { op: "replace", replaces: ["expiresIn"] },
        );
        bench.track({ id: recorded(key).id, name: String(key.outs.physicalName), ...program.parent });
        assert.ok(
          Date.parse(String(key.outs.expiresAt)) - Date.parse(String(old.outs.expiresAt)) > 12 * 60 * 60 * 1000,
          "the end must move by a day",
        );
        assert.deepEqual(await key.refresh(), [], "the service has the new end as well");
      },
    }),
    [can.rename ? "a new name prefix renames the key in place" : "a new name prefix is another key's"]: async (
      bench: Workbench,
    ) => {
      const key = new OneResource(createApiKeyProvider(contextOf(bench)));
      const program = await keyProgram(bench);
      await key.up(program);
      const { id, outs } = recorded(key);
      bench.track({ id, name: String(outs.physicalName), ...program.parent });
      const { op } = await key.up({ ...program, name: "other" });
      const name = String(key.outs.physicalName);
      bench.track({ id: recorded(key).id, name, ...program.parent });
      assert.equal(op, can.rename ? "update" : "replace");
      assert.ok(name.startsWith("other-"), `the key's name is now "${name}"`);
      assert.deepEqual(await bench.listed({ name, ...program.parent }), [recorded(key).id]);
      if (can.rename || !can.idsReused) assert.equal(recorded(key).id === id, can.rename && op === "update");
    },
    "an ApiKey that was revoked by hand shows as drift, and is replaced": async (bench) => {
      const key = new OneResource(createApiKeyProvider(contextOf(bench)));
      const program = await keyProgram(bench);
      await key.up(program);
      const { id, outs } = recorded(key);
      const ref = bench.track({ id, name: String(outs.physicalName), ...program.parent });
      await bench.client.revokeKey(ref);
      const drifted = await within(
        can.revocationLagMs,
        () => key.refresh(),
        (names) => names.includes("status"),
      );
      assert.ok(drifted.includes("status"), "a revoked key has drifted");
      assert.ok(key.outs.secret === outs.secret, "a refresh never blanks the secret");
      const { op, replaces } = await key.up(program);
      assert.equal(op, "replace");
      assert.ok(replaces.includes("status"));
      bench.track({ id: recorded(key).id, name: String(key.outs.physicalName), ...program.parent });
      assert.equal(key.outs.status, "active");
      await key.destroy();
    },
    "a create whose answer is lost leaves exactly one key behind, the one whose secret is known": async (bench) => {
      const made: string[] = [];
      const key = new OneResource(createApiKeyProvider(contextOf(bench, losingOnce(bench, "createKey", made))));
      const program = await keyProgram(bench);
      await key.up(program);
      const { id, outs } = recorded(key);
      bench.track({ id, name: String(outs.physicalName), ...program.parent });
      const living = (await bench.client.listKeys(program.parent))?.filter(
        ({ name, status }) => status === "active" && [...made, outs.physicalName].includes(name),
      );
      assert.deepEqual(
        living?.map(({ name }) => name),
        [outs.physicalName],
        "only the key that answered lives",
      );
    },
  };
}

/** A key works only as well as its account, and only a person undoes an administrator's decision. */
function disabledWithItsAccount(can: Capabilities): Contract {
  const disabling = can.serviceAccounts?.disabling ?? "none";
  if (disabling === "none" || can.parent !== "serviceAccount") return {};
  return {
    "a key whose account was disabled shows as drift, and is left so": async (bench) => {
      if (!bench.harness.disableAccount && disabling === "keys")
        throw notOffered("disableAccount", "the backend says that keys show it");
      if (!bench.harness.disableAccount)
        return bench.skip('a key of an account that was disabled: the harness has no "disableAccount"');
      const key = new OneResource(createApiKeyProvider(contextOf(bench)));
      const program = await keyProgram(bench);
      const { serviceAccountId = "" } = await bench.freshParent();
      const whole = { ...program, serviceAccountId };
      await key.up(whole);
      const { id, outs } = recorded(key);
      bench.track({ id, name: String(outs.physicalName), serviceAccountId });
      await bench.harness.disableAccount(serviceAccountId);
      assert.deepEqual(await key.refresh(), ["status"], "a key of a disabled account has drifted");
      assert.equal(key.outs.status, "disabled");
      assert.equal((await key.up(whole)).op, "same", "a disabled key is not replaced by itself");
      await key.destroy();
    },
  };
}

function refusedInPreview(can: Capabilities): Contract {
  const onKeys = can.scopes === "immutable" || can.scopes === "mutable";
  const refused: Record<string, Readonly<Record<string, unknown>>> = {
    ...(!can.environments && { environment: { environment: "test" } }),
    ...(!can.secret.callerChosen && { secretValue: { secretValue: "chosen-by-the-caller" } }),
    ...((can.expiry.support === "none" || can.expiry.support === "imposed") && {
      expiresAt: { expiresAt: "2100-01-01T00:00:00Z" },
    }),
    ...(can.parent === "credential"
      ? { serviceAccountId: { serviceAccountId: "somebody" } }
      : { "serviceAccountId ": { serviceAccountId: undefined } }),
    ...(onKeys
      ? { "scopes ": { scopes: undefined }, scopes: { scopes: [], fullAccess: false } }
      : { scopes: { scopes: ["read"] } }),
    ...(!can.enable && { onDisabled: { onDisabled: "enable" } }),
    ...(can.maxActiveKeys === 1 && { allowOutage: { allowOutage: false } }),
  };
  return {
    "the preview refuses what the service cannot do, and needs neither its credential nor the network": async (
      bench,
    ) => {
      const key = new OneResource(createApiKeyProvider(createContext(bench.withoutCredential())));
      const program = await keyProgram(bench);
      assert.deepEqual((await key.preview(program)).failures, []);
      for (const [field, change] of Object.entries(refused)) {
        const { op, failures } = await key.preview({ ...program, ...change });
        assert.equal(op, "refused", `"${field.trim()}" must be refused`);
        assert.deepEqual(
          failures.map(({ property }) => property),
          [field.trim()],
        );
      }
    },
  };
}
