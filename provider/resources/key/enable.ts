/** Enables what somebody has disabled on its service, if the program says `onDisabled: "enable"`, and proves it. */
import type { KeyStatus } from "../../backends/definition";
import type { WritableConnection } from "../../connections/connections";
import { ProviderError } from "../../errors";
import { findAccount, type KnownKey } from "./absence";
import { type Observation, observeKey } from "./key-on-service";

/**
 * Returns the key as it is afterwards: it works with the same secret, or somebody has ended it meanwhile. Then nothing
 * changes, because it must not work again.
 *
 * @throws ProviderError - its service or its account still keeps it disabled.
 */
export async function enableKey(connection: WritableConnection, known: KnownKey, nowMs: number): Promise<Observation> {
  const { client, backend, capabilities } = connection;
  if (!client.enableKey) throw new ProviderError(`${backend} cannot enable a disabled key`);
  const before = await observeKey(connection, known, nowMs);
  if (before.status !== "disabled") return before;
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

/** The message for a key that has ended meanwhile. Its record then asks for another key. */
export function endedWords(id: string, status: KeyStatus): string {
  return `key ${id} is ${status} now, and only a disabled key is enabled again: nothing was changed; run "pulumi up" again, which replaces it`;
}

/** The same of an account. */
export function accountGoneWords(id: string): string {
  return `account ${id} is gone now: nothing was changed; run "pulumi up" again, which replaces it and its keys`;
}

/**
 * @param marker - the account's name, which tells whether a list that lacks it is this organisation's
 * @returns whether it is there: an account that is provably gone is not made again
 * @throws ProviderError - its service still keeps it disabled, or nobody can tell whether it is gone.
 */
export async function enableAccount(connection: WritableConnection, id: string, marker: string): Promise<boolean> {
  const { client, backend } = connection;
  if (!client.enableServiceAccount) throw new ProviderError(`${backend} cannot enable a disabled service account`);
  const status = async () =>
    ((await client.getServiceAccount?.(id)) ?? (await findAccount(connection, id, marker)))?.status ?? "missing";
  const before = await status();
  if (before === "active") return true;
  if (before === "missing") return false;
  await client.enableServiceAccount(id);
  const after = await status();
  if (after !== "active")
    throw new ProviderError(
      `the service acknowledged that account ${id} is enabled, but it is ${after}; have it enabled on the service, and run "pulumi refresh"`,
    );
  return true;
}
