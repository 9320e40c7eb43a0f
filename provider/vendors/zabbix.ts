import type { Vendor } from "./vendor";

export const zabbix = {
  name: "zabbix",
  // A token can do everything that its user may.
  capabilities: {
    parent: "serviceAccount",
    serviceAccounts: { name: "update", role: "required", uniqueNames: true, listTellsAll: true },
    scopes: "none",
    // 64 hexadecimal digits, the length of a common digest: no shape tells them apart.
    rename: true,
    enable: true,
    description: "update",
    expiry: { support: "optional", update: true },
    delayedRevoke: true,
    nativeRotate: { id: "same" },
    lastUsed: { lagMs: 0, granularityMs: 0 },
    uniqueNames: true,
    endedRecords: "removable",
    absence: "status",
    listTellsAll: true,
    revokeProves: true,
    limits: { nameLength: 64 },
  },
} as const satisfies Vendor;
