import { unknownValue } from "../wire";

/** The record with the unknown value in the place of these outputs. */
export function unknownAt(names: readonly string[], record: object): object {
  return { ...record, ...Object.fromEntries(names.map((name) => [name, unknownValue])) };
}
