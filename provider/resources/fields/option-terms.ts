/** Compares the options that a service gave with those that were requested. Pure. */
import type { DeclaredOption, DeclaredOptions, OptionValue, OptionValues } from "../../vendors/options";
import type { ToldOptions } from "../../backends/definition";
import { givenOptions } from "./options";

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
export function otherOptions(
  declared: DeclaredOptions = {},
  asked: OptionValues = {},
  told: ToldOptions = {},
): OtherOption[] {
  return Object.entries(givenOptions(declared, asked, told) ?? {}).flatMap(([name, given]) => {
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
