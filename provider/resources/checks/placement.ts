/** Checks of a key's account and environment, and of an account's role. */
import { shownOf } from "../../secrets/redact";
import { nearestWord } from "../../scopes";
import { isUnknown } from "../../values/wire";
import type { CheckPoint } from "./failures";

/** A key has a parent account if, and only if, the service's keys belong to accounts. */
export function checkParent(
  serviceAccountId: unknown,
  { facts: { capabilities, backend }, failures }: CheckPoint,
): unknown {
  if (capabilities.parent === "serviceAccount" && serviceAccountId === undefined) {
    failures.add(
      "serviceAccountId",
      `"serviceAccountId" is missing; keys of ${backend} live under a service account: pass the accountId of a ServiceAccount`,
    );
  }
  if (capabilities.parent === "credential" && serviceAccountId !== undefined) {
    failures.add(
      "serviceAccountId",
      `${backend} has no service accounts, its keys belong to the owner of the connection's admin credential; leave "serviceAccountId" out, and use one connection per owner`,
    );
  }
  if (serviceAccountId === "")
    failures.add("serviceAccountId", '"serviceAccountId" is an empty text; pass the accountId of a ServiceAccount');
  return serviceAccountId;
}

/** The environment, with its default if the vendor lets the caller choose. */
export function checkEnvironment(
  environment: unknown,
  { facts: { capabilities, backend }, failures }: CheckPoint,
): unknown {
  const choices: readonly string[] | undefined = capabilities.environments;
  if (!choices) {
    if (environment !== undefined)
      failures.add("environment", `${backend} gives its callers no choice of environment; leave "environment" out`);
    return undefined;
  }
  if (environment === undefined) return choices[0];
  if (!isUnknown(environment) && !(typeof environment === "string" && choices.includes(environment)))
    failures.add(
      "environment",
      `"environment" is ${shownOf(environment)}; ${backend} knows ${choices.join(" and ")}${meant(environment, choices)}`,
    );
  return environment;
}

/** A role, if the vendor's accounts have roles. */
export function checkRole(role: unknown, { facts: { capabilities, backend }, failures }: CheckPoint): unknown {
  const { role: support = "none", roles, scopes = "none" } = capabilities.serviceAccounts ?? {};
  const known = roles === undefined ? "" : ` (roles: ${roles.join(", ")})`;
  if (support === "required" && role === undefined)
    failures.add("role", `"role" is missing; ${backend} has no service account without one${known}`);
  if (isText(role) && roles?.includes(role) === false)
    failures.add("role", `${backend} has no role ${JSON.stringify(role)}${meant(role, roles)}${known}`);
  if (support === "none" && role !== undefined) {
    const instead = scopes === "none" ? "" : ', and say with "scopes" what their keys may do at most';
    failures.add("role", `service accounts of ${backend} have no role; leave "role" out${instead}`);
  }
  if (role === "") failures.add("role", '"role" is an empty text; name a role, or leave it out');
  return role;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !isUnknown(value);
}

function meant(word: unknown, known: readonly string[]): string {
  const near = typeof word === "string" ? nearestWord(word, known) : undefined;
  return near === undefined ? "" : `; did you mean "${near}"?`;
}
