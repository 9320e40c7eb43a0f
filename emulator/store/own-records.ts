import type { KeyRecord } from "./records";

/** A change of records that only one service has. A journal line also contains it. */
export interface OwnChange {
  readonly kind: string;
}

/** The records of one service besides its keys, and its indexes over them. */
export interface OwnRecords {
  /** Applies a change. @returns false if the change belongs to another service */
  apply(change: OwnChange): boolean;
  /** A key of this service was added, changed (`before` is the old one), or removed (no `after`). */
  keyChanged?(before: KeyRecord | undefined, after: KeyRecord | undefined): void;
  /** All its data, as the changes that create it. */
  snapshot(): Iterable<OwnChange>;
  /** The highest sequence number in use; 0 if its records have none. */
  highestSequence?(): number;
  clear(): void;
}
