/** Clears a service's answers of everything that contains a part of a secret, before the lifecycle stores or shows them. */
import type { ApiKey, BackendClient, IssuedApiKey, ServiceAccount } from "../backends/definition";
import { ExposedSecretError } from "../errors";
import { asOneCall } from "../http/list-bounds";
import { holdsSecret, rememberSecrets, windowsOf } from "../secrets/known-secrets";
import { isNoName, isPresentable, presentable } from "../secrets/presentable-text";
import type { SecretWindows } from "../secrets/secret-windows";
import { asThrown } from "../thrown";
import type { MethodName, Step } from "./client-steps";

type Told<Name extends MethodName> = Awaited<ReturnType<NonNullable<BackendClient[Name]>>>;
type Asked<Name extends MethodName> = Parameters<NonNullable<BackendClient[Name]>>[0];

/** How to clear what each method reports. */
const clearings: { readonly [Name in MethodName]?: (told: Told<Name>, asked: Asked<Name>) => unknown } = {
  createKey: (told, asked) => {
    if (asked.secretValue !== undefined) rememberSecrets(asked.secretValue);
    return clearIssued(told, asked.name);
  },
  rotateKey: (told, asked) => clearIssued(told, asked.name),
  getKey: clearKey,
  listKeys: (told) => clearEach(told, clearKey),
  updateKey: clearKey,
  createServiceAccount: (told, asked) => clearAccount(told, asked.name),
  getServiceAccount: (told) => clearAccount(told),
  listServiceAccounts: (told) => clearEach(told, (each) => clearAccount(each)),
  updateServiceAccount: (told) => clearAccount(told),
};

/**
 * Guards the lifecycle: results come from the service, and most are stored and shown in clear. So this drops every field
 * that contains a part of a secret, refuses a key or an account whose id does, and limits how many pages a call reads.
 */
export const guarding: Step = ({ method, args }, next) => {
  const clear = clearings[method] as ((told: unknown, asked: unknown) => unknown) | undefined;
  return asOneCall(async () => {
    try {
      const told = await next();
      return clear ? clear(told, args[0]) : told;
    } catch (error) {
      throw asThrown(error);
    }
  });
};

const times = ["createdAt", "expiresAt", "lastUsedAt", "previousValidUntil"];
/** True for a time. Other text may be anything, and would be stored and printed. */
function isTime(text: string): boolean {
  return /^[\d:.+TtZz -]{8,40}$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** Clears a new key, and remembers its secret from here on. */
function clearIssued(key: IssuedApiKey, asked: string): IssuedApiKey {
  // Your own backend may return anything; the lifecycle says what is missing.
  if (typeof key?.secret !== "string") return key;
  rememberSecrets(key.secret);
  const issued = windowsOf(key.secret);
  for (const [field, what] of [
    ["id", "id"],
    ["accessId", "public half"],
  ] as const) {
    const problem = problemOf(key[field], issued);
    if (problem !== undefined) throw new ExposedSecretError(refusal(`a key whose ${what} ${problem}`), String(key.id));
  }
  return withoutPieces(clearFields(key, { kept: ["secret"], asked, issued }), asked, issued);
}

function refusal(what: string): string {
  return `the service reported ${what}, which the state would store in clear.`;
}

/** Why an id must not be recorded; undefined if it may be. An id cannot be changed, only accepted or refused. */
function problemOf(value: unknown, issued?: SecretWindows): string | undefined {
  if (holdsSecretIn(value, issued)) return "holds a part of a secret";
  return isPresentable(value) ? undefined : "has characters that belong in no name, or too many of them";
}

/** Fields that are not joined with others. */
const whole: readonly string[] = ["secret", "status", "name", ...times];

/** Drops all optional fields when they contain a part of the secret together. */
function withoutPieces<Told extends { readonly id: unknown }>(told: Told, asked: string, issued: SecretWindows): Told {
  const pieces = Object.entries(told).filter(([field]) => !whole.includes(field));
  const joined = pieces.flatMap(([, value]) => textsIn(value)).filter((piece) => typeof piece === "string");
  if (!issued.isHeldBy(joined.join(""))) return told;
  const needed = Object.entries(told).filter(([field]) => field === "id" || whole.includes(field));
  return { ...Object.fromEntries(needed), name: asked } as unknown as Told;
}

function clearKey(key: ApiKey | undefined): ApiKey | undefined {
  return typeof key === "object" && key !== null ? clearFields(key) : key;
}

/** Clears an account. It has no secret itself, so a secret in its id belongs to something else. */
function clearAccount(account: ServiceAccount | undefined, asked?: string): ServiceAccount | undefined {
  if (typeof account !== "object" || account === null) return account;
  const problem = problemOf(account.id);
  if (problem !== undefined)
    throw new ExposedSecretError(refusal(`a service account whose id ${problem}`), String(account.id));
  return clearFields(account, asked === undefined ? {} : { asked });
}

/**
 * Drops fields that contain a part of a secret; ids are judged where they are recorded. A name with a secret becomes the
 * requested one, or empty, so that its mark does not make the object look like ours.
 */
function clearFields<Told extends object>(
  told: Told,
  { kept = [], asked = "", issued }: { kept?: readonly string[]; asked?: string; issued?: SecretWindows } = {},
): Told {
  const isSecret = (value: unknown) => holdsSecretIn(value, issued);
  const fields = Object.entries(told).flatMap(([field, value]: [string, unknown]) => {
    const clear = field === "id" || kept.includes(field) ? value : clearField(field, value, { asked, isSecret });
    return clear === undefined ? [] : [[field, clear]];
  });
  return Object.fromEntries(fields) as Told;
}

/** The value of one field as it may be stored; undefined drops the field. */
function clearField(
  field: string,
  value: unknown,
  { asked, isSecret }: { readonly asked: string; readonly isSecret: (value: unknown) => boolean },
): unknown {
  if (field === "name") return isNoName(value) || isSecret(value) ? asked : value;
  if (Array.isArray(value)) {
    const clear = value.filter((each) => isPresentable(each) && !isSecret(each));
    // The items together may be a secret.
    return clear.length > 1 && isSecret(clear.join(" ")) ? [] : clear;
  }
  if (isSecret(value) || (times.includes(field) && typeof value === "string" && !isTime(value))) return undefined;
  if (field === "options") return clearOptions(value, isSecret);
  if (field === "description") return presentable(value);
  return isPresentable(value) ? value : undefined;
}

/** The options without those that contain a part of a secret. */
function clearOptions(options: unknown, isSecret: (value: unknown) => boolean): unknown {
  if (typeof options !== "object" || options === null) return options;
  const isClear = (value: unknown) => {
    const texts = textsIn(value);
    return texts.every((text) => isPresentable(text) && !isSecret(text)) && !isSecret(texts.join(" "));
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => isClear(value)));
}

/** All texts and numbers of a value, names of fields included. */
function textsIn(value: unknown): readonly unknown[] {
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, inner]) =>
        Array.isArray(value) ? textsIn(inner) : [name, ...textsIn(inner)],
      )
    : [value];
}

function clearEach<Item>(
  items: readonly Item[] | undefined,
  clear: (item: Item) => Item | undefined,
): readonly (Item | undefined)[] | undefined {
  return Array.isArray(items) ? (items as readonly Item[]).map(clear) : items;
}

function holdsSecretIn(value: unknown, issued?: SecretWindows): boolean {
  return (typeof value === "string" || typeof value === "number") && holdsSecret(String(value), issued);
}
