/** How the engine's dynamic-provider protocol writes values that JSON cannot express. */

/** Stands for a value that a preview does not know yet, also in place of lists and maps. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** True for an unknown value, and for a list or map that contains one. */
export function isUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (Array.isArray(value)) return value.some(isUnknown);
  if (typeof value === "object" && value !== null) return Object.values(value).some(isUnknown);
  return false;
}

/** The value as an encrypted output. The engine drops the secret mark on the way in, so it is set at every return. */
export function asSecret<Value>(value: Value): { readonly [signatureKey]: string; readonly value: Value } {
  return { [signatureKey]: secretSignature, value };
}

/** True for the result of {@link asSecret}. */
export function isSecret(value: object): boolean {
  return signatureKey in value && value[signatureKey] === secretSignature;
}

/** The plain value inside {@link asSecret}, or the text itself. */
export function plainSecret(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null && "value" in value && typeof value.value === "string")
    return value.value;
  return undefined;
}
