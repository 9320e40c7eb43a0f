import { holdsSecret } from "../../secrets/known-secrets";
import { redact } from "../../secrets/redact";

/**
 * True if an id may be shown and stored although its key's secret is unknown: it is short and plain, and does not look
 * like a secret.
 */
export function isPlainId(id: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(id) && redact(id) === id && !holdsSecret(id);
}
