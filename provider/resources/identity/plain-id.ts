import { holdsSecret } from "../../secrets/known-secrets";
import { redact } from "../../secrets/redact";

/**
 * Whether an id may be shown and stored although nobody has seen its key's secret: it is short and plain, and does not
 * look like a secret.
 */
export function isPlainId(id: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(id) && redact(id) === id && !holdsSecret(id);
}
