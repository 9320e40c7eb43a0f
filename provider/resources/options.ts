/** A vendor's own inputs: what changes of them, what was given of them, and what is found of them. Pure. */
import { defined } from "../defined";
import {
  canonicalOption,
  type DeclaredOption,
  type DeclaredOptions,
  type OptionValue,
  type OptionValues,
} from "../vendors/options";
import { isUnknown } from "../wire";
import { sameValue } from "./same-value";

/** An option whose value is another one than before. */
export interface ChangedOption {
  readonly name: string;
  readonly effect: "replace" | "update";
  /** `null`: neither the program nor the declaration says one any more. */
  readonly value: OptionValue | null;
}

interface WithOptions {
  readonly options?: unknown;
}

/** Whatever the vendor declares and differs. What is left out is the default; a value that is not known yet may differ. */
export function changedOptions(
  declared: DeclaredOptions = {},
  before: WithOptions,
  after: WithOptions,
): ChangedOption[] {
  return Object.entries(declared).flatMap(([name, option]) => {
    const [old, next] = [valueOf(before, name, option), valueOf(after, name, option)];
    if (!isUnknown(next) && sameOption(option, old, next)) return [];
    return [{ name, effect: option.change ?? "replace", value: next ?? null }];
  });
}

/** What the change of all of them together asks for. */
export function effectOf(changed: readonly ChangedOption[]): "replace" | "update" {
  return changed.some(({ effect }) => effect === "replace") ? "replace" : "update";
}

/** Those that change in place, for the request; undefined where there are none. */
export function optionsToSend(
  changed: readonly ChangedOption[],
): Readonly<Record<string, OptionValue | null>> | undefined {
  const inPlace = changed.filter(({ effect }) => effect === "update");
  return inPlace.length > 0 ? Object.fromEntries(inPlace.map(({ name, value }) => [name, value])) : undefined;
}

/** The old values with those that change in place. */
export function withChangedInPlace(
  before: OptionValues | undefined,
  changed: readonly ChangedOption[],
): OptionValues | undefined {
  return some({ ...before, ...optionsToSend(changed) });
}

/** What the service gave, where it is other than asked: in the record, "" stands for none. */
export function givenOptions(
  declared: DeclaredOptions = {},
  asked: OptionValues = {},
  told: Told = {},
): OptionValues | undefined {
  return some(
    Object.fromEntries(
      Object.entries(declared).flatMap(([name, option]) => {
        const given = toldOption(option, told[name]);
        return given === undefined || sameOption(option, given, asked[name] ?? option.default ?? none)
          ? []
          : [[name, given]];
      }),
    ),
  );
}

/** What of a change a thing does not show: the option, and what it shows. */
export function ignoredOption(
  told: Told | undefined,
  asked: Told | undefined,
  declared: DeclaredOptions = {},
): string | undefined {
  const ignored = Object.entries(asked ?? {}).find(([name, value]) => {
    const option = declared[name];
    const given = option && toldOption(option, told?.[name]);
    return option !== undefined && given !== undefined && !sameOption(option, given, value ?? none);
  });
  return ignored && `its option "${ignored[0]}" did not change`;
}

interface RecordedOptions {
  readonly options?: OptionValues;
  /** The program's own, where the service has others by now. */
  readonly agreedOptions?: OptionValues;
  /** What the service made of them at the issue, where it is not what was asked for; "" is none. */
  readonly serverOptions?: OptionValues;
  /** The service told its options at the issue: what nobody asked for and it did not tell, was not there. */
  readonly optionsTold?: true;
}

/** The fields of a record that {@link compareOptions} writes anew. */
export const optionFields = ["options", "agreedOptions", "serverOptions"] as const satisfies (keyof RecordedOptions)[];

/** What the service made of options at the issue, once some were changed in place. */
export function withoutChanged(
  serverOptions: OptionValues | undefined,
  changed: readonly ChangedOption[],
): OptionValues | undefined {
  const left = Object.entries(serverOptions ?? {}).filter(([name]) => !changed.some((each) => each.name === name));
  return some(Object.fromEntries(left));
}

type Told = Readonly<Record<string, OptionValue | null | undefined>>;

/** What `read` learns about options. What the service gave at the issue is no news; what has come since, is. */
export function compareOptions(
  told: Told | undefined,
  recorded: RecordedOptions,
  declared: DeclaredOptions = {},
): RecordedOptions {
  const agreed = recorded.agreedOptions ?? recorded.options ?? {};
  const found: Record<string, OptionValue> = { ...agreed };
  const given: Record<string, OptionValue> = { ...recorded.serverOptions };
  for (const [name, option] of Object.entries(declared)) {
    const now = toldOption(option, told?.[name]);
    // What is not told stays as it was found.
    if (now === undefined) set(found, name, recorded.options?.[name] ?? none);
    else {
      const asked = agreed[name] ?? option.default;
      const news = newsOf(option, now, { asked, before: atIssue(recorded, name, asked) });
      if (news === "asAsked") delete given[name];
      if (news === "first") given[name] = now;
      if (news === "drift") set(found, name, now);
    }
  }
  const drifted = !sameValue(found, agreed);
  return defined({ options: some(found), agreedOptions: drifted ? agreed : undefined, serverOptions: some(given) });
}

/** What was given at the issue; undefined where nobody knows. */
function atIssue(
  { serverOptions, optionsTold }: RecordedOptions,
  name: string,
  asked: OptionValue | undefined,
): OptionValue | undefined {
  return serverOptions?.[name] ?? asked ?? (optionsTold === true ? none : undefined);
}

/** What a look at one option brings. `first`: nobody asked for it, and whoever made the record did not learn how it was. */
function newsOf(
  option: DeclaredOption,
  now: OptionValue,
  { asked, before }: { readonly asked: OptionValue | undefined; readonly before: OptionValue | undefined },
): "asAsked" | "asGiven" | "first" | "drift" {
  if (asked !== undefined && sameOption(option, now, asked)) return "asAsked";
  if (before === undefined) return "first";
  return sameOption(option, now, before) ? "asGiven" : "drift";
}

/** None, where a value has to stand. */
const none = "";

function set(values: Record<string, OptionValue>, name: string, value: OptionValue): void {
  if (value === none) delete values[name];
  else values[name] = value;
}

function toldOption(option: DeclaredOption, told: OptionValue | null | undefined): OptionValue | undefined {
  return told === undefined ? undefined : told === null ? none : canonicalOption(option, told);
}

function valueOf({ options }: WithOptions, name: string, option: DeclaredOption): OptionValue | undefined {
  // A map that is not known yet may hold anything.
  if (typeof options === "string") return options;
  return (options as OptionValues | undefined)?.[name] ?? option.default;
}

function sameOption(option: DeclaredOption, a: OptionValue | undefined, b: OptionValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameValue(canonicalOption(option, a), canonicalOption(option, b));
}

function some(values: Readonly<Record<string, OptionValue | null>>): OptionValues | undefined {
  const there = Object.entries(values).filter(([, value]) => value !== null);
  return there.length > 0 ? (Object.fromEntries(there) as OptionValues) : undefined;
}
