import { neverUsed, type LastUse } from "./last-use";
import { hashSecret } from "./secrets";

export type KeyState = "active" | "revoked" | "expired";

/** A key of any service. Only the hash of its secret is stored. */
export interface KeyRecord {
  readonly service: string;
  readonly id: string;
  /** Order of creation across all records; never used twice. */
  readonly sequence: number;
  /** The key's parent in its service: a workspace, an account, a user. */
  readonly parent: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly environment: "live" | "test";
  /** SHA-256 of the secret, in hex. */
  readonly hash: string;
  /** The part of the secret that the vendor always shows. */
  readonly mask: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** Shared by all versions of the record and changed in place, because every request writes it. */
  readonly use: LastUse;
}

export function newKey(secret: string, facts: Omit<KeyRecord, "hash" | "revokedAtMs" | "use">): KeyRecord {
  return { ...facts, hash: hashSecret(secret), revokedAtMs: null, use: neverUsed() };
}

export function keyState(key: KeyRecord, nowMs: number): KeyState {
  if (key.revokedAtMs !== null) return "revoked";
  return key.expiresAtMs !== null && key.expiresAtMs <= nowMs ? "expired" : "active";
}
