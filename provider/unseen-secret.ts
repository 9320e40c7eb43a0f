import { AsyncLocalStorage } from "node:async_hooks";

const unseen = new AsyncLocalStorage<true>();

/**
 * Runs what follows a create of unknown outcome. The service may have made a key that nobody here has seen, so
 * that nothing can find it in what the service says: until this ends, errors are told without its words.
 */
export function withUnseenSecret<Result>(run: () => Result): Result {
  return unseen.run(true, run);
}

/** True where any word of a service may be the secret of a key that was lost. */
export function hasUnseenSecret(): boolean {
  return unseen.getStore() === true;
}
