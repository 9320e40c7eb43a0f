import type { KeyRecord } from "./records";

/** A change of records that one service alone has; also what a journal line holds. */
export interface OwnChange {
  readonly kind: string;
}

/** What one service keeps beside its keys, and its indexes over them. */
export interface OwnRecords {
  /** Makes a change of its own. @returns false where the change is another's */
  apply(change: OwnChange): boolean;
  /** A key of this service has come, changed (`before` is what it was), or gone (no `after`). */
  keyChanged?(before: KeyRecord | undefined, after: KeyRecord | undefined): void;
  /** Everything that it knows, as the changes that say it. */
  snapshot(): Iterable<OwnChange>;
  /** The highest sequence number in use; 0 where its records have none. */
  highestSequence?(): number;
  clear(): void;
}
