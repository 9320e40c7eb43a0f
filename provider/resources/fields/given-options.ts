/** What a service gave of a vendor's own inputs, beside what was asked for, and what a read finds. Pure. */
import { defined } from "../../values/defined";
import {
  canonicalOption,
  type DeclaredOption,
  type DeclaredOptions,
  type OptionValue,
  type OptionValues,
} from "../../vendors/options";
import { sameValue } from "./field";

/** What a service says of options; `null`: it has none. */
type Told = Readonly<Record<string, OptionValue | null | undefined>>;

/** The options of one object: which ones its backend declares, what was asked for, and what the service says. */
interface GivenOptions<Asked> {
  readonly declared: DeclaredOptions | undefined;
  readonly asked: Asked | undefined;
  readonly told: Told | undefined;
}

/** The options that the service gave with another value than requested. In the record "" stands for none. */
export function givenOptions({
  declared = {},
  asked = {},
  told = {},
}: GivenOptions<OptionValues>): OptionValues | undefined {
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
export function ignoredOption({ declared = {}, asked = {}, told = {} }: GivenOptions<Told>): string | undefined {
  const ignored = Object.entries(asked).find(([name, value]) => {
    const option = declared[name];
    const given = option && toldOption(option, told[name]);
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
/** The options after a read. Only changes since the issue count as drift. */
export function compareOptions(
  { declared = {}, told = {} }: Pick<GivenOptions<never>, "declared" | "told">,
  recorded: RecordedOptions,
): RecordedOptions {
  const agreed = recorded.agreedOptions ?? recorded.options ?? {};
  const found: Record<string, OptionValue> = { ...agreed };
  const given: Record<string, OptionValue> = { ...recorded.serverOptions };
  for (const [name, option] of Object.entries(declared)) {
    const now = toldOption(option, told[name]);
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

/** An option that differs from the request. */
export interface OtherOption {
  readonly name: string;
  /** `words`: its values differ, but none gives more than another. */
  readonly kind: "less" | "more" | "words";
  readonly asked: OptionValue;
  /** Empty: none. */
  readonly given: OptionValue;
}

/** The options that differ. A value that nobody requested and the service sets by itself is no difference. */
export function otherOptions(at: GivenOptions<OptionValues>): OtherOption[] {
  const { declared = {}, asked = {} } = at;
  return Object.entries(givenOptions(at) ?? {}).flatMap(([name, given]) => {
    const option = declared[name];
    const wanted = asked[name] ?? option?.default;
    if (option === undefined || wanted === undefined) return [];
    return [{ name, kind: kindOf(option, wanted, given), asked: wanted, given }];
  });
}

function kindOf(option: DeclaredOption, asked: OptionValue, given: OptionValue): OtherOption["kind"] {
  if (option.harmless === true) return "words";
  if (option.wider === undefined) return "less";
  const [narrow, wide] = option.wider === "up" ? [asked, given] : [given, asked];
  return isWithin(option, narrow, wide) ? "more" : "less";
}

/** True if the second value gives all that the first does. */
function isWithin({ type, values = [] }: DeclaredOption, narrow: OptionValue, wide: OptionValue): boolean {
  switch (type) {
    case "wholeNumber":
      return typeof narrow === "number" && typeof wide === "number" && narrow <= wide;
    case "boolean":
      return typeof narrow === "boolean" && typeof wide === "boolean" && Number(narrow) <= Number(wide);
    case "text": {
      const [first, second] = [narrow, wide].map((value) => (typeof value === "string" ? values.indexOf(value) : -1));
      return first !== undefined && second !== undefined && first >= 0 && first <= second;
    }
    case "textList":
      return listOf(narrow).every((item) => listOf(wide).includes(item));
    case "textMap":
      return false;
  }
}

function listOf(value: OptionValue): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

export function sameOption(option: DeclaredOption, a: OptionValue | undefined, b: OptionValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameValue(canonicalOption(option, a), canonicalOption(option, b));
}

export function some(values: Readonly<Record<string, OptionValue | null>>): OptionValues | undefined {
  const there = Object.entries(values).filter(([, value]) => value !== null);
  return there.length > 0 ? (Object.fromEntries(there) as OptionValues) : undefined;
}
