import { dayMs, minuteMs, secondMs } from "../values/durations";
import type { Vendor } from "./vendor";

export const openai = {
  name: "openai",
  defaultUrl: "https://api.openai.com/v1",
  capabilities: {
    parent: "serviceAccount",
    serviceAccounts: {
      name: "update",
      // An account without a role has no access. Changing the role in place would change what living keys may do.
      role: "required",
      roles: ["member", "owner"],
      disabling: "keys",
      listTellsAll: true,
    },
    // Scopes could be changed in place; here every change replaces the key.
    scopes: "mutable",
    scopesTold: false,
    secret: { shape: "(?<prefix>sk-(?:svcacct|proj|admin)-)[A-Za-z0-9_-]{16,}(?<lastFour>[A-Za-z0-9_-]{4})" },
    // Seconds from now, by the service's own clock. An end could be moved in place; here that replaces the key.
    expiry: { support: "optional", longestMs: 365 * dayMs, granularityMs: minuteMs },
    // OpenAI does not document how late and how exact it is.
    lastUsed: { lagMs: dayMs, granularityMs: secondMs },
    // The answer for a missing key is not documented.
    absence: "list",
    // The longest name is not documented.
    limits: { nameLength: 64 },
  },
  /**
   * OpenAI publishes no list of scopes, so any word of their form is a scope and implies only itself. Its reference
   * uses the names below.
   */
  catalogue: {
    scopes: { "api.all.read": { level: "read" }, "api.files.read": {} },
    open: { pattern: "^[a-z0-9_]+(\\.[a-z0-9_]+)+$", example: "api.files.read" },
  },
} as const satisfies Vendor;
