/** Checks that resources share. Each is pure, offline, and names the field, the value's kind and what to do. */
import type { CheckFailure } from "@pulumi/pulumi/dynamic";
import { z } from "zod";
import type { ConnectionFacts } from "../connections";
import { parseDuration } from "../durations";
import { kindOf } from "../redact";
import { canonicalScopes, isKnownScope, isWildcard, nearestScope, nearestWord } from "../scopes";
import { parseTime } from "../times";
import { isUnknown } from "../wire";
import type { Support } from "../backends/definition";
import { onDisabledChoices } from "./disabled";
import { suffixLength } from "./names";

/** The fields of a resource's inputs, each with the schema of its known values. */
export type InputShape = Readonly<Record<string, z.ZodType>>;

/** Collects what is wrong, so that a user sees all of it at once. */
export class Failures {
  readonly list: CheckFailure[] = [];

  add(property: string, reason: string): void {
    this.list.push({ property, reason });
  }
}

// Written out once: zod's own messages can quote the value.
const text = z.string({ error: "write text" });
const flag = z.boolean({ error: "write true or false" });
const plain = z.union([z.string(), z.number(), z.boolean()], { error: "write text" });
const textMap = z.record(z.string(), plain, { error: 'write a map of texts, such as { reason: "leak" }' });

/** What `name`, `description` and labels may hold: anything but control characters. */
const hasControlCharacters = (value: string) => /[\u0000-\u001f\u007f-\u009f]/.test(value);
export const freeText = text.refine((value) => !hasControlCharacters(value), {
  error: "take the control characters out",
});

export const fieldSchemas = {
  /** A check of its own judges the field, in better words. */
  judgedApart: z.unknown(),
  text,
  flag,
  textMap,
  freeText,
  labels: z
    .record(z.string(), freeText, { error: 'write a map of texts, such as { owner: "team-a" }' })
    .refine((labels) => !Object.keys(labels).some(hasControlCharacters), {
      error: "take the control characters out of its keys",
    }),
  scopes: z.array(text, { error: "write a list of scope names" }),
  origin: text,
  onDisabled: z.enum(onDisabledChoices, { error: 'write "ignore" or "replace"' }),
} as const;

/**
 * The known values of the inputs. Unknown values (a preview's) pass: they are checked when they are
 * known. A name that no schema has is most likely a slip of the pen.
 */
export function checkShape(shape: InputShape, news: Readonly<Record<string, unknown>>, failures: Failures): void {
  for (const [name, value] of Object.entries(news)) {
    if (name === "__provider" || value === undefined || isUnknown(value)) continue;
    const schema = shape[name];
    if (!schema) {
      const near = nearestWord(name, Object.keys(shape));
      failures.add(name, `there is no input "${name}"${near ? `; did you mean "${near}"?` : ""}`);
      continue;
    }
    const result = schema.safeParse(value);
    if (!result.success) {
      const issue = result.error.issues[0];
      const at = issue?.path ?? [];
      const wrong = at.reduce<unknown>(
        (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
        value,
      );
      failures.add(name, `"${[name, ...at].join(".")}" is ${kindOf(wrong)}: ${issue?.message ?? "not valid"}`);
    }
  }
}

/** A consent, or one that a preview does not know yet: it is asked for when it is known. */
export function isGiven(consent: unknown): boolean {
  return consent === true || isUnknown(consent);
}

/** A name prefix that leaves room for the suffix and fits the vendor's form. */
export function checkName(
  name: unknown,
  exact: boolean,
  { capabilities, backend }: ConnectionFacts,
  failures: Failures,
): void {
  if (typeof name !== "string" || isUnknown(name)) return;
  const room = capabilities.limits.nameLength - (exact ? 0 : suffixLength);
  if (name === "") failures.add("name", '"name" is an empty text; leave it out to use the resource\'s own name');
  if (name.length > room)
    failures.add(
      "name",
      `"name" has ${name.length} characters, but ${backend} takes ${room}${exact ? "" : ` (its limit of ${capabilities.limits.nameLength} less the ${suffixLength} of the suffix)`}; shorten it`,
    );
  const { namePattern } = capabilities.limits;
  if (namePattern !== undefined && !new RegExp(namePattern).test(name))
    failures.add("name", `"name" does not have the form that ${backend} takes (${namePattern}); change it`);
}

/** A description where the vendor keeps one and limits it. */
export function checkDescription(
  description: unknown,
  support: Support,
  { capabilities, backend }: ConnectionFacts,
  failures: Failures,
): void {
  const limit = capabilities.limits.descriptionLength;
  if (typeof description !== "string" || isUnknown(description)) return;
  if (support === "none" || limit === undefined || description.length <= limit) return;
  failures.add(
    "description",
    `"description" has ${description.length} characters, but ${backend} takes ${limit}; shorten it`,
  );
}

/**
 * Canonical scopes, after the rules: they exist, the vendor keeps them where the user put them, and
 * what gives everything is asked for in so many words.
 */
export function checkKeyScopes(
  scopes: unknown,
  fullAccess: unknown,
  { capabilities, catalogue, backend, name: connection }: ConnectionFacts,
  failures: Failures,
): string[] | undefined {
  const onKeys = capabilities.scopes === "immutable" || capabilities.scopes === "mutable";
  if (!onKeys) {
    const where =
      capabilities.scopes === "account"
        ? "set them on the service account (ServiceAccount.scopes)"
        : "a key can do whatever its service account may";
    if (scopes !== undefined)
      failures.add("scopes", `keys of ${backend} have no scopes of their own; leave "scopes" out: ${where}`);
    return undefined;
  }
  if (scopes === undefined) {
    failures.add("scopes", `"scopes" is missing; list what the key may do, for example ["${exampleScope(catalogue)}"]`);
    return undefined;
  }
  if (isUnknown(scopes) || !Array.isArray(scopes) || scopes.some((scope) => typeof scope !== "string"))
    return undefined;
  const canonical = canonicalScopes(scopes as string[]);
  const consent = isGiven(fullAccess);
  if (canonical.length === 0 && !consent) {
    failures.add(
      "scopes",
      '"scopes" is an empty list, which many services read as everything; list the scopes, or set fullAccess: true if everything is meant',
    );
  }
  for (const scope of canonical) checkScope(scope, consent, "scopes", { catalogue, backend, connection }, failures);
  return canonical;
}

/** A role where the vendor's accounts have one. */
export function checkRole(role: unknown, { capabilities, backend }: ConnectionFacts, failures: Failures): void {
  const { role: support = "none", scopes = "none" } = capabilities.serviceAccounts ?? {};
  if (support === "required" && role === undefined)
    failures.add("role", `"role" is missing; ${backend} has no service account without one`);
  if (support === "none" && role !== undefined) {
    const instead = scopes === "none" ? "" : ', and say with "scopes" what their keys may do at most';
    failures.add("role", `service accounts of ${backend} have no role; leave "role" out${instead}`);
  }
  if (role === "") failures.add("role", '"role" is an empty text; name a role, or leave it out');
}

/** The scopes of an account: the same words, no consent needed for none. */
export function checkAccountScopes(
  scopes: unknown,
  { capabilities, catalogue, backend, name: connection }: ConnectionFacts,
  failures: Failures,
): string[] | undefined {
  if (scopes === undefined) return undefined;
  if (capabilities.serviceAccounts?.scopes === "none") {
    failures.add("scopes", `service accounts of ${backend} have no scopes; leave "scopes" out`);
    return undefined;
  }
  if (isUnknown(scopes) || !Array.isArray(scopes) || scopes.some((scope) => typeof scope !== "string"))
    return undefined;
  const canonical = canonicalScopes(scopes as string[]);
  for (const scope of canonical) checkScope(scope, true, "scopes", { catalogue, backend, connection }, failures);
  return canonical;
}

function checkScope(
  scope: string,
  fullAccess: boolean,
  field: string,
  {
    catalogue,
    backend,
    connection,
  }: { readonly catalogue: ConnectionFacts["catalogue"]; readonly backend: string; readonly connection: string },
  failures: Failures,
): void {
  if (catalogue && !isKnownScope(catalogue, scope)) {
    const near = nearestScope(catalogue, scope);
    const form = catalogue.open
      ? `a scope looks like "${catalogue.open.example}"`
      : `known scopes: ${Object.keys(catalogue.scopes).sort().join(", ")}`;
    failures.add(
      field,
      `${backend} (connection "${connection}") has no scope ${JSON.stringify(scope)}${near ? `; did you mean "${near}"?` : ""} (${form})`,
    );
  } else if (isWildcard(catalogue, scope) && !fullAccess) {
    failures.add(
      field,
      `"${scope}" is a wildcard: it gives everything that it covers, now and later; list single scopes, or set fullAccess: true if that is meant`,
    );
  }
}

function exampleScope(catalogue: ConnectionFacts["catalogue"]): string {
  return catalogue?.open?.example ?? Object.keys(catalogue?.scopes ?? {})[0] ?? "…";
}

/** The parent account is given exactly where keys live under one. */
export function checkParent(
  serviceAccountId: unknown,
  { capabilities, backend }: ConnectionFacts,
  failures: Failures,
): void {
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
}

/** The environment, with its default where the vendor lets the caller choose. */
export function checkEnvironment(
  environment: unknown,
  { capabilities, backend }: ConnectionFacts,
  failures: Failures,
): unknown {
  const choices: readonly string[] | undefined = capabilities.environments;
  if (!choices) {
    if (environment !== undefined)
      failures.add("environment", `${backend} gives its callers no choice of environment; leave "environment" out`);
    return undefined;
  }
  if (environment === undefined) return choices[0];
  if (!isUnknown(environment) && !(typeof environment === "string" && choices.includes(environment)))
    failures.add("environment", `"environment" is ${kindOf(environment)}; ${backend} knows ${choices.join(" and ")}`);
  return environment;
}

/** A key's life: a duration, and not none. */
export function checkLife(expiresIn: unknown, failures: Failures): void {
  if (expiresIn === undefined || isUnknown(expiresIn)) return;
  const ms = parseDuration(expiresIn);
  if (typeof ms !== "number") failures.add("expiresIn", `"expiresIn" ${ms.problem}`);
  if (ms === 0) failures.add("expiresIn", '"expiresIn" is no time at all; give the key a life, such as 90d');
}

/** An end is asked for exactly where the vendor wants or allows one. */
export function checkExpirySupport(
  asked: { readonly expiresAt?: unknown; readonly expiresIn?: unknown },
  { capabilities, backend }: ConnectionFacts,
  failures: Failures,
): void {
  const field = asked.expiresAt !== undefined ? "expiresAt" : asked.expiresIn !== undefined ? "expiresIn" : undefined;
  const { support } = capabilities.expiry;
  if (support === "none" && field)
    failures.add(field, `keys of ${backend} cannot expire; leave "${field}" out; RotatingApiKey limits their age`);
  if (support === "imposed" && field)
    failures.add(field, `${backend} sets the end of its keys by itself; leave "${field}" out`);
  if (support === "required" && !field)
    failures.add("expiresIn", `keys of ${backend} must expire; give "expiresIn", such as 90d`);
}

/** A time in milliseconds, or a failure. */
export function checkTime(field: string, value: unknown, failures: Failures): number | undefined {
  if (value === undefined || isUnknown(value)) return undefined;
  const ms = parseTime(value);
  if (typeof ms === "number") return ms;
  failures.add(field, `"${field}" ${ms.problem}`);
  return undefined;
}
