/**
 * The keys of one rotating key: the current one, the previous one, and older ones that must still be revoked. Reads and
 * writes the state's own form; only the transitions below change it. Pure.
 */
import { defined } from "../../values/defined";
import type { AmbiguousCreateError } from "../../errors";
import { formatTime } from "../../values/times";
import type { OptionValues } from "../../vendors/options";
import type { KeyRecord } from "../key/key-inputs";
import type { RotatingInputs } from "./fields";
import type { RetireMode } from "./schedule";

/** One credential, which a revoke ends. A newer one may follow under the same key id. */
export interface Credential {
  readonly keyId: string;
  readonly physicalName: string;
  readonly fingerprint?: string;
  readonly secretVersion?: string;
}

/** An older key that still has to be revoked. */
export interface PendingRevocation extends Credential {
  /** RFC 3339 UTC: when it should have gone. */
  readonly end: string;
}

/** What the record knows about the previous key in addition to its public outputs. */
export interface PreviousKey extends Credential {
  /** Earliest end; RFC 3339 UTC. */
  readonly retireAfter: string;
  readonly retire: RetireMode;
  /** The service ends it by itself at `previousValidUntil`. */
  readonly endsOnService: boolean;
  /** The later end that the service set instead: an update must revoke the key before it. RFC 3339 UTC. */
  readonly serverEnd?: string;
  /** Its own end, from its issue. RFC 3339 UTC. */
  readonly expiresAt?: string;
}

/** The record of the resource and its current key. */
export interface RotationRecord
  extends Omit<RotatingInputs, "status" | "retireAfter" | "retireUntil">, Omit<KeyRecord, "keyId" | "physicalName"> {
  /** Left out until the first key is issued. */
  readonly keyId?: string;
  readonly physicalName?: string;
  readonly rotatedAt?: string;
  readonly nextRotationAt?: string;
  readonly retireStatus?: string;
  readonly agreedScopes?: readonly string[];
  readonly agreedOptions?: OptionValues;
  /** Set after a native rotation whose answer was lost: no other rotation before this time. */
  readonly rotateBlockedUntil?: string;
}

/** The older keys, as the state has them. */
interface RecordedKeys {
  readonly previousKeyId?: string;
  readonly previousSecret?: string;
  readonly previousValidUntil?: string;
  readonly previousKey?: PreviousKey;
  readonly pendingRevocations?: readonly PendingRevocation[];
  /** Names of keys that may exist although no usable answer came. Updates still search for them. */
  readonly lostCreates?: readonly string[];
  /** Older keys to which somebody gave another secret: left alone until an emergency, or until this resource is deleted. */
  readonly strayKeys?: readonly Credential[];
}

/** The state of a rotating key. */
export type RotatingOutputs = RotationRecord & RecordedKeys;

/** The key before the current one, which works until its end. */
export interface Previous extends PreviousKey {
  readonly secret?: string;
  /** Latest end; RFC 3339 UTC. */
  readonly until: string;
}

export interface KeyRing {
  readonly record: RotationRecord;
  readonly previous?: Previous;
  /** Older keys that wait for their revocation. */
  readonly waiting: readonly PendingRevocation[];
  /** Older keys that this update revokes. */
  readonly condemned: readonly Credential[];
  readonly lost: readonly string[];
  readonly strays: readonly Credential[];
}

export function fromOutputs(outs: RotatingOutputs): KeyRing {
  const { previousKeyId: _id, previousSecret, previousValidUntil, previousKey, ...rest } = outs;
  const { pendingRevocations = [], lostCreates = [], strayKeys = [], ...record } = rest;
  return {
    record,
    ...(previousKey &&
      previousValidUntil !== undefined && {
        previous: defined({ ...previousKey, secret: previousSecret, until: previousValidUntil }),
      }),
    waiting: pendingRevocations,
    condemned: [],
    lost: lostCreates,
    strays: strayKeys,
  };
}

export function toOutputs({ record, previous, waiting, lost, strays }: KeyRing): RotatingOutputs {
  return { ...record, ...(previous && previousOutputs(previous)), ...defined(listed({ waiting, lost, strays })) };
}

function previousOutputs({ secret, until, ...previousKey }: Previous): RecordedKeys {
  return defined({
    previousKeyId: previousKey.keyId,
    previousSecret: secret,
    previousValidUntil: until,
    previousKey,
  });
}

function listed({ waiting, lost, strays }: Pick<KeyRing, "waiting" | "lost" | "strays">) {
  return {
    pendingRevocations: waiting.length > 0 ? waiting : undefined,
    lostCreates: lost.length > 0 ? lost : undefined,
    strayKeys: strays.length > 0 ? strays : undefined,
  };
}

/** The current key; undefined until the first one is issued. */
export function currentOf({ record }: KeyRing): Credential | undefined {
  const { keyId, physicalName, fingerprint, secretVersion } = record;
  return keyId === undefined || physicalName === undefined
    ? undefined
    : defined({ keyId, physicalName, fingerprint, secretVersion });
}

/** Every credential in the ring, oldest first; only the newest of those with one id. */
export function credentialsOf(ring: KeyRing): Credential[] {
  const current = currentOf(ring);
  const { strays, waiting, previous } = ring;
  const all = [...strays, ...waiting, ...(previous ? [previous] : []), ...(current ? [current] : [])];
  return all.filter((credential, index) => all.findLastIndex((other) => other.keyId === credential.keyId) === index);
}

/** True if one more key would exceed the limit. */
export function isCrowded(ring: KeyRing, limit: number | undefined, currentIsDead: boolean): boolean {
  if (limit === undefined) return false;
  const { record, previous, waiting, lost } = ring;
  const current = record.keyId === undefined || currentIsDead ? 0 : 1;
  return current + (previous ? 1 : 0) + waiting.length + lost.length >= limit;
}

// Transitions

export function changed(ring: KeyRing, changes: Partial<RotationRecord>): KeyRing {
  return { ...ring, record: { ...ring.record, ...changes } };
}

/** The record without some fields, and with others. */
export function replaced(
  ring: KeyRing,
  names: readonly (keyof RotationRecord)[],
  changes: Partial<RotationRecord> = {},
): KeyRing {
  const left = Object.entries(ring.record).filter(([name]) => !names.includes(name as keyof RotationRecord));
  return { ...ring, record: { ...Object.fromEntries(left), ...changes } as RotationRecord };
}

/** True if the service knows when the previous key ends. */
export function hasEndOnService({ endsOnService, serverEnd }: PreviousKey): boolean {
  return endsOnService || serverEnd !== undefined;
}

/** The service ends the previous key at this time, earlier than promised. */
export function endedAt({ serverEnd: _later, ...previous }: Previous, endMs: number): Previous {
  const retireAfter = formatTime(Math.min(Date.parse(previous.retireAfter), endMs));
  return { ...previous, until: formatTime(endMs), retireAfter, endsOnService: true };
}

/** The ring without a previous key. */
export function withoutPrevious({ previous: _gone, ...ring }: KeyRing, retireStatus?: string): KeyRing {
  return replaced(ring, ["retireAskedOn", "retireStatus"], defined({ retireStatus }));
}

/** The ring with one more key that waits for its revocation. */
export function awaiting(ring: KeyRing, key: Credential, now: string): KeyRing {
  return { ...ring, waiting: [...ring.waiting, { ...credentialOf(key), end: now }] };
}

/**
 * Remembers a key of ours to which somebody gave another secret: only an emergency or the end of the resource revokes
 * it.
 */
export function leftAlone(ring: KeyRing, { keyId, physicalName }: Credential): KeyRing {
  return { ...ring, strays: [...ring.strays.filter((stray) => stray.keyId !== keyId), { keyId, physicalName }] };
}

/** Records what a failed create may have left on the service, so that the next update finds and revokes it. */
export function leftBehind(ring: KeyRing, { candidates, marker }: AmbiguousCreateError, now: string): KeyRing {
  if (candidates.length === 0) return { ...ring, lost: [...ring.lost, marker] };
  const found = candidates.map((keyId) => ({ keyId, physicalName: marker, end: now }));
  return { ...ring, waiting: [...ring.waiting, ...found] };
}

/** Adds keys that a search found after a lost answer: nobody can use them, so they wait for their revocation. */
export function foundAgain(ring: KeyRing, keys: readonly Credential[], now: string): KeyRing {
  return keys.reduce<KeyRing>((found, key) => awaiting(found, key, now), { ...ring, lost: [] });
}

/** An emergency revokes the key itself, even if somebody gave it another secret. */
export function whateverItCarries<Key extends Credential>({
  secretVersion: _version,
  ...key
}: Key): Omit<Key, "secretVersion"> {
  return key;
}

/** Only the credential of a key. */
export function credentialOf({ keyId, physicalName, fingerprint, secretVersion }: Credential): Credential {
  return defined({ keyId, physicalName, fingerprint, secretVersion });
}
