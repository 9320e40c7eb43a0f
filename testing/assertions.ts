/** Assertions about keys, accounts and errors. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { ApiKey, ServiceAccount } from "../provider/backends/definition";
import { windowsOf } from "../provider/secrets/known-secrets";

const utcTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** Asserts that a key has the shape that the model requires. */
export function assertKeyForm(key: ApiKey): void {
  assertId("the key's id", key.id);
  assert.equal(typeof key.name, "string", "a key's name is text");
  assert.ok(["active", "revoked", "expired", "disabled"].includes(key.status), `"${key.status}" is no status of a key`);
  for (const field of ["createdAt", "expiresAt", "lastUsedAt"] as const) assertTime(`the key's ${field}`, key[field]);
  assertNothingBlank("the key", key);
}

export function assertAccountForm(account: ServiceAccount): void {
  assertId("the account's id", account.id);
  assert.ok(["active", "disabled"].includes(account.status), `"${account.status}" is no status of an account`);
  assertTime("the account's createdAt", account.createdAt);
  assertNothingBlank("the account", account);
}

/** An id must be text: the engine accepts a number as an id, and loses it. */
function assertId(what: string, id: unknown): void {
  assert.ok(typeof id === "string" && id !== "", `${what} must be text, and is a ${typeof id}`);
}

/** RFC 3339 in UTC, or absent. */
export function assertTime(what: string, time: unknown): void {
  if (time === undefined) return;
  assert.ok(
    typeof time === "string" && utcTime.test(time) && !Number.isNaN(Date.parse(time)),
    `${what} must be RFC 3339 in UTC, and is ${inspect(time)}`,
  );
}

/**
 * A field that a service does not report is left out: never null, never an empty text, never a property with the value
 * undefined.
 */
function assertNothingBlank(what: string, told: object): void {
  for (const [field, value] of Object.entries(told)) {
    if (field === "description" || field === "name") continue;
    assert.ok(
      value !== undefined && value !== null && value !== "",
      `${what} has "${field}: ${inspect(value)}"; leave out what the service does not tell`,
    );
  }
}

/** Asserts that `updateKey` reports the key as it is now, and that only the changed fields differ from before. */
export function assertChanged(told: ApiKey | undefined, found: ApiKey, expected: ApiKey): void {
  assert.ok(told, "updateKey must return the key");
  assertKeyForm(told);
  for (const field of ["id", "name", "status", "description", "expiresAt", "scopes", "environment", "options"] as const)
    assert.deepEqual(told[field], found[field], `updateKey returns another ${field} than getKey`);
  for (const field of ["id", "name", "status", "description", "expiresAt", "scopes", "options"] as const)
    assert.deepEqual(
      found[field] ?? "",
      expected[field] ?? "",
      `the key's ${field} is not what was asked for; what a change does not mention stays`,
    );
}

/** True if both times are the same within the service's time step. */
export function isNear(a: string | undefined, b: string | undefined, stepMs: number): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Math.abs(Date.parse(a) - Date.parse(b)) <= Math.max(stepMs, 1_000);
}

export type ErrorClass = new (...args: never[]) => Error;

/** The error of a call that must fail with one of these classes. */
export async function refusalOf(
  call: () => Promise<unknown>,
  classes: readonly ErrorClass[],
  what: string,
): Promise<Error> {
  let outcome: unknown;
  try {
    outcome = await call();
  } catch (error) {
    assertIsOneOf(error, classes, what);
    return error;
  }
  return assert.fail(
    `${what} must fail, and answered ${outcome === undefined ? "undefined, which means absent" : typeof outcome}`,
  );
}

export function assertIsOneOf(error: unknown, classes: readonly ErrorClass[], what: string): asserts error is Error {
  const wanted = classes.map(({ name }) => name).join(" or ");
  assert.ok(
    error instanceof Error && classes.some((errorClass) => error instanceof errorClass),
    `${what} must fail with ${wanted}, and failed with ${error instanceof Error ? `${error.name}: ${error.message}` : inspect(error)}`,
  );
}

/**
 * Searches every part of an error for the values, or eight characters of them, in every usual encoding. What the
 * service itself shows of a secret, such as an id that is a part of it, is allowed.
 */
export function assertHoldsNone(error: unknown, values: readonly string[], what = "a call"): void {
  for (const value of values.flatMap(writtenForms)) {
    const windows = windowsOf(value);
    for (const [form, text] of Object.entries(textsOf(error)))
      assert.ok(
        // A stack trace has words of its own, and a weak secret may consist of them.
        (value === "" || !text.includes(value)) && !windows.isHeldBy(text.replace(/^\s*at .*$/gm, "")),
        `${what} fails with an error whose ${form} holds a secret of ${value.length} characters, or a part of it; name it in the request's "secrets"`,
      );
  }
}

/** A secret as it stands in a URL, in JSON, and in the usual encodings. */
function writtenForms(value: string): string[] {
  const bytes = Buffer.from(value);
  const [json, url] = [JSON.stringify(value).slice(1, -1), encodeURIComponent(value)];
  return [
    ...new Set([
      value,
      json,
      url,
      bytes.toString("base64").replace(/=+$/, ""),
      bytes.toString("base64url"),
      bytes.toString("hex"),
    ]),
  ];
}

/** An error in every form in which it can be printed or logged. */
export function textsOf(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof Error)) return { text: String(error) };
  const own = Object.fromEntries(
    Object.getOwnPropertyNames(error).map((name) => [name, (error as unknown as Record<string, unknown>)[name]]),
  );
  const cause = error.cause === undefined ? {} : { cause: Object.values(textsOf(error.cause)).join("\n") };
  return {
    message: error.message,
    stack: error.stack ?? "",
    JSON: JSON.stringify(own),
    inspection: inspect(error, { depth: 10, showHidden: true }),
    ...cause,
  };
}
