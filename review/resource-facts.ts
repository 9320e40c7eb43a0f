import type { ServiceAccountInputs } from "../provider/resources/service-account/fields";
import type { ApiKeyInputs } from "../provider/resources/api-key/fields";
import type { ApiKeyOutputs } from "../provider/resources/api-key/inputs";
import type { RotatingInputs } from "../provider/resources/rotation/fields";
import type { RotatingOutputs } from "../provider/resources/rotation/key-ring";
import type { ServiceAccountOutputs } from "../provider/resources/service-account/record";
import type { Target } from "../provider/resources/identity/target";
import { type ExtraScope, type ExtraScopes, scopeLevels } from "../provider/scopes";
import { isRecord, type ResourceState } from "./preview-form";

/**
 * The only place that knows the property names of our resources in a state. It reads an allow-list and nothing else:
 * `__provider` and fields of later versions never reach a report. The names come from the provider's own types: a field
 * that is renamed there, or added without a decision here, does not compile.
 */

type InputName = keyof ServiceAccountInputs | keyof ApiKeyInputs | keyof RotatingInputs;
type OutputName = keyof ServiceAccountOutputs | keyof ApiKeyOutputs | keyof RotatingOutputs;
type Values<Name extends string> = Readonly<Partial<Record<Name, unknown>>>;

export type UnitKind = "account" | "key" | "rotatingKey";

/** The engine's placeholder for a value that is not known before the update. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** The placeholder for a secret value in the engine's JSON. */
export const secretValue = "[secret]";
const secretSignature = "4dabf18193072939515e22adb298388d";

/** A grant always applies to one. */
export type { Target };

/** Why a value cannot be read: the engine masks it, or learns it during the update. */
export type Hiding = "secret" | "unknown";
/** The two above; or the value has the wrong form; or this version of the review does not know the property. */
export type Unreadable = Hiding | "form" | "new";

export type ScopeReading =
  | { readonly kind: "list"; readonly scopes: readonly string[] }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly why: string };

export interface Facts {
  readonly connection: string;
  /** Left out if the state does not record it, or only will after the update. */
  readonly target?: Target | undefined;
  readonly environment?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly scopes: ScopeReading;
  readonly role?: string | undefined;
  readonly namePrefix?: string | undefined;
  readonly exactName: boolean;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly status?: string | undefined;
  /** What the last look at the service found. */
  readonly recordedStatus?: string | undefined;
  /** What `serviceAccountId` contains. */
  readonly account: "absent" | "value" | Hiding;
  /** The vendor's id of the account that a key belongs to. Only if `account` is `value`. */
  readonly serviceAccountId?: string | undefined;
  /** An account's own id. */
  readonly accountId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly expiresAt?: string | undefined;
  readonly expiresIn?: string | undefined;
  /** An expiry is set, but cannot be read. */
  readonly expiryHidden: boolean;
  /** A role is set, but cannot be read. */
  readonly roleHidden: boolean;
  /** A vendor's own inputs. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Properties that decide access, place or life and cannot be read. Scopes and account are not included: they say so
   * themselves.
   */
  readonly hidden: readonly { readonly property: string; readonly how: Unreadable }[];
  /** The scopes that the service gave, if they differ from the requested ones. */
  readonly grantedScopes?: readonly string[] | undefined;
  /** The options that the service gave, if they differ from the requested ones; an empty text stands for none. */
  readonly grantedOptions?: Readonly<Record<string, unknown>> | undefined;
  /** The resource whose deletion also counts for this one; nothing revokes it then. */
  readonly deletedWith?: string | undefined;
  /** The expiry that the service has, whoever set it. */
  readonly actualExpiresAt?: string | undefined;
  /** The requested end, if the service set another. */
  readonly askedExpiresAt?: string | undefined;
  /** The environment that the service gave, if it differs from the requested one. */
  readonly grantedEnvironment?: string | undefined;
  readonly grantedRole?: string | undefined;
  readonly createdAt?: string | undefined;
  readonly rotateEvery?: string | undefined;
  readonly rotateBefore?: string | undefined;
  readonly jitter?: string | undefined;
  readonly onDisabled?: string | undefined;
  /** The service's id of a key or account that was there before, and that this resource takes over. */
  readonly adopts?: string | undefined;
  /** It was there before, so the end of its resource leaves it on the service. */
  readonly isLeft: boolean;
  readonly revokeOnDestroy: boolean;
  readonly firstRotation?: string | undefined;
  /** The program's consent to less than it requests. */
  readonly acceptLess: boolean;
  /** The program's consent to the end of the key that the connection itself runs on. */
  readonly selfRotate: boolean;
  readonly overlap?: string | undefined;
  readonly retire?: string | undefined;
  readonly maxOverlap?: string | undefined;
  readonly emergency?: string | undefined;
  readonly keepers?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly previousKeyId?: string | undefined;
  readonly previousValidUntil?: string | undefined;
  readonly nextRotationAt?: string | undefined;
  /** For a rotating key: what `check` requests (see the key's request). */
  readonly requestedGeneration?: number | undefined;
  readonly requestedReason?: string | undefined;
  /** Why the key took the place of the one before it; of a key that stays, an old story. */
  readonly replacementReason?: string | undefined;
  /** Earliest and latest end of the previous key after a rotation. */
  readonly retireAfter?: string | undefined;
  readonly retireUntil?: string | undefined;
  /** What was done. */
  readonly generation?: number | undefined;
}

/**
 * The facts of one state. In a preview the new state has only inputs, so the service's answers are in the outputs of
 * the old one. `outputs` says which to use.
 */
export function readFacts(state: ResourceState, outputs: Values<OutputName>): Facts {
  const inputs: Values<InputName> = state.inputs;
  // All fields in one literal, in use or not: rules read facts thousands of times, and so all have one shape.
  return {
    connection: text(inputs.connection) ?? "default",
    target: readTarget(state),
    environment: text(inputs.environment),
    labels: readLabels(inputs.labels),
    scopes: readScopes(inputs.scopes),
    role: text(inputs.role),
    namePrefix: text(inputs.name),
    exactName: inputs.exactName === true,
    acceptLess: inputs.acceptLess === true,
    selfRotate: inputs.selfRotate === true,
    protect: state.protect,
    retainOnDelete: state.retainOnDelete,
    deletedWith: state.deletedWith,
    status: text(inputs.status),
    account: accountReading(inputs.serviceAccountId),
    serviceAccountId: text(inputs.serviceAccountId),
    expiresAt: text(inputs.expiresAt),
    expiresIn: text(inputs.expiresIn),
    expiryHidden: isHidden(inputs.expiresAt) || isHidden(inputs.expiresIn),
    roleHidden: isHidden(inputs.role),
    options: readOptions(inputs.options),
    hidden: [...hiddenProperties(state), ...secretRecord(outputs)],
    rotateEvery: text(inputs.rotateEvery),
    rotateBefore: text(inputs.rotateBefore),
    jitter: text(inputs.jitter),
    onDisabled: text(inputs.onDisabled),
    firstRotation: text(inputs.firstRotation),
    overlap: text(inputs.overlap),
    retire: text(inputs.retire),
    maxOverlap: text(inputs.maxOverlap),
    emergency: text(inputs.emergency),
    keepers: inputs.keepers === undefined ? undefined : JSON.stringify(inputs.keepers),
    adopts: adoptedId(inputs.adopt),
    isLeft: inputs.revokeOnDestroy !== true && isAdopted(inputs.adopt, outputs),
    revokeOnDestroy: inputs.revokeOnDestroy === true,
    requestedGeneration: wholeNumber(inputs.generation),
    requestedReason: text(inputs.rotationReason),
    replacementReason: text(inputs.replacementReason),
    retireAfter: text(inputs.retireAfter),
    retireUntil: text(inputs.retireUntil),
    ...answered(outputs),
  };
}

/** What the service gave, and what was done. */
function answered(outputs: Values<OutputName>): Partial<Facts> {
  const { serverScopes, serverExpiresAt } = outputs;
  return {
    recordedStatus: text(outputs.status),
    accountId: text(outputs.accountId),
    keyId: text(outputs.keyId),
    actualExpiresAt: text(serverExpiresAt) ?? text(outputs.expiresAt),
    askedExpiresAt:
      (serverExpiresAt === undefined ? undefined : text(outputs.expiresAt)) ?? text(outputs.askedExpiresAt),
    grantedScopes:
      Array.isArray(serverScopes) && !serverScopes.some(isHidden)
        ? serverScopes.filter((scope) => typeof scope === "string")
        : undefined,
    grantedOptions: record(outputs.serverOptions),
    grantedEnvironment: text(outputs.serverEnvironment),
    grantedRole: text(outputs.serverRole),
    // For a rotating key the last rotation counts, not the first issue.
    createdAt: text(outputs.rotatedAt) ?? text(outputs.createdAt),
    fingerprint: text(outputs.fingerprint),
    previousKeyId: text(outputs.previousKeyId),
    previousValidUntil: text(outputs.previousValidUntil),
    nextRotationAt: text(outputs.nextRotationAt),
    generation: wholeNumber(outputs.generation),
  };
}

/** Properties that must never be readable in a preview. */
export const secretInputs: readonly InputName[] = ["secretValue"];
export const secretOutputs: readonly OutputName[] = ["secret", "previousSecret"];
/** Properties that people fill in by hand, where a pasted credential of unknown shape could land. */
export const freeText: readonly InputName[] = ["name", "description", "labels", "keepers", "emergency", "options"];

/** True for a value that the engine masked or does not know yet. */
export function isHidden(value: unknown): boolean {
  return hidingOf(value) !== undefined;
}

export function hidingOf(value: unknown): Hiding | undefined {
  if (value === unknownValue) return "unknown";
  return value === secretValue || isWrappedSecret(value) ? "secret" : undefined;
}

type Form = "text" | "flag" | "number" | "target" | "options" | "adoption";

/**
 * The inputs, besides scopes and account, that decide who may do what, where, and for how long; each with its only
 * valid form.
 */
const decisive = {
  connection: "text",
  target: "target",
  environment: "text",
  role: "text",
  fullAccess: "flag",
  exactName: "flag",
  status: "text",
  expiresAt: "text",
  expiresIn: "text",
  rotateEvery: "text",
  rotateBefore: "text",
  overlap: "text",
  maxOverlap: "text",
  retire: "text",
  jitter: "text",
  generation: "number",
  onDisabled: "text",
  options: "options",
  acceptLess: "flag",
  selfRotate: "flag",
  adopt: "adoption",
  revokeOnDestroy: "flag",
  firstRotation: "text",
} as const satisfies Partial<Record<InputName, Form>>;

/** All other inputs: they decide nothing, or are read elsewhere. */
const otherInputs = {
  ...{ origin: true, name: true, description: true, labels: true, keepers: true, emergency: true, allowOutage: true },
  ...{ scopes: true, serviceAccountId: true, secretValue: true, agreedExpiresAt: true, replacementReason: true },
  ...{ issuedOn: true, rotationReason: true, retireAfter: true, retireUntil: true, retireAskedOn: true },
} as const satisfies Record<Exclude<InputName, keyof typeof decisive>, true>;
/** The engine's own properties, and an output that decides nothing anywhere. */
const notOurs: ReadonlySet<string> = new Set(["__provider", "__defaults", "agreedScopes"]);

function hiddenProperties({ inputs, inputsHoldOutputs }: ResourceState): Facts["hidden"] {
  let hidden: { property: string; how: Unreadable }[] | undefined;
  for (const [property, value] of Object.entries(inputs)) {
    if (value === undefined || value === null || Object.hasOwn(otherInputs, property) || notOurs.has(property))
      continue;
    const how = isDecisive(property) ? whyUnreadable(value, decisive[property]) : inputsHoldOutputs ? undefined : "new";
    if (how !== undefined) (hidden ??= []).push({ property, how });
  }
  return hidden ?? noneHidden;
}

/**
 * What the record has to show: by it the review tells what was given, what is disabled, and what somebody left alive. A
 * program can have any output masked (`additionalSecretOutputs`).
 */
const recorded: readonly OutputName[] = [
  ...(["status", "keyId", "accountId", "adoptedId", "previousKeyId", "generation", "fingerprint", "target"] as const),
  ...(["createdAt", "rotatedAt", "expiresAt", "askedExpiresAt", "nextRotationAt", "previousValidUntil"] as const),
  ...(["serverScopes", "serverRole", "serverOptions", "serverEnvironment", "serverExpiresAt"] as const),
];

function secretRecord(outputs: Values<OutputName>): Facts["hidden"] {
  const hidden = recorded.filter((name) => hidingOf(outputs[name]) === "secret");
  return hidden.length === 0 ? noneHidden : hidden.map((property) => ({ property, how: "secret" }));
}

function isDecisive(property: string): property is keyof typeof decisive {
  return Object.hasOwn(decisive, property);
}

function whyUnreadable(value: unknown, form: Form): Unreadable | undefined {
  const how = hidingOf(value) ?? (form === "target" || form === "options" ? hidingInside(value) : undefined);
  if (how !== undefined) return how;
  return hasForm(value, form) ? undefined : "form";
}

function hasForm(value: unknown, form: Form): boolean {
  switch (form) {
    case "text":
      return typeof value === "string" && value !== "";
    case "flag":
      return typeof value === "boolean";
    case "number":
      return typeof value === "number";
    case "target":
      return isTarget(value);
    case "adoption":
      return adoptedId(value) !== undefined;
    case "options":
      return record(value) !== undefined && Object.values(record(value) ?? {}).every(isOptionValue);
  }
}

/** The id in `adopt`; undefined for any other form. Its secret is not for a review. */
function adoptedId(value: unknown): string | undefined {
  const { keyId, accountId, secret: _secret, ...more } = record(value) ?? {};
  if (Object.keys(more).length > 0 || (keyId !== undefined && accountId !== undefined)) return undefined;
  return text(keyId ?? accountId);
}

/** A rotating key is left only as long as it is the one that was there before. */
function isAdopted(
  adopt: unknown,
  { adoptedId: before, keyId, previousKeyId, accountId }: Values<OutputName>,
): boolean {
  if (before === undefined || before === null) return adopt !== undefined && adopt !== null;
  if (isHidden(before)) return true;
  return before === (accountId ?? keyId) || before === previousKeyId;
}

/** A field that a later version adds also describes the place. */
function isTarget(value: unknown): boolean {
  const { backend, origin, credential, route, extraScopes, ...more } = record(value) ?? {};
  const optional = [credential, route].every((field) => field === undefined || text(field) !== undefined);
  const claims = extraScopes === undefined || readExtraScopes(extraScopes) !== undefined;
  const known = optional && claims && Object.keys(more).length === 0;
  return text(backend) !== undefined && text(origin) !== undefined && known;
}

/** Undefined for any other form. */
function readExtraScopes(value: unknown): ExtraScopes | undefined {
  const claims = Object.entries(record(value) ?? {});
  if (claims.length === 0) return undefined;
  const read: [string, ExtraScope][] = [];
  for (const [name, claim] of claims) {
    const { level, implies, ...more } = record(claim) ?? { more: claim };
    const grade = scopeLevels.find((each) => each === level);
    const isList = Array.isArray(implies) && implies.every((scope) => text(scope) !== undefined);
    const isKnown = (level === undefined || grade !== undefined) && (implies === undefined || isList);
    if (!isKnown || Object.keys(more).length > 0) return undefined;
    read.push([name, { ...(grade && { level: grade }), ...(isList && { implies: implies as string[] }) }]);
  }
  return Object.fromEntries(read);
}

/** A text, number or flag, several texts, or texts by name. */
function isOptionValue(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return ["string", "number", "boolean"].includes(typeof value);
  return Object.values(value).every((each) => typeof each === "string");
}

const noneHidden: Facts["hidden"] = [];

function hidingInside(value: unknown): Hiding | undefined {
  for (const inner of Object.values(record(value) ?? {})) {
    const how = hidingOf(inner) ?? hidingAmong(inner);
    if (how !== undefined) return how;
  }
  return undefined;
}

function hidingAmong(values: unknown): Hiding | undefined {
  if (typeof values !== "object" || values === null) return undefined;
  return Object.values(values)
    .map(hidingOf)
    .find((how) => how !== undefined);
}

function accountReading(value: unknown): Facts["account"] {
  if (value === undefined || value === null) return "absent";
  // Neither text nor hidden: no service has such an id, and nobody can say how it would read this one.
  return hidingOf(value) ?? (typeof value === "string" ? "value" : "secret");
}

/** The event form's secret: an object with the engine's signature. */
function isWrappedSecret(value: unknown): boolean {
  return record(value)?.[secretSignature] !== undefined;
}

/** If no target was requested, the record names the issuer of the key. */
function readTarget({ inputs, outputs }: ResourceState): Target | undefined {
  const target = record(inputs.target ?? outputs.target);
  const backend = text(target?.backend);
  const origin = text(target?.origin);
  if (backend === undefined || origin === undefined) return undefined;
  const credential = text(target?.credential);
  const route = text(target?.route);
  const extraScopes = readExtraScopes(target?.extraScopes);
  return {
    backend,
    origin,
    ...(credential === undefined ? {} : { credential }),
    ...(route === undefined ? {} : { route }),
    ...(extraScopes === undefined ? {} : { extraScopes }),
  };
}

function readScopes(value: unknown): ScopeReading {
  if (value === undefined || value === null) return { kind: "absent" };
  if (value === unknownValue) return { kind: "unreadable", why: "its scopes are not known before the update" };
  if (value === secretValue || isWrappedSecret(value)) return { kind: "unreadable", why: "its scopes are secret" };
  if (!Array.isArray(value)) return { kind: "unreadable", why: "its scopes are not a list" };
  if (value.includes(unknownValue))
    return { kind: "unreadable", why: "some of its scopes are not known before the update" };
  if (value.some(isHidden)) return { kind: "unreadable", why: "some of its scopes are secret" };
  const scopes = value.filter((scope) => typeof scope === "string");
  if (scopes.length < value.length) return { kind: "unreadable", why: "some of its scopes are not text" };
  return { kind: "list", scopes };
}

/** Nothing is known of options that are hidden as a whole: see `hidden`. */
function readOptions(value: unknown): Facts["options"] {
  return isHidden(value) ? undefined : record(value);
}

function readLabels(value: unknown): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [name, label] of Object.entries(record(value) ?? {})) {
    // A label that is known only later still counts as given.
    if (isHidden(label)) labels[name] = "(known after the update)";
    else if (typeof label === "string" && label.trim() !== "") labels[name] = label;
  }
  return labels;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && !isHidden(value) ? value : undefined;
}

function wholeNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined;
}
