/** A vendor's own inputs: which of them change, and what that asks for. Pure. */
import { type DeclaredOption, type DeclaredOptions, type OptionValue, type OptionValues } from "../../vendors/options";
import { isUnknown } from "../../values/wire";
import { sameOption, some } from "./given-options";

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
  { olds, news }: { readonly olds: WithOptions; readonly news: WithOptions },
): ChangedOption[] {
  return Object.entries(declared).flatMap(([name, option]) => {
    const [old, next] = [olds, news].map((given) => valueOf(given, name, option));
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

/** What the service gave at the issue, without options that were changed in place since. */
export function withoutChanged(
  serverOptions: OptionValues | undefined,
  changed: readonly ChangedOption[],
): OptionValues | undefined {
  const left = Object.entries(serverOptions ?? {}).filter(([name]) => !changed.some((each) => each.name === name));
  return some(Object.fromEntries(left));
}

function valueOf({ options }: WithOptions, name: string, option: DeclaredOption): OptionValue | undefined {
  // Unknown options may have any value.
  if (typeof options === "string") return options;
  return (options as OptionValues | undefined)?.[name] ?? option.default;
}
