/** Checks what a backend's methods return. A mistake is reported with its method and field, not by what fails later. */
import { defined } from "../values/defined";
import { ResponseShapeError } from "../errors";
import { kindOf, redact } from "../secrets/redact";
import type { DeclaredOptions } from "../vendors/options";
import type { BackendDefinition } from "../backends/definition";
import { hasType } from "../backends/option-values";
import type { MethodName, Step } from "./client-steps";

type Fields = Readonly<Record<string, unknown>>;

const texts = ["name", "description", "environment", "createdAt", "expiresAt", "lastUsedAt", "hint", "accessId"];

/** Checks what each method returns. A field that is undefined counts as left out. */
export function checking({
  keyOptions,
  accountOptions,
}: Pick<BackendDefinition, "keyOptions" | "accountOptions"> = {}): Step {
  const key = withOptions(whole, keyOptions);
  const issued = withOptions(issuedObject, keyOptions);
  const account = withOptions(whole, accountOptions);
  const checks: Partial<Record<MethodName, Check>> = {
    createKey: issued,
    rotateKey: issued,
    updateKey: key,
    getKey: optional(key),
    listKeys: optional(listOf(key)),
    listScopes: listOf(namedScope),
    createServiceAccount: account,
    updateServiceAccount: account,
    getServiceAccount: optional(account),
    listServiceAccounts: listOf(account),
    revokeKey: oneOf("revoked", "absent"),
    revokePrevious: oneOf("revoked", "absent"),
    deleteServiceAccount: oneOf("deleted", "absent"),
    probe: optional(probed),
    whoAmI: optional(caller),
  };
  return async ({ method }, next) => {
    const answer = await next();
    const check = checks[method];
    return check ? check(answer, method) : answer;
  };
}

function namedScope(answer: unknown, method: string): unknown {
  const { name } = (answer ?? {}) as Fields;
  if (typeof name === "string" && name !== "") return answer;
  throw wrong(method, `answered with a scope whose "name" is ${kindOf(name)}; it must be a text`);
}

type Check = (answer: unknown, method: string) => unknown;

function optional(check: Check): Check {
  return (answer, method) => (answer === undefined ? undefined : check(answer, method));
}

/**
 * Checks that reported options are declared and have their type. `null` is none; one that is left out is not reported.
 */
function withOptions(check: Check, declared: DeclaredOptions = {}): Check {
  return (answer, method) => {
    const object = check(answer, method) as Fields | undefined;
    const options: unknown = object?.options;
    if (object === undefined || options === undefined) return object;
    if (typeof options !== "object" || options === null || Array.isArray(options))
      throw wrong(method, `answered with "options" that are ${kindOf(options)}; they must be a map, or left out`);
    for (const [name, value] of Object.entries(options as Fields)) {
      const option = Object.hasOwn(declared, name) ? declared[name] : undefined;
      if (!option) throw wrong(method, `answered with an option "${redact(name)}" that it does not declare`);
      if (value !== undefined && value !== null && !hasType(option, value))
        throw wrong(
          method,
          `answered with an "options.${name}" that is ${kindOf(value)}; it is declared as "${option.type}", null for none, and left out if the service does not report it`,
        );
    }
    return { ...object, options: defined(options as Fields) };
  };
}

/** Checks the answer of a method that ends something: without one of these words it proves nothing. */
function oneOf(...words: readonly string[]): Check {
  return (answer, method) => {
    if (typeof answer === "string" && words.includes(answer)) return answer;
    throw wrong(method, `answered ${kindOf(answer)}; it must answer ${words.map((word) => `"${word}"`).join(" or ")}`);
  };
}

function probed(answer: unknown, method: string): unknown {
  if (typeof (answer as Fields | null)?.works === "boolean") return answer;
  throw wrong(method, `answered without "works", true or false; it must answer undefined if it cannot tell`);
}

function caller(answer: unknown, method: string): unknown {
  if (typeof answer !== "object" || answer === null)
    throw wrong(method, `answered ${kindOf(answer)}; it must answer an object, or undefined if it cannot tell`);
  const { keyId, serviceAccountId } = answer as Fields;
  for (const [name, value] of Object.entries({ keyId, serviceAccountId }))
    if (value !== undefined && (typeof value !== "string" || value === ""))
      throw wrong(method, `answered with a "${name}" that is ${kindOf(value)}; it must be a text, or left out`);
  return answer;
}

function listOf(check: Check): Check {
  return (answer, method) => {
    if (!Array.isArray(answer)) throw wrong(method, `answered ${kindOf(answer)}; it must answer a list`);
    return answer.map((item: unknown) => check(item, method));
  };
}

/** Checks only that an issued key is an object. The lifecycle judges missing fields, because the key exists already. */
function issuedObject(answer: unknown, method: string): unknown {
  return typeof answer === "object" && answer !== null ? told(answer as Fields, method) : answer;
}

function whole(answer: unknown, method: string): unknown {
  if (typeof answer !== "object" || answer === null)
    throw wrong(method, `answered ${kindOf(answer)}; it must answer an object, or undefined for what does not exist`);
  const fields = told(answer as Fields, method);
  for (const name of ["id", "name", "status"])
    if (fields[name] === undefined || fields[name] === "") throw wrong(method, `answered without "${name}"`);
  if (!statuses.includes(fields.status))
    throw wrong(method, `answered with an unknown "status"; the known ones are ${statuses.join(", ")}`);
  return fields;
}

/** The lifecycle would read any other status as the end of the object. */
const statuses: readonly unknown[] = ["active", "disabled", "revoked", "expired"];

function told(answer: Fields, method: string): Fields {
  const { id, scopes } = answer;
  for (const name of texts) {
    const value = answer[name];
    if (value !== undefined && typeof value !== "string")
      throw wrong(method, `answered with a "${name}" that is ${kindOf(value)}; it must be a text, or left out`);
  }
  if (scopes !== undefined && !(Array.isArray(scopes) && scopes.every((scope) => typeof scope === "string")))
    throw wrong(method, `answered with "scopes" that are ${kindOf(scopes)}; they must be a list of texts, or left out`);
  // JSON loses digits of a larger number, which could make it another object's id.
  if (id !== undefined && typeof id !== "string" && !Number.isSafeInteger(id))
    throw wrong(
      method,
      `answered with an "id" that is ${kindOf(id)}; it must be a text, or a whole number of at most ${Number.MAX_SAFE_INTEGER}: send larger ones as text`,
    );
  return defined({ ...answer, ...(typeof id === "number" && { id: String(id) }) });
}

function wrong(method: string, words: string): ResponseShapeError {
  return new ResponseShapeError(`"${method}" of the backend ${words}.`);
}
