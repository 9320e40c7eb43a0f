import { dayMs, minuteMs, secondMs } from "../durations";
import type { Vendor } from "./vendor";

export const openai = {
  name: "openai",
  defaultUrl: "https://api.openai.com/v1",
  capabilities: {
    parent: "serviceAccount",
    serviceAccounts: {
      name: "update",
      // Without a role an account has no access. One that changed would change what living keys may do.
      role: "required",
      roles: ["member", "owner"],
      disabling: "keys",
    },
    // They could be changed in place; here every change makes another key.
    scopes: "mutable",
    scopesTold: false,
    secret: { shape: "(?<prefix>sk-(?:svcacct|proj|admin)-)[A-Za-z0-9_-]{16,}(?<lastFour>[A-Za-z0-9_-]{4})" },
    // Seconds from now, by the service's own clock. An end can be moved in place, and here makes another key.
    expiry: { support: "optional", longestMs: 365 * dayMs, granularityMs: minuteMs },
    // How late and how exact is not documented.
    lastUsed: { lagMs: dayMs, granularityMs: secondMs },
    // What a missing key is answered is not documented.
    absence: "list",
    // The longest name is not documented.
    limits: { nameLength: 64 },
  },
  /**
   * OpenAI publishes no list of scopes, so any word of their form is one and implies only itself. The names below are those
   * that its reference uses.
   */
  catalogue: {
    scopes: { "api.all.read": { level: "read" }, "api.files.read": {} },
    open: { pattern: "^[a-z0-9_]+(\\.[a-z0-9_]+)+$", example: "api.files.read" },
  },
} as const satisfies Vendor;
