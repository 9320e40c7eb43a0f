import type { ResourceState } from "./preview";

/**
 * The one place that knows the property names of our resources in a state. It reads an allow-list and
 * nothing else: `__provider` and whatever a later version adds never reach a report.
 */

export const typePrefix = "pulumi-nodejs:dynamic/apikeys:";

export type UnitKind = "account" | "key" | "rotatingKey";

const kinds: Readonly<Record<string, UnitKind>> = {
  [`${typePrefix}ServiceAccount`]: "account",
  [`${typePrefix}ApiKey`]: "key",
  [`${typePrefix}RotatingApiKey`]: "rotatingKey",
};

export function unitKind(type: string): UnitKind | undefined {
  return Object.hasOwn(kinds, type) ? kinds[type] : undefined;
}

/** What the engine puts where a value is not known before the update. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** What the engine's JSON puts where a value is secret. */
export const secretValue = "[secret]";
const secretSignature = "4dabf18193072939515e22adb298388d";

/** Where a connection leads: what a grant is a grant *on*. */
export interface Target {
  readonly backend: string;
  readonly origin: string;
}

export type ScopeReading =
  | { readonly kind: "list"; readonly scopes: readonly string[] }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly why: string };

export interface Facts {
  readonly connection: string;
  /** Left out where the state does not say, or says it only after the update. */
  readonly target?: Target;
  readonly environment?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly scopes: ScopeReading;
  readonly role?: string;
  readonly namePrefix?: string;
  readonly exactName: boolean;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly status?: string;
  /** The vendor's id of the account that a key belongs to. */
  readonly serviceAccountId?: string;
  /** An account's own id. */
  readonly accountId?: string;
  readonly keyId?: string;
  readonly expiresAt?: string;
  readonly expiresIn?: string;
  /** An expiry is given, but not known before the update. */
  readonly expiryHidden: boolean;
  /** A role is given, but not known before the update. */
  readonly roleHidden: boolean;
  /** The end that the service holds, whoever set it. */
  readonly actualExpiresAt?: string;
  readonly createdAt?: string;
  readonly rotateEvery?: string;
  readonly overlap?: string;
  readonly retire?: string;
  readonly emergency?: string;
  readonly keepers?: string;
  readonly fingerprint?: string;
  readonly previousKeyId?: string;
  readonly previousValidUntil?: string;
  readonly nextRotationAt?: string;
  /** What `check` asks for, of a rotating key: see its request. */
  readonly requestedGeneration?: number;
  readonly requestedReason?: string;
  /** Earliest and latest end of the key that a rotation leaves behind. */
  readonly retireAfter?: string;
  readonly retireUntil?: string;
  /** What is done. */
  readonly generation?: number;
}

/**
 * The facts of one state. In a preview the new state has inputs only, so what the service answered
 * stands in the outputs of the old one: `outputs` says which to use.
 */
export function readFacts(state: ResourceState, outputs: Readonly<Record<string, unknown>>): Facts {
  const { inputs } = state;
  const target = readTarget(inputs.target, outputs);
  return {
    connection: text(inputs.connection) ?? "default",
    ...(target ? { target } : {}),
    labels: readLabels(inputs.labels),
    scopes: readScopes(inputs.scopes),
    exactName: inputs.exactName === true,
    protect: state.protect,
    retainOnDelete: state.retainOnDelete,
    expiryHidden: isHidden(inputs.expiresAt) || isHidden(inputs.expiresIn),
    roleHidden: isHidden(inputs.role),
    ...optional("environment", text(inputs.environment)),
    ...optional("role", text(inputs.role)),
    ...optional("namePrefix", text(inputs.name)),
    ...optional("status", text(inputs.status)),
    ...optional("serviceAccountId", text(inputs.serviceAccountId)),
    ...optional("accountId", text(outputs.accountId)),
    ...optional("keyId", text(outputs.keyId)),
    ...optional("expiresAt", text(inputs.expiresAt)),
    ...optional("expiresIn", text(inputs.expiresIn)),
    ...optional("actualExpiresAt", text(outputs.expiresAt)),
    ...optional("createdAt", text(outputs.rotatedAt) ?? text(outputs.createdAt)),
    ...optional("rotateEvery", text(inputs.rotateEvery)),
    ...optional("overlap", text(inputs.overlap)),
    ...optional("retire", text(inputs.retire)),
    ...optional("emergency", text(inputs.emergency)),
    ...optional("keepers", inputs.keepers === undefined ? undefined : JSON.stringify(inputs.keepers)),
    ...optional("fingerprint", text(outputs.fingerprint)),
    ...optional("previousKeyId", text(outputs.previousKeyId)),
    ...optional("previousValidUntil", text(outputs.previousValidUntil)),
    ...optional("nextRotationAt", text(outputs.nextRotationAt)),
    ...optional("requestedGeneration", wholeNumber(inputs.generation)),
    ...optional("requestedReason", text(inputs.rotationReason)),
    ...optional("retireAfter", text(inputs.retireAfter)),
    ...optional("retireUntil", text(inputs.retireUntil)),
    ...optional("generation", wholeNumber(outputs.generation)),
  };
}

/** Properties that must never be readable in a preview. */
export const secretInputs: readonly string[] = ["secretValue"];
export const secretOutputs: readonly string[] = ["secret", "previousSecret"];
/** Properties that people fill by hand: where a pasted credential of unknown shape would land. */
export const freeText: readonly string[] = ["name", "description", "labels", "keepers", "emergency", "owner", "purpose"];

/** True for a value that the engine has masked or does not know yet. */
export function isHidden(value: unknown): boolean {
  return value === secretValue || value === unknownValue || isWrappedSecret(value);
}

/** The event form's secret: an object with the engine's signature. */
function isWrappedSecret(value: unknown): boolean {
  return record(value)?.[secretSignature] !== undefined;
}

function readTarget(value: unknown, outputs: Readonly<Record<string, unknown>>): Target | undefined {
  const target = record(value);
  // Where no target was asked for, who issued the key is on record.
  const backend = text(target?.backend) ?? text(outputs.backend);
  const origin = text(target?.origin) ?? text(outputs.service);
  return backend !== undefined && origin !== undefined ? { backend, origin } : undefined;
}

function readScopes(value: unknown): ScopeReading {
  if (value === undefined || value === null) return { kind: "absent" };
  if (value === unknownValue) return { kind: "unreadable", why: "its scopes are not known before the update" };
  if (value === secretValue || isWrappedSecret(value)) return { kind: "unreadable", why: "its scopes are secret" };
  if (!Array.isArray(value)) return { kind: "unreadable", why: "its scopes are not a list" };
  if (value.includes(unknownValue)) return { kind: "unreadable", why: "some of its scopes are not known before the update" };
  if (value.some(isHidden)) return { kind: "unreadable", why: "some of its scopes are secret" };
  const scopes = value.filter((scope) => typeof scope === "string");
  if (scopes.length < value.length) return { kind: "unreadable", why: "some of its scopes are not text" };
  return { kind: "list", scopes };
}

function readLabels(value: unknown): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [name, label] of Object.entries(record(value) ?? {})) {
    // A label that is only known later still counts as given.
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
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [K in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]?: Value });
}
