/**
 * Proves that something is gone. A 404 alone is never enough: a wrong path on the right host, or a credential of another
 * organisation, gives it for everything, and an object that was renamed or moved is not gone.
 */
import type { ApiKey, KeyRef, ServiceAccount } from "../../backends/definition";
import type { Connection, ConnectionFacts } from "../../connections/connections";
import { defined } from "../../values/defined";
import { ProviderError } from "../../errors";
import { type Names, namesOn } from "../identity/names";
import { isPlainId } from "../identity/plain-id";

/** A key according to its record. Its secret may be the only proof of whether it is gone. */
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

/** True if the connection says that the account, or everything at its address, counts as gone. */
export function isAssumedGone({ assumeGone, origin }: ConnectionFacts, accountId: string | undefined): boolean {
  return assumeGone.includes(origin) || (accountId !== undefined && assumeGone.includes(accountId));
}

/** A key that its service no longer has under its id. */
export class MissingKey {
  readonly #connection: Connection;
  readonly #known: KnownKey;
  readonly #names: Names;

  constructor(connection: Connection, known: KnownKey) {
    this.#connection = connection;
    this.#known = known;
    this.#names = namesOn(connection, "keys");
  }

  /**
   * Where the key is now; undefined if it is provably gone: its account's key list succeeds without it, or its account
   * is provably gone and no other has a key of that mark. If nothing shows whether the account is gone, it is enough
   * for a revocation (`toRevoke`) that the service refuses the key's own secret; a successor needs an account that is
   * there.
   *
   * @throws ProviderError - it cannot be told.
   */
  async find({ toRevoke = false } = {}): Promise<MovedKey | undefined> {
    const { serviceAccountId, id } = this.#known;
    if (isAssumedGone(this.#connection, serviceAccountId)) return undefined;
    const witness = await this.#askWithItsSecret();
    if (witness?.works !== true) return this.#elsewhere({ toRevoke, isRefused: toRevoke && witness?.works === false });
    const moved = await this.#underAnyAccount(witness.serviceAccountId);
    if (moved && moved.serviceAccountId !== serviceAccountId) return moved;
    throw new ProviderError(
      `key ${id} is not where it was, but its own secret still works (connection "${this.#connection.name}"); ${whoseCredential}`,
    );
  }

  /** The living key with the same mark, for a key whose id now belongs to another key. */
  async underAnotherId(): Promise<ApiKey | undefined> {
    const keys = await this.#listed();
    return keys && this.#among(keys);
  }

  /** A record cannot follow a key to another id, because consumers know the key by its id. */
  cannotTell(found: ApiKey): never {
    const { id, name } = this.#known;
    throw new ProviderError(
      `key ${id} no longer exists, but the service lists a living key with the same mark (${name}) under the id ${isPlainId(found.id) ? found.id : "that cannot be shown"} (connection "${this.#connection.name}"): was a backup restored there? Replace the key (pulumi up --target-replace): the new one comes first, and the other is revoked by its mark`,
    );
  }

  /** Where the key is, if its own secret does not prove that it works. `isRefused`: the service refuses that secret. */
  async #elsewhere(given: { readonly toRevoke: boolean; readonly isRefused: boolean }): Promise<MovedKey | undefined> {
    const found = await this.#proveGone(given.isRefused);
    if (found === "account gone")
      return this.#connection.capabilities.serviceAccounts?.id === "name" ? this.#underAnyAccount() : undefined;
    if (found && !given.toRevoke) this.cannotTell(found);
    return found && { key: found, ...defined({ serviceAccountId: this.#known.serviceAccountId }) };
  }

  /** What the service answers to the key's own secret; undefined if that proves nothing. The answer is never printed. */
  async #askWithItsSecret() {
    const { client } = this.#connection;
    const { secretVersion: _version, secret, ...known } = this.#known;
    if (!client.probe || secret === undefined) return undefined;
    try {
      return await client.probe({ ...known, secret });
    } catch (error) {
      if (error instanceof ProviderError) return undefined;
      throw error;
    }
  }

  /** The key with its id and mark, under whatever account it is now. */
  async #underAnyAccount(likely?: string): Promise<MovedKey | undefined> {
    const { client } = this.#connection;
    const { id, name } = this.#known;
    const all = ((await client.listServiceAccounts?.({})) ?? []).map((account) => account.id);
    for (const serviceAccountId of likely === undefined ? all : [likely, ...all]) {
      const keys = await client.listKeys({ serviceAccountId });
      const key = keys?.find((each) => each.id === id && this.#names.isNamed(each.name, name));
      if (key) return { key, serviceAccountId };
    }
    return undefined;
  }

  async #listed(): Promise<readonly ApiKey[] | undefined> {
    const { serviceAccountId } = this.#known;
    return this.#connection.client.listKeys(serviceAccountId === undefined ? {} : { serviceAccountId });
  }

  /**
   * The living key with this mark, if the list has it under another id: a restored backup, or a service that lies. A
   * mark is drawn once, but a native rotation may take it along.
   */
  #among(keys: readonly ApiKey[]): ApiKey | undefined {
    const { id, name } = this.#known;
    if (!this.#names.hasMarkerForm(name) || this.#connection.capabilities.nativeRotate) return undefined;
    return keys.find((key) => key.id !== id && this.#names.isNamed(key.name, name) && mayLive(key));
  }

  /**
   * Proves that the key is gone, by its account's key list or its account's absence. Tells whether the account is gone
   * as well, and which key has its mark under another id. Throws if the key is not gone.
   */
  async #proveGone(isRefused: boolean): Promise<ApiKey | "account gone" | undefined> {
    const { capabilities, name: connection } = this.#connection;
    const { id, name, serviceAccountId } = this.#known;
    const keys = await this.#listed();
    const isOurs = (key: ApiKey) => !capabilities.idsReused || this.#names.isNamed(key.name, name);
    // A list may have it twice, and somebody can enable a disabled key again.
    const living = keys?.find((key) => key.id === id && isOurs(key) && mayLive(key));
    if (living)
      throw new ProviderError(
        `the service says that key ${id} does not exist, but lists it as ${living.status} (connection "${connection}"); ${whoseCredential}`,
      );
    if (keys) return this.#among(keys);
    if (serviceAccountId === undefined) return undefined;
    if (await this.#hasAccount(serviceAccountId, isRefused)) {
      throw new ProviderError(
        `it cannot be told whether key ${id} is gone: the service shows its account, but not the account's keys (connection "${connection}"); ${whoseCredential}`,
      );
    }
    return "account gone";
  }

  /** True if the account exists. If that is unclear, it counts as gone for a key whose own secret is refused. */
  async #hasAccount(id: string, isRefused: boolean): Promise<boolean> {
    try {
      return (await findAccount(this.#connection, id, this.#known.name)) !== undefined;
    } catch (error) {
      if (isRefused && error instanceof CannotTellError) return false;
      throw error;
    }
  }
}

/** True also for a disabled key, because it can be enabled again. */
export function mayLive({ status }: Pick<ApiKey, "status">): boolean {
  return status === "active" || status === "disabled";
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
