/** Checks of a vendor's own inputs, by their declaration. */
import { optionProblem, textsIn } from "../../backends/option-values";
import { holdsSecret } from "../../secrets/known-secrets";
import { kindOf, redact } from "../../secrets/redact";
import { nearestWord } from "../../scopes";
import {
  canonicalOption,
  type DeclaredOption,
  type DeclaredOptions,
  type OptionValue,
  type OptionValues,
  withDefaults,
} from "../../vendors/options";
import { isUnknown } from "../../values/wire";
import { withheldOptions } from "../../values/withheld-options";
import type { CheckPoint } from "./failures";

/** What the options belong to, and which ones exist. */
interface Owner {
  readonly declared?: DeclaredOptions | undefined;
  /** Such as `keys`. */
  readonly what: "keys" | "service accounts";
}

/** The options in their canonical form; each failure is reported at `options.<name>`. */
export function checkOptions(options: unknown, { declared = {}, what }: Owner, at: CheckPoint): unknown {
  const { backend } = at.facts;
  const fail = (property: string, reason: string) => at.failures.add(property, reason);
  if (options === withheldOptions) {
    fail(
      "options",
      `"options" holds a secret; options are shown in previews, reviews and states, so nothing secret may stand in them`,
    );
    return undefined;
  }
  if (isUnknown(options) && !isMap(options)) return options;
  if (options !== undefined && !isMap(options)) {
    fail("options", `"options" is ${kindOf(options)}; write a map of what ${backend} takes${listOf(declared)}`);
    return undefined;
  }
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  const checked = given.map(([name, value]): [string, unknown] => {
    const option = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (!option) fail(`options.${redact(name)}`, strangerWords(name, { declared, what, backend }));
    return [name, option && !isUnknown(value) ? checkOption({ name, value, option }, at) : value];
  });
  for (const [name, { required, description }] of Object.entries(declared))
    if (required === true && !given.some(([known]) => known === name))
      fail(`options.${name}`, `"options.${name}" is missing; ${backend} needs it: ${description}`);
  // Defaults are included, so that a review sees what applies, and when a backend changes it.
  return withDefaults(declared, Object.fromEntries(checked) as OptionValues);
}

function checkOption(
  { name, value, option }: { readonly name: string; readonly value: unknown; readonly option: DeclaredOption },
  { facts, failures }: CheckPoint,
): unknown {
  const property = `options.${name}`;
  const problem =
    value === ""
      ? "leave it out, or give a text"
      : textsIn(value).some((text) => holdsSecret(text))
        ? "it holds a secret, and options are shown in previews, reviews and states; take it out"
        : optionProblem(option, value);
  if (problem === undefined) return canonicalOption(option, value as OptionValue);
  failures.add(property, `"${property}" is ${kindOf(value)}; ${problem} (${facts.backend}: ${option.description})`);
  return value;
}

function strangerWords(name: string, { declared = {}, what, backend }: Owner & { readonly backend: string }): string {
  const names = Object.keys(declared);
  const near = nearestWord(name, names);
  const known =
    names.length === 0
      ? `${what} of ${backend} have no options; leave it out`
      : `${what} of ${backend} have${listOf(declared)}`;
  return `there is no option "${redact(name)}"${near === undefined ? "" : `; did you mean "${near}"?`} (${known})`;
}

function listOf(declared: DeclaredOptions): string {
  const names = Object.keys(declared);
  return names.length === 0 ? "" : ` ${names.join(", ")}`;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
