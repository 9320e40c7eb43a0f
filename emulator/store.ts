import { BoundedLog } from "./bounded-log";
import type { Credentials } from "./credentials";
import type { Journal } from "./journal";
import { KeyTable } from "./key-table";
import { recordUse, type LastUse } from "./last-use";
import { OrderedList } from "./ordered-list";
import type { AccountRecord, AuditEntry, KeyRecord, NovavmsAuditEntry, PulselyAuditEntry, UserRecord } from "./records";
import { SERVICE_NAMES, type ServiceName } from "./service-names";

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

/** Smaller numbers are taken: the announced tokens of pulseapi carry theirs. */
const FIRST_SEQUENCE = 101;
const AUDIT_CAPACITY = 10_000;
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
  #sequence = FIRST_SEQUENCE;
  readonly #keys = { pulsely: new KeyTable(true), novavms: new KeyTable(true), pulseapi: new KeyTable(false) };
  readonly #keysByHash = new Map<string, KeyRecord>();
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
  }

  nextSequence(): number {
    return this.#sequence++;
  }

  key(service: ServiceName, id: string): KeyRecord | undefined {
    return this.#keys[service].get(id);
  }

  keyByHash(hash: string): KeyRecord | undefined {
    return this.#keysByHash.get(hash);
  }

  /** In the order of their creation. */
  allKeys(): readonly KeyRecord[] {
    const keys = SERVICE_NAMES.flatMap((service) => [...this.#keys[service].values()]);
    return keys.sort((a, b) => a.sequence - b.sequence);
  }

  /** The keys that the vendor's own list shows. */
  listedKeys(service: ServiceName, parent: string): OrderedList<KeyRecord> {
    return this.#keys[service].listed(parent);
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
  }

  /** Rewrites a journal that is mostly history; not in `commit`, which may fail only where nothing was done. */
  shortenJournal(): void {
    if (this.#journal?.isOverlong) this.#journal.rewrite(this.snapshot());
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
    for (const key of this.allKeys()) yield [{ kind: "key", key }];
    for (const entry of this.pulselyAudit.entries()) yield [{ kind: "audit", entry }];
    for (const entry of this.novavmsAudit.entries()) yield [{ kind: "audit", entry }];
  }

  #apply(change: Change): void {
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
    const before = this.key(key.service, key.id);
    if (before) this.#unindex(before);
    this.#keys[key.service].put(key);
    this.#keysByHash.set(key.hash, key);
    this.#sequence = Math.max(this.#sequence, key.sequence + 1);
    if (key.service !== "pulsely" || key.revokedAtMs !== null) return;
    this.#unrevokedByName.set(key.name, [...this.unrevokedPulselyKeysNamed(key.name), key]);
  }

  #dropKey(service: ServiceName, id: string): void {
    const key = this.key(service, id);
    if (!key) return;
    this.#unindex(key);
    this.#keys[service].remove(key);
    this.#unsavedUses.delete(key);
  }

  #unindex(key: KeyRecord): void {
    this.#keysByHash.delete(key.hash);
    if (key.service !== "pulsely") return;
    const others = this.unrevokedPulselyKeysNamed(key.name).filter(({ id }) => id !== key.id);
    if (others.length > 0) this.#unrevokedByName.set(key.name, others);
    else this.#unrevokedByName.delete(key.name);
  }

  #putAccount(account: AccountRecord): void {
    this.#dropAccount(account.id);
    this.#accounts.set(account.id, account);
    this.#accountsByName.set(`${account.organisation}/${account.name}`, account);
    this.#sequence = Math.max(this.#sequence, account.sequence + 1);
    const siblings = this.#accountsByOrganisation.get(account.organisation) ?? new OrderedList<AccountRecord>();
    this.#accountsByOrganisation.set(account.organisation, siblings);
    siblings.put(account);
  }

  #dropAccount(id: string): void {
    const account = this.#accounts.get(id);
    if (!account) return;
    this.#accounts.delete(id);
    this.#accountsByName.delete(`${account.organisation}/${account.name}`);
    this.#accountsByOrganisation.get(account.organisation)?.remove(account.sequence);
  }

  #clear(): void {
    for (const service of SERVICE_NAMES) this.#keys[service].clear();
    this.#keysByHash.clear();
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
