import assert from "node:assert/strict";
import type { Capabilities, ServiceAccountChanges } from "../../provider/backends/definition";
import { ConflictError } from "../../provider/errors";
import { tellTheSame } from "../../provider/connections/shared-reads";
import { sameAccess } from "../../provider/scopes";
import { assertAccountForm, refusalOf } from "../assertions";
import { type Contract, type Workbench, within } from "../workbench";
import { longestName, unusualName } from "../sample-names";
import { unlike } from "../unlike";

/** Service accounts, where the service has any. */
export function accountContract(can: Capabilities): Contract {
  const { serviceAccounts } = can;
  if (!serviceAccounts) return {};
  return {
    "a service account is found by its id, and by exactly its name": async (bench) => {
      const name = bench.newName("accounts");
      const account = await bench.makeAccount({ name });
      const longer = await bench.makeAccount({ name: `${name}0` });
      assert.equal(account.name, name);
      assert.equal(account.status, "active");
      assert.deepEqual(await foundAccount(bench, account.id), account);
      assert.deepEqual(
        (await bench.client.listServiceAccounts?.({ name }))?.map(({ id }) => id),
        [account.id],
      );
      for (let more = bench.manyOf("manyAccounts"); more > 2; more -= 1) await bench.makeAccount();
      const all = (await bench.client.listServiceAccounts?.({})) ?? [];
      for (const listed of all.filter(({ id }) => id === account.id || id === longer.id)) assertAccountForm(listed);
      for (const { id } of [account, longer])
        assert.equal(
          all.filter((listed) => listed.id === id).length,
          1,
          "listServiceAccounts must list every account exactly once",
        );
    },
    ...(serviceAccounts.listTellsAll && {
      "a list of service accounts reports everything about an account that a read of it reports": async (bench) => {
        for (const description of [undefined, "told in both"].slice(
          0,
          serviceAccounts.description === "none" ? 1 : 2,
        )) {
          const { id } = await bench.makeAccount(description === undefined ? {} : { description });
          await assertAccountListed(bench, id);
          if (!bench.harness.disableAccount) continue;
          await bench.harness.disableAccount(id);
          await assertAccountListed(bench, id);
        }
      },
    }),
    "a service account's name is kept as it is written, of full length, and with capitals and blanks in it": async (
      bench,
    ) => {
      for (const name of [longestName(bench, "accounts"), unusualName(bench, "accounts")]) {
        const account = await bench.makeAccount({ name });
        for (const told of [account.name, (await foundAccount(bench, account.id)).name])
          assert.equal(
            told,
            name,
            'a name comes back as it was asked for: "limits.accounts.naming" says how this service writes names',
          );
      }
    },
    "a service account that never was is absent, and not an error": async (bench) => {
      const id = unlike((await bench.makeAccount()).id);
      assert.equal(await bench.client.getServiceAccount?.(id), undefined);
      assert.equal(await bench.client.deleteServiceAccount?.(id), "absent");
      assert.deepEqual(await bench.client.listServiceAccounts?.({ name: bench.newName("accounts") }), []);
    },
    ...(serviceAccounts.uniqueNames
      ? {
          "two service accounts cannot bear one name": async (bench: Workbench) => {
            const { name } = await bench.makeAccount();
            await refusalOf(() => bench.makeAccount({ name }), [ConflictError], "a second account of the same name");
          },
        }
      : {
          "two service accounts may bear one name": async (bench: Workbench) => {
            const { name, id } = await bench.makeAccount();
            assert.notEqual((await bench.makeAccount({ name })).id, id);
          },
        }),
    ...(serviceAccounts.name === "update" && {
      "a service account is renamed in place": async (bench) => {
        const { id } = await bench.makeAccount();
        const name = bench.newName("accounts");
        const after = await changed(bench, id, { name });
        assert.equal(after.name, name);
      },
    }),
    ...(serviceAccounts.description === "update" && {
      "a service account's description is changed in place, and can be emptied": async (bench) => {
        const { id } = await bench.makeAccount({ description: "nightly export" });
        assert.equal((await foundAccount(bench, id)).description, "nightly export");
        for (const description of ["weekly export", ""])
          assert.equal((await changed(bench, id, { description })).description ?? "", description);
      },
    }),
    ...(serviceAccounts.role !== "none" && {
      "a service account has the role that was asked for": async (bench) => {
        const { id, role } = await bench.makeAccount();
        assert.equal(role, bench.harness.serviceAccount?.role);
        assert.equal((await foundAccount(bench, id)).role, role);
        const { otherRole } = bench.harness;
        if (serviceAccounts.role !== "update") return;
        if (otherRole === undefined) return bench.skip('a change of the role: the harness has no "otherRole"');
        assert.equal((await changed(bench, id, { role: otherRole })).role, otherRole, "a role is changed in place");
      },
    }),
    ...(serviceAccounts.scopes === "update" && {
      "a service account's scopes are changed in place": async (bench) => {
        const { id } = await bench.makeAccount({ scopes: bench.scopes(0) });
        const { scopes } = await changed(bench, id, { scopes: bench.scopes(1) });
        assert.ok(
          sameAccess(bench.connection.catalogue, scopes ?? [], bench.scopes(1)),
          "the account must have the new scopes, and no others",
        );
      },
    }),
    "a deleted service account is gone, its keys with it, and deleting it again is no error": async (bench) => {
      const { id } = await bench.makeAccount();
      const { key, ref } = await bench.issue({}, { serviceAccountId: id });
      assert.equal(await bench.client.deleteServiceAccount?.(id), "deleted");
      const after = await within(
        can.revocationLagMs,
        async () => bench.client.getServiceAccount?.(id),
        (seen) => seen === undefined,
      );
      assert.equal(after, undefined);
      assert.equal((await bench.client.getKey(ref))?.id, undefined, "a key goes with its account");
      assert.notEqual(await bench.works(key, ref, false), true, "the key of a deleted account must not work");
      assert.deepEqual(
        (await bench.client.listKeys({ serviceAccountId: id })) ?? [],
        [],
        "an account that is gone has no keys",
      );
      assert.equal(await bench.client.deleteServiceAccount?.(id), "absent");
    },
  };
}

async function foundAccount({ client, can }: Workbench, id: string) {
  const account = await within(
    can.activationLagMs,
    async () => client.getServiceAccount?.(id),
    (seen) => seen !== undefined,
  );
  assert.ok(account, "getServiceAccount does not find the account");
  assertAccountForm(account);
  return account;
}

async function assertAccountListed(bench: Workbench, id: string): Promise<void> {
  const alone = await foundAccount(bench, id);
  const listed = (await bench.client.listServiceAccounts?.({}))?.find((account) => account.id === id);
  assert.ok(
    // A list may leave out an account that is not active: a refresh reads it by itself.
    listed ? tellTheSame(alone, listed) : alone.status !== "active",
    `"serviceAccounts.listTellsAll" lets a refresh read the list, but listServiceAccounts returns ${JSON.stringify(listed)}, and getServiceAccount returns ${JSON.stringify(alone)}`,
  );
}

/** The account after a change. Asserts that everything else is as before. */
async function changed(bench: Workbench, id: string, changes: ServiceAccountChanges) {
  const before = await foundAccount(bench, id);
  const told = await bench.client.updateServiceAccount?.(id, changes);
  assert.ok(told, "updateServiceAccount must return the account");
  assertAccountForm(told);
  const after = await foundAccount(bench, id);
  for (const field of ["name", "description", "role", "scopes", "status", "createdAt", "options"] as const) {
    assert.deepEqual(told[field], after[field], `updateServiceAccount returns another ${field} than getServiceAccount`);
    if (!(field in changes))
      assert.deepEqual(
        after[field],
        before[field],
        `a change of ${Object.keys(changes).join()} must leave the ${field}`,
      );
  }
  return after;
}
