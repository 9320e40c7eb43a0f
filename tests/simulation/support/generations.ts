import type { LivingKey } from "../../contract/support/rotation-bench";

/** One key of an identity, from its making to its end, as the service has it. */
export interface Generation {
  readonly id: string;
  readonly madeMs: number;
  /** Infinity: it still lives. */
  readonly endMs: number;
  readonly revoked: boolean;
  /** Its end is not the one that it was made with. */
  readonly endMovedBySuccessor: boolean;
}

/** Oldest first. `lifeMs`: the life that each was made with. */
export function generationsOf(
  keys: readonly LivingKey[],
  prefix: string,
  nowMs: number,
  lifeMs = Infinity,
): Generation[] {
  return keys
    .filter(({ name }) => name.startsWith(`${prefix}-`))
    .map(({ id, createdAt, expiresAt, revokedAt }) => {
      const madeMs = Date.parse(createdAt);
      const revokedMs = revokedAt === null ? Infinity : Date.parse(revokedAt);
      const expiresMs = expiresAt === null ? Infinity : Date.parse(expiresAt);
      const endMs = Math.min(revokedMs, expiresMs);
      const moved = expiresMs !== Infinity && Math.abs(expiresMs - (madeMs + lifeMs)) > 2000;
      return {
        id,
        madeMs,
        endMs: endMs <= nowMs ? endMs : Infinity,
        revoked: revokedMs <= Math.min(expiresMs, nowMs),
        endMovedBySuccessor: moved,
      };
    })
    .sort((a, b) => a.madeMs - b.madeMs);
}
