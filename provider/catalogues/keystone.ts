import type { ScopeCatalogue } from "../scopes";

/**
 * Keystone's scopes are roles. Those that every installation begins with imply one another in a chain;
 * operators make further ones of any name, so the catalogue is open. Whoever holds `admin` can give a
 * user a new password, and with it make keys.
 */
export const keystoneCatalogue = {
  scopes: {
    reader: { level: "read" },
    member: { implies: ["reader"], level: "write" },
    manager: { implies: ["member"], level: "admin" },
    admin: { implies: ["manager"], level: "admin", mintsKeys: true },
    service: { level: "admin" },
  },
  open: { pattern: "^\\S(.*\\S)?$", example: "member" },
} as const satisfies ScopeCatalogue;

/** A role of Keystone: those of every installation, and any other name. */
export type KeystoneScope = keyof typeof keystoneCatalogue.scopes | (string & {});
