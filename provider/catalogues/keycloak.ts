import type { ScopeCatalogue } from "../scopes";

/**
 * Keycloak's scopes are the client scopes of a realm, which stand on the account. Those below come
 * with every new realm; a realm's own have any name of the form that OAuth allows. `service_account`
 * is added by the server to every account, so nobody asks for it.
 */
export const keycloakCatalogue = {
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
} as const satisfies ScopeCatalogue;

/** A client scope of Keycloak: those of every new realm, and any other name. */
export type KeycloakScope = keyof typeof keycloakCatalogue.scopes | (string & {});
