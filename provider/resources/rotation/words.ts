/** The sentences of a rotation: `rotationReason`, `retireStatus`, and what could not be done. */
import { formatSpan } from "../../values/durations";

export const retiredReason = "previous key retired after overlap";

/** `previous key ends 6 d early`: says that a promise is cut short. */
export function earlyEnd(promisedMs: number, nowMs: number): string {
  return `previous key ends ${formatSpan(promisedMs - nowMs)} early`;
}

/** Why a key that is not active any more needs a successor. */
export function statusReason(status: string | undefined): string | undefined {
  if (status === undefined || status === "active") return undefined;
  return status === "expired" ? "expired" : status === "missing" ? "gone from the service" : `${status} on the service`;
}

/** `previous key revoked on the service` */
export function goneWords(status: string): string {
  return `previous key ${statusReason(status) ?? "gone"}`;
}

export const cutShort = "an interrupted run rotated it, and nobody knows that secret";

export const notRetiredFirst = "an older key could not be retired first";

export function stillWaiting(count: number): string {
  return `${count === 1 ? "an older key still waits" : `${count} older keys still wait`} to be revoked`;
}

export function strayWords(keyId: string): string {
  return `the key ${keyId} was given another secret outside; it is left alone until an emergency, or until this resource is deleted`;
}

export function useUnknown(problem: string): string {
  return `its use is unknown; deferred (${problem})`;
}

/** The words of an emergency about each older key. */
export function revokedWords(keyId: string, revokedAt: string | undefined, lastUse: string | undefined): string {
  return `${keyId} ${revokedAt === undefined ? "could not be revoked yet" : `revoked at ${revokedAt}`}, last used ${lastUse ?? "unknown"}`;
}

/** Warns before the first revocation of an emergency, which ends the key that the state still contains. */
export function emergencyBegins(name: string): string {
  return `the older keys of "${name}" are revoked now. If this run is cut short, run it again at once: until it has ended the state may name a key that is dead, and a new one lives that the next run replaces`;
}

export function emergencyStatus(told: readonly string[]): string {
  return `emergency: ${told.length > 0 ? `${told.join("; ")}; search the service's audit log for their use up to then` : "no older key was left to revoke"}`;
}

export const problems = {
  unread: (problem: string) => `the current key could not be read, so nothing was retired: ${problem}`,
  search: (markers: readonly string[], problem: string) =>
    `keys that may have been made could not be looked for (${markers.join(", ")}), the next update tries again: ${problem}`,
  revoke: (keyId: string, problem: string) =>
    `the key ${keyId} could not be revoked, the next update tries again: ${problem}`,
  change: (keyId: string, problem: string) => `the key ${keyId} could not be changed: ${problem}`,
  setEnd: (keyId: string, problem: string) =>
    `the end of the key ${keyId} could not be set on the service, the next update tries again: ${problem}`,
} as const;

/** Why a key that was issued does not become the current one. */
export function lessThanBefore(of: {
  readonly id: string;
  readonly lacks: string;
  readonly current: string | undefined;
  /** Why it could not be revoked. */
  readonly problem: string | undefined;
}): string {
  const fate =
    of.problem === undefined ? "was revoked" : `could not be revoked, the next update tries again (${of.problem})`;
  return `the new key ${of.id} ${of.lacks}: it ${fate}, and ${of.current ?? "the key before it"} stays the current one. Ask for what the service gives; or see that it gives the rest, and run again; or accept less: acceptLess: true.`;
}

export function noRoom(backend: string, limit: number): string {
  return `${backend} allows ${limit} keys, so no new one was made.`;
}

export function sameSecret(keyId: string): string {
  return `the key ${keyId} was rotated, but answered with the secret that it had before: nothing has changed. Rotate it on the service, or ask whoever runs it.`;
}

export function unclearRotate(keyId: string, until: string): string {
  return (
    `the answer to the rotation of key ${keyId} was lost: it may have a new secret that nobody knows, while the recorded one works until ${until} at the latest. ` +
    `Rotating again now would end it at once, so this is refused until then. If that is acceptable, or the service shows that nothing was rotated, run again after ${until}; for an immediate new key change "emergency" once that time has passed.`
  );
}

/** Why an adopted key is the current one. */
export const adoptedReason = "taken over";
/** Why it gets a successor before it is due. */
export const firstRotationReason = "first rotation of a key that was taken over";
