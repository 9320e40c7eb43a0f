import { neverUsed, type LastUse } from "./last-use";
import { hashSecret } from "./secrets";
import type { ServiceName } from "./service-names";

export type KeyState = "active" | "revoked" | "expired";

/** A key of any service. Its secret is nowhere: only the hash is kept. */
export interface KeyRecord {
  readonly service: ServiceName;
  readonly id: string;
  /** Order of creation over everything; never used twice. */
  readonly sequence: number;
  /** What the key belongs to: workspace, service account, or user and team. */
  readonly parent: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly environment: "live" | "test";
  /** SHA-256 of the secret, in hex. */
  readonly hash: string;
  /** The part of the secret that the vendor shows for ever. */
  readonly mask: string;
  /** Made by a gateway of the vendor, which alone may revoke it (novavms). */
  readonly gatewayOwned: boolean;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** Shared by all versions of the record and changed in place: every request writes it. */
  readonly use: LastUse;
}

/** A service account of novavms. */
export interface AccountRecord {
  readonly id: string;
  readonly sequence: number;
  readonly organisation: string;
  readonly name: string;
  readonly role: string;
  /** Ceiling of its keys' scopes; empty = none. */
  readonly scopes: readonly string[];
  readonly enabled: boolean;
  readonly createdAtMs: number;
}

/** A user of pulseapi. */
export interface UserRecord {
  readonly id: number;
  readonly plan: "free" | "paid";
  readonly deleted: boolean;
}

export interface PulselyAuditEntry {
  readonly service: "pulsely";
  readonly atMs: number;
  readonly ip: string;
  readonly method: string;
  readonly endpoint: string;
  readonly keyId: string;
  readonly status: number;
}

export interface NovavmsAuditEntry {
  readonly service: "novavms";
  readonly atMs: number;
  readonly id: string;
  readonly organisation: string;
  readonly userId: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
}

export type AuditEntry = PulselyAuditEntry | NovavmsAuditEntry;

export function newKey(
  secret: string,
  facts: Omit<KeyRecord, "hash" | "gatewayOwned" | "revokedAtMs" | "use">,
): KeyRecord {
  return { ...facts, hash: hashSecret(secret), gatewayOwned: false, revokedAtMs: null, use: neverUsed() };
}

export function keyState(key: KeyRecord, nowMs: number): KeyState {
  if (key.revokedAtMs !== null) return "revoked";
  return key.expiresAtMs !== null && key.expiresAtMs <= nowMs ? "expired" : "active";
}
