import { canonicalJson } from "./canonical";
import { exactText } from "./exact-text";
import { sha256 } from "./sha256";

/**
 * What one resource may be while an update runs: the form in which a report carries it, and in which the
 * policy pack compares it. Hashes, so that the report repeats no value of the program.
 */

/**
 * Inputs that change nothing of access, place or life: words for people, and what `check` asks a rotating
 * key to do. Every other input, one of a later version included, has to be the approved one.
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
  "retireAfter",
  "retireUntil",
  "retireAskedOn",
  // Whose key it is has a place of its own: an id, or the account that it has to be the id of.
  "serviceAccountId",
]);

/** A hash of each input that has to stay, by name. */
export function fixedInputs(inputs: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs)
      .filter(([name, value]) => !free.has(name) && value !== undefined && value !== null)
      .map(([name, value]) => [exactText(name), hashOf(canonicalJson(value))] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** 128 bits: nobody finds a second text for one. */
export function hashOf(text: string): string {
  return sha256(text).slice(0, 32);
}
