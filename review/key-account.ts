import type { Facts } from "./resource-facts";
import type { ResourceState } from "./preview-form";

/** The account of a key. The value of the input decides; a dependency names an account, but proves nothing. */
export interface KeyAccount {
  /**
   * `value`: the input contains the id. `after-update`: this update makes or changes the account `urn`, as far as a
   * preview can tell. `hidden`: nobody can tell. `none`: the key belongs to no account.
   */
  readonly known: "value" | "after-update" | "hidden" | "none";
  /** The account, if it is part of this stack. */
  readonly urn?: string;
  /** The service's id of the account. Only for `value`. */
  readonly id?: string;
  /** The account of this stack that the program links the key to, if the value is another one. */
  readonly linkedTo?: string;
}

/** The service accounts of a stack, before or after the update. */
export interface AccountIndex {
  readonly facts: Map<string, Facts>;
  /** Their known ids. */
  readonly ids: Map<string, string>;
  /** By server and id: two servers may use the same id. */
  readonly byId: Map<string, string>;
  /** Accounts that this update makes or changes, so their id may still be unknown. */
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
    // Every function of the account's id looks the same here; only the update itself shows the value.
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

/** Why nobody can tell the key's account; undefined if it is known, or will be known during the update. */
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
