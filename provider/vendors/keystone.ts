import type { Vendor } from "./vendor";

export const keystone = {
  name: "keystone",
  capabilities: {
    parent: "serviceAccount",
    serviceAccounts: {
      disabling: "keys",
      enable: true,
      name: "update",
      description: "update",
      scopes: "update",
      uniqueNames: true,
    },
    scopes: "immutable",
    description: "replace",
    expiry: { support: "optional" },
    secret: { callerChosen: true, significantBytes: 72, form: "pair" },
    uniqueNames: true,
    endedRecords: "removable",
    absence: "status",
    revokeProves: true,
    limits: { nameLength: 255, namePattern: "^\\S(.*\\S)?$" },
  },
  /**
   * Keystone's scopes are roles. The roles that every installation starts with imply one another in a chain. Operators
   * add roles with any name, so the catalogue is open. A holder of `admin` can give a user a new password, and issue
   * keys with it.
   */
  catalogue: {
    scopes: {
      reader: { level: "read" },
      member: { implies: ["reader"], level: "write" },
      manager: { implies: ["member"], level: "admin" },
      admin: { implies: ["manager"], level: "admin", mintsKeys: true },
      service: { level: "admin" },
    },
    open: { pattern: "^\\S(.*\\S)?$", example: "member" },
  },
} as const satisfies Vendor;
