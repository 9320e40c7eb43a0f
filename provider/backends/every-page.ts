import { ResponseShapeError } from "../errors";

interface Page<Item> {
  readonly items: readonly Item[];
  /** The start of the next page; undefined after the last one. */
  readonly next: string | undefined;
}

/** All items of a list that comes in pages. Refuses a page that was already requested: it would lead in circles. */
export async function everyPage<Item>(
  place: string,
  read: (cursor: string | undefined) => Promise<Page<Item>>,
): Promise<Item[]> {
  const found: Item[] = [];
  const asked = new Set<string>();
  for (let cursor: string | undefined; ;) {
    const { items, next } = await read(cursor);
    found.push(...items);
    if (next === undefined) return found;
    if (asked.has(next))
      throw new ResponseShapeError(
        `GET ${place} never comes to its last page: it names the same next page again. Check the service's version.`,
      );
    asked.add(next);
    cursor = next;
  }
}
