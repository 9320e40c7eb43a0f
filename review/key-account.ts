import type { Facts } from "./resource-facts";
import type { ResourceState } from "./preview-form";

/** Whose key it is. The value in the input decides; a dependency names an account, and is never believed. */
export interface KeyAccount {
  /**
   * `value`: the id stands in the input. `after-update`: the account that `urn` gets in this update, as far as
   * a preview can tell. `hidden`: nobody can tell. `none`: the key belongs to no account.
   */
  readonly known: "value" | "after-update" | "hidden" | "none";
  /** The account, where it is part of this stack. */
  readonly urn?: string;
  /** The service's id of the account. Only with `value`. */
  readonly id?: string;
  /** The account of this stack that the program links the key to, where the value is another one. */
  readonly linkedTo?: string;
}

/** The service accounts of a stack, before or after the update. */
export interface AccountIndex {
  readonly facts: Map<string, Facts>;
  /** Their ids, as far as they are known. */
  readonly ids: Map<string, string>;
  /** By server and id: two servers may give the same id. */
  readonly byId: Map<string, string>;
  /** Accounts that this update makes or changes, so that their id may be unknown before it. */
  readonly unsettled: Set<string>;
}

export const noAccount: KeyAccount = { known: "none" };

export function emptyAccountIndex(): AccountIndex {
  return { facts: new Map(), ids: new Map(), byId: new Map(), unsettled: new Set() };
}

export function indexAccount(
  index: AccountIndex,
  urn: string,
  account: { readonly facts: Facts; readonly id: string | undefined; readonly unsettled: boolean },
): void {
  index.facts.set(urn, account.facts);
  if (account.unsettled) index.unsettled.add(urn);
  if (account.id === undefined) return;
  index.ids.set(urn, account.id);
  index.byId.set(serverAndId(account.facts, account.id), urn);
}

export function accountOf({ propertyDependencies }: ResourceState, facts: Facts, accounts: AccountIndex): KeyAccount {
  const links = propertyDependencies.serviceAccountId ?? [];
  const [link] = links;
  const only = links.length === 1 && link !== undefined && accounts.facts.has(link) ? link : undefined;
  if (facts.account === "absent") return noAccount;
  if (facts.account === "unknown") {
    // Any function of the account's id looks the same: nothing but the update itself shows which one it is.
    const isNext =
      only !== undefined && accounts.unsettled.has(only) && isOnSameServer(facts, accounts.facts.get(only));
    return isNext ? { known: "after-update", urn: only } : { known: "hidden" };
  }
  const id = facts.serviceAccountId;
  if (facts.account === "secret" || id === undefined) return { known: "hidden" };
  const urn = accounts.byId.get(serverAndId(facts, id));
  return {
    known: "value",
    id,
    ...(urn === undefined ? {} : { urn }),
    ...(only === undefined || only === urn ? {} : { linkedTo: only }),
  };
}

/** True where both keys belong to one account, for all that can be known. Hidden is never the same as hidden. */
export function sameAccount(a: KeyAccount, b: KeyAccount): boolean {
  if (a.known === "none") return b.known === "none";
  return a.known === "value" && b.known === "value" && a.id === b.id;
}

/** Why nobody can tell whose key it is; undefined where somebody can, or where it will show during the update. */
export function whyAccountHidden(facts: Facts, account: KeyAccount): string | undefined {
  if (account.known !== "hidden") return undefined;
  return facts.account === "unknown"
    ? "its `serviceAccountId` is not known before the update, and is not the id of one account that this update makes"
    : "its `serviceAccountId` is secret";
}

function isOnSameServer(key: Facts, account: Facts | undefined): boolean {
  return (
    account?.target !== undefined &&
    key.target?.backend === account.target.backend &&
    key.target.origin === account.target.origin
  );
}

function serverAndId({ target }: Facts, id: string): string {
  return JSON.stringify([target?.backend, target?.origin, id]);
}
