import { unknownValue } from "../review/resource-facts";

/**
 * A plain copy of what a policy is given. Its objects throw where a value is not known before the update, and
 * hold a secret in an object of their own.
 */
export function plainValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => plainAt(value, index));
  if (isSecret(value)) return plainAt(value, "value");
  return Object.fromEntries(Object.keys(value).map((name) => [name, plainAt(value, name)]));
}

function plainAt(holder: object, name: string | number): unknown {
  try {
    return plainValue((holder as Record<string | number, unknown>)[name]);
  } catch {
    // `UnknownValueError`, which the package does not export.
    return unknownValue;
  }
}

/** `Secret` of `@pulumi/policy`, of whichever copy of the package. */
function isSecret(value: object): boolean {
  return value.constructor?.name === "Secret" && Object.hasOwn(value, "value");
}
