/** Changes in place. Some services acknowledge a change and ignore the field, so an acknowledgement proves nothing. */
import { ProviderError } from "../errors";
import { redact } from "../secrets/redact";

interface Change<Thing> {
  /** In the error, such as `key k-1`. */
  readonly what: string;
  readonly make: () => Promise<Thing>;
  readonly look: () => Promise<Thing | undefined>;
  /** What the object does not show of the change, in words; undefined if it shows everything. */
  readonly ignored: (told: Thing | undefined) => string | undefined;
}

/**
 * The object as the service reports it, if that shows the change. If the answer to the change does not, the object is
 * read once more.
 *
 * @throws ProviderError - the service acknowledged the change, but the object does not show it.
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

/** The first of these that is not empty or missing. */
export function firstOf(...sentences: readonly (string | false | undefined)[]): string | undefined {
  return sentences.find((sentence): sentence is string => typeof sentence === "string");
}

export function ignoredName(told: string | undefined, asked: string | undefined): string | undefined {
  // A service may change the case of a name; the mark distinguishes names.
  const written = (name: string) => name.trim().toLowerCase();
  if (asked === undefined || (told !== undefined && written(told) === written(asked))) return undefined;
  return `its name is ${told === undefined ? "not told" : quoted(told)} instead of "${asked}"`;
}

/** A service that does not report descriptions proves nothing. Blanks at the ends do not count. */
export function ignoredDescription(told: string | undefined, asked: string | undefined): string | undefined {
  if (told === undefined || asked === undefined || told.trim() === asked.trim()) return undefined;
  return `its description is ${quoted(told)} instead of ${quoted(asked)}`;
}

/** A service's text for a sentence of ours. */
export function quoted(told: string): string {
  return `"${redact(told)}"`;
}
