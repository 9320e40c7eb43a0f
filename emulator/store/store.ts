import type { Journal } from "./journal";
import { KeyTable } from "./key-table";
import { recordUse, type LastUse } from "./last-use";
import type { OrderedList } from "./ordered-list";
import type { OwnChange, OwnRecords } from "./own-records";
import type { KeyRecord } from "./records";

/** The announced credentials, by service and by what they may do. */
export type StoredCredentials = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The changes that the data of every service can have. A journal line also contains one. */
type CommonChange =
  | { readonly kind: "key"; readonly key: KeyRecord }
  | { readonly kind: "key-gone"; readonly service: string; readonly id: string }
  | { readonly kind: "use"; readonly service: string; readonly id: string; readonly use: LastUse }
  | { readonly kind: "clock"; readonly offsetMs: number }
  | { readonly kind: "credentials"; readonly credentials: StoredCredentials }
  | { readonly kind: "sequence"; readonly next: number }
  | { readonly kind: "reset" };

export type Change = CommonChange | OwnChange;

/** What the store needs to know of a service. */
export interface StoredService {
  /** False if the vendor deletes the record of a revoked key. */
  readonly listsRevokedKeys: boolean;
  readonly records?: OwnRecords;
}

/** Smaller numbers are reserved for seeded ids. */
const FIRST_SEQUENCE = 101;
const NOTE_CAPACITY = 10_000;

/**
 * All data, indexed for every request. `commit` writes to the journal first and changes memory after that, all or
 * nothing, so everything that was answered is in the file.
 */
export class Store {
  clockOffsetMs = 0;
  credentials: StoredCredentials | undefined;
  #journal: Journal | undefined;
  #sequence = FIRST_SEQUENCE;
  readonly #services: ReadonlyMap<string, { readonly keys: KeyTable; readonly records: OwnRecords | undefined }>;
  readonly #keysByHash = new Map<string, KeyRecord>();
  /** Last uses, and what requests noted without other changes. `flush` writes them in batches. */
  readonly #unsavedUses = new Set<KeyRecord>();
  #unsavedNotes: OwnChange[] = [];

  constructor(services: Readonly<Record<string, StoredService>>) {
    this.#services = new Map(
      Object.entries(services).map(([name, { listsRevokedKeys, records }]) => {
        return [name, { keys: new KeyTable(listsRevokedKeys), records }];
      }),
    );
  }

  replay(steps: readonly unknown[]): void {
    for (const step of steps) for (const change of step as Change[]) this.#apply(change);
  }

  writeTo(journal: Journal): void {
    this.#journal = journal;
  }

  commit(...changes: readonly Change[]): void {
    this.#journal?.append(changes);
    for (const change of changes) this.#apply(change);
  }

  nextSequence(): number {
    return this.#sequence++;
  }

  key(service: string, id: string): KeyRecord | undefined {
    return this.#services.get(service)?.keys.get(id);
  }

  keyByHash(hash: string): KeyRecord | undefined {
    return this.#keysByHash.get(hash);
  }

  /** In the order of their creation. */
  allKeys(): readonly KeyRecord[] {
    const keys = [...this.#services.values()].flatMap((service) => [...service.keys.values()]);
    return keys.sort((a, b) => a.sequence - b.sequence);
  }

  /** The keys in the vendor's own list. */
  listedKeys(service: string, parent: string): OrderedList<KeyRecord> {
    return this.#keysOf(service).listed(parent);
  }

  noteUse(key: KeyRecord, nowMs: number, lagMs: number): void {
    recordUse(key.use, nowMs, lagMs);
    if (this.#journal) this.#unsavedUses.add(key);
  }

  /** A change that may be lost with the process: the next batch writes it. */
  note(change: OwnChange): void {
    this.#apply(change);
    if (this.#journal) this.#unsavedNotes.push(change);
  }

  flush(): void {
    const uses = [...this.#unsavedUses].map(({ service, id, use }): Change => ({ kind: "use", service, id, use }));
    const changes = [...uses, ...this.#unsavedNotes.slice(-NOTE_CAPACITY)];
    if (changes.length === 0) return;
    this.#journal?.append(changes);
    this.#unsavedUses.clear();
    this.#unsavedNotes = [];
  }

  /** Rewrites a journal that is mostly history. Not in `commit`, which may fail only if nothing was done. */
  shortenJournal(): void {
    if (this.#journal?.isOverlong) this.#journal.rewrite(this.snapshot());
  }

  /** All data, as the shortest journal that creates it. */
  *snapshot(): Generator<readonly Change[]> {
    if (this.credentials) yield [{ kind: "credentials", credentials: this.credentials }];
    yield [
      { kind: "sequence", next: this.#sequence },
      { kind: "clock", offsetMs: this.clockOffsetMs },
    ];
    for (const { records } of this.#services.values()) for (const change of records?.snapshot() ?? []) yield [change];
    for (const key of this.allKeys()) yield [{ kind: "key", key }];
  }

  #apply(given: Change): void {
    const change = given as CommonChange;
    switch (change.kind) {
      case "key":
        return this.#putKey(change.key);
      case "key-gone":
        return this.#dropKey(change.service, change.id);
      case "use": {
        const key = this.key(change.service, change.id);
        if (key) Object.assign(key.use, change.use);
        return;
      }
      case "clock":
        this.clockOffsetMs = change.offsetMs;
        return;
      case "credentials":
        this.credentials = change.credentials;
        return;
      case "sequence":
        return this.#useSequence(change.next - 1);
      case "reset":
        return this.#clear();
      default:
        return this.#applyOwn(given);
    }
  }

  #applyOwn(change: OwnChange): void {
    for (const { records } of this.#services.values()) {
      if (!records?.apply(change)) continue;
      return this.#useSequence(records.highestSequence?.() ?? 0);
    }
  }

  #useSequence(used: number): void {
    this.#sequence = Math.max(this.#sequence, used + 1);
  }

  #putKey(key: KeyRecord): void {
    const before = this.key(key.service, key.id);
    if (before) this.#keysByHash.delete(before.hash);
    this.#keysOf(key.service).put(key);
    this.#keysByHash.set(key.hash, key);
    this.#useSequence(key.sequence);
    this.#services.get(key.service)?.records?.keyChanged?.(before, key);
  }

  #dropKey(service: string, id: string): void {
    const key = this.key(service, id);
    if (!key) return;
    this.#keysByHash.delete(key.hash);
    this.#keysOf(service).remove(key);
    this.#unsavedUses.delete(key);
    this.#services.get(service)?.records?.keyChanged?.(key, undefined);
  }

  #keysOf(service: string): KeyTable {
    const found = this.#services.get(service);
    if (!found) throw new Error(`the data are of a service ${service}, which this emulator does not have`);
    return found.keys;
  }

  #clear(): void {
    for (const { keys, records } of this.#services.values()) {
      keys.clear();
      records?.clear();
    }
    this.#keysByHash.clear();
    this.#unsavedUses.clear();
    this.#unsavedNotes = [];
    this.clockOffsetMs = 0;
  }
}
