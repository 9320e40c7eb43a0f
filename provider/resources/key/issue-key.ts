/** Issues keys. After an unclear answer, makes sure that no unknown key stays alive. */
import type { IssuedApiKey, KeyRef, NewKey } from "../../backends/definition";
import type { WritableConnection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { dayMs, secondMs } from "../../values/durations";
import {
  AmbiguousCreateError,
  ExposedSecretError,
  isUnclear,
  ProviderError,
  ResponseShapeError,
  SecretUnavailableError,
  wordsOf,
} from "../../errors";
import { type Clock, realClock } from "../../http/waiting";
import { withUnseenSecret } from "../../secrets/unseen-secret";
import type { End } from "./expiry";
import { livingByMarkers, revokeKey } from "./key-on-service";
import type { Naming } from "../identity/marking";
import { markOf, namesOn } from "../identity/names";
import { isPlainId } from "../identity/plain-id";

/** How often a create is sent, if its key was found and revoked each time. */
const mostCreates = 3;

/** A key to make, without its name. */
export interface KeyRequest extends Omit<NewKey, "name" | keyof End> {
  /** Computed when the key is issued, because the run may have learned about the service's clock by then. */
  readonly end?: () => End;
}

/**
 * Issues a key. An unclear answer is resolved by this call's own marker: a key that is found is revoked (its secret is
 * lost), and another one is issued; if none is found, none is issued.
 *
 * @throws AmbiguousCreateError - it stays unclear whether a key was issued; its `candidates` are keys that were found
 *   and could not be revoked.
 */
export async function issueKey(
  connection: WritableConnection,
  { end, ...request }: KeyRequest,
  naming: Naming,
  clock: Clock = realClock,
): Promise<IssuedApiKey> {
  await naming.clearLeftovers?.(parentOf(request));
  for (let creates = 1; ; creates += 1) {
    const name = naming.draw();
    try {
      const asked = defined({ ...request, ...end?.(), name });
      return ofThisCall(whole("createKey", await connection.client.createKey(asked)), name, connection);
    } catch (error) {
      if (!isUnclear(error)) throw error;
      const call = new UnclearCall({
        connection,
        ref: { ...parentOf(request), name },
        exact: naming.exact,
        clock,
        cause: error,
      });
      if (error instanceof ExposedSecretError) throw await call.takenBack(error);
      await withUnseenSecret(() => call.clear());
      if (creates >= mostCreates)
        throw call.ambiguous(`${mostCreates} keys were made, and revoked again because their secrets never arrived`);
    }
  }
}

interface UnclearFacts {
  readonly connection: WritableConnection;
  /** The key that the call should have made. */
  readonly ref: Omit<KeyRef, "id">;
  readonly exact: boolean;
  readonly clock: Clock;
  /** The unclear answer. */
  readonly cause: unknown;
}

/** A create whose answer was unclear. */
class UnclearCall {
  readonly #facts: UnclearFacts;

  constructor(facts: UnclearFacts) {
    this.#facts = facts;
  }

  /** Returns if the call made a key and that key is revoked; throws otherwise. */
  async clear(): Promise<void> {
    const { connection, exact, clock } = this.#facts;
    let found = await this.#search();
    if (found.length === 0) {
      // The service may carry out a request a moment after it timed out here.
      await clock.sleep(Math.max(connection.capabilities.activationLagMs, secondMs));
      found = await this.#search();
    }
    if (exact)
      throw this.ambiguous(
        `A key of that exact name may or may not be this call's: compare ${list(found)} on the service, delete what is not in use, and run again`,
        found,
      );
    if (found.length === 0)
      throw this.ambiguous(
        "No such key is on the service now; it may still appear: run again, which looks for that name first and revokes what it finds",
      );
    await this.#revokeLost(found);
    // The id in a list may not be the one that the service uses.
    await this.#revokeLost((await this.#search()).filter((id) => !found.includes(id)));
  }

  async #revokeLost(ids: readonly string[]): Promise<void> {
    const { connection, ref } = this.#facts;
    for (const [index, id] of ids.entries()) {
      try {
        await revokeKey(connection, { ...ref, id });
      } catch (refusal) {
        const which = isPlainId(id) ? `The key ${id}` : "A key whose id must not be shown";
        throw this.ambiguous(
          `${which} was made, its secret is lost, and it could not be revoked (${inner(refusal)}): the next run revokes it`,
          ids.slice(index),
        );
      }
    }
  }

  /**
   * Revokes a key whose id must not be recorded, and says so. It is found by its id and by this call's marker, because
   * the service may use another id than it answered.
   */
  async takenBack(error: ExposedSecretError): Promise<ProviderError> {
    const { connection, ref, exact } = this.#facts;
    const { serviceAccountId, name } = ref;
    try {
      await revokeKey(connection, { ...ref, id: error.exposedId() });
      const others = exact ? [] : await livingByMarkers(connection, serviceAccountId, [name]);
      for (const { id } of others) await revokeKey(connection, { ...ref, id });
    } catch (refusal) {
      return this.ambiguous(
        `It could not be revoked (${inner(refusal)}): look for the key "${name}" on the service and revoke it`,
      );
    }
    return new ProviderError(
      `${inner(error)}. The key "${name}" was revoked, and no other was made. Tell whoever runs the service; if the backend is your own, build the id from something that may be shown.`,
      { cause: error },
    );
  }

  /** The ids of the living keys under the call's marker. */
  async #search(): Promise<readonly string[]> {
    const { connection, ref } = this.#facts;
    try {
      return (await livingByMarkers(connection, ref.serviceAccountId, [ref.name])).map(({ id }) => id);
    } catch (error) {
      throw this.ambiguous(
        `The service could not be searched for it (${inner(error)}): look for that name, revoke what you find, and run again`,
      );
    }
  }

  /** @param found - ids of keys that were found and still live */
  ambiguous(words: string, found: readonly string[] = []): AmbiguousCreateError {
    const { ref, cause } = this.#facts;
    return new AmbiguousCreateError(
      `it is unclear whether a key named "${ref.name}" was made: ${wordsOf(cause)} ${words}.`,
      ref.name,
      found.filter(isPlainId),
      { cause },
    );
  }
}

/**
 * The key, unless the service had it before this call: then it is somebody's, and must not end with this resource. It has the
 * mark of another call, or no mark and an age that no wrong time zone explains. A service may write its own name.
 */
function ofThisCall(issued: IssuedApiKey, name: string, connection: WritableConnection): IssuedApiKey {
  const names = namesOn(connection, "keys");
  if (names.isNamed(issued.name, name) || names.contains(issued.name, name)) return issued;
  const isOfAnotherCall = markOf(issued.name) !== undefined || names.ofSameStack(issued.name, name);
  const ageMs = (connection.clock?.nowMs() ?? NaN) - Date.parse(issued.createdAt ?? "");
  if (!isOfAnotherCall && !(ageMs > dayMs)) return issued;
  throw new ResponseShapeError(
    `The service answered with a key that it had before this call${isPlainId(issued.id) ? `, ${issued.id}` : ""}.`,
  );
}

/** Checks an issued key: a user's own backend may return one that nobody could use or find again. */
export function whole(method: string, issued: IssuedApiKey): IssuedApiKey {
  const { id, name, secret } = (issued ?? {}) as Partial<Record<keyof IssuedApiKey, unknown>>;
  const missing = Object.entries({ id, name, secret }).find(([, value]) => value === undefined || value === "");
  if (!missing) return issued;
  const Lack = missing[0] === "secret" ? SecretUnavailableError : ResponseShapeError;
  throw new Lack(`"${method}" of the backend answered without "${missing[0]}".`);
}

function parentOf({ serviceAccountId }: { readonly serviceAccountId?: string }): { serviceAccountId?: string } {
  return serviceAccountId === undefined ? {} : { serviceAccountId };
}

function list(ids: readonly string[]): string {
  const told = ids.filter(isPlainId);
  return told.length > 0 ? told.join(", ") : "the keys of that name";
}

/** An error's words, to go inside another sentence. */
function inner(error: unknown): string {
  return wordsOf(error).replace(/\.$/, "");
}
