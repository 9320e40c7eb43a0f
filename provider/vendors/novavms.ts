import { minuteMs } from "../values/durations";
import type { Vendor } from "./vendor";

export const novavms = {
  name: "novavms",
  defaultUrl: "https://novavms.novalien.com/api/v1",
  undocumentedWrites:
    "NovaVMS documents no call that creates or revokes a service account or a key; those used here are a proposal",
  capabilities: {
    parent: "serviceAccount",
    serviceAccounts: {
      name: "update",
      enable: true,
      role: "required",
      roles: ["viewer", "operator", "admin"],
      scopes: "replace",
      uniqueNames: true,
      listTellsAll: true,
    },
    scopes: "immutable",
    secret: { shape: "(?<environment>sk_(?:live|test)_)[A-Za-z0-9]{6,}" },
    expiry: { support: "optional", update: true },
    delayedRevoke: true,
    lastUsed: { lagMs: minuteMs, granularityMs: 0 },
    endedRecords: "kept",
    absence: "list",
    listTellsAll: true,
    revokeProves: true,
    limits: { nameLength: 100 },
  },
  /**
   * NovaVMS publishes no scope names, so its catalogue is open: any `noun:verb` word, or one of more parts, is a scope
   * and implies only itself; `noun:*` covers the noun. The names below appear on the product's own pages. No key may
   * manage keys, whatever its scopes: mutations need a user's token.
   */
  catalogue: {
    scopes: { "cameras:read": {}, "events:read": {} },
    open: { pattern: "^[a-z][a-z0-9_-]*(:[a-z0-9][a-z0-9_-]*)*:([a-z0-9][a-z0-9_-]*|\\*)$", example: "cameras:read" },
  },
} as const satisfies Vendor;
