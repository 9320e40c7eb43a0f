import { InvalidField } from "./fields";

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Opaque to clients; null on the last page. */
  readonly nextCursor: string | null;
}

const CURSOR = /^after:(\d{1,15})$/;

/** A page for `?cursor=&limit=`. Keys made meanwhile appear on later pages, and no key appears twice. */
export function cursorPage<Item extends { readonly sequence: number }>(
  list: { readonly after: (sequence: number) => Iterable<Item> },
  query: URLSearchParams,
  { defaultLimit, keep }: { defaultLimit: number; keep?: (item: Item) => boolean },
): Page<Item> {
  const limit = wholeNumber(query, "limit", { fallback: defaultLimit, max: 100 });
  const items: Item[] = [];
  for (const item of list.after(readCursor(query.get("cursor")))) {
    if (keep && !keep(item)) continue;
    if (items.length === limit) return { items, nextCursor: writeCursor(items.at(-1)) };
    items.push(item);
  }
  return { items, nextCursor: null };
}

/** A whole number from the query string, from 1 to `max`. */
export function wholeNumber(
  query: URLSearchParams,
  name: string,
  { fallback, max }: { fallback: number; max: number },
): number {
  const text = query.get(name);
  if (text === null || text === "") return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max) throw new InvalidField(name, `must be a whole number from 1 to ${max}`);
  return value;
}

function readCursor(cursor: string | null): number {
  if (cursor === null || cursor === "") return 0;
  const match = CURSOR.exec(Buffer.from(cursor, "base64url").toString());
  if (!match) throw new InvalidField("cursor", "is not a cursor of this list");
  return Number(match[1]);
}

function writeCursor(last: { readonly sequence: number } | undefined): string | null {
  return last ? Buffer.from(`after:${last.sequence}`).toString("base64url") : null;
}
