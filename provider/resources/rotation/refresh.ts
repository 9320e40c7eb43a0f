/** What a look at the service makes of the record: drift of the current key, and of what was promised of the previous one. */
import type { Connection } from "../../connections";
import { defined } from "../../defined";
import { secondMs } from "../../durations";
import { formatTime } from "../../times";
import { compareScopes, sameDescription, withAccount } from "../key-inputs";
import { compareOptions, optionFields } from "../options";
import { type Observation, observeKey } from "../key-on-service";
import { currentOf, type KeyRing, leftAlone, type Previous, replaced, withoutPrevious } from "./key-ring";
import { knownKey } from "./perform";
import { isGone } from "./request";
import { goneWords } from "./words";

export async function refreshed(ring: KeyRing, connection: Connection, nowMs: number): Promise<KeyRing> {
  const current = currentOf(ring);
  const observe = (key: NonNullable<typeof current>) => observeKey(connection, knownKey(ring, key), nowMs);
  const now = current ? withCurrent(ring, await observe(current), connection) : ring;
  const { previous } = now;
  if (!previous) return now;
  const runs = Date.parse(previous.until) > nowMs;
  if (previous.keyId === current?.keyId) {
    // An older secret of a key goes with the key, and with the next secret that somebody else gives it.
    const { status } = now.record;
    return isGone(status) && runs ? withoutPrevious(now, goneWords(status)) : now;
  }
  if (!runs && !previous.endsOnService) return now;
  return withPrevious(now, previous, await observe(previous), { connection, runs });
}

function withCurrent(ring: KeyRing, { status, key, movedTo }: Observation, connection: Connection): KeyRing {
  const reworded = connection.capabilities.description === "update" ? key?.description : undefined;
  const record = withAccount(ring.record, movedTo);
  const seen = {
    ...compareScopes(key?.scopes, record, connection),
    ...compareOptions(key?.options, record, connection.keyOptions),
    status,
    ...defined({
      accessId: key?.accessId,
      serviceAccountId: movedTo,
      serverScopes: record.serverScopes,
      description: sameDescription(reworded, ring.record.description) ? undefined : reworded,
    }),
  };
  if (!key) return replaced(ring, ["agreedScopes", ...optionFields], seen);
  // An end that was moved outside is no drift here: it only moves the day of the next rotation.
  return replaced(ring, ["agreedScopes", "expiresAt", ...optionFields], {
    ...seen,
    ...defined({ expiresAt: key.expiresAt }),
  });
}

/** A key that somebody has ended is not called valid any more, and one whose end was moved ends as promised, or sooner. */
function withPrevious(
  ring: KeyRing,
  previous: Previous,
  { status, key }: Observation,
  { connection, runs }: { readonly connection: Connection; readonly runs: boolean },
): KeyRing {
  if (isGone(status)) {
    if (!runs) return ring;
    const left = withoutPrevious(ring, goneWords(status));
    return key?.status === "active" ? leftAlone(left, previous) : left;
  }
  const stepMs = Math.max(connection.capabilities.expiry.granularityMs, secondMs);
  const promisedMs = Date.parse(previous.until);
  const endMs = key?.expiresAt === undefined ? Infinity : Date.parse(key.expiresAt);
  if (endMs + stepMs < promisedMs) {
    const retireAfter = formatTime(Math.min(Date.parse(previous.retireAfter), endMs));
    return { ...ring, previous: { ...previous, until: formatTime(endMs), retireAfter, endsOnService: true } };
  }
  return previous.endsOnService && endMs > promisedMs + stepMs
    ? { ...ring, previous: { ...previous, endsOnService: false } }
    : ring;
}
