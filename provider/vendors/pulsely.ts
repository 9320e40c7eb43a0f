import type { Vendor } from "./vendor";

export const pulsely = {
  name: "pulsely",
  defaultUrl: "https://api.pulsely.io/v1",
  capabilities: {
    parent: "credential",
    scopes: "immutable",
    secret: { shape: "(?<environment>(?:ply|pk)_(?:live|test)_)[A-Za-z0-9]{6,}" },
    environments: ["live", "test"],
    rename: true,
    expiry: { support: "optional" },
    lastUsed: { lagMs: 0, granularityMs: 0 },
    uniqueNames: true,
    endedRecords: "kept",
    absence: "status",
    listTellsAll: true,
    revokeProves: true,
    limits: { nameLength: 100 },
  },
  /**
   * Pulsely's closed catalogue, `verb:noun`. `write:x` does not imply `read:x` (they are documented separately);
   * `admin:*` is everything, including key management ("strongly discouraged").
   */
  catalogue: {
    scopes: {
      "read:checks": {},
      "write:checks": {},
      "read:alerts": {},
      "write:alerts": {},
      "read:metrics": {},
      "admin:*": { implies: ["*"], level: "admin", mintsKeys: true },
    },
  },
} as const satisfies Vendor;
