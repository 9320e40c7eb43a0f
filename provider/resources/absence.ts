/**
 * When something is gone. A 404 alone is never enough: a wrong path on the right host, or a credential
 * of another organisation, answers the same for everything there is.
 */
import type { KeyRef, ServiceAccount } from "../backends/definition";
import type { Connection } from "../connections";
import { ProviderError } from "../errors";
import { ofSameStack } from "./names";

/**
 * Returns where the key is provably gone: its account's key list succeeds without it, or the account is
 * provably gone. Throws where it is not.
 */
export async function proveKeyGone(connection: Connection, ref: KeyRef): Promise<void> {
  const { client, name } = connection;
  const { id, serviceAccountId } = ref;
  const keys = await client.listKeys(serviceAccountId === undefined ? {} : { serviceAccountId });
  const listed = keys?.find((key) => key.id === id && (key.name === ref.name || !connection.capabilities.idsReused));
  if (listed?.status === "active")
    throw new ProviderError(
      `the service says that key ${id} does not exist, but lists it as active (connection "${name}"); ${whoseCredential}`,
    );
  if (keys || serviceAccountId === undefined) return;
  if (await findAccount(connection, serviceAccountId, ref.name)) {
    throw new ProviderError(
      `it cannot be told whether key ${id} is gone: the service shows its account, but not the account's keys (connection "${name}"); ${whoseCredential}`,
    );
  }
}

/**
 * The account in the list of all; undefined where it is provably gone. Where a 404 proves nothing, a
 * list that shows only strangers proves nothing either: it may be another organisation's.
 */
export async function findAccount(
  { client, capabilities, name }: Connection,
  id: string,
  marker: string,
): Promise<ServiceAccount | undefined> {
  const accounts = (await client.listServiceAccounts?.({})) ?? [];
  const listed = accounts.find((account) => account.id === id);
  if (
    listed ||
    capabilities.absence === "status" ||
    accounts.length === 0 ||
    accounts.some((account) => ofSameStack(account.name, marker))
  )
    return listed;
  throw new ProviderError(
    `it cannot be told whether account ${id} is gone: the list of accounts lacks it, but shows nothing else of this stack (connection "${name}"); ${whoseCredential}. If it was deleted by hand, take it and its keys out of the state with "pulumi state delete"`,
  );
}

const whoseCredential = "check that the admin credential belongs to the right organisation";
