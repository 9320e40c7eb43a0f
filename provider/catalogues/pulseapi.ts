import type { ScopeCatalogue } from "../scopes";

/**
 * PulseAPI calls its scopes abilities and publishes no list: the catalogue is open. The names below
 * are those that its embedded emulator knows. `*` is everything (inferred from Laravel Sanctum).
 */
export const pulseapiCatalogue = {
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
} as const satisfies ScopeCatalogue;

/** An ability of PulseAPI: the names known to us, and any other word. */
export type PulseapiScope = keyof typeof pulseapiCatalogue.scopes | (string & {});
