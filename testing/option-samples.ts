/** Two values of each declared option: those of the harness, or else those that follow from the declaration. */
import { isDeepStrictEqual } from "node:util";
import { optionProblem } from "../provider/backends/option-values";
import {
  canonicalOption,
  type DeclaredOption,
  type DeclaredOptions,
  type OptionValue,
  type OptionValues,
} from "../provider/vendors/options";

/** Two maps of options that objects are made with, such as `[{ project: "a" }, { project: "b" }]`. */
export type OptionSamples = readonly [OptionValues, OptionValues];

/** The value of each option in the first or the second map; an option without a known value is left out. */
export function sampleOptions(
  declared: DeclaredOptions | undefined,
  samples: OptionSamples | undefined,
  index: 0 | 1,
): OptionValues {
  return Object.fromEntries(
    Object.entries(declared ?? {}).flatMap(([name, option]) => {
      const value = samples?.[index][name] ?? ownSamples(option)[index];
      return value === undefined ? [] : [[name, canonicalOption(option, value)]];
    }),
  );
}

/** The declared options with two known values. */
export function changeable(declared: DeclaredOptions | undefined, samples: OptionSamples | undefined): string[] {
  const [first, second] = [0, 1].map((index) => sampleOptions(declared, samples, index as 0 | 1)) as [
    OptionValues,
    OptionValues,
  ];
  return Object.keys(declared ?? {}).filter(
    (name) => first[name] !== undefined && second[name] !== undefined && !isDeepStrictEqual(first[name], second[name]),
  );
}

/** @throws Error - a required option has no value that the suite could use. */
export function assertSamples(
  part: "keyOptions" | "accountOptions",
  declared: DeclaredOptions | undefined,
  samples: OptionSamples | undefined,
): void {
  const known = sampleOptions(declared, samples, 0);
  for (const [name, option] of Object.entries(declared ?? {})) {
    if (option.required === true && known[name] === undefined)
      throw new Error(
        `the harness must name "${part}": two values of "${name}", such as [{ ${name}: … }, { ${name}: … }]`,
      );
    for (const value of [samples?.[0][name], samples?.[1][name]]) {
      const problem = value === undefined ? undefined : optionProblem(option, value);
      if (problem !== undefined) throw new Error(`the harness's "${part}" has a "${name}" that is refused: ${problem}`);
    }
  }
}

function ownSamples({
  type,
  values = [],
  min,
  max,
  default: usual,
}: DeclaredOption): readonly (OptionValue | undefined)[] {
  switch (type) {
    case "boolean":
      return usual === true ? [true, false] : [false, true];
    case "wholeNumber": {
      const least = min ?? (max === undefined ? 1 : max - 1);
      return [least, max === undefined || least < max ? least + 1 : undefined];
    }
    case "text":
      return [values[0], values[1]];
    case "textList":
      return values.length > 1 ? [[values[0] ?? ""], [values[1] ?? ""]] : [];
    case "textMap":
      return [];
  }
}
