import { BoundedLog } from "./bounded-log";
import type { Credentials } from "./credentials";
import type { Journal } from "./journal";
import { recordUse, type LastUse } from "./last-use";
import { OrderedList } from "./ordered-list";
import type { AccountRecord, AuditEntry, KeyRecord, NovavmsAuditEntry, PulselyAuditEntry, UserRecord } from "./records";
import type { ServiceName } from "./service";

/** What can happen to the data; also what a journal line holds. */
export type Change =
  | { readonly kind: "key"; readonly key: KeyRecord }
  | { readonly kind: "key-gone"; readonly service: ServiceName; readonly id: string }
  | { readonly kind: "use"; readonly service: ServiceName; readonly id: string; readonly use: LastUse }
  | { readonly kind: "account"; readonly account: AccountRecord }
  | { readonly kind: "account-gone"; readonly id: string }
  | { readonly kind: "user"; readonly user: UserRecord }
  | { readonly kind: "audit"; readonly entry: AuditEntry }
  | { readonly kind: "clock"; readonly offsetMs: number }
  | { readonly kind: "credentials"; readonly credentials: Credentials }
  | { readonly kind: "sequence"; readonly next: number }
  | { readonly kind: "reset" };

/** pulseapi deletes a revoked key's row; the other vendors keep it in their lists. */
const LISTS_REVOKED_KEYS: Readonly<Record<ServiceName, boolean>> = { pulsely: true, novavms: true, pulseapi: false };
/** Only pulsely asks whether a name is free. */
const INDEXES_NAMES: Readonly<Record<ServiceName, boolean>> = { pulsely: true, novavms: false, pulseapi: false };
const AUDIT_CAPACITY = 10_000;
const NO_KEYS: OrderedList<KeyRecord> = new OrderedList();
const NO_ACCOUNTS: OrderedList<AccountRecord> = new OrderedList();

/**
 * All data, indexed for every question that a request asks. `commit` writes to the journal first and
 * changes memory after, all or nothing; what has been answered is therefore on file.
 */
export class Store {
  readonly pulselyAudit = new BoundedLog<PulselyAuditEntry>(AUDIT_CAPACITY);
  readonly novavmsAudit = new BoundedLog<NovavmsAuditEntry>(AUDIT_CAPACITY);
  clockOffsetMs = 0;
  credentials: Credentials | undefined;
  #journal: Journal | undefined;
  #sequence = 1;
  readonly #keys = new Map<string, KeyRecord>();
  readonly #keysByHash = new Map<string, KeyRecord>();
  readonly #listedKeys = new Map<string, OrderedList<KeyRecord>>();
  readonly #unrevokedByName = new Map<string, readonly KeyRecord[]>();
  readonly #accounts = new Map<string, AccountRecord>();
  readonly #accountsByOrganisation = new Map<string, OrderedList<AccountRecord>>();
  readonly #accountsByName = new Map<string, AccountRecord>();
  readonly #users = new Map<number, UserRecord>();
  /** Uses and audit entries of requests that changed nothing else: written in batches, by `flush`. */
  readonly #unsavedUses = new Set<KeyRecord>();
  #unsavedAudit: Change[] = [];

  replay(steps: readonly unknown[]): void {
    for (const step of steps) for (const change of step as Change[]) this.#apply(change);
  }

  writeTo(journal: Journal): void {
    this.#journal = journal;
  }

  commit(...changes: readonly Change[]): void {
    this.#journal?.append(changes);
    for (const change of changes) this.#apply(change);
    this.#shortenJournal();
  }

  nextSequence(): number {
    return this.#sequence++;
  }

  key(service: ServiceName, id: string): KeyRecord | undefined {
    return this.#keys.get(`${service}/${id}`);
  }

  keyByHash(hash: string): KeyRecord | undefined {
    return this.#keysByHash.get(hash);
  }

  allKeys(): Iterable<KeyRecord> {
    return this.#keys.values();
  }

  /** The keys that the vendor's own list shows. */
  listedKeys(service: ServiceName, parent: string): OrderedList<KeyRecord> {
    return this.#listedKeys.get(`${service}/${parent}`) ?? NO_KEYS;
  }

  unrevokedPulselyKeysNamed(name: string): readonly KeyRecord[] {
    return this.#unrevokedByName.get(name) ?? [];
  }

  account(id: string): AccountRecord | undefined {
    return this.#accounts.get(id);
  }

  allAccounts(): Iterable<AccountRecord> {
    return this.#accounts.values();
  }

  accounts(organisation: string): OrderedList<AccountRecord> {
    return this.#accountsByOrganisation.get(organisation) ?? NO_ACCOUNTS;
  }

  accountNamed(organisation: string, name: string): AccountRecord | undefined {
    return this.#accountsByName.get(`${organisation}/${name}`);
  }

  /** What differs from the vendor's seeded users. */
  user(id: number): UserRecord | undefined {
    return this.#users.get(id);
  }

  noteUse(key: KeyRecord, nowMs: number, lagMs: number): void {
    recordUse(key.use, nowMs, lagMs);
    if (this.#journal) this.#unsavedUses.add(key);
  }

  noteAudit(entry: AuditEntry): void {
    const change: Change = { kind: "audit", entry };
    this.#apply(change);
    if (this.#journal) this.#unsavedAudit.push(change);
  }

  flush(): void {
    const uses = [...this.#unsavedUses].map(({ service, id, use }): Change => ({ kind: "use", service, id, use }));
    const changes = [...uses, ...this.#unsavedAudit.slice(-AUDIT_CAPACITY)];
    if (changes.length === 0) return;
    this.#journal?.append(changes);
    this.#unsavedUses.clear();
    this.#unsavedAudit = [];
    this.#shortenJournal();
  }

  /** Everything that is known, as the shortest journal that says it. */
  *snapshot(): Generator<readonly Change[]> {
    if (this.credentials) yield [{ kind: "credentials", credentials: this.credentials }];
    yield [
      { kind: "sequence", next: this.#sequence },
      { kind: "clock", offsetMs: this.clockOffsetMs },
    ];
    for (const user of this.#users.values()) yield [{ kind: "user", user }];
    for (const account of this.#accounts.values()) yield [{ kind: "account", account }];
    for (const key of this.#keys.values()) yield [{ kind: "key", key }];
    for (const entry of this.pulselyAudit.entries()) yield [{ kind: "audit", entry }];
    for (const entry of this.novavmsAudit.entries()) yield [{ kind: "audit", entry }];
  }

  #shortenJournal(): void {
    if (this.#journal?.isOverlong) this.#journal.rewrite(this.snapshot());
  }

  #apply(change: Change): void {
    switch (change.kind) {
      case "key":
        return this.#putKey(change.key);
      case "key-gone":
        return this.#dropKey(`${change.service}/${change.id}`);
      case "use": {
        const key = this.key(change.service, change.id);
        if (key) Object.assign(key.use, change.use);
        return;
      }
      case "account":
        return this.#putAccount(change.account);
      case "account-gone":
        return this.#dropAccount(change.id);
      case "user":
        this.#users.set(change.user.id, change.user);
        return;
      case "audit":
        if (change.entry.service === "pulsely") this.pulselyAudit.add(change.entry);
        else this.novavmsAudit.add(change.entry);
        return;
      case "clock":
        this.clockOffsetMs = change.offsetMs;
        return;
      case "credentials":
        this.credentials = change.credentials;
        return;
      case "sequence":
        this.#sequence = Math.max(this.#sequence, change.next);
        return;
      case "reset":
        return this.#clear();
    }
  }

  #putKey(key: KeyRecord): void {
    const address = `${key.service}/${key.id}`;
    const before = this.#keys.get(address);
    if (before) this.#unindexSecretAndName(before);
    this.#keys.set(address, key);
    this.#keysByHash.set(key.hash, key);
    this.#sequence = Math.max(this.#sequence, key.sequence + 1);
    const revoked = key.revokedAtMs !== null;
    if (!revoked && INDEXES_NAMES[key.service]) {
      this.#unrevokedByName.set(key.name, [...(this.#unrevokedByName.get(key.name) ?? []), key]);
    }
    const listed = entryOf(this.#listedKeys, `${key.service}/${key.parent}`, () => new OrderedList<KeyRecord>());
    if (revoked && !LISTS_REVOKED_KEYS[key.service]) listed.remove(key.sequence);
    else listed.put(key);
  }

  #dropKey(address: string): void {
    const key = this.#keys.get(address);
    if (!key) return;
    this.#unindexSecretAndName(key);
    this.#keys.delete(address);
    this.#unsavedUses.delete(key);
    this.#listedKeys.get(`${key.service}/${key.parent}`)?.remove(key.sequence);
  }

  #unindexSecretAndName(key: KeyRecord): void {
    this.#keysByHash.delete(key.hash);
    if (!INDEXES_NAMES[key.service]) return;
    const others = this.#unrevokedByName.get(key.name)?.filter(({ id }) => id !== key.id) ?? [];
    if (others.length > 0) this.#unrevokedByName.set(key.name, others);
    else this.#unrevokedByName.delete(key.name);
  }

  #putAccount(account: AccountRecord): void {
    this.#dropAccount(account.id);
    this.#accounts.set(account.id, account);
    this.#accountsByName.set(`${account.organisation}/${account.name}`, account);
    this.#sequence = Math.max(this.#sequence, account.sequence + 1);
    entryOf(this.#accountsByOrganisation, account.organisation, () => new OrderedList<AccountRecord>()).put(account);
  }

  #dropAccount(id: string): void {
    const account = this.#accounts.get(id);
    if (!account) return;
    this.#accounts.delete(id);
    this.#accountsByName.delete(`${account.organisation}/${account.name}`);
    this.#accountsByOrganisation.get(account.organisation)?.remove(account.sequence);
  }

  #clear(): void {
    this.#keys.clear();
    this.#keysByHash.clear();
    this.#listedKeys.clear();
    this.#unrevokedByName.clear();
    this.#accounts.clear();
    this.#accountsByOrganisation.clear();
    this.#accountsByName.clear();
    this.#users.clear();
    this.#unsavedUses.clear();
    this.#unsavedAudit = [];
    this.pulselyAudit.clear();
    this.novavmsAudit.clear();
    this.clockOffsetMs = 0;
  }
}

function entryOf<Value>(map: Map<string, Value>, name: string, create: () => Value): Value {
  const found = map.get(name);
  if (found) return found;
  const created = create();
  map.set(name, created);
  return created;
}
