/**
 * What the lifecycle does with a key on its service: issue, look, revoke. Here stand the promises that
 * hold for every backend; the capabilities say which of them needs a second look.
 */
import type { ApiKey, IssuedApiKey, KeyRef, KeyStatus, NewKey } from "../backends/definition";
import type { Connection, ConnectionFacts, WritableConnection } from "../connections";
import { secondMs } from "../durations";
import {
  AmbiguousCreateError,
  ExposedSecretError,
  isUnclear,
  PermissionDeniedError,
  ProviderError,
  ResponseShapeError,
  SecretUnavailableError,
  wordsOf,
} from "../errors";
import { type Clock, realClock } from "../http/client";
import { holdsSecret } from "../known-secrets";
import { redact } from "../redact";
import { withUnseenSecret } from "../unseen-secret";
import { findAccount, findMoved, isAssumedGone, type KnownKey } from "./absence";
import type { Naming } from "./marking";
import { hasMarkerForm, markerIn } from "./names";

/** What a look at the service found. */
export interface Observation {
  readonly status: KeyStatus;
  /** Left out where the key is missing. */
  readonly key?: ApiKey;
  /** The account whose key it is now, where that is another than it was. */
  readonly movedTo?: string;
}

/** How often a create whose key was found and revoked is made anew. */
const mostCreates = 3;

/**
 * Makes a key. An unclear answer is resolved by this call's own marker: what is found is revoked (its
 * secret is lost) and the key made anew; where nothing is found, nothing is made again.
 *
 * @throws AmbiguousCreateError - it stays unknown whether a key was made; its `candidates` are keys
 *   that were found and could not be revoked.
 */
export async function issueKey(
  connection: WritableConnection,
  request: Omit<NewKey, "name">,
  naming: Naming,
  clock: Clock = realClock,
): Promise<IssuedApiKey> {
  await naming.clearLeftovers?.(parentOf(request));
  for (let creates = 1; ; creates += 1) {
    const name = naming.draw();
    try {
      return whole("createKey", await connection.client.createKey({ ...request, name }));
    } catch (error) {
      if (!isUnclear(error)) throw error;
      const call = { connection, ref: { ...parentOf(request), name }, exact: naming.exact, clock };
      if (error instanceof ExposedSecretError) throw await takenBack(call, error);
      await withUnseenSecret(() => clearUnclear(call, error));
      if (creates >= mostCreates)
        throw ambiguous(
          `${mostCreates} keys were made, and revoked again because their secrets never arrived`,
          name,
          [],
          error,
        );
    }
  }
}

/** A create whose answer was unclear. */
interface UnclearCall {
  readonly connection: WritableConnection;
  /** What it was to make. */
  readonly ref: Omit<KeyRef, "id">;
  readonly exact: boolean;
  readonly clock: Clock;
}

/** Returns where the call has made a key, and that key is revoked. */
async function clearUnclear(call: UnclearCall, error: unknown): Promise<void> {
  const { ref, exact, clock } = call;
  let found = await searched(call, error);
  if (found.length === 0) {
    // A request that timed out here may be committed there a moment later.
    await clock.sleep(Math.max(call.connection.capabilities.activationLagMs, secondMs));
    found = await searched(call, error);
  }
  const ids = found.map((key) => key.id);
  if (exact) {
    throw ambiguous(
      `A key of that exact name may or may not be this call's: compare ${list(ids)} on the service, delete what is not in use, and run again`,
      ref.name,
      ids.filter(isPlainId),
      error,
    );
  }
  if (ids.length === 0) {
    throw ambiguous(
      "No such key is on the service now; it may still appear: look for that name, revoke what you find, and run again",
      ref.name,
      [],
      error,
    );
  }
  await revokeLost(call, ids, error);
  // The id of one list may not be the one that the service goes by.
  const others = (await searched(call, error)).map((key) => key.id).filter((id) => !ids.includes(id));
  await revokeLost(call, others, error);
}

async function revokeLost({ connection, ref }: UnclearCall, ids: readonly string[], error: unknown): Promise<void> {
  for (const [index, id] of ids.entries()) {
    try {
      await revokeKey(connection, { ...ref, id });
    } catch (refusal) {
      const which = isPlainId(id) ? `The key ${id}` : "A key whose id is none that may be shown";
      throw ambiguous(
        `${which} was made, its secret is lost, and it could not be revoked (${inner(refusal)}): the next run revokes it`,
        ref.name,
        ids.slice(index).filter(isPlainId),
        error,
      );
    }
  }
}

/**
 * Whether an id may be shown and stored although nobody has seen its key's secret: it is short, in plain
 * characters, and does not look like one.
 */
export function isPlainId(id: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(id) && redact(id) === id && !holdsSecret(id);
}

/**
 * Revokes a key whose id nobody may record, and says so. It is found by its id, and by this call's marker:
 * the id of the answer may not be the one that the service goes by.
 */
async function takenBack({ connection, ref, exact }: UnclearCall, error: ExposedSecretError): Promise<ProviderError> {
  const { serviceAccountId, name } = ref;
  try {
    await revokeKey(connection, { ...ref, id: error.exposedId() });
    const others = exact ? [] : await livingByMarkers(connection, serviceAccountId, [name]);
    for (const { id } of others) await revokeKey(connection, { ...ref, id });
  } catch (refusal) {
    return ambiguous(
      `It could not be revoked (${inner(refusal)}): look for the key "${name}" on the service and revoke it`,
      name,
      [],
      error,
    );
  }
  return new ProviderError(
    `${inner(error)}. The key "${name}" was revoked, and no other was made. Tell whoever runs the service; in a backend of one's own, make the id of something that may be shown.`,
    { cause: error },
  );
}

/** A backend of one's own may lack what its type promises: a key that nobody could use, or find again. */
export function whole(method: string, issued: IssuedApiKey): IssuedApiKey {
  const { id, name, secret } = (issued ?? {}) as Partial<Record<keyof IssuedApiKey, unknown>>;
  const missing = Object.entries({ id, name, secret }).find(([, value]) => value === undefined || value === "");
  if (!missing) return issued;
  const Lack = missing[0] === "secret" ? SecretUnavailableError : ResponseShapeError;
  throw new Lack(`"${method}" of the backend answered without "${missing[0]}".`);
}

/** The living keys under the call's marker. */
async function searched({ connection, ref }: UnclearCall, cause: unknown): Promise<readonly ApiKey[]> {
  const { serviceAccountId, name } = ref;
  try {
    return await livingByMarkers(connection, serviceAccountId, [name]);
  } catch (error) {
    throw ambiguous(
      `The service could not be searched for it (${inner(error)}): look for that name, revoke what you find, and run again`,
      name,
      [],
      cause,
    );
  }
}

/** The living keys that carry one of these markers. Where an account is said to be missing, that has to be proven. */
export async function livingByMarkers(
  connection: Connection,
  serviceAccountId: string | undefined,
  markers: readonly string[],
): Promise<readonly ApiKey[]> {
  const keys = await connection.client.listKeys(serviceAccountId === undefined ? {} : { serviceAccountId });
  if (keys) return keys.filter((key) => markers.includes(key.name) && mayLive(key));
  if (serviceAccountId === undefined || !(await findAccount(connection, serviceAccountId, markers[0] ?? ""))) return [];
  throw new ProviderError(`the service shows the account ${serviceAccountId}, but not its keys; run again.`);
}

/** The key as the service has it now. Refusals and outages are errors, never "missing". */
export async function observeKey(connection: Connection, known: KnownKey, nowMs: number): Promise<Observation> {
  const { secret: _secret, accessId: _accessId, ...ref } = known;
  if (isAssumedGone(connection, ref.serviceAccountId)) return { status: "missing" };
  const key = await connection.client.getKey(ref);
  // Where ids are given again, another name under our id means that ours is gone.
  if (key && connection.capabilities.idsReused && key.name !== ref.name) return { status: "missing" };
  if (key && hasNewerSecret(key, ref)) return { status: "revoked", key };
  if (key) {
    const status = statusOf(key, nowMs);
    const isOff = status === "active" && (await isAccountDisabled(connection, ref.serviceAccountId));
    return { status: isOff ? "disabled" : status, key };
  }
  const moved = await findMoved(connection, known);
  if (!moved) return { status: "missing" };
  return { status: statusOf(moved.key, nowMs), key: moved.key, movedTo: moved.serviceAccountId };
}

/** A key works no better than its account. A credential that may not read accounts learns nothing of them. */
async function isAccountDisabled({ client, capabilities }: Connection, id: string | undefined): Promise<boolean> {
  if (id === undefined || capabilities.serviceAccounts?.disabling !== "account") return false;
  try {
    return (await client.getServiceAccount?.(id))?.status === "disabled";
  } catch (error) {
    if (error instanceof PermissionDeniedError) return false;
    throw error;
  }
}

/** Somebody has given the key another secret: the one we know is dead, or dies soon. */
function hasNewerSecret(key: ApiKey, { secretVersion }: { readonly secretVersion?: string }): boolean {
  return secretVersion !== undefined && key.secretVersion !== undefined && key.secretVersion !== secretVersion;
}

/** A disabled key lives: whoever disabled it can enable it again. */
export function mayLive({ status }: Pick<ApiKey, "status">): boolean {
  return status === "active" || status === "disabled";
}

/** Expiry is judged by the decision clock, whatever the vendor calls a key whose time is over. */
export function statusOf(key: ApiKey, nowMs: number): KeyStatus {
  if (key.status === "active" && key.expiresAt !== undefined && Date.parse(key.expiresAt) <= nowMs) return "expired";
  return key.status;
}

/**
 * Revokes a key; one that is provably gone already is a success, all else is an error. Under an id
 * that can change hands only what is ours is touched.
 */
export async function revokeKey(connection: WritableConnection, ref: KnownKey): Promise<void> {
  if (isAssumedGone(connection, ref.serviceAccountId)) return;
  const key = await lookBeforeRevoking(connection, ref);
  if (key && isAnothers(key, ref, connection)) return;
  await revokeById(connection, ref);
}

/** Revokes one credential: where its key carries a newer secret by now, that one is left alone. */
export async function retireCredential(connection: WritableConnection, ref: KnownKey): Promise<"gone" | "leftAlone"> {
  if (isAssumedGone(connection, ref.serviceAccountId)) return "gone";
  const key = await lookBeforeRevoking(connection, ref);
  if (key && isAnothers(key, ref, connection)) return "gone";
  if (key && hasNewerSecret(key, ref)) return "leftAlone";
  await revokeById(connection, ref);
  return "gone";
}

/** Whether the id has changed hands. A name that was edited is no proof of that; another marker is. */
function isAnothers(key: ApiKey, ref: KeyRef, { capabilities }: ConnectionFacts): boolean {
  if (key.name === ref.name) return false;
  return capabilities.idsReused || (hasMarkerForm(key.name) && markerIn(key.name) !== markerIn(ref.name));
}

/** The key as it is, where its id alone does not tell whose it is. */
async function lookBeforeRevoking(
  { client, capabilities }: Connection,
  { secret: _secret, accessId: _accessId, ...ref }: KnownKey,
): Promise<ApiKey | undefined> {
  return capabilities.idsReused || capabilities.nativeRotate?.id === "same" ? client.getKey(ref) : undefined;
}

async function revokeById(connection: WritableConnection, known: KnownKey): Promise<void> {
  const { client, capabilities } = connection;
  const { secret: _secret, accessId: _accessId, ...ref } = known;
  const outcome = await client.revokeKey(ref);
  if (outcome === "absent") {
    const moved = await findMoved(connection, known, { toRevoke: true });
    if (moved) await client.revokeKey({ ...ref, serviceAccountId: moved.serviceAccountId });
  }
  if (outcome === "revoked" && !capabilities.revokeProves) {
    const key = await client.getKey(ref);
    if (key?.status === "active")
      throw new ProviderError(
        `the service acknowledged the revocation of key ${ref.id}, but still lists it as active; run again`,
      );
  }
}

function parentOf({ serviceAccountId }: { readonly serviceAccountId?: string }): { serviceAccountId?: string } {
  return serviceAccountId === undefined ? {} : { serviceAccountId };
}

function ambiguous(words: string, marker: string, candidates: readonly string[], cause: unknown): AmbiguousCreateError {
  return new AmbiguousCreateError(
    `it is unclear whether a key named "${marker}" was made: ${wordsOf(cause)} ${words}.`,
    marker,
    candidates,
    { cause },
  );
}

function list(ids: readonly string[]): string {
  const told = ids.filter(isPlainId);
  return told.length > 0 ? told.join(", ") : "the keys of that name";
}

/** A sentence inside another. */
function inner(error: unknown): string {
  return wordsOf(error).replace(/\.$/, "");
}
