import type { ScopeCatalogue } from "../scopes";
import type { OfferedCapabilities } from "./capabilities";

/** All that is known of a vendor without talking to it: plain data, read by the lifecycle, the review, the documents and the SDK's types. */
export interface Vendor {
  /** The name that a connection uses, and that users see in messages. */
  readonly name: string;
  /** The vendor's own base URL, version included, used where the connection has no `url`. */
  readonly defaultUrl?: string;
  /** Where the vendor does not document its management API: what the user has to consent to. Demanded at the first write. */
  readonly undocumentedWrites?: string;
  readonly capabilities: OfferedCapabilities;
  /** What scopes there are, on keys or on accounts. Left out where keys have none. */
  readonly catalogue?: ScopeCatalogue;
}

/** The scopes of a vendor: those of a closed catalogue, or its known ones and any other word. */
export type ScopeOf<V extends Vendor> = V extends { readonly catalogue: infer Catalogue extends ScopeCatalogue }
  ? (keyof Catalogue["scopes"] & string) | (Catalogue extends { readonly open: object } ? string & {} : never)
  : never;

/** The roles of a vendor's accounts: those that it lists, or any word. */
export type RoleOf<V extends Vendor> = V extends {
  readonly capabilities: { readonly serviceAccounts: { readonly roles: readonly (infer Role extends string)[] } };
}
  ? Role
  : V extends {
        readonly capabilities: { readonly serviceAccounts: { readonly role: "update" | "replace" | "required" } };
      }
    ? string & {}
    : never;

/** What scopes stand on: each key, the account that keys belong to, or nothing. */
export function scopesOn({ scopes }: Pick<OfferedCapabilities, "scopes">): "key" | "account" | "none" {
  return scopes === "immutable" || scopes === "mutable" ? "key" : scopes;
}
