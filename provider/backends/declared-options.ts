/** Checks the options that a backend declares when its file is loaded. */
import { z } from "zod";
import { ConfigError } from "../errors";
import { kindOf } from "../secrets/redact";
import { regularExpression } from "../vendors/capabilities";
import type { DeclaredOption, DeclaredOptions, OptionType } from "../vendors/options";
import { checkForm } from "./check-form";
import { optionProblem } from "./option-values";

const value = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(z.string()).readonly(),
  z.record(z.string(), z.string()).readonly(),
]);
// `satisfies` makes it a compile error if the interface has a field that this lacks.
const declaredOption = z.strictObject({
  type: z.enum(["text", "wholeNumber", "boolean", "textList", "textMap"]),
  description: z.string(),
  required: z.boolean().optional(),
  default: value.optional(),
  values: z.array(z.string()).readonly().optional(),
  pattern: regularExpression.optional(),
  min: z.number().int().optional(),
  max: z.number().int().optional(),
  ordered: z.boolean().optional(),
  change: z.enum(["replace", "update"]).optional(),
  harmless: z.boolean().optional(),
  wider: z.enum(["up", "down"]).optional(),
} satisfies Record<keyof DeclaredOption, z.ZodType>);
const declaredOptions = z.record(z.string(), declaredOption);

/** Facts that only some types have. */
const ofTypes: Readonly<Partial<Record<keyof DeclaredOption, readonly OptionType[]>>> = {
  values: ["text", "textList"],
  pattern: ["text", "textList", "textMap"],
  min: ["wholeNumber"],
  max: ["wholeNumber"],
  ordered: ["textList"],
  wider: ["text", "wholeNumber", "boolean", "textList"],
};

/**
 * Refuses declarations that are wrong or contradict each other.
 *
 * @param part - `keyOptions` or `accountOptions`
 * @throws ConfigError - names the option and the field.
 */
export function assertDeclaredOptions(
  backend: string,
  part: "keyOptions" | "accountOptions",
  offered: DeclaredOptions | undefined,
): void {
  if (offered === undefined) return;
  checkForm(backend, part, declaredOptions, offered);
  for (const [name, option] of Object.entries(offered)) {
    const wrong = nameProblem(name) ?? contradiction(option, part) ?? defaultProblem(option);
    if (wrong !== undefined) throw new ConfigError(`Backend "${backend}": "${part}.${name}" ${wrong}.`);
  }
}

function nameProblem(name: string): string | undefined {
  return /^[a-z][A-Za-z0-9]*$/.test(name)
    ? undefined
    : "has a name that a program cannot write plainly; take letters and digits, a small letter first, such as allowedHosts";
}

function contradiction(option: DeclaredOption, part: "keyOptions" | "accountOptions"): string | undefined {
  const { type, required, change, harmless, min, max } = option;
  const stray = Object.entries(ofTypes).find(
    ([field, types]) => option[field as keyof DeclaredOption] !== undefined && !types.includes(type),
  );
  if (stray) return `says "${stray[0]}", which only ${stray[1].map((each) => `"${each}"`).join(", ")} have`;
  if (required === true && option.default !== undefined)
    return 'is "required" and has a "default"; every program gives it, or the default holds: correct one of the two';
  if (min !== undefined && max !== undefined && min > max)
    return `has the "min" ${min}, which is over its "max" ${max}`;
  const order = orderProblem(option);
  if (order !== undefined) return order;
  // A change that replaces nothing must not give the holder of a key other access.
  if (part === "keyOptions" && change === "update" && harmless !== true)
    return 'is changed in place ("change": "update"), and may give a key other powers; set "harmless" to true if no value of it lets anybody do more than another, else leave "change" out: then another value makes another key';
  return undefined;
}

function orderProblem({ wider, harmless, type, values = [] }: DeclaredOption): string | undefined {
  if (wider === undefined) return undefined;
  if (harmless === true)
    return 'says which values give more ("wider"), and is "harmless": no value of it gives more; correct one of the two';
  if (type === "text" && values.length < 2)
    return 'says which values give more ("wider"), and no order of texts is known; list its "values" in their order, or leave "wider" out';
  return undefined;
}

function defaultProblem(option: DeclaredOption): string | undefined {
  if (option.default === undefined) return undefined;
  const problem = optionProblem(option, option.default);
  return problem === undefined
    ? undefined
    : `has a "default" that it does not take: it is ${kindOf(option.default)}, and ${problem}`;
}
