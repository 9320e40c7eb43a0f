/** Limits how many pages, characters and seconds one call of a backend may read of a list. */
import { AsyncLocalStorage } from "node:async_hooks";
import { ResponseShapeError } from "../errors";

const mostPages = 1_000;
const mostCharacters = 32 * 1024 * 1024;

/** What one call of a backend has read of one list so far. */
interface ListRead {
  beganMs: number;
  pages: number;
  characters: number;
}

const calls = new AsyncLocalStorage<Map<string, ListRead>>();
const limits = new AsyncLocalStorage<() => number>();

/** Runs calls whose lists must not have more pages than this. The limit may grow while they are read. */
export function withPageLimit<Result>(mostPagesNow: () => number, run: () => Result): Result {
  return limits.run(mostPagesNow, run);
}

/** Runs one call of a backend, and limits how much it reads page by page, whatever the service answers. */
export function asOneCall<Result>(run: () => Result): Result {
  return calls.run(new Map(), run);
}

/** One more page of a list. A list is any path that a call reads repeatedly. */
export interface Page {
  /** Milliseconds left for the list. */
  readonly leftMs: number;
  /** Adds the time that the page has waited for its turn, which does not count for the list. */
  readonly waited: (ms: number) => void;
  /** Adds the size of the page. */
  readonly read: (characters: number) => void;
}

/**
 * Counts a page before it is requested. Outside a call nothing is counted.
 *
 * @throws ResponseShapeError - the list has more pages, or takes more time or memory, than any real one
 */
export function nextPage(path: string, nowMs: number, budgetMs: number): Page | undefined {
  const lists = calls.getStore();
  if (!lists) return undefined;
  const list = lists.get(path) ?? { beganMs: nowMs, pages: 0, characters: 0 };
  lists.set(path, list);
  const leftMs = list.beganMs + budgetMs - nowMs;
  if (list.pages >= (limits.getStore()?.() ?? Infinity))
    throw new ResponseShapeError(`the list GET ${path} has more pages than it is worth reading.`);
  if (list.pages >= mostPages) throw endless(path, `goes on after ${mostPages} pages`);
  if (list.characters >= mostCharacters)
    throw endless(path, `goes on after ${mostCharacters / 1024 / 1024} million characters`);
  if (list.pages > 0 && leftMs <= 0)
    throw endless(path, `goes on after ${Math.round(budgetMs / 1000)} s and ${list.pages} pages`);
  list.pages += 1;
  return {
    leftMs,
    waited: (ms) => void (list.beganMs += ms),
    read: (characters) => void (list.characters += characters),
  };
}

function endless(path: string, how: string): ResponseShapeError {
  return new ResponseShapeError(
    `the list GET ${path} ${how}, and was not read to its end. Check the service's version; if it really is that long, give the connection a longer retryBudget.`,
  );
}
