import { BoundedLog } from "../http/bounded-log";
import { OrderedList } from "../store/ordered-list";
import type { OwnChange, OwnRecords } from "../store/own-records";
import type { KeyRecord } from "../store/records";

export interface AccountRecord {
  readonly id: string;
  readonly sequence: number;
  readonly organisation: string;
  readonly name: string;
  readonly role: string;
  /** Ceiling of its keys' scopes; empty: none. */
  readonly scopes: readonly string[];
  readonly enabled: boolean;
  readonly createdAtMs: number;
}

/** An issue or a revocation in the audit log. */
export interface NovavmsAuditEntry {
  readonly service: "novavms";
  readonly atMs: number;
  readonly id: string;
  readonly organisation: string;
  readonly userId: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
}

/** A key that may belong to a gateway; then only the gateway may revoke it. */
interface NovavmsKey extends KeyRecord {
  readonly gatewayOwned?: boolean;
}

type NovavmsChange =
  | { readonly kind: "account"; readonly account: AccountRecord }
  | { readonly kind: "account-gone"; readonly id: string }
  | { readonly kind: "audit"; readonly entry: NovavmsAuditEntry };

const AUDIT_CAPACITY = 10_000;
const NO_ACCOUNTS: OrderedList<AccountRecord> = new OrderedList();

export function isGatewayOwned(key: KeyRecord): boolean {
  return (key as NovavmsKey).gatewayOwned === true;
}

export function withGatewayOwned(key: KeyRecord, gatewayOwned: boolean): KeyRecord {
  const edited: NovavmsKey = { ...key, gatewayOwned };
  return edited;
}

/** Only for the compiler: prevents a change of another kind by mistake. */
export function novavmsChange(change: NovavmsChange): NovavmsChange {
  return change;
}

export class NovavmsRecords implements OwnRecords {
  readonly audit = new BoundedLog<NovavmsAuditEntry>(AUDIT_CAPACITY);
  readonly #accounts = new Map<string, AccountRecord>();
  readonly #accountsByOrganisation = new Map<string, OrderedList<AccountRecord>>();
  readonly #accountsByName = new Map<string, AccountRecord>();
  #highestSequence = 0;

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

  apply(given: OwnChange): boolean {
    const change = given as NovavmsChange;
    switch (change.kind) {
      case "account":
        this.#put(change.account);
        return true;
      case "account-gone":
        this.#drop(change.id);
        return true;
      case "audit":
        if (change.entry.service !== "novavms") return false;
        this.audit.add(change.entry);
        return true;
      default:
        return false;
    }
  }

  *snapshot(): Generator<NovavmsChange> {
    for (const account of this.#accounts.values()) yield { kind: "account", account };
    for (const entry of this.audit.entries()) yield { kind: "audit", entry };
  }

  highestSequence(): number {
    return this.#highestSequence;
  }

  clear(): void {
    this.audit.clear();
    this.#accounts.clear();
    this.#accountsByOrganisation.clear();
    this.#accountsByName.clear();
  }

  #put(account: AccountRecord): void {
    this.#drop(account.id);
    this.#accounts.set(account.id, account);
    this.#accountsByName.set(`${account.organisation}/${account.name}`, account);
    this.#highestSequence = Math.max(this.#highestSequence, account.sequence);
    const siblings = this.accounts(account.organisation);
    const own = siblings === NO_ACCOUNTS ? new OrderedList<AccountRecord>() : siblings;
    this.#accountsByOrganisation.set(account.organisation, own);
    own.put(account);
  }

  #drop(id: string): void {
    const account = this.#accounts.get(id);
    if (!account) return;
    this.#accounts.delete(id);
    this.#accountsByName.delete(`${account.organisation}/${account.name}`);
    this.#accountsByOrganisation.get(account.organisation)?.remove(account.sequence);
  }
}
