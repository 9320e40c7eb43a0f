import type { ScopeCatalogue } from "../scopes";

/**
 * NovaVMS publishes no scope names, so its catalogue is open: any `noun:verb` word is a scope and
 * implies only itself; `noun:*` covers the noun. The names below are those that the product's own
 * pages use. No key, whatever its scopes, may manage keys: mutations need a user's token.
 */
export const novavmsCatalogue = {
  scopes: { "cameras:read": {}, "events:read": {} },
  open: { pattern: "^[a-z][a-z0-9_-]*:([a-z][a-z0-9_-]*|\\*)$", example: "cameras:read" },
} as const satisfies ScopeCatalogue;

/** A scope of NovaVMS: the names known to us, and any other word. */
export type NovavmsScope = keyof typeof novavmsCatalogue.scopes | (string & {});
