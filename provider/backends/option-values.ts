/** The values that a declared option accepts. */
import { nearestWord } from "../scopes";
import type { DeclaredOption, OptionType } from "../vendors/options";

const takes: Readonly<Record<OptionType, string>> = {
  text: "a text",
  wholeNumber: "a whole number",
  boolean: "true or false",
  textList: "a list of texts",
  textMap: "a map of texts",
};

const isText = (value: unknown): value is string => typeof value === "string";
const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is wrong with a value, as half a sentence; undefined if nothing is. Quotes nothing of the value. */
export function optionProblem(option: DeclaredOption, value: unknown): string | undefined {
  if (!hasType(option, value)) return `it takes ${takes[option.type]}`;
  if (option.type === "wholeNumber") return rangeProblem(option, value as number);
  for (const text of textsIn(value)) {
    const problem = textProblem(option, text);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** True if a value has the option's type, whatever its content. */
export function hasType({ type }: DeclaredOption, value: unknown): boolean {
  switch (type) {
    case "text":
      return isText(value);
    case "wholeNumber":
      return Number.isSafeInteger(value);
    case "boolean":
      return typeof value === "boolean";
    case "textList":
      return Array.isArray(value) && value.every(isText);
    case "textMap":
      return isMap(value) && Object.values(value).every(isText);
  }
}

/** The texts in a value of the right type. */
export function textsIn(value: unknown): readonly string[] {
  if (isText(value)) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).filter(isText);
}

function rangeProblem({ min, max }: DeclaredOption, value: number): string | undefined {
  if (min !== undefined && value < min) return `it is at least ${min}`;
  return max !== undefined && value > max ? `it is at most ${max}` : undefined;
}

function textProblem({ values, pattern }: DeclaredOption, text: string): string | undefined {
  if (values?.includes(text)) return undefined;
  if (pattern !== undefined && new RegExp(`^(?:${pattern})$`).test(text)) return undefined;
  if (values) {
    const near = nearestWord(text, values);
    const form = pattern === undefined ? "" : `, or a text of the form ${pattern}`;
    return `${near === undefined ? "" : `did you mean "${near}"? `}it takes ${values.join(", ")}${form}`;
  }
  return pattern === undefined ? undefined : `it takes texts of the form ${pattern}`;
}
