import type { ConnectionFacts } from "../connections";
import { redact } from "../redact";
import type { OptionValue, OptionValues } from "../vendors/options";
import type { ResourceContext } from "./context";
import { logicalName, type Origin } from "./names";

interface RecordedOptions {
  readonly origin: Origin;
  readonly options?: OptionValues;
  readonly agreedOptions?: OptionValues;
  readonly serverOptions?: OptionValues;
}

/** Warns of options that the service gave other than they were asked for: at the issue, and at every run from then on. */
export function tellOtherOptions(
  { warn }: Pick<ResourceContext, "warn">,
  { origin, options, agreedOptions = options, serverOptions = {} }: RecordedOptions,
  { keyOptions = {}, accountOptions = {} }: Pick<ConnectionFacts, "keyOptions" | "accountOptions">,
): void {
  for (const [name, given] of Object.entries(serverOptions)) {
    const asked = agreedOptions?.[name] ?? (keyOptions[name] ?? accountOptions[name])?.default;
    if (asked !== undefined)
      warn(
        `"${logicalName(origin)}" was given the option "${name}" as ${shown(given)} instead of ${shown(asked)}, which was asked for`,
      );
  }
}

function shown(value: OptionValue): string {
  return value === "" ? "none" : redact(JSON.stringify(value));
}
