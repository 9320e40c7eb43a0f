/** Keeps the newest `capacity` entries; adding costs O(1) on average. */
export class BoundedLog<Entry> {
  #entries: Entry[] = [];

  constructor(readonly capacity: number) {}

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length >= this.capacity * 2) this.#entries = this.#entries.slice(-this.capacity);
  }

  /** Oldest first. */
  entries(): readonly Entry[] {
    return this.#entries.slice(-this.capacity);
  }

  clear(): void {
    this.#entries = [];
  }
}
