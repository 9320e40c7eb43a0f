import { InvalidField, type Fields } from "./fields";
import { rfc3339 } from "./instants";
import { keyState, type KeyRecord } from "./records";

const STATES = ["active", "revoked", "expired"] as const;
const OWNERS = ["service_account", "gateway"] as const;
const FINGERPRINT_LENGTH = 16;

/** What the control API says of a key: the truth, without any vendor's lag, and never the secret. */
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

/** An edit that no vendor's API would allow: somebody else changed the key. */
export function editKey(key: KeyRecord, fields: Fields, nowMs: number): KeyRecord {
  fields.allowOnly("state", "scopes", "expiresAt", "owner");
  const state = fields.has("state") ? fields.oneOf("state", STATES) : undefined;
  if (key.service === "pulseapi" && (state === "expired" || fields.has("expiresAt"))) {
    throw new InvalidField(state === "expired" ? "state" : "expiresAt", "cannot be set: keys of pulseapi never expire");
  }
  if (key.service !== "novavms" && fields.has("owner")) throw new InvalidField("owner", "is known to novavms only");
  const edited = {
    ...key,
    scopes: fields.has("scopes") ? fields.textList("scopes") : key.scopes,
    expiresAtMs: fields.has("expiresAt") ? fields.instantMs("expiresAt") : key.expiresAtMs,
    gatewayOwned: fields.has("owner") ? fields.oneOf("owner", OWNERS) === "gateway" : key.gatewayOwned,
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

function futureOnly(expiresAtMs: number | null, nowMs: number): number | null {
  return expiresAtMs !== null && expiresAtMs > nowMs ? expiresAtMs : null;
}
