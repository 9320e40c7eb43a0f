/** Checks what a backend's methods return. A mistake is reported with its method and field, not by what fails later. */
import { defined } from "../defined";
import { ResponseShapeError } from "../errors";
import { kindOf } from "../redact";
import type { BackendClient } from "./definition";

type Fields = Readonly<Record<string, unknown>>;

const texts = ["name", "description", "environment", "createdAt", "expiresAt", "lastUsedAt", "hint", "accessId"];

/** The client with checked results. A field that is undefined counts as left out. */
export function checkedClient(client: BackendClient): BackendClient {
  const checked: Partial<Record<keyof BackendClient, (answer: unknown, method: string) => unknown>> = {
    createKey: issuedObject,
    rotateKey: issuedObject,
    updateKey: whole,
    getKey: optional(whole),
    listKeys: optional(listOf(whole)),
    createServiceAccount: whole,
    updateServiceAccount: whole,
    getServiceAccount: optional(whole),
    listServiceAccounts: listOf(whole),
  };
  return Object.fromEntries(
    Object.entries(client).map(([name, method]: [string, unknown]) => {
      const check = checked[name as keyof BackendClient];
      if (typeof method !== "function") return [name, method];
      const call = method.bind(client) as (...args: readonly unknown[]) => Promise<unknown>;
      return [name, check ? async (...args: readonly unknown[]) => check(await call(...args), name) : call];
    }),
  ) as unknown as BackendClient;
}

function optional(check: (answer: unknown, method: string) => unknown) {
  return (answer: unknown, method: string) => (answer === undefined ? undefined : check(answer, method));
}

function listOf(check: (answer: unknown, method: string) => unknown) {
  return (answer: unknown, method: string) => {
    if (!Array.isArray(answer)) throw wrong(method, `answered ${kindOf(answer)}; it answers a list`);
    return answer.map((item: unknown) => check(item, method));
  };
}

/** The lifecycle judges what an issued key lacks: it knows what to do about a key that was made. */
function issuedObject(answer: unknown, method: string): unknown {
  return typeof answer === "object" && answer !== null ? told(answer as Fields, method) : answer;
}

function whole(answer: unknown, method: string): unknown {
  if (typeof answer !== "object" || answer === null)
    throw wrong(method, `answered ${kindOf(answer)}; it answers an object, and undefined for what does not exist`);
  const fields = told(answer as Fields, method);
  for (const name of ["id", "name", "status"])
    if (fields[name] === undefined || fields[name] === "") throw wrong(method, `answered without "${name}"`);
  return fields;
}

function told(answer: Fields, method: string): Fields {
  const { id, scopes } = answer;
  for (const name of texts) {
    const value = answer[name];
    if (value !== undefined && typeof value !== "string")
      throw wrong(method, `answered with a "${name}" that is ${kindOf(value)}; it is a text, or left out`);
  }
  if (scopes !== undefined && !(Array.isArray(scopes) && scopes.every((scope) => typeof scope === "string")))
    throw wrong(method, `answered with "scopes" that are ${kindOf(scopes)}; they are a list of texts, or left out`);
  return defined({ ...answer, ...(typeof id === "number" && { id: String(id) }) });
}

function wrong(method: string, words: string): ResponseShapeError {
  return new ResponseShapeError(`"${method}" of the backend ${words}.`);
}
