/** Enables what somebody has disabled on its service, where the program says `onDisabled: "enable"`, and proves it. */
import type { WritableConnection } from "../../connections/connections";
import { ProviderError } from "../../errors";
import type { KnownKey } from "./absence";
import { type Observation, observeKey } from "./key-on-service";

/**
 * The key as it is afterwards: it works. It keeps its secret.
 *
 * @throws ProviderError - it is not disabled any more but gone, or its service or its account still keeps it disabled.
 */
export async function enableKey(connection: WritableConnection, known: KnownKey, nowMs: number): Promise<Observation> {
  const { client, backend, capabilities } = connection;
  if (!client.enableKey) throw new ProviderError(`${backend} cannot enable a disabled key`);
  // A key that has ended meanwhile must not come back to life.
  const before = await observeKey(connection, known, nowMs);
  if (before.status === "active") return before;
  if (before.status !== "disabled")
    throw new ProviderError(
      `key ${known.id} is ${before.status} by now, and only a disabled key is enabled again: nothing was changed; run "pulumi refresh"`,
    );
  const { secret: _secret, accessId: _accessId, ...ref } = known;
  await client.enableKey(ref);
  const after = await observeKey(connection, known, nowMs);
  if (after.status === "active") return after;
  const remedy =
    capabilities.serviceAccounts?.enable === true
      ? `its account may be disabled as well: set onDisabled: "enable" on the ServiceAccount, or enable it on the service`
      : "its account may be disabled as well: have it enabled on the service";
  throw new ProviderError(
    `the service acknowledged that key ${known.id} is enabled, but it is ${after.status}; ${remedy}, and run "pulumi refresh"`,
  );
}

/** @throws ProviderError - the account is gone, or its service still keeps it disabled. */
export async function enableAccount({ client, backend }: WritableConnection, id: string): Promise<void> {
  if (!client.enableServiceAccount) throw new ProviderError(`${backend} cannot enable a disabled service account`);
  const status = async () => (await client.getServiceAccount?.(id))?.status ?? "missing";
  const before = await status();
  if (before === "active") return;
  if (before === "missing")
    throw new ProviderError(`account ${id} is not to be seen: nothing was changed; run "pulumi refresh"`);
  await client.enableServiceAccount(id);
  const after = await status();
  if (after !== "active")
    throw new ProviderError(
      `the service acknowledged that account ${id} is enabled, but it is ${after}; have it enabled on the service, and run "pulumi refresh"`,
    );
}
