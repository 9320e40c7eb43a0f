import type { ScopeCatalogue } from "../scopes";

/**
 * Pulsely's closed catalogue, verb:noun. `write:x` does not imply `read:x` (documented apart);
 * `admin:*` is everything, key management included ("strongly discouraged").
 */
export const pulselyCatalogue = {
  scopes: {
    "read:checks": {},
    "write:checks": {},
    "read:alerts": {},
    "write:alerts": {},
    "read:metrics": {},
    "admin:*": { implies: ["*"], level: "admin", mintsKeys: true },
  },
} as const satisfies ScopeCatalogue;

/** A scope of Pulsely. */
export type PulselyScope = keyof typeof pulselyCatalogue.scopes;
