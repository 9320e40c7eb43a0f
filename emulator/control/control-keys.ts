import { InvalidField, type Fields } from "../http/fields";
import { rfc3339 } from "../http/instants";
import { keyState, type KeyRecord } from "../store/records";

const STATES = ["active", "revoked", "expired"] as const;
const FINGERPRINT_LENGTH = 16;

/** A key in the control API: its true state without any vendor's lag, and never the secret. */
export function showKey(key: KeyRecord, nowMs: number): Readonly<Record<string, unknown>> {
  return {
    service: key.service,
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    state: keyState(key, nowMs),
    createdAt: rfc3339(key.createdAtMs),
    expiresAt: rfc3339(key.expiresAtMs),
    lastUsedAt: rfc3339(key.use.exactMs),
    revokedAt: rfc3339(key.revokedAtMs),
    parent: key.parent,
    fingerprint: key.hash.slice(0, FINGERPRINT_LENGTH),
  };
}

/** What the services allow in an edit of their keys. */
export interface EditRules {
  /** True if the service's keys can expire. */
  readonly keysExpire: (service: string) => boolean;
  /** The fields that only one service has, and how each changes a key. */
  readonly ownFields: readonly OwnField[];
}

export interface OwnField {
  readonly service: string;
  readonly field: string;
  readonly edit: (key: KeyRecord, fields: Fields) => KeyRecord;
}

/** Makes a change that no vendor's API allows, as if someone else had changed the key. */
export function editKey(key: KeyRecord, fields: Fields, rules: EditRules, nowMs: number): KeyRecord {
  fields.allowOnly("state", "scopes", "expiresAt", ...rules.ownFields.map(({ field }) => field));
  const state = fields.has("state") ? fields.oneOf("state", STATES) : undefined;
  if (!rules.keysExpire(key.service) && (state === "expired" || fields.has("expiresAt"))) {
    const field = state === "expired" ? "state" : "expiresAt";
    throw new InvalidField(field, `cannot be set: keys of ${key.service} never expire`);
  }
  const edited = {
    ...editOwnFields(key, fields, rules.ownFields),
    scopes: fields.has("scopes") ? fields.textList("scopes") : key.scopes,
    expiresAtMs: fields.has("expiresAt") ? fields.instantMs("expiresAt") : key.expiresAtMs,
  };
  switch (state) {
    case undefined:
      return edited;
    case "revoked":
      return { ...edited, revokedAtMs: key.revokedAtMs ?? nowMs };
    case "expired":
      return { ...edited, revokedAtMs: null, expiresAtMs: Math.min(edited.expiresAtMs ?? nowMs, nowMs) };
    case "active":
      return { ...edited, revokedAtMs: null, expiresAtMs: futureOnly(edited.expiresAtMs, nowMs) };
  }
}

function editOwnFields(key: KeyRecord, fields: Fields, ownFields: readonly OwnField[]): KeyRecord {
  let edited = key;
  for (const { service, field, edit } of ownFields) {
    if (!fields.has(field)) continue;
    if (key.service !== service) throw new InvalidField(field, `is known to ${service} only`);
    edited = edit(edited, fields);
  }
  return edited;
}

function futureOnly(expiresAtMs: number | null, nowMs: number): number | null {
  return expiresAtMs !== null && expiresAtMs > nowMs ? expiresAtMs : null;
}
