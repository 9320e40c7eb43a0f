import { dayMs } from "../values/durations";
import type { Vendor } from "./vendor";

export const pulseapi = {
  name: "pulseapi",
  defaultUrl: "https://api.pulseapi.io/v1",
  capabilities: {
    parent: "credential",
    scopes: "immutable",
    secret: { shape: "(?<id>\\d+\\|)[A-Za-z0-9]{12,}(?<lastEight>[A-Za-z0-9]{8})" },
    rename: true,
    nativeRotate: { id: "same" },
    lastUsed: { lagMs: 0, granularityMs: dayMs },
    absence: "status",
    listTellsAll: true,
    revokeProves: true,
    limits: { nameLength: 255 },
  },
  /**
   * PulseAPI calls its scopes abilities and publishes no list, so the catalogue is open. The embedded emulator knows
   * the names below. `*` is everything (inferred from Laravel Sanctum).
   */
  catalogue: {
    scopes: {
      "monitors:read": {},
      "monitors:write": {},
      "checks:run": { level: "write" },
      "incidents:read": {},
      "alerts:read": {},
      "alerts:write": {},
      "team:read": {},
      "*": { implies: ["*"], level: "admin", mintsKeys: true },
    },
    open: { pattern: "^[A-Za-z][A-Za-z0-9_-]*(:[A-Za-z0-9_*-]+)*$", example: "monitors:read" },
  },
} as const satisfies Vendor;
