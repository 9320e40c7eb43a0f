import assert from "node:assert/strict";
import type { BackendClient, Capabilities } from "../../provider/backends/definition";
import type { DeclaredOption } from "../../provider/vendors/options";
import { isKnownScope, sameAccess } from "../../provider/scopes";
import type { Contract } from "../workbench";
import type { Declared } from "./options";

/** A backend's capabilities are true: nothing promised is missing, and nothing else is offered. */
export function methodContract(can: Capabilities, declared: Declared = {}): Contract {
  const onKeys = can.scopes === "immutable" || can.scopes === "mutable";
  return {
    "it offers the methods that its capabilities promise, and no other": async ({ client }) => {
      const { changes, rotation, accounts } = promised(can);
      const inPlace = (options = {}) =>
        Object.values<DeclaredOption>(options).some(({ change }) => change === "update");
      const optional: Readonly<Record<string, boolean>> = {
        updateKey: changes || inPlace(declared.keyOptions),
        rotateKey: rotation,
        createServiceAccount: accounts,
        getServiceAccount: accounts,
        listServiceAccounts: accounts,
        deleteServiceAccount: accounts,
        updateServiceAccount: accountsChange(can) || inPlace(declared.accountOptions),
      };
      for (const [method, expected] of Object.entries(optional)) {
        const offered = typeof client[method as keyof BackendClient] === "function";
        assert.equal(
          offered,
          expected,
          expected
            ? `"${method}" is missing, although the capabilities promise it`
            : `"${method}" is offered, but no capability speaks of it`,
        );
      }
      assert.ok(
        rotation || client.revokePrevious === undefined,
        '"revokePrevious" is offered, but there is no native rotation',
      );
    },
    ...(onKeys && {
      "its catalogue knows the scopes that its keys are given, and tells them apart": async ({
        connection: { catalogue },
        harness,
      }) => {
        const [first = [], second = [], ...others] = harness.scopes ?? [];
        assert.ok(catalogue, "keys have scopes, so there must be a catalogue");
        for (const scope of [first, second, ...others].flat())
          assert.ok(isKnownScope(catalogue, scope), `the catalogue does not know the scope "${scope}"`);
        assert.ok(
          !sameAccess(catalogue, first, second),
          'the first two lists of "scopes" have to give different access',
        );
      },
    }),
  };
}

function promised(can: Capabilities) {
  return {
    changes: can.rename || can.description === "update" || can.expiry.update || can.marker === "metadata",
    rotation: can.nativeRotate !== undefined,
    accounts: can.serviceAccounts !== undefined,
  };
}

function accountsChange({ serviceAccounts }: Capabilities): boolean {
  const { name, description, role, scopes } = serviceAccounts ?? {};
  return [name, description, role, scopes].includes("update");
}
