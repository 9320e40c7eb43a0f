import { dayMs, secondMs } from "../values/durations";
import type { Vendor } from "./vendor";

export const cloudflare = {
  name: "cloudflare",
  defaultUrl: "https://api.cloudflare.com/client/v4",
  capabilities: {
    // A token that belongs to the account is its own service account.
    parent: "credential",
    // They could be changed in place; here every change makes another token.
    scopes: "mutable",
    // An end could be changed by writing the whole token anew, its policies included; here it makes another token.
    expiry: { support: "optional" },
    // How late and how exact is not documented.
    lastUsed: { lagMs: dayMs, granularityMs: secondMs },
    maxActiveKeys: 500,
    // What a missing token is answered is not documented.
    absence: "list",
    listTellsAll: true,
    limits: { nameLength: 120 },
  },
  /**
   * Scopes are the names of permission groups. Cloudflare lists them only to a credential, so any name is taken here, and
   * compared with that list before a token is made; `!zone=<id>` limits one to a zone.
   */
  catalogue: {
    scopes: {
      "Account API Tokens Read": { level: "read" },
      "Account API Tokens Write": { level: "admin", mintsKeys: true },
      "Billing Read": {},
      "DNS Read": {},
      "DNS Write": {},
      "Workers KV Storage Read": {},
      "Workers KV Storage Write": {},
      "Workers Scripts Read": {},
      "Workers Scripts Write": {},
      "Zone Read": {},
    },
    open: { pattern: "^[A-Za-z0-9][\\w .,:&()/+-]*(!zone=[0-9a-f]{32})?$", example: "DNS Write" },
    limitMark: "!",
  },
} as const satisfies Vendor;
