/**
 * Inputs that only one vendor has: declared once, as data, by its backend. The check of a program, the diff, the request,
 * the record, drift, the review and an editor's completion all derive from the declaration.
 */

/** What a value is: one text, a whole number, true or false, several texts, or texts by name. */
export type OptionType = "text" | "wholeNumber" | "boolean" | "textList" | "textMap";

export type OptionValue = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;

/** One vendor-specific input of a key or an account. */
export interface DeclaredOption {
  readonly type: OptionType;
  /** For people: what it decides, as one sentence without a full stop. Stands in the error where a required one is missing. */
  readonly description: string;
  /** Every program has to give it. Default: false. */
  readonly required?: boolean;
  /** What holds where the program says nothing: it is sent, and writing it out is no change. */
  readonly default?: OptionValue;
  /**
   * The texts that the service knows; of a list, those that may stand in it. Any other one is refused with the nearest of
   * them, unless it has the `pattern`.
   */
  readonly values?: readonly string[];
  /** What a text looks like, as a regular expression of the whole of it; of a list or a map, each text in it. */
  readonly pattern?: string;
  /** Least and greatest whole number. */
  readonly min?: number;
  readonly max?: number;
  /** The order of a list counts. Default: false, it is sorted and repeats are taken out. */
  readonly ordered?: boolean;
  /**
   * What another value does: `replace` makes another key (of a RotatingApiKey: the next one) or account, `update` changes it in
   * place, by `updateKey` or `updateServiceAccount`. Default: `replace`.
   */
  readonly change?: "replace" | "update";
  /**
   * No value of it lets anybody do more than another does: a note, a colour. A key's option may be changed in place only
   * then, and the review does not count it as access. Default: false.
   */
  readonly harmless?: boolean;
}

/** By name, as it stands in the program under `options`. */
export type DeclaredOptions = Readonly<Record<string, DeclaredOption>>;

/** The values of options, by name. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

type Texts = Readonly<Record<string, string>>;

type TextOf<Option extends DeclaredOption> = Option extends { readonly values: readonly (infer Known extends string)[] }
  ? Known | (Option extends { readonly pattern: string } ? string & {} : never)
  : string;

/** What a declared option takes. */
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

/** The options as a backend's methods get them: required ones and those with a default are always there. */
export type OptionsOf<Declared extends DeclaredOptions> = string extends keyof Declared
  ? Readonly<Record<string, OptionValue | undefined>>
  : { readonly [Name in NamesOfGiven<Declared>]: OptionValueOf<Declared[Name]> } & {
      readonly [Name in Exclude<keyof Declared, NamesOfGiven<Declared>>]?: OptionValueOf<Declared[Name]>;
    };

/** The options with their defaults; undefined where there are none. */
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
