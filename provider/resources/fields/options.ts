/** A vendor's own inputs: which of them change, what the service gave, and what a read finds. Pure. */
import { defined } from "../../values/defined";
import {
  canonicalOption,
  type DeclaredOption,
  type DeclaredOptions,
  type OptionValue,
  type OptionValues,
} from "../../vendors/options";
import { isUnknown } from "../../values/wire";
import { sameValue } from "./field";

/** An option with a new value. */
export interface ChangedOption {
  readonly name: string;
  readonly effect: "replace" | "update";
  /** `null`: neither the program nor the declaration has a value now. */
  readonly value: OptionValue | null;
}

interface WithOptions {
  readonly options?: unknown;
}

/**
 * The declared options that differ. An option that is left out has its default; an unknown value counts as different.
 */
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

/** The effect of all changes together. */
export function effectOf(changed: readonly ChangedOption[]): "replace" | "update" {
  return changed.some(({ effect }) => effect === "replace") ? "replace" : "update";
}

/** The options that change in place, for the request; undefined if there are none. */
export function optionsToSend(
  changed: readonly ChangedOption[],
): Readonly<Record<string, OptionValue | null>> | undefined {
  const inPlace = changed.filter(({ effect }) => effect === "update");
  return inPlace.length > 0 ? Object.fromEntries(inPlace.map(({ name, value }) => [name, value])) : undefined;
}

/** The old values, with the new ones of options that change in place. */
export function withChangedInPlace(
  before: OptionValues | undefined,
  changed: readonly ChangedOption[],
): OptionValues | undefined {
  return some({ ...before, ...optionsToSend(changed) });
}

/** The options that the service gave with another value than requested. In the record "" stands for none. */
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

/** The first option whose change the object does not show, in words. */
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
  /** The program's own options, if the service now has others. */
  readonly agreedOptions?: OptionValues;
  /** The options that the service gave at the issue, if they differ from the requested ones; "" stands for none. */
  readonly serverOptions?: OptionValues;
  /** The service reported its options at the issue, so an option that it did not report had no value. */
  readonly optionsTold?: true;
}

/** The fields of a record that {@link compareOptions} replaces. */
export const optionFields = ["options", "agreedOptions", "serverOptions"] as const satisfies (keyof RecordedOptions)[];

/** What the service gave at the issue, without options that were changed in place since. */
export function withoutChanged(
  serverOptions: OptionValues | undefined,
  changed: readonly ChangedOption[],
): OptionValues | undefined {
  const left = Object.entries(serverOptions ?? {}).filter(([name]) => !changed.some((each) => each.name === name));
  return some(Object.fromEntries(left));
}

type Told = Readonly<Record<string, OptionValue | null | undefined>>;

/** The options after a read. Only changes since the issue count as drift. */
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
    // An option that is not reported keeps its last known value.
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

/** The value at the issue; undefined if nobody knows it. */
function atIssue(
  { serverOptions, optionsTold }: RecordedOptions,
  name: string,
  asked: OptionValue | undefined,
): OptionValue | undefined {
  return serverOptions?.[name] ?? asked ?? (optionsTold === true ? none : undefined);
}

/**
 * What a read of one option means. `first`: nobody requested it, and the record does not have its value at the issue.
 */
function newsOf(
  option: DeclaredOption,
  now: OptionValue,
  { asked, before }: { readonly asked: OptionValue | undefined; readonly before: OptionValue | undefined },
): "asAsked" | "asGiven" | "first" | "drift" {
  if (asked !== undefined && sameOption(option, now, asked)) return "asAsked";
  if (before === undefined) return "first";
  return sameOption(option, now, before) ? "asGiven" : "drift";
}

/** Stands for none where a value is needed. */
const none = "";

function set(values: Record<string, OptionValue>, name: string, value: OptionValue): void {
  if (value === none) delete values[name];
  else values[name] = value;
}

function toldOption(option: DeclaredOption, told: OptionValue | null | undefined): OptionValue | undefined {
  return told === undefined ? undefined : told === null ? none : canonicalOption(option, told);
}

function valueOf({ options }: WithOptions, name: string, option: DeclaredOption): OptionValue | undefined {
  // Unknown options may have any value.
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
