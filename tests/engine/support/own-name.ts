/** The end of a name that this package draws while the engine runs it, without a `$`. */
export const ownSuffix = "-[0-9a-f]{4}[a-z2-7]{15}";

/** True for such a name, and for the shorter ones that prove nothing: where a prefix leaves no room, and of 0.1. */
export function isOwnName(name: string): boolean {
  return new RegExp(`(${ownSuffix}|-[0-9a-f]{10})$`).test(name);
}
