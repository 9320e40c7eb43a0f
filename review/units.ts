import type { Access } from "./access";
import type { GrantChange } from "./grants";
import type { KeyAccount } from "./key-account";
import type { Location } from "./location";
import type { ResourceState } from "./preview-form";
import type { Facts, UnitKind } from "./resource-facts";
import type { ChangeOp, ReplaceOrder, ResourceChange } from "./stack-change";

/** One of our resources, as the review sees it: what it is now and what it will be. */
export interface Unit {
  readonly urn: string;
  readonly name: string;
  readonly kind: UnitKind;
  readonly op: ChangeOp;
  readonly order: ReplaceOrder;
  readonly before?: Side | undefined;
  readonly after?: Side | undefined;
  /** What it gains and loses by itself. */
  readonly change: GrantChange;
  /** The name it had before an alias moved it. */
  readonly movedFrom?: string | undefined;
  readonly replaceReasons: readonly string[];
  readonly diffReasons: readonly string[];
  /** It leaves the state and goes on to work: why nothing revokes it, as a word of the program. */
  readonly staysAlive?: "retainOnDelete" | "deletedWith" | undefined;
  /** The engine plans a replacement that will not happen: the resources whose unknown outputs make it look so. */
  readonly keptDespite?: readonly string[] | undefined;
  readonly location: Location;
}

export interface Side {
  readonly facts: Facts;
  readonly access: Access;
  /** Whose key it is; of an account itself, `none`. */
  readonly account: KeyAccount;
  /** Resources of this stack that use the key. */
  readonly consumers: readonly string[];
  /** All values of the state, for the search for secrets. Never printed. */
  readonly state: ResourceState;
}

/** A dynamic resource that is not ours: code that the engine runs, and no review of access can judge. */
export interface ForeignCode {
  readonly urn: string;
  readonly name: string;
  /** Left out where there was none before. */
  readonly before?: CodeText | undefined;
  readonly after: CodeText;
  readonly location: Location;
}

/** The code in `__provider`; `undefined` where it is secret, or not known before the update. */
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
