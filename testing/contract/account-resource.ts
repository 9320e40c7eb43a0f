import assert from "node:assert/strict";
import type { Capabilities } from "../../provider/backends/definition";
import { createContext } from "../../provider/resources/context";
import { createServiceAccountProvider } from "../../provider/resources/service-account/resource";
import { OneResource } from "../one-resource";
import type { Contract } from "../workbench";
import { accountProgram, contextOf, losingOnce, recorded } from "./programs";

/** Accounts as resources. */
export function accountResourceContract(can: Capabilities): Contract {
  const { serviceAccounts } = can;
  if (!serviceAccounts) {
    return {
      "the preview refuses a ServiceAccount, and says what to do instead": async (bench) => {
        const account = new OneResource(createServiceAccountProvider(createContext(bench.withoutCredential())));
        const { op, failures } = await account.preview(accountProgram(bench));
        assert.equal(op, "refused");
        assert.match(failures[0]?.reason ?? "", /leave serviceAccountId out/);
      },
    };
  }
  return {
    ...(!serviceAccounts.enable && {
      "the preview refuses to enable a disabled account, which the service cannot do": async (bench) => {
        const account = new OneResource(createServiceAccountProvider(createContext(bench.withoutCredential())));
        const { failures } = await account.preview({ ...accountProgram(bench), onDisabled: "enable" });
        assert.deepEqual(
          failures.map(({ property }) => property),
          ["onDisabled"],
        );
      },
    }),
    "a ServiceAccount is made, read without drift, left alone, changed, and deleted": async (bench) => {
      const account = new OneResource(createServiceAccountProvider(contextOf(bench)));
      const program = accountProgram(bench);
      assert.equal((await account.up(program)).op, "create");
      const { id, outs } = recorded(account);
      bench.trackAccount(id);
      assert.equal(outs.accountId, id);
      assert.deepEqual(await account.refresh(), []);
      assert.equal((await account.up(program)).op, "same");
      const { op } = await account.up({ ...program, name: "other" });
      bench.trackAccount(recorded(account).id);
      assert.equal(op, serviceAccounts.name === "replace" ? "replace" : "update");
      const name = String(account.outs.physicalName);
      assert.ok(serviceAccounts.name === "none" || name.startsWith("other-"), `the account's name is now "${name}"`);
      assert.equal((await bench.client.listServiceAccounts?.({ name }))?.length, 1);
      await account.destroy();
      assert.deepEqual(await bench.client.listServiceAccounts?.({ name }), []);
    },
    "a service account whose answer was lost is found by its name and adopted": async (bench) => {
      const made: string[] = [];
      const account = new OneResource(
        createServiceAccountProvider(contextOf(bench, losingOnce(bench, "createServiceAccount", made))),
      );
      await account.up(accountProgram(bench));
      const { id, outs } = recorded(account);
      bench.trackAccount(id);
      assert.deepEqual(made, [outs.physicalName]);
      assert.deepEqual(
        (await bench.client.listServiceAccounts?.({ name: String(outs.physicalName) }))?.map((found) => found.id),
        [id],
      );
      await account.destroy();
    },
  };
}
