import { AsyncLocalStorage } from "node:async_hooks";

/** What the current call of the engine knows of its keys. */
const operation = new AsyncLocalStorage<{ unseen: boolean }>();

/**
 * Runs one call of the engine. The end of the call also ends what {@link withUnseenSecret} began in it.
 *
 * @param unseen - true if the call is about a key that nobody has seen. Default: false
 */
export function asOneOperation<Result>(run: () => Result, unseen = false): Result {
  return operation.run({ unseen }, run);
}

/**
 * Runs the work after a create of unknown outcome. The service may have made a key that nobody here has seen, so its
 * secret cannot be found in the service's text. Until the operation ends, errors leave that text out.
 */
export function withUnseenSecret<Result>(run: () => Result): Result {
  const current = operation.getStore();
  if (current) current.unseen = true;
  return operation.run({ unseen: true }, run);
}

/** True if any text of the service may be the secret of a lost key. */
export function hasUnseenSecret(): boolean {
  return operation.getStore()?.unseen === true;
}
