import { BoundedLog } from "../http/bounded-log";
import type { OwnChange, OwnRecords } from "../store/own-records";
import type { KeyRecord } from "../store/records";

/** One request in the audit log. */
export interface PulselyAuditEntry {
  readonly service: "pulsely";
  readonly atMs: number;
  readonly ip: string;
  readonly method: string;
  readonly endpoint: string;
  readonly keyId: string;
  readonly status: number;
}

const AUDIT_CAPACITY = 10_000;

/** The change that adds an entry to the audit log. */
export function pulselyAuditChange(entry: Omit<PulselyAuditEntry, "service">) {
  return { kind: "audit", entry: { service: "pulsely", ...entry } } as const;
}

/** The audit log, and the names that are taken. */
export class PulselyRecords implements OwnRecords {
  readonly audit = new BoundedLog<PulselyAuditEntry>(AUDIT_CAPACITY);
  readonly #unrevokedByName = new Map<string, readonly KeyRecord[]>();

  unrevokedKeysNamed(name: string): readonly KeyRecord[] {
    return this.#unrevokedByName.get(name) ?? [];
  }

  apply(change: OwnChange): boolean {
    if (!isAudit(change)) return false;
    this.audit.add(change.entry);
    return true;
  }

  keyChanged(before: KeyRecord | undefined, after: KeyRecord | undefined): void {
    if (before) this.#remove(before);
    if (after?.revokedAtMs === null)
      this.#unrevokedByName.set(after.name, [...this.unrevokedKeysNamed(after.name), after]);
  }

  *snapshot(): Generator<OwnChange> {
    for (const entry of this.audit.entries()) yield pulselyAuditChange(entry);
  }

  clear(): void {
    this.audit.clear();
    this.#unrevokedByName.clear();
  }

  #remove(key: KeyRecord): void {
    const others = this.unrevokedKeysNamed(key.name).filter(({ id }) => id !== key.id);
    if (others.length > 0) this.#unrevokedByName.set(key.name, others);
    else this.#unrevokedByName.delete(key.name);
  }
}

function isAudit(change: OwnChange): change is ReturnType<typeof pulselyAuditChange> {
  return change.kind === "audit" && (change as { entry?: { service?: unknown } }).entry?.service === "pulsely";
}
