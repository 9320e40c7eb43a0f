/** What a preview can tell of a resource that is yet to be made. */
import { asSecret, unknownValue } from "../provider/values/wire";
import type { Properties } from "./properties";
import type { ClassName } from "./resource-urn";
import { resourceSpec } from "./schema";

export function plannedNew(className: ClassName, inputs: Properties): object {
  const { properties, inputProperties } = resourceSpec(className);
  const made = Object.entries(properties).filter(
    // Also an end that nobody asked for: the service may have one.
    ([name]) => !Object.hasOwn(inputProperties, name) || (name === "expiresAt" && inputs[name] === undefined),
  );
  const later = made.map(([name, { secret }]) => [name, secret ? asSecret(unknownValue) : unknownValue] as const);
  const { secretValue: _chosen, target, ...told } = inputs;
  const service = (target as { readonly origin?: string } | undefined)?.origin;
  return {
    ...Object.fromEntries(later),
    ...told,
    target,
    status: "active",
    ...(service === undefined ? {} : { service }),
  };
}
