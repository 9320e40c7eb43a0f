import { dayMs } from "../values/durations";
import type { Vendor } from "./vendor";

export const zenml = {
  name: "zenml",
  // A key can do everything that its account may do.
  capabilities: {
    parent: "serviceAccount",
    serviceAccounts: {
      disabling: "keys",
      enable: true,
      name: "update",
      description: "update",
      uniqueNames: true,
      listTellsAll: true,
    },
    scopes: "none",
    secret: { shape: "ZENKEY_[A-Za-z0-9+/=_-]+" },
    rename: true,
    enable: true,
    description: "update",
    nativeRotate: { id: "same", maxGraceMs: 90 * dayMs, graceChosen: true },
    lastUsed: { lagMs: 0, granularityMs: 0 },
    uniqueNames: true,
    absence: "status",
    listTellsAll: true,
    revokeProves: true,
    idempotentCreate: true,
    limits: { nameLength: 255 },
  },
} as const satisfies Vendor;
