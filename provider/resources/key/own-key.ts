/**
 * The key that a connection runs on, and its account. Ending it would end this run and every later one, so it needs the
 * program's consent and a successor that works.
 */
import type { Caller } from "../../backends/definition";
import type { Connection, ConnectionFacts, WritableConnection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { hourMs } from "../../values/durations";
import { NotFoundError, PermissionDeniedError, ProviderError, wordsOf } from "../../errors";
import type { Clock } from "../../http/waiting";
import type { KnownKey } from "./absence";
import type { ResourceContext } from "../context";
import { logicalName, type Origin } from "../identity/names";

/** True for the key that is the connection's credential. Sends nothing if the record has the key's secret. */
export async function isOwnKey(
  { own, client }: Connection,
  { id, secret }: Pick<KnownKey, "id" | "secret">,
): Promise<boolean> {
  if (!own) return false;
  if (secret !== undefined) return own.holds(secret);
  return (await callerOf({ own, client }))?.keyId === id;
}

/**
 * Whether a key of which only a list tells may be the connection's credential, on a service that does not say who calls. A
 * credential that has just been used is not one of the keys that were not.
 */
export async function mayBeOwnKey(
  { own, client, capabilities }: Connection,
  { id, lastUsedAt }: { readonly id: string; readonly lastUsedAt?: string },
  nowMs: number,
): Promise<boolean> {
  if (!own || client.whoAmI) return false;
  const names = await own.names(id, capabilities.secret);
  if (names !== undefined || !capabilities.lastUsed) return names ?? true;
  const { lagMs, granularityMs } = capabilities.lastUsed;
  return lastUsedAt !== undefined && nowMs - Date.parse(lastUsedAt) <= lagMs + granularityMs + hourMs;
}

/** The key with its secret, if it is the connection's credential. The record has only the fingerprint of an older key. */
export async function withOwnSecret(
  { own }: Connection,
  key: KnownKey,
  { fingerprint }: { readonly fingerprint?: string },
): Promise<KnownKey> {
  if (key.secret !== undefined || fingerprint === undefined) return key;
  return defined({ ...key, secret: await own?.secretOf(fingerprint) });
}

/** True for the account that the connection's credential belongs to. */
export async function isOwnAccount(connection: Connection, id: string): Promise<boolean> {
  return (await callerOf(connection))?.serviceAccountId === id;
}

/** Who the connection is; undefined if the service refuses the question. */
async function callerOf({ own, client }: Pick<Connection, "own" | "client">): Promise<Caller | undefined> {
  if (!own || !client.whoAmI) return undefined;
  try {
    return await own.caller();
  } catch (error) {
    if (error instanceof PermissionDeniedError || error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** @throws ProviderError - the connection's credential belongs to this account. */
export async function refuseOwnAccount(connection: Connection, id: string): Promise<void> {
  if (await isOwnAccount(connection, id)) throw new ProviderError(ownAccountWords(connection, id));
}

export function ownAccountWords(connection: ConnectionFacts, id: string): string {
  return `the credential of the connection "${connection.name}" belongs to the account ${id}, and would end with it. Nothing was done. Give the connection the credential of another account (${placeOf(connection)}), and run again`;
}

/**
 * Makes the successor's secret the connection's credential, after the service has accepted it.
 *
 * @throws ProviderError - the service refuses it: the connection keeps its credential.
 */
export async function handOver(
  connection: WritableConnection,
  { before, now, clock }: { readonly before: KnownKey; readonly now: KnownKey; readonly clock: Clock },
): Promise<void> {
  const { secret, accessId, secretVersion: _version, ...ref } = now;
  const { activationLagMs } = connection.capabilities;
  if (activationLagMs > 0) await clock.sleep(activationLagMs);
  const takeBack = await connection.own?.succeed(before, { secret, accessId });
  const refused = (why: string) =>
    new ProviderError(
      `the key ${ref.id} cannot take the place of ${before.id} as the credential of the connection "${connection.name}": ${why} The connection's own key was not ended`,
    );
  if (!takeBack) throw refused("where its secret stands in that credential is not on record.");
  try {
    await connection.client.getKey(ref);
  } catch (error) {
    takeBack();
    throw refused(wordsOf(error));
  }
}

/** The new keys of a run that may replace the connection's own key, by the resource that made them. */
export class Successors {
  readonly #keys = new Map<Origin, KnownKey>();

  readonly #context: Pick<ResourceContext, "clock" | "warn">;

  constructor(context: Pick<ResourceContext, "clock" | "warn">) {
    this.#context = context;
  }

  /** Notes a new key, if the program allows it to take that place. */
  note({ origin, selfRotate }: { readonly origin: Origin; readonly selfRotate?: boolean }, key: KnownKey): void {
    if (selfRotate === true) this.#keys.set(origin, key);
  }

  /**
   * Called before a resource's key ends: if the connection runs on it, its successor takes over.
   *
   * @throws ProviderError - there is no successor, or the service refuses it
   */
  async relieve(connection: WritableConnection, key: KnownKey, origin: Origin): Promise<void> {
    if (!(await isOwnKey(connection, key))) return;
    const successor = this.#keys.get(origin);
    if (!successor) throw new ProviderError(lastCredentialWords(connection, key.id));
    await handOver(connection, { before: key, now: successor, clock: this.#context.clock });
    this.#context.warn(handOverWords(connection, { id: successor.id, origin }));
  }
}

/** Refuses in a preview, which reads no credential: the record shows what the last read found. */
export function refuseOnRecord({
  olds: { ownCredential, keyId },
  news: { selfRotate },
  facts,
}: {
  readonly olds: { readonly ownCredential?: true; readonly keyId?: string };
  readonly news: { readonly selfRotate?: boolean };
  readonly facts: ConnectionFacts;
}): void {
  if (ownCredential && selfRotate !== true) throw new ProviderError(ownKeyWords(facts, keyId ?? "of this resource"));
}

/** The record's mark of the connection's own key or account. */
export function ownMark(isOwn: boolean): { readonly ownCredential?: true } {
  return isOwn ? { ownCredential: true } : {};
}

/** Why this key needs consent before it ends. */
export function ownKeyWords(connection: ConnectionFacts, id: string): string {
  return `the key ${id} is the credential that the connection "${connection.name}" itself runs on, and every later run would fail without it. Nothing was done. Give the connection another credential (${placeOf(connection)}), or set selfRotate: true: its successor is then issued first and used for the rest of the run, and this key ends last`;
}

/** Why the end of the resource is refused: no successor is left. */
function lastCredentialWords(connection: ConnectionFacts, id: string): string {
  return `the key ${id} is the credential that the connection "${connection.name}" itself runs on, and this run has made no successor of it. Nothing was done. Give the connection another credential (${placeOf(connection)}), and run again; to let the key live on, take it out of the state (pulumi state delete)`;
}

/**
 * Where the new credential has to go. `endsNow`: the old one ends before the engine has recorded the new one, so that a run that is
 * cut short leaves none.
 */
export function handOverWords(
  connection: ConnectionFacts,
  { id, origin, endsNow = false }: { readonly id: string; readonly origin: Origin; readonly endsNow?: boolean },
): string {
  const risk = endsNow
    ? ". The old one ends in this run: if the run is cut short before its end, make a new credential on the service"
    : "";
  return `the key ${id} takes the place of the one that the connection "${connection.name}" runs on, and is used from here on: before the next run, put the output secret of "${logicalName(origin)}" where the connection reads its credential (${placeOf(connection)})${risk}`;
}

function placeOf({ credential = "place of the connection's credential" }: ConnectionFacts): string {
  return credential === "encrypted config" ? "encrypted config apikeys:tokens" : credential;
}
