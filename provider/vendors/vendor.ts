import type { ScopeCatalogue } from "../scopes";
import type { OfferedCapabilities } from "./capabilities";
import type { DeclaredOptions } from "./options";

/**
 * All that is known of a vendor without calling its API. Plain data, read by the lifecycle, the review, the
 * documentation and the SDK's types.
 */
export interface Vendor {
  /** The name that a connection uses, and that users see in messages. */
  readonly name: string;
  /** The vendor's own base URL, version included. Used if the connection has no `url`. */
  readonly defaultUrl?: string;
  /** For a vendor that does not document its management API: what the user must consent to before the first write. */
  readonly undocumentedWrites?: string;
  readonly capabilities: OfferedCapabilities;
  /** The scopes of keys or accounts. Left out if there are none. */
  readonly catalogue?: ScopeCatalogue;
  /** Inputs that only keys of this vendor have. The program sets them under `options`. */
  readonly keyOptions?: DeclaredOptions;
  /** Inputs that only service accounts of this vendor have. */
  readonly accountOptions?: DeclaredOptions;
}

/** The scopes of a vendor: those of a closed catalogue, or the known ones and any other word. */
export type ScopeOf<V extends Vendor> = V extends { readonly catalogue: infer Catalogue extends ScopeCatalogue }
  ? (keyof Catalogue["scopes"] & string) | (Catalogue extends { readonly open: object } ? string & {} : never)
  : never;

/** The roles of a vendor's accounts: the listed ones, or any word. */
export type RoleOf<V extends Vendor> = V extends {
  readonly capabilities: { readonly serviceAccounts: { readonly roles: readonly (infer Role extends string)[] } };
}
  ? Role
  : V extends {
        readonly capabilities: { readonly serviceAccounts: { readonly role: "update" | "replace" | "required" } };
      }
    ? string & {}
    : never;

/** What has scopes: each key, the account that keys belong to, or neither. */
export function scopesOn({ scopes }: Pick<OfferedCapabilities, "scopes">): "key" | "account" | "none" {
  return scopes === "immutable" || scopes === "mutable" ? "key" : scopes;
}
