import assert from "node:assert/strict";
import type { BackendClient, Capabilities, KeyRef } from "../../provider/backends/definition";
import type { WritableConnection } from "../../provider/connections/connections";
import {
  ApiError,
  AuthenticationError,
  ConfigError,
  ConnectionError,
  PermissionDeniedError,
  ResponseShapeError,
} from "../../provider/errors";
import { assertHoldsNone, refusalOf } from "../assertions";
import { startHtmlServer } from "../html-server";
import { type Contract, parentOf, type Workbench } from "../workbench";
import { unlike, wrongTokenOf } from "../unlike";
import { found } from "./finding";

/** A refusal is an error. It never looks as if a key were gone, and contains no secret. */
export function refusalContract(can: Capabilities): Contract {
  return {
    "a credential that the service does not accept is refused, and makes no key look gone": async (bench) => {
      const { ref } = await bench.issue();
      const wrongToken = wrongTokenOf(bench.harness);
      const { weakToken } = bench.harness;
      const wrong = callsOf(bench.connectAs({ token: wrongToken }), bench, ref);
      const { createKey, revokeKey } = callsOf(bench.connectAs({ token: weakToken ?? wrongToken }), bench, ref);
      for (const [name, call] of [
        ...Object.entries(wrong),
        ["a weak createKey", createKey],
        ["a weak revokeKey", revokeKey],
      ] as const) {
        const error = await refusalOf(
          call,
          [AuthenticationError, PermissionDeniedError],
          `${name} with a credential that may not do it`,
        );
        assertHoldsNone(error, [wrongToken, weakToken ?? "", bench.harness.token]);
      }
      assert.equal((await found(bench, ref)).status, "active");
    },
    "an address that answers with pages for people is an error, and makes no key look gone": async (bench) => {
      const { ref } = await bench.issue();
      for (const status of [200, 404] as const) {
        const elsewhere = await startHtmlServer(status);
        try {
          const classes =
            status === 200 ? [ResponseShapeError, ConfigError] : [ResponseShapeError, ConfigError, ApiError];
          const connection = bench.connectAs({ url: elsewhere.url });
          for (const [name, call] of Object.entries(callsOf(connection, bench, ref))) {
            assertHoldsNone(await refusalOf(call, classes, `${name} at an address that answers ${status} with HTML`), [
              bench.harness.token,
            ]);
          }
        } finally {
          await elsewhere.close();
        }
      }
    },
    "a service that is not there has not been sent anything": async (bench) => {
      const nowhere = await startHtmlServer(200);
      await nowhere.close();
      const connection = bench.connectAs({ url: nowhere.url, fields: { retryBudget: "1s" } });
      const request = bench.request(await bench.parent());
      const error = await refusalOf(
        () => connection.client.createKey(request),
        [ConnectionError],
        "createKey without a service",
      );
      assert.ok(error instanceof ConnectionError && !error.sent, "a refused connection proves that nothing was sent");
      assertHoldsNone(error, [bench.harness.token]);
    },
    ...(can.parent === "serviceAccount" && {
      "no key is made for an account that never was": async (bench) => {
        const parent = await bench.parent();
        const stranger = bench.request({ serviceAccountId: unlike(parent.serviceAccountId ?? "") });
        assertHoldsNone(
          await refusalOf(
            () => bench.client.createKey(stranger),
            [ApiError],
            "createKey for an account that never was",
          ),
          [bench.harness.token],
        );
        assert.deepEqual(
          (await bench.client.listKeys({ serviceAccountId: stranger.serviceAccountId ?? "" })) ?? [],
          [],
        );
      },
    }),
  };
}

type Call = () => Promise<unknown>;
type Calls = Readonly<Record<"createKey" | "getKey" | "listKeys" | "revokeKey", Call>> &
  Partial<Readonly<Record<keyof BackendClient, Call>>>;

/** Every call of a client, about a key that exists on the bench's own service. */
function callsOf({ client }: WritableConnection, bench: Workbench, ref: KeyRef): Calls {
  const account = ref.serviceAccountId ?? "none";
  const optional: Partial<Record<keyof BackendClient, Call>> = {
    ...(client.createServiceAccount && {
      createServiceAccount: async () =>
        client.createServiceAccount?.({ name: bench.newName(), ...bench.harness.serviceAccount }),
      getServiceAccount: async () => client.getServiceAccount?.(account),
      listServiceAccounts: async () => client.listServiceAccounts?.({}),
      deleteServiceAccount: async () => client.deleteServiceAccount?.(account),
    }),
    ...(client.rotateKey && { rotateKey: async () => client.rotateKey?.(ref, { graceMs: 0, name: ref.name }) }),
  };
  return {
    createKey: () => client.createKey(bench.request(parentOf(ref))),
    getKey: () => client.getKey(ref),
    listKeys: () => client.listKeys(parentOf(ref)),
    revokeKey: () => client.revokeKey(ref),
    ...optional,
  };
}
