import type { Vendor } from "./vendor";

export const keycloak = {
  name: "keycloak",
  capabilities: {
    parent: "serviceAccount",
    // Renaming a client would change the name that its key's holders log in with.
    serviceAccounts: { disabling: "keys", enable: true, description: "update", scopes: "update", uniqueNames: true },
    scopes: "account",
    secret: { callerChosen: true, significantBytes: 255, form: "pair" },
    nativeRotate: { id: "same" },
    maxActiveKeys: 1,
    marker: "metadata",
    idsReused: true,
    absence: "status",
    revokeProves: true,
    limits: { nameLength: 239, descriptionLength: 255 },
  },
  /**
   * Keycloak's scopes are the client scopes of a realm, set on the account. Every new realm has the ones below; a
   * realm's own may have any name that OAuth allows. The server adds `service_account` to every account, so nobody asks
   * for it.
   */
  catalogue: {
    scopes: {
      acr: { level: "read" },
      address: { level: "read" },
      basic: { level: "read" },
      email: { level: "read" },
      "microprofile-jwt": { level: "read" },
      offline_access: {},
      organization: { level: "read" },
      phone: { level: "read" },
      profile: { level: "read" },
      roles: {},
      "web-origins": { level: "read" },
    },
    open: { pattern: "^(?!service_account$)[\\x21\\x23-\\x5b\\x5d-\\x7e]+$", example: "profile" },
  },
} as const satisfies Vendor;
