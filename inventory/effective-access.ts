/** What the holder of a recorded or listed key can do, according to its vendor's catalogue. Pure. */
import {
  canIssueKeys,
  canonicalScopes,
  covers,
  essentialScopes,
  scopeLevel,
  type ScopeCatalogue,
  type ScopeLevel,
  scopeNames,
} from "../provider/scopes";
import { vendorNamed } from "../provider/vendors";
import { scopesOn } from "../provider/vendors/vendor";

export interface EffectiveAccess {
  /** Its scopes, without those that another of them gives; `*`: everything. */
  readonly held: readonly string[];
  /** Known scopes that those imply. */
  readonly implied: readonly string[];
  /** True if it gives everything that the service has. */
  readonly everything: boolean;
  readonly level: ScopeLevel | "unknown";
  readonly mintsKeys: boolean;
  /** Where the access comes from, or why it is not fully known. */
  readonly note?: string;
}

export interface Holder {
  readonly backend?: string;
  readonly scopes?: readonly string[];
  /** The account that the key belongs to, if a state records it. */
  readonly account?: { readonly scopes?: readonly string[]; readonly role?: string };
}

const unknown: Omit<EffectiveAccess, "note"> = {
  held: [],
  implied: [],
  everything: false,
  level: "unknown",
  mintsKeys: false,
};

export function effectiveAccess({ backend, scopes, account }: Holder): EffectiveAccess {
  const vendor = backend === undefined ? undefined : vendorNamed(backend);
  const catalogue: ScopeCatalogue | undefined = vendor?.catalogue;
  if (!vendor) {
    const note = "no catalogue of this backend, so what its scopes imply is unknown";
    return scopes === undefined || scopes.length === 0
      ? { ...unknown, note }
      : { ...accessOf(undefined, scopes), note };
  }
  if (scopesOn(vendor.capabilities) === "key") {
    if (scopes === undefined) return { ...unknown, note: "its scopes are not recorded" };
    return scopes.length > 0
      ? accessOf(catalogue, scopes)
      : { ...accessOf(catalogue, ["*"]), note: "a key without scopes has full access" };
  }
  if (scopes !== undefined && scopes.length > 0) return accessOf(catalogue, scopes);
  if (!account) return { ...unknown, note: "all that its account may do; no state here has the account" };
  const role = account.role === undefined ? "" : ` with the role ${account.role}`;
  if (account.scopes === undefined || account.scopes.length === 0)
    return { ...unknown, note: `all that its account may do${role}` };
  return { ...accessOf(catalogue, account.scopes), note: `from its account${role}` };
}

function accessOf(catalogue: ScopeCatalogue | undefined, scopes: readonly string[]): EffectiveAccess {
  const held = essentialScopes(catalogue, scopes);
  const known = scopeNames(catalogue);
  const implied = known.filter((scope) => !held.includes(scope) && covers(catalogue, held, scope));
  const all = [...held, ...implied];
  const everything = covers(catalogue, held, "*");
  const grades = all.map((scope) => scopeLevel(catalogue, scope));
  return {
    held,
    implied: canonicalScopes(implied),
    everything,
    level: grades.includes("admin") ? "admin" : grades.includes("write") ? "write" : "read",
    // If nobody publishes the scopes, "everything" includes issuing keys.
    mintsKeys: all.some((scope) => canIssueKeys(catalogue, scope)) || (everything && catalogue === undefined),
  };
}
