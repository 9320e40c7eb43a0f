import { dayMs } from "../values/durations";
import type { Vendor } from "./vendor";

export const gitlab = {
  name: "gitlab",
  defaultUrl: "https://gitlab.com/api/v4",
  // Those of service accounts of a group; tokens of groups and projects belong to no account.
  capabilities: {
    parent: "serviceAccount",
    // That a blocked account shows anywhere is not documented.
    serviceAccounts: { name: "update", disabling: "none", listTellsAll: true },
    scopes: "immutable",
    description: "replace",
    secret: { shape: "(?<prefix>glpat-)[A-Za-z0-9_.-]{20,}" },
    // A date, at whose beginning the token ends. Without one GitLab gives the longest life that its settings allow, which is 365 days
    // where nobody changed them: the last of these days is for the rounding.
    expiry: { support: "required", granularityMs: dayMs, longestMs: 364 * dayMs },
    // "Periodically": how late is not documented.
    lastUsed: { lagMs: dayMs, granularityMs: dayMs },
    absence: "list",
    listTellsAll: true,
    // The longest name is not documented.
    limits: { nameLength: 100 },
  },
  /**
   * GitLab's scopes (https://docs.gitlab.com/user/profile/personal_access_tokens/#personal-access-token-scopes). There is no call that
   * lists them, and versions differ, so any other word of the form is taken, too.
   */
  catalogue: {
    scopes: {
      api: {
        implies: ["read_api", "read_repository", "write_repository", "read_registry", "write_registry"],
        level: "admin",
        mintsKeys: true,
      },
      read_user: { level: "read" },
      read_api: { implies: ["read_user"], level: "read" },
      read_repository: { level: "read" },
      write_repository: { implies: ["read_repository"], level: "write" },
      read_registry: { level: "read" },
      write_registry: { implies: ["read_registry"], level: "write" },
      create_runner: { level: "write" },
      manage_runner: { level: "admin" },
      k8s_proxy: { level: "admin" },
      ai_features: { level: "write" },
      admin_mode: { level: "admin" },
      sudo: { implies: ["*"], level: "admin", mintsKeys: true },
      // A token with it gives itself a successor that nobody here knows of.
      self_rotate: { level: "admin", mintsKeys: true },
    },
    open: { pattern: "^[a-z][a-z0-9]*(_[a-z0-9]+)*$", example: "read_registry", levels: { read_: "read" } },
  },
} as const satisfies Vendor;
