import type { Access } from "./access";
import type { GrantChange } from "./grants";
import type { KeyAccount } from "./key-account";
import type { Location } from "./location";
import type { ResourceState } from "./preview-form";
import type { Facts, UnitKind } from "./resource-facts";
import type { ChangeOp, ReplaceOrder, ResourceChange } from "./stack-change";

/** One of our resources in the review: as it is now and as it will be. */
export interface Unit {
  readonly urn: string;
  readonly name: string;
  readonly kind: UnitKind;
  readonly op: ChangeOp;
  readonly order: ReplaceOrder;
  readonly before?: Side | undefined;
  readonly after?: Side | undefined;
  /** Its own gains and losses. */
  readonly change: GrantChange;
  /** Its old URN before an alias moved it. */
  readonly movedFrom?: string | undefined;
  readonly replaceReasons: readonly string[];
  readonly diffReasons: readonly string[];
  /** It leaves the state but keeps working: why nothing revokes it, as a word of the program. */
  readonly staysAlive?: "retainOnDelete" | "deletedWith" | "adopt" | undefined;
  /** Somebody had disabled it on its service, and this update gives its access back. */
  readonly revives?: boolean | undefined;
  /** The engine plans a replacement that will not happen: the resources whose unknown outputs make it look planned. */
  readonly keptDespite?: readonly string[] | undefined;
  readonly location: Location;
}

export interface Side {
  readonly facts: Facts;
  readonly access: Access;
  /** The account of a key; `none` for an account itself. */
  readonly account: KeyAccount;
  /** Resources of this stack that use the key. */
  readonly consumers: readonly string[];
  /** All values of the state, to search for secrets. Never printed. */
  readonly state: ResourceState;
}

/** A dynamic resource that is not ours: the engine runs its code, and no review of access can judge it. */
export interface ForeignCode {
  readonly urn: string;
  readonly name: string;
  /** Left out if there was none before. */
  readonly before?: CodeText | undefined;
  readonly after: CodeText;
  readonly location: Location;
}

/** The code in `__provider`; `undefined` if it is secret or not known before the update. */
export interface CodeText {
  readonly type: string;
  readonly text: string | undefined;
}

/** Something that may be ours and that nobody can review. */
export interface Unreviewable {
  readonly urn: string;
  readonly why: string;
}

export interface Units {
  readonly units: readonly Unit[];
  readonly changes: readonly ResourceChange[];
  readonly strangers: readonly Unreviewable[];
  readonly code: readonly ForeignCode[];
}

/** True for both kinds of key. */
export function isKey(unit: Unit): boolean {
  return unit.kind !== "account";
}

/** Who uses a key as it will be, and did not use it as it was. */
export function newUsers(before: Side, after: Side): string[] {
  if (after.consumers.length === 0) return [];
  const had = new Set(before.consumers);
  return after.consumers.filter((urn) => !had.has(urn));
}

/** The units of each account of the stack as it will be, by its URN. */
export function byAccount(units: readonly Unit[]): ReadonlyMap<string | undefined, readonly Unit[]> {
  return Map.groupBy(units, ({ after }) => after?.account.urn);
}
