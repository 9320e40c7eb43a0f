/**
 * Inputs that only one vendor has. Its backend declares them once, as data. The check of a program, the diff, the
 * request, the record, drift, the review and an editor's completion all derive from the declaration.
 */

/** The type of a value: one text, a whole number, true or false, several texts, or texts by name. */
export type OptionType = "text" | "wholeNumber" | "boolean" | "textList" | "textMap";

export type OptionValue = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;

/** One vendor-specific input of a key or an account. */
export interface DeclaredOption {
  readonly type: OptionType;
  /**
   * What it decides, for people, as one sentence without a full stop. The error for a missing required option shows it.
   */
  readonly description: string;
  /** Every program must set it. Default: false. */
  readonly required?: boolean;
  /**
   * The value if the program sets none. It is sent, recorded and reviewed, and writing it out is no change. Another
   * default in a later version of the backend is one.
   */
  readonly default?: OptionValue;
  /**
   * The texts that the service knows; for a list, the texts that it may contain. Any other one is refused with the
   * nearest of them, unless it matches the `pattern`.
   */
  readonly values?: readonly string[];
  /** Regular expression for a whole text; for a list or a map, for each text in it. */
  readonly pattern?: string;
  /** Smallest and largest whole number. */
  readonly min?: number;
  readonly max?: number;
  /** The order of a list matters. Default: false; the list is sorted and repeats are removed. */
  readonly ordered?: boolean;
  /**
   * The effect of another value: `replace` makes another key (for a RotatingApiKey: the next one) or account, `update`
   * changes it in place with `updateKey` or `updateServiceAccount`. Default: `replace`.
   */
  readonly change?: "replace" | "update";
  /**
   * No value lets anyone do more than another: a note, a color. Only then may a key's option change in place. The review
   * believes it of a built-in backend only, and counts every other option as access. Default: false.
   */
  readonly harmless?: boolean;
  /**
   * Which way values give more. `up`: a larger number, true rather than false, a later one of `values`, a list that has all of
   * the other and more. `down`: the other way round. If the service gives another value than was asked for, this tells whether
   * that is less (the update fails) or more (it warns). Left out: nobody can tell, and every other value counts as less.
   */
  readonly wider?: "up" | "down";
}

/** By name, as the program writes it under `options`. */
export type DeclaredOptions = Readonly<Record<string, DeclaredOption>>;

/** The values of options, by name. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

type Texts = Readonly<Record<string, string>>;

type TextOf<Option extends DeclaredOption> = Option extends { readonly values: readonly (infer Known extends string)[] }
  ? Known | (Option extends { readonly pattern: string } ? string & {} : never)
  : string;

/** The type of value that a declared option accepts. */
export type OptionValueOf<Option extends DeclaredOption> = {
  readonly text: TextOf<Option>;
  readonly wholeNumber: number;
  readonly boolean: boolean;
  readonly textList: readonly TextOf<Option>[];
  readonly textMap: Texts;
}[Option["type"]];

type NamesOfGiven<Declared extends DeclaredOptions> = {
  [Name in keyof Declared]: Declared[Name] extends { readonly required: true } | { readonly default: OptionValue }
    ? Name
    : never;
}[keyof Declared];

/** The options as a backend's methods get them. Required ones and those with a default are always set. */
export type OptionsOf<Declared extends DeclaredOptions> = string extends keyof Declared
  ? Readonly<Record<string, OptionValue | undefined>>
  : { readonly [Name in NamesOfGiven<Declared>]: OptionValueOf<Declared[Name]> } & {
      readonly [Name in Exclude<keyof Declared, NamesOfGiven<Declared>>]?: OptionValueOf<Declared[Name]>;
    };

/** The options with their defaults; undefined if there are none. */
export function withDefaults(
  declared: DeclaredOptions | undefined,
  given: OptionValues = {},
): OptionValues | undefined {
  const defaults = Object.entries(declared ?? {}).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const all = { ...Object.fromEntries(defaults), ...given };
  return Object.keys(all).length > 0 ? all : undefined;
}

/** The one form in which a value is sent, recorded and compared. */
export function canonicalOption({ type, ordered }: DeclaredOption, value: OptionValue): OptionValue {
  if (type !== "textList" || ordered === true || !Array.isArray(value)) return value;
  return [...new Set(value as readonly string[])].sort();
}
