/** Values as the engine gives them to a provider and takes them back. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { isSecret, plainSecret } from "../provider/values/wire";

export type Properties = Record<string, unknown>;

/** What the engine keeps of an answer: plain data. It fails on `undefined`, and makes `{}` of a date. */
export function asProperties(answer: unknown): Properties {
  assertPlain(answer, "the answer");
  return copy(answer as Properties);
}

/** A deep copy without the marks of secrets: the engine removes them before it gives values to a provider. */
export function copy<T extends object>(value: T): T {
  return unwrapped(value) as T;
}

function assertPlain(value: unknown, at: string): void {
  assert.ok(value !== undefined, `${at} is undefined, which the engine refuses`);
  if (Array.isArray(value)) value.forEach((item, index) => assertPlain(item, `${at}[${index}]`));
  else if (typeof value === "object" && value !== null) {
    if (Object.getPrototypeOf(Object.getPrototypeOf(value) as object | null) !== null)
      assert.fail(`${at} is ${inspect(value)}, which the engine cannot keep`);
    for (const [name, item] of Object.entries(value)) assertPlain(item, `${at}.${name}`);
  }
}

function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value)) return plainSecret(value);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => (item === undefined ? [] : [[name, unwrapped(item)]])),
  );
}
