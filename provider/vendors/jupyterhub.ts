import { minuteMs, secondMs } from "../values/durations";
import type { ScopeCatalogue } from "../scopes";
import type { Vendor } from "./vendor";

/** The hub's own scopes, and the scopes that each implies. */
const scopes = {
  inherit: { implies: ["*"], level: "admin", mintsKeys: true },
  self: { level: "admin", mintsKeys: true },
  "admin-ui": {},
  "admin:users": { implies: ["admin:auth_state", "users", "read:roles:users", "delete:users"] },
  "admin:auth_state": {},
  users: { implies: ["read:users", "list:users", "users:activity"] },
  "delete:users": {},
  "list:users": { implies: ["read:users:name"] },
  "read:users": { implies: ["read:users:name", "read:users:groups", "read:users:activity"] },
  "read:users:name": {},
  "read:users:groups": {},
  "read:users:activity": {},
  "read:roles": { implies: ["read:roles:users", "read:roles:services", "read:roles:groups"] },
  "read:roles:users": {},
  "read:roles:services": {},
  "read:roles:groups": {},
  "users:activity": { implies: ["read:users:activity"] },
  "admin:servers": { implies: ["admin:server_state", "servers"] },
  "admin:server_state": {},
  servers: { implies: ["read:servers", "start:servers", "delete:servers"] },
  "read:servers": { implies: ["read:users:name"] },
  "start:servers": {},
  "delete:servers": {},
  tokens: { implies: ["read:tokens"], mintsKeys: true },
  "read:tokens": {},
  "admin:groups": { implies: ["groups", "read:roles:groups", "delete:groups"] },
  groups: { implies: ["read:groups", "list:groups"] },
  "list:groups": { implies: ["read:groups:name"] },
  "read:groups": { implies: ["read:groups:name"] },
  "read:groups:name": {},
  "delete:groups": {},
  "admin:services": { implies: ["list:services", "read:services", "read:roles:services"] },
  "list:services": { implies: ["read:services:name"] },
  "read:services": { implies: ["read:services:name"] },
  "read:services:name": {},
  "read:hub": {},
  "access:servers": {},
  "access:services": {},
  "users:shares": { implies: ["read:users:shares"] },
  "read:users:shares": {},
  "groups:shares": { implies: ["read:groups:shares"] },
  "read:groups:shares": {},
  "read:shares": {},
  shares: { implies: ["access:servers", "read:shares", "users:shares", "groups:shares"] },
  proxy: {},
  shutdown: { level: "admin" },
  "read:metrics": {},
} as const satisfies ScopeCatalogue["scopes"];

const custom = "custom:[a-z0-9][a-z0-9_\\-*:]+[a-z0-9_*]";
const limits = "!(user|group|server|service)(=.+)?";

export const jupyterhub = {
  name: "jupyterhub",
  capabilities: {
    parent: "serviceAccount",
    serviceAccounts: { id: "name", disabling: "none", role: "update", uniqueNames: true },
    scopes: "immutable",
    // The expiry is sent as seconds from now by the hub's clock, so the request's duration and clock differences shift
    // it.
    expiry: { support: "optional", granularityMs: minuteMs },
    lastUsed: { lagMs: 0, granularityMs: 30 * secondMs },
    idsReused: true,
    absence: "status",
    listTellsAll: true,
    revokeProves: true,
    // The hub folds the names of users to lower case.
    limits: { nameLength: 255, accounts: { naming: { letters: "lower" } } },
  },
  /**
   * JupyterHub's scopes (https://jupyterhub.readthedocs.io/en/stable/rbac/scopes.html). Open in two places only: an
   * installation may define its own `custom:…` scopes, and a filter may limit any scope, as in
   * `read:users!group=analysts`. A typo in one of the hub's own names is found.
   */
  catalogue: {
    scopes,
    open: { pattern: `^(${custom}|${Object.keys(scopes).join("|")})(${limits})?$`, example: "read:users!user=ci-bot" },
    limitMark: "!",
  },
} as const satisfies Vendor;
