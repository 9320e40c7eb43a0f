/**
 * Records in the order of their sequence number. New ones come last, so adding is a push. A cursor is found by binary
 * search, so a page costs only its own length.
 */
export class OrderedList<Item extends { readonly sequence: number }> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Adds the item, or replaces the one with the same sequence number. */
  put(item: Item): void {
    const index = this.#indexAfter(item.sequence - 1);
    const replaced = this.#items[index]?.sequence === item.sequence ? 1 : 0;
    if (index === this.#items.length) this.#items.push(item);
    else this.#items.splice(index, replaced, item);
  }

  remove(sequence: number): void {
    const index = this.#indexAfter(sequence - 1);
    if (this.#items[index]?.sequence === sequence) this.#items.splice(index, 1);
  }

  slice(start: number, count: number): Item[] {
    return this.#items.slice(start, start + count);
  }

  *after(sequence: number): Generator<Item> {
    for (let index = this.#indexAfter(sequence); index < this.#items.length; index += 1) {
      yield this.#items[index] as Item;
    }
  }

  #indexAfter(sequence: number): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle] as Item).sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
