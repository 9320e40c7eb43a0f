/**
 * Reads and revokes a key on its service. The same rules apply to every backend; the capabilities say when a second read
 * is needed.
 */
import type { ApiKey, KeyRef, KeyStatus } from "../../backends/definition";
import { hasPassed } from "../../values/times";
import type { Connection, ConnectionFacts, WritableConnection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { PermissionDeniedError, ProviderError } from "../../errors";
import { findAccount, isAssumedGone, type KnownKey, mayLive, MissingKey } from "./absence";
import { namesOn } from "../identity/names";

/** What a read of the service found. */
export interface Observation {
  readonly status: KeyStatus;
  /** Left out if the key is missing. */
  readonly key?: ApiKey;
  /** The account to which the key belongs now, if that is another one than before. */
  readonly movedTo?: string;
}

/** The living keys with one of these markers. If an account seems to be missing, that must be proven. */
export async function livingByMarkers(
  connection: Connection,
  serviceAccountId: string | undefined,
  markers: readonly string[],
): Promise<readonly ApiKey[]> {
  const keys = await connection.client.listKeys(serviceAccountId === undefined ? {} : { serviceAccountId });
  const names = namesOn(connection, "keys");
  if (keys) return keys.filter((key) => markers.some((marker) => names.isNamed(key.name, marker)) && mayLive(key));
  if (serviceAccountId === undefined || !(await findAccount(connection, serviceAccountId, markers[0] ?? ""))) return [];
  throw new ProviderError(`the service shows the account ${serviceAccountId}, but not its keys; run again.`);
}

/** The key as the service has it now. Refusals and outages are errors, never "missing". */
export async function observeKey(connection: Connection, known: KnownKey, nowMs: number): Promise<Observation> {
  const { secret: _secret, accessId: _accessId, ...ref } = known;
  if (isAssumedGone(connection, ref.serviceAccountId)) return { status: "missing" };
  const key = await connection.client.getKey(ref);
  // If the service reuses ids, another name under our id means that our key is gone.
  const { capabilities } = connection;
  if (key && capabilities.idsReused && !namesOn(connection, "keys").isNamed(key.name, ref.name)) {
    const missing = new MissingKey(connection, ref);
    const ours = await missing.underAnotherId();
    return ours ? missing.cannotTell(ours) : { status: "missing" };
  }
  if (key && hasNewerSecret(key, ref)) return { status: "revoked", key };
  if (key) {
    const status = statusOf(key, nowMs);
    const isOff = status === "active" && (await isAccountDisabled(connection, ref.serviceAccountId));
    return { status: isOff ? "disabled" : status, key };
  }
  const moved = await new MissingKey(connection, known).find();
  if (!moved) return { status: "missing" };
  const { serviceAccountId: movedTo } = moved;
  return { status: statusOf(moved.key, nowMs), key: moved.key, ...defined({ movedTo }) };
}

/**
 * True if the key's account is disabled, so that the key does not work. False if the credential may not read accounts.
 */
async function isAccountDisabled({ client, capabilities }: Connection, id: string | undefined): Promise<boolean> {
  if (id === undefined || capabilities.serviceAccounts?.disabling !== "account") return false;
  try {
    return (await client.getServiceAccount?.(id))?.status === "disabled";
  } catch (error) {
    if (error instanceof PermissionDeniedError) return false;
    throw error;
  }
}

/** Somebody gave the key another secret, so the one that we know is dead or soon will be. */
function hasNewerSecret(key: ApiKey, { secretVersion }: { readonly secretVersion?: string }): boolean {
  return secretVersion !== undefined && key.secretVersion !== undefined && key.secretVersion !== secretVersion;
}

/** The status by the decision clock: vendors differ in what they report of an expired key. */
export function statusOf(key: ApiKey, nowMs: number): KeyStatus {
  if (key.status === "active" && hasPassed(key.expiresAt, nowMs)) return "expired";
  return key.status;
}

/**
 * Revokes a key. A key that is provably gone counts as revoked; everything else is an error. If ids can change hands,
 * only our own key is touched.
 */
export async function revokeKey(connection: WritableConnection, ref: KnownKey): Promise<void> {
  if (isAssumedGone(connection, ref.serviceAccountId)) return;
  const key = await lookBeforeRevoking(connection, ref);
  if (key && isAnothers(key, ref, connection)) return revokeUnderAnotherId(connection, ref);
  await revokeById(connection, ref);
}

/** Our key may have another id now, if its old id belongs to another key. */
async function revokeUnderAnotherId(connection: WritableConnection, ref: KnownKey): Promise<void> {
  const ours = await new MissingKey(connection, ref).underAnotherId();
  if (ours) await revokeById(connection, { ...ref, id: ours.id });
}

/** Revokes one credential. If its key has a newer secret by now, the key is left alone. */
export async function retireCredential(connection: WritableConnection, ref: KnownKey): Promise<"gone" | "leftAlone"> {
  if (isAssumedGone(connection, ref.serviceAccountId)) return "gone";
  const key = await lookBeforeRevoking(connection, ref);
  if (key && isAnothers(key, ref, connection)) {
    await revokeUnderAnotherId(connection, ref);
    return "gone";
  }
  if (key && hasNewerSecret(key, ref)) return "leftAlone";
  await revokeById(connection, ref);
  return "gone";
}

/** True if the id now belongs to another key. An edited name does not prove that; another marker does. */
function isAnothers(key: ApiKey, ref: KeyRef, connection: ConnectionFacts): boolean {
  const names = namesOn(connection, "keys");
  if (names.isNamed(key.name, ref.name)) return false;
  return connection.capabilities.idsReused || names.hasMarkerForm(key.name);
}

/** Reads the key first, if its id alone does not show whose it is. */
async function lookBeforeRevoking(
  { client, capabilities }: Connection,
  { secret: _secret, accessId: _accessId, ...ref }: KnownKey,
): Promise<ApiKey | undefined> {
  return capabilities.idsReused || capabilities.nativeRotate?.id === "same" ? client.getKey(ref) : undefined;
}

async function revokeById(connection: WritableConnection, known: KnownKey): Promise<void> {
  const { client } = connection;
  const { secret: _secret, accessId: _accessId, ...ref } = known;
  const outcome = await client.revokeKey(ref);
  if (outcome === "absent") await revokeMoved(connection, known);
  if (outcome === "revoked") await assertRevoked(connection, ref);
}

/** Proves the revocation: some services acknowledge one that did not happen. A disabled key does not count as revoked. */
async function assertRevoked({ client, capabilities }: Connection, ref: KeyRef): Promise<void> {
  const key = capabilities.revokeProves ? undefined : await client.getKey(ref);
  if (key && mayLive(key))
    throw new ProviderError(
      `the service acknowledged the revocation of key ${ref.id}, but still lists it as ${key.status}; run again`,
    );
}

/** Revokes a key that has moved. If it is gone, there is nothing to revoke. */
async function revokeMoved(connection: WritableConnection, known: KnownKey): Promise<void> {
  const moved = await new MissingKey(connection, known).find({ toRevoke: true });
  if (!moved) return;
  const { serviceAccountId = known.serviceAccountId, key } = moved;
  const ref = defined({ id: key.id, name: known.name, serviceAccountId });
  if ((await connection.client.revokeKey(ref)) === "revoked") return assertRevoked(connection, ref);
  const where = key.id === known.id ? `under the account ${serviceAccountId}` : "in the list, under another id";
  throw new ProviderError(`the service says that key ${known.id} does not exist, and shows it ${where}; run again`);
}
