/** Changes that are made in place. Some services acknowledge a change and ignore the field: an acknowledgement is no proof. */
import { ProviderError } from "../errors";
import { redact } from "../redact";

interface Change<Thing> {
  /** In the error, such as `key k-1`. */
  readonly what: string;
  readonly make: () => Promise<Thing>;
  readonly look: () => Promise<Thing | undefined>;
  /** What of the change the thing does not show, in words; undefined where it shows all of it. */
  readonly ignored: (told: Thing | undefined) => string | undefined;
}

/**
 * The thing as the service tells it, and only where that shows the change; looks once more where the answer to the change does not.
 *
 * @throws ProviderError - the service acknowledged the change, and the thing is not as it was asked to be.
 */
export async function proveChange<Thing>({ what, make, look, ignored }: Change<Thing>): Promise<Thing | undefined> {
  const told = await make();
  if (ignored(told) === undefined) return told;
  const found = await look();
  const words = found ? ignored(found) : `the ${what.split(" ")[0] ?? "object"} is gone`;
  if (words !== undefined)
    throw new ProviderError(
      `the service acknowledged a change of ${what}, but ${words}; run again, and if it stays so, this service or its backend cannot make that change`,
    );
  return found;
}

/** The first of these sentences that is one. */
export function firstOf(...sentences: readonly (string | false | undefined)[]): string | undefined {
  return sentences.find((sentence): sentence is string => typeof sentence === "string");
}

export function ignoredName(told: string | undefined, asked: string | undefined): string | undefined {
  // A service may write it in letters of its own; what tells one name from another is the mark.
  const written = (name: string) => name.trim().toLowerCase();
  if (asked === undefined || (told !== undefined && written(told) === written(asked))) return undefined;
  return `its name is ${told === undefined ? "not told" : quoted(told)} instead of "${asked}"`;
}

/** A service that does not tell descriptions proves nothing; space at the ends does not count. */
export function ignoredDescription(told: string | undefined, asked: string | undefined): string | undefined {
  if (told === undefined || asked === undefined || told.trim() === asked.trim()) return undefined;
  return `its description is ${quoted(told)} instead of ${quoted(asked)}`;
}

/** What a service says of a thing, for a sentence. */
export function quoted(told: string): string {
  return `"${redact(told)}"`;
}
