import { createHash } from "node:crypto";

/**
 * First 16 hex of SHA-256: tells two secrets apart without revealing either. Only for values that a service generated.
 */
export function fingerprintOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex").slice(0, 16);
}
