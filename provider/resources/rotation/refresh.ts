/** The record after a read: drift of the current key, and of the previous key's promised end. */
import type { Connection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { secondMs } from "../../values/durations";
import { compareEnd } from "../key/expiry";
import { compareScopes, sameDescription, withAccount } from "../key/key-inputs";
import { compareOptions } from "../fields/given-options";
import { optionFields } from "../fields/given-options";
import { type Observation, observeKey } from "../key/key-on-service";
import { currentOf, endedAt, type KeyRing, leftAlone, type Previous, replaced, withoutPrevious } from "./key-ring";
import { knownKey } from "./perform";
import { isGone } from "./request";
import { goneWords } from "./words";

const ofTheEnd = ["expiresAt", "askedExpiresAt", "serverExpiresAt"] as const;

export async function refreshed(ring: KeyRing, connection: Connection, nowMs: number): Promise<KeyRing> {
  const current = currentOf(ring);
  const observe = (key: NonNullable<typeof current>) => observeKey(connection, knownKey(ring, key), nowMs);
  const now = current ? withCurrent(ring, await observe(current), connection) : ring;
  const { previous } = now;
  if (!previous) return now;
  const runs = Date.parse(previous.until) > nowMs;
  if (previous.keyId === current?.keyId) {
    // An older secret of a key ends with the key, or when somebody gives the key another secret.
    const { status } = now.record;
    return isGone(status) && runs ? withoutPrevious(now, goneWords(status)) : now;
  }
  if (!runs && !previous.endsOnService) return now;
  return withPrevious(now, await observe(previous), { previous, connection, runs });
}

function withCurrent(ring: KeyRing, { status, key, movedTo }: Observation, connection: Connection): KeyRing {
  const reworded = connection.capabilities.description === "update" ? key?.description : undefined;
  const record = withAccount(ring.record, movedTo);
  const seen = {
    ...compareScopes(key?.scopes, record, connection),
    ...compareOptions({ declared: connection.keyOptions, told: key?.options }, record),
    status,
    ...defined({
      accessId: key?.accessId,
      serviceAccountId: movedTo,
      description: sameDescription(reworded, ring.record.description) ? undefined : reworded,
    }),
  };
  if (!key) return replaced(ring, ["agreedScopes", "serverScopes", ...optionFields], seen);
  // A moved end is no drift here: it only moves the day of the next rotation.
  const { moved, end } = compareEnd(key.expiresAt, record, connection.capabilities.expiry.granularityMs);
  const { expiresAt, askedExpiresAt, serverExpiresAt } = moved ? { expiresAt: key.expiresAt } : end;
  return replaced(ring, ["agreedScopes", "serverScopes", ...ofTheEnd, ...optionFields], {
    ...seen,
    ...defined({ expiresAt, askedExpiresAt, serverExpiresAt }),
  });
}

/** A key that somebody revoked no longer counts as valid, and a key whose end was moved ends as promised or earlier. */
function withPrevious(
  ring: KeyRing,
  { status, key }: Observation,
  {
    previous,
    connection,
    runs,
  }: { readonly previous: Previous; readonly connection: Connection; readonly runs: boolean },
): KeyRing {
  if (isGone(status)) {
    if (!runs) return ring;
    const left = withoutPrevious(ring, goneWords(status));
    return key?.status === "active" ? leftAlone(left, previous) : left;
  }
  const endMs = key?.expiresAt === undefined ? Infinity : Date.parse(key.expiresAt);
  if (endMs + secondMs <= Date.parse(previous.until)) return { ...ring, previous: endedAt(previous, endMs) };
  const stepMs = Math.max(connection.capabilities.expiry.granularityMs, secondMs);
  const { serverEnd, ...rest } = previous;
  const isPutOff = endMs > Date.parse(serverEnd ?? previous.until) + stepMs;
  return isPutOff && (previous.endsOnService || serverEnd !== undefined)
    ? { ...ring, previous: { ...rest, endsOnService: false } }
    : ring;
}
