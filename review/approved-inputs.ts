import { canonicalJson } from "./canonical";
import { exactText } from "./exact-text";
import { isRecord } from "./preview-form";
import { sha256 } from "./sha256";

/**
 * The inputs that one resource may have while an update runs, in the form that a report carries and the policy pack
 * compares. They are hashes, so the report repeats no value of the program.
 */

/**
 * Inputs that change no access, place or life: text for people, what `check` asks a rotating key to do, and its reasons. Every other
 * input, including those of later versions, must be the approved one.
 */
const free: ReadonlySet<string> = new Set([
  "__provider",
  "name",
  "description",
  "labels",
  "keepers",
  "emergency",
  "secretValue",
  "generation",
  "issuedOn",
  "rotationReason",
  "replacementReason",
  "retireAfter",
  "retireUntil",
  "retireAskedOn",
  // The key's account is recorded separately: an id, or the account whose id it must be.
  "serviceAccountId",
]);

/** A hash of each input that must not change, by name. */
export function fixedInputs(inputs: Readonly<Record<string, unknown>>, hash = hashOf): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs)
      .filter(([name, value]) => !free.has(name) && value !== undefined && value !== null)
      .map(([name, value]) => [exactText(name), hash(canonicalJson(withoutSecret(name, value)))] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The secret of an adopted key opens what its id names, or is refused; a preview masks it, an update does not. */
function withoutSecret(name: string, value: unknown): unknown {
  if (name !== "adopt" || !isRecord(value)) return value;
  const { secret: _secret, ...adopt } = value;
  return adopt;
}

/** 128 bits: nobody can find a second text with the same hash. */
export function hashOf(text: string): string {
  return sha256(text).slice(0, 32);
}
