import type { LivingKey } from "../../contract/support/rotation-bench";

/** One key of an identity, from its making to its end, as the service has it. */
export interface Generation {
  readonly id: string;
  readonly madeMs: number;
  /** Infinity: it still lives. */
  readonly endMs: number;
  readonly revoked: boolean;
}

/** Oldest first. */
export function generationsOf(keys: readonly LivingKey[], prefix: string, nowMs: number): Generation[] {
  return keys
    .filter(({ name }) => name.startsWith(`${prefix}-`))
    .map(({ id, createdAt, expiresAt, revokedAt }) => {
      const revokedMs = revokedAt === null ? Infinity : Date.parse(revokedAt);
      const expiresMs = expiresAt === null ? Infinity : Date.parse(expiresAt);
      const endMs = Math.min(revokedMs, expiresMs);
      return { id, madeMs: Date.parse(createdAt), endMs: endMs <= nowMs ? endMs : Infinity, revoked: revokedMs <= expiresMs };
    })
    .sort((a, b) => a.madeMs - b.madeMs);
}
