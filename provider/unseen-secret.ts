import { AsyncLocalStorage } from "node:async_hooks";

/** What one call of the engine knows of its keys. */
const operation = new AsyncLocalStorage<{ unseen: boolean }>();

/**
 * Runs one call of the engine, which ends what {@link withUnseenSecret} begins in it.
 *
 * @param unseen - from the first line on: what the call is about is a key that nobody has seen. Default false
 */
export function asOneOperation<Result>(run: () => Result, unseen = false): Result {
  return operation.run({ unseen }, run);
}

/**
 * Runs what follows a create of unknown outcome. The service may have made a key that nobody here has seen, so
 * that nothing can find it in what the service says: until the operation ends, errors are told without its words.
 */
export function withUnseenSecret<Result>(run: () => Result): Result {
  const current = operation.getStore();
  if (current) current.unseen = true;
  return operation.run({ unseen: true }, run);
}

/** True where any word of a service may be the secret of a key that was lost. */
export function hasUnseenSecret(): boolean {
  return operation.getStore()?.unseen === true;
}
