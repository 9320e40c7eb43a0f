import { unknownValue } from "../review/resource-facts";

/**
 * A plain copy of a policy's arguments. Those objects throw for a value that is not known before the update, and wrap
 * each secret in an object.
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

/** `Secret` of `@pulumi/policy`, from any copy of the package. */
function isSecret(value: object): boolean {
  return value.constructor?.name === "Secret" && Object.hasOwn(value, "value");
}
