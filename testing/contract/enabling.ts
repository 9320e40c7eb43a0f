import assert from "node:assert/strict";
import type { Capabilities, IssuedApiKey } from "../../provider/backends/definition";
import { createApiKeyProvider } from "../../provider/resources/api-key/resource";
import { createServiceAccountProvider } from "../../provider/resources/service-account/resource";
import { defined } from "../../provider/values/defined";
import { OneResource } from "../one-resource";
import { notOffered } from "../harness";
import { type Contract, type Workbench, within } from "../workbench";
import { accountProgram, contextOf, keyProgram, recorded } from "./programs";

/** Enabling a disabled key or account in place, with the same secret, if the program asks for it and the service can. */
export function enablingContract(can: Capabilities): Contract {
  return {
    ...(can.serviceAccounts?.enable && {
      "a disabled service account is enabled in place, and its key works again with the secret it had": enablesAccount,
    }),
    ...(can.enable && {
      "a disabled key is enabled in place, with the secret it had": enablesKey,
      "a revoked key is not brought back by enabling it": async (bench) => {
        const { key, ref } = await bench.issue();
        await bench.client.revokeKey(ref);
        await bench.client.enableKey?.(ref).catch(() => undefined);
        assert.notEqual((await bench.client.getKey(ref))?.status, "active", "a revoked key lives again");
        assert.notEqual(await bench.works(key, ref, false), true, "a revoked key works again");
      },
    }),
  };
}

const consent = { onDisabled: "enable" };

async function enablesAccount(bench: Workbench): Promise<void> {
  const { harness } = bench;
  if (!harness.disableAccount) throw notOffered("disableAccount", "the backend says that it can be undone");
  const account = new OneResource(createServiceAccountProvider(contextOf(bench)));
  const program = { ...accountProgram(bench), ...consent };
  await account.up(program);
  const { id } = recorded(account);
  bench.trackAccount(id);
  const { key, ref } = await bench.issue({}, { serviceAccountId: id });
  const before = await bench.client.getKey(ref);
  await harness.disableAccount(id);
  await disabled(bench, account);
  assert.notEqual(await bench.works(key, ref, false), true, "the key of a disabled account must not work");
  await enabled(account, program);
  assert.notEqual(await bench.works(key, ref, true), false, "the key must work again, with the secret it had");
  const after = await bench.client.getKey(ref);
  assert.deepEqual(
    { ...after, lastUsedAt: undefined },
    { ...before, lastUsedAt: undefined },
    "enabling an account must not change its keys",
  );
}

async function enablesKey(bench: Workbench): Promise<void> {
  const { harness } = bench;
  if (!harness.disableKey) throw notOffered("disableKey", "the backend says that it can be undone");
  const resource = new OneResource(createApiKeyProvider(contextOf(bench)));
  const { parent, ...inputs } = await keyProgram(bench);
  const program = { ...inputs, ...parent, ...consent };
  await resource.up(program);
  const { id, outs } = recorded(resource);
  const ref = bench.track({ id, name: String(outs.physicalName), ...parent });
  const key = defined({ id, name: ref.name, status: "active", secret: outs.secret, accessId: outs.accessId });
  await harness.disableKey(ref);
  await disabled(bench, resource);
  assert.notEqual(await bench.works(key as IssuedApiKey, ref, false), true, "a disabled key must not work");
  await enabled(resource, program);
  assert.notEqual(await bench.works(key as IssuedApiKey, ref, true), false, "the key must work again");
  await resource.destroy();
}

async function disabled({ can }: Workbench, resource: OneResource): Promise<void> {
  const drift = await within(
    can.revocationLagMs,
    () => resource.refresh(),
    () => resource.outs.status === "disabled",
  );
  assert.equal(
    resource.outs.status,
    "disabled",
    `what is disabled must be reported as disabled (drift: ${drift.join()})`,
  );
}

/** Asserts that the preview shows an update, and that the object keeps its id, its secret and everything else. */
async function enabled(resource: OneResource, program: object): Promise<void> {
  const { id, outs } = recorded(resource);
  const { op, replaces } = await resource.preview(program);
  assert.deepEqual({ op, replaces }, { op: "update", replaces: [] }, "it is enabled in place");
  await resource.up(program);
  const { secret, ...others } = resource.outs;
  const { secret: before, ...rest } = outs;
  assert.ok(secret === before, "no new secret comes of it");
  assert.deepEqual({ id: recorded(resource).id, ...others }, { id, ...rest, status: "active" });
  assert.deepEqual(await resource.refresh(), [], "what was enabled has no drift");
  assert.equal((await resource.up(program)).op, "same");
}
