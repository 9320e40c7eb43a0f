/** How the names of one kind of thing are made on a service, and what limits them. */
import type { Capabilities } from "./capabilities";

export interface NameRules {
  /** Longest full name. */
  readonly length: number;
  /** What the length counts. */
  readonly unit: "characters" | "bytes";
  /** What a full name looks like. */
  readonly pattern?: RegExp;
  /** Stands before the mark, and for every character that a name cannot have. */
  readonly separator: string;
  readonly letters?: "lower" | "upper";
  /** What a prefix may consist of; anything else in it becomes the separator. */
  readonly characters?: RegExp;
  /** `short`: never the longer mark that proves the resource. */
  readonly mark: "proven" | "short";
  /** Longest description, in characters. */
  readonly descriptionLength?: number;
}

/** A service that takes any name. */
export const plainNames: NameRules = { length: Infinity, unit: "characters", separator: "-", mark: "proven" };

/** What holds for keys, or for accounts: their own limits over those of both. */
export function nameRules({ limits }: Pick<Capabilities, "limits">, kind: "keys" | "accounts"): NameRules {
  const own = limits[kind] ?? {};
  const { nameLength = limits.nameLength, namePattern = limits.namePattern, naming = limits.naming } = own;
  const { descriptionLength = limits.descriptionLength } = own;
  const { separator = "-", letters, characters, lengthIn = "characters", mark = "proven" } = naming ?? {};
  return {
    length: nameLength,
    unit: lengthIn,
    separator,
    mark,
    ...(namePattern !== undefined && { pattern: new RegExp(namePattern) }),
    ...(letters && { letters }),
    ...(characters !== undefined && { characters: new RegExp(`[^${characters}]`, "g") }),
    ...(descriptionLength !== undefined && { descriptionLength }),
  };
}

/** How long a name is, as the service counts. */
export function lengthOf(name: string, { unit }: NameRules): number {
  return unit === "bytes" ? Buffer.byteLength(name) : name.length;
}

/** A text in the letters that the service keeps. */
export function lettersOf(text: string, { letters }: NameRules): string {
  if (letters === undefined) return text;
  return letters === "upper" ? text.toUpperCase() : text.toLowerCase();
}

/** A prefix as the service keeps it. */
export function prefixOn(prefix: string, rules: NameRules): string {
  const written = lettersOf(prefix, rules);
  return rules.characters ? written.replace(rules.characters, rules.separator) : written;
}
