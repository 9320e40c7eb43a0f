import { OrderedList } from "./ordered-list";
import type { KeyRecord } from "./records";

const NO_KEYS: OrderedList<KeyRecord> = new OrderedList();

/** The keys of one service, by id and in the lists that the vendor shows. */
export class KeyTable {
  readonly #keys = new Map<string, KeyRecord>();
  readonly #listed = new Map<string, OrderedList<KeyRecord>>();

  /** @param listsRevoked - false if the vendor deletes the record of a revoked key */
  constructor(readonly listsRevoked: boolean) {}

  get(id: string): KeyRecord | undefined {
    return this.#keys.get(id);
  }

  values(): Iterable<KeyRecord> {
    return this.#keys.values();
  }

  listed(parent: string): OrderedList<KeyRecord> {
    return this.#listed.get(parent) ?? NO_KEYS;
  }

  put(key: KeyRecord): void {
    this.#keys.set(key.id, key);
    const siblings = this.#listed.get(key.parent) ?? new OrderedList<KeyRecord>();
    this.#listed.set(key.parent, siblings);
    if (this.listsRevoked || key.revokedAtMs === null) siblings.put(key);
    else siblings.remove(key.sequence);
  }

  remove(key: KeyRecord): void {
    this.#keys.delete(key.id);
    this.#listed.get(key.parent)?.remove(key.sequence);
  }

  clear(): void {
    this.#keys.clear();
    this.#listed.clear();
  }
}
