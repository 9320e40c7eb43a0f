/**
 * When something is gone. A 404 alone is never enough: a wrong path on the right host, or a credential of another
 * organisation, answers the same for everything, and something that was renamed or moved is not gone.
 */
import type { ApiKey, KeyRef, ServiceAccount } from "../backends/definition";
import type { Connection, ConnectionFacts } from "../connections";
import { defined } from "../defined";
import { ProviderError } from "../errors";
import { namesOn } from "./names";
import { isPlainId } from "./plain-id";

/** A key as its record knows it. Its secret is the last witness of whether it is gone. */
export interface KnownKey extends KeyRef {
  readonly secret?: string;
  readonly accessId?: string;
  readonly secretVersion?: string;
}

/** A key that is not where it was: under another account, or under another id. */
export interface MovedKey {
  readonly key: ApiKey;
  readonly serviceAccountId?: string;
}

/** True if the connection says to take the account, or everything at its address, for gone. */
export function isAssumedGone({ assumeGone, origin }: ConnectionFacts, accountId: string | undefined): boolean {
  return assumeGone.includes(origin) || (accountId !== undefined && assumeGone.includes(accountId));
}

/**
 * Where a missing key is now; undefined if it is provably gone: its account's key list succeeds without it, or its
 * account is provably gone and no other has a key of that mark. Where nothing shows whether the account is gone, it is
 * enough for a revocation (`toRevoke`) that the service refuses the key's own secret; a successor needs an account that
 * is there.
 *
 * @throws ProviderError - it cannot be told.
 */
export async function findMoved(
  connection: Connection,
  known: KnownKey,
  { toRevoke = false } = {},
): Promise<MovedKey | undefined> {
  const { serviceAccountId } = known;
  if (isAssumedGone(connection, serviceAccountId)) return undefined;
  const witness = await askWithItsSecret(connection, known);
  if (witness?.works !== true)
    return whereElse(connection, known, { toRevoke, isRefused: toRevoke && witness?.works === false });
  const moved = await searchMark(connection, known, witness.serviceAccountId);
  if (moved && moved.serviceAccountId !== serviceAccountId) return moved;
  throw new ProviderError(
    `key ${known.id} is not where it was, but its own secret still works (connection "${connection.name}"); ${whoseCredential}`,
  );
}

/** The same for a key whose own secret does not prove that it works. */
async function whereElse(
  connection: Connection,
  known: KnownKey,
  { toRevoke, isRefused }: { readonly toRevoke: boolean; readonly isRefused: boolean },
): Promise<MovedKey | undefined> {
  const found = await proveKeyGone(connection, known, isRefused);
  if (found === "account gone")
    return connection.capabilities.serviceAccounts?.id === "name" ? searchMark(connection, known) : undefined;
  if (found && !toRevoke) cannotTell(found, known, connection);
  return found && { key: found, ...defined({ serviceAccountId: known.serviceAccountId }) };
}

/** What the service answers to the key's own secret; undefined if that proves nothing. The answer is never printed. */
async function askWithItsSecret({ client }: Connection, { secretVersion: _version, ...known }: KnownKey) {
  const { secret } = known;
  if (!client.probe || secret === undefined) return undefined;
  try {
    return await client.probe({ ...known, secret });
  } catch (error) {
    if (error instanceof ProviderError) return undefined;
    throw error;
  }
}

/** The key with that id and mark, under whatever account it is now. */
async function searchMark(
  connection: Connection,
  { id, name }: KeyRef,
  likely?: string,
): Promise<MovedKey | undefined> {
  const { client } = connection;
  const names = namesOn(connection, "keys");
  const all = ((await client.listServiceAccounts?.({})) ?? []).map((account) => account.id);
  for (const serviceAccountId of likely === undefined ? all : [likely, ...all]) {
    const key = (await client.listKeys({ serviceAccountId }))?.find(
      (each) => each.id === id && names.isNamed(each.name, name),
    );
    if (key) return { key, serviceAccountId };
  }
  return undefined;
}

/**
 * The living key with this mark, if the list has it under another id: a restored backup, or a service that lies. A mark
 * is drawn once, but a native rotation may take it along.
 */
function underAnotherId(
  keys: readonly ApiKey[],
  { id, name }: KeyRef,
  connection: ConnectionFacts,
): ApiKey | undefined {
  const names = namesOn(connection, "keys");
  if (!names.hasMarkerForm(name) || connection.capabilities.nativeRotate) return undefined;
  return keys.find(
    (key) => key.id !== id && names.isNamed(key.name, name) && ["active", "disabled"].includes(key.status),
  );
}

/** The same for a key whose id now belongs to another key. */
export async function findUnderAnotherId(connection: Connection, ref: KeyRef): Promise<ApiKey | undefined> {
  const { serviceAccountId } = ref;
  const keys = await connection.client.listKeys(serviceAccountId === undefined ? {} : { serviceAccountId });
  return keys && underAnotherId(keys, ref, connection);
}

/** A record cannot follow a key to another id, because consumers know the key by its id. */
export function cannotTell(found: ApiKey, ref: KeyRef, { name }: ConnectionFacts): never {
  throw new ProviderError(
    `key ${ref.id} is not there any more, but the service lists a living key of the same mark (${ref.name}) under the id ${isPlainId(found.id) ? found.id : "that cannot be shown"} (connection "${name}"): was a backup played back there? Replace the key (pulumi up --target-replace): the new one comes first, and the other is revoked by its mark`,
  );
}

/**
 * Proves that a key is gone, by its account's key list or its account's absence. Tells whether the account is gone as
 * well, and which key has its mark under another id. Throws if the key is not gone.
 */
async function proveKeyGone(
  connection: Connection,
  ref: KeyRef,
  isRefused: boolean,
): Promise<ApiKey | "account gone" | undefined> {
  const { client, name } = connection;
  const { id, serviceAccountId } = ref;
  const keys = await client.listKeys(serviceAccountId === undefined ? {} : { serviceAccountId });
  const names = namesOn(connection, "keys");
  const isOurs = (key: ApiKey) => !connection.capabilities.idsReused || names.isNamed(key.name, ref.name);
  const listed = keys?.find((key) => key.id === id && isOurs(key));
  if (listed?.status === "active")
    throw new ProviderError(
      `the service says that key ${id} does not exist, but lists it as active (connection "${name}"); ${whoseCredential}`,
    );
  if (keys) return underAnotherId(keys, ref, connection);
  if (serviceAccountId === undefined) return undefined;
  if (await isThere(connection, ref, serviceAccountId, isRefused)) {
    throw new ProviderError(
      `it cannot be told whether key ${id} is gone: the service shows its account, but not the account's keys (connection "${name}"); ${whoseCredential}`,
    );
  }
  return "account gone";
}

/** Whether the account is there. If nobody can tell, it is not there for a key whose own secret is refused. */
async function isThere(
  connection: Connection,
  { name }: KeyRef,
  serviceAccountId: string,
  isRefused: boolean,
): Promise<boolean> {
  try {
    return (await findAccount(connection, serviceAccountId, name)) !== undefined;
  } catch (error) {
    if (isRefused && error instanceof CannotTellError) return false;
    throw error;
  }
}

/** The service's answers do not tell whether something is gone. */
class CannotTellError extends ProviderError {}

/**
 * The account in the list of all; undefined if it is provably gone. If a 404 proves nothing, a list with only foreign
 * accounts proves nothing either: it may be another organisation's.
 */
export async function findAccount(
  connection: Connection,
  id: string,
  marker: string,
): Promise<ServiceAccount | undefined> {
  const { client, capabilities, name } = connection;
  if (isAssumedGone(connection, id)) return undefined;
  const accounts = (await client.listServiceAccounts?.({})) ?? [];
  const listed = accounts.find((account) => account.id === id);
  if (
    listed ||
    capabilities.absence === "status" ||
    accounts.length === 0 ||
    accounts.some((account) => namesOn(connection, "accounts").ofSameStack(account.name, marker))
  )
    return listed;
  throw new CannotTellError(
    `it cannot be told whether account ${id} is gone: the list of accounts lacks it, but shows nothing else of this stack (connection "${name}"); ${whoseCredential}. If it was deleted by hand, say so in the connection: assumeGone: [${JSON.stringify(id)}]`,
  );
}

const whoseCredential = "check that the admin credential belongs to the right organisation";
