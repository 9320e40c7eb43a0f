/** The next key of a rotating key: made, recorded at once, and only then does any older one lose its power. */
import type { IssuedApiKey } from "../backends/definition";
import { defined } from "../defined";
import { formatSpan } from "../durations";
import { AmbiguousCreateError, isUnclear, ProviderError } from "../errors";
import { formatTime } from "../times";
import { asSecret, plainSecret } from "../wire";
import { resolveExpiry } from "./expiry";
import { keyNaming, keyRequest, recordIssued } from "./key-inputs";
import { issueKey, observeKey } from "./key-on-service";
import { type Credential, type MintPlan, nextDueMs, type RotatingOutputs } from "./rotation-plan";
import type { Progress } from "./rotation-progress";
import { earlyEnd, type RotatingInputs } from "./rotation-request";
import { finishPending, forgetPrevious, retire, setPending } from "./rotation-retire";
import { issueTime, overlapEnds, type Schedule } from "./rotation-schedule";

/**
 * Makes a key, records it as the current one, and the one before as the previous.
 *
 * @returns the older keys that have to be revoked in this update
 * @throws UnfinishedRotation - there is no new key
 */
export async function mint(progress: Progress, { reason, emergency, currentIsDead }: MintPlan, currentWorks: boolean, news: RotatingInputs, schedule: Schedule): Promise<Credential[]> {
  const { connection, nowMs } = progress;
  const { capabilities } = connection;
  const words = [reason];
  if (progress.problems.length > 0) words.push("an older key could not be retired first");

  const old = progress.current;
  const { secret, expiresAt: ownEnd, generation, status } = progress.outs;
  const overlaps = !emergency && schedule.retire !== "immediately" && schedule.overlapMs > 0;
  const inPlace = old !== undefined && status !== "missing" && capabilities.maxActiveKeys === 1;
  if (!inPlace) words.push(...(await makeRoom(progress, currentIsDead, currentWorks)));
  const expiresAt = resolveExpiry(news, nowMs);
  const issued = inPlace ? await rotateInPlace(progress, old, overlaps ? schedule.overlapMs : 0, news) : await issueBeside(progress, news, expiresAt);

  const { previousKey: older, previousValidUntil: olderEnd = "" } = progress.outs;
  const issuedOn = formatTime(issueTime(schedule, nowMs));
  progress.drop("accessId", "hint", "fingerprint", "secretVersion", "expiresAt", "expiryImposed", "serverScopes", "agreedScopes", "rotateBlockedUntil", "scopes", "keepers", "expiresIn", "emergency", "retireStatus");
  progress.change({
    ...defined({ scopes: news.scopes, keepers: news.keepers, expiresIn: news.expiresIn, emergency: news.emergency }),
    ...recordIssued(issued, { ...news, expiresAt, callerChosen: false }, connection, nowMs),
    generation: Math.max(news.generation, generation + (old ? 1 : 0)),
    issuedOn,
    rotatedAt: progress.now,
  });

  // The service's own rotation keeps one older secret at most.
  if (inPlace) setPending(progress, (progress.outs.pendingRevocations ?? []).filter(({ keyId }) => keyId !== issued.id));
  const dead: Credential[] = [];
  if (older && (emergency || !currentIsDead)) {
    forgetPrevious(progress);
    const runs = Date.parse(olderEnd) > nowMs;
    if (runs && !emergency) words.push(earlyEnd(Date.parse(olderEnd), nowMs));
    // Some have ended by themselves: on their service, or by its own rotation, which keeps one older secret.
    if ((runs || !older.endsOnService) && older.keyId !== progress.outs.keyId) dead.push(older);
  }
  const ends = overlaps ? overlapEnds(schedule, nowMs, nextDueMs(schedule, progress.outs)) : undefined;
  if (old && !currentIsDead && ends) {
    const ownEndMs = ownEnd === undefined ? Infinity : Date.parse(ownEnd);
    const validUntil = (inPlace ? issued.previousValidUntil : undefined) ?? formatTime(Math.min(ends.endMs, ownEndMs));
    const endMs = Date.parse(validUntil);
    const askedMs = issueTime(schedule, nowMs) + schedule.overlapMs;
    if (endMs < askedMs) words.push(`previous key ends ${formatSpan(askedMs - endMs)} early, by its own end`);
    const plain = plainSecret(secret);
    progress.change({
      previousKeyId: old.keyId,
      ...(plain !== undefined && { previousSecret: asSecret(plain) }),
      previousValidUntil: validUntil,
      previousKey: { ...old, retireAfter: formatTime(Math.min(ends.retireAfterMs, endMs)), retire: schedule.retire, endsOnService: inPlace || ownEndMs <= ends.endMs },
    });
  }
  // Where the service's policy lets an old secret live on although nobody asked for that, it is ended.
  const lingers = emergency || (capabilities.nativeRotate?.graceChosen === false && capabilities.nativeRotate.maxGraceMs > 0);
  if (old && !currentIsDead && !overlaps && (!inPlace || lingers)) dead.push(old);
  progress.change({ rotationReason: words.join("; ") });
  if (!emergency) return dead;
  dead.push(...(progress.outs.strayKeys ?? []));
  progress.drop("strayKeys");
  return dead.map(whateverItCarries);
}

/** An emergency is after the key itself, even where somebody has given it another secret. */
export function whateverItCarries<Key extends Credential>({ secretVersion: _version, ...credential }: Key): Omit<Key, "secretVersion"> {
  return credential;
}

/**
 * Where the vendor's limit of keys would be exceeded the oldest previous key goes first; never the
 * current one, and never the only one that works. @returns what the reason has to say about it
 */
async function makeRoom(progress: Progress, currentIsDead: boolean, currentWorks: boolean): Promise<string[]> {
  const { maxActiveKeys } = progress.connection.capabilities;
  if (isCrowded(progress.outs, maxActiveKeys, currentIsDead) && !currentWorks) await finishPending(progress);
  const { previousKey, previousValidUntil = "" } = progress.outs;
  if (!previousKey || !currentWorks || !isCrowded(progress.outs, maxActiveKeys, currentIsDead)) return [];
  if ((await retire(progress, previousKey)) === "failed") throw progress.unfinished(`${progress.connection.backend} allows ${maxActiveKeys ?? 0} keys, so no new one was made.`);
  forgetPrevious(progress);
  return Date.parse(previousValidUntil) > progress.nowMs ? [earlyEnd(Date.parse(previousValidUntil), progress.nowMs)] : [];
}

/** True where one more key would be too many. */
export function isCrowded({ keyId, previousKey, pendingRevocations = [], lostCreates = [] }: RotatingOutputs, limit: number | undefined, currentIsDead: boolean): boolean {
  if (limit === undefined) return false;
  return (keyId === undefined || currentIsDead ? 0 : 1) + (previousKey ? 1 : 0) + pendingRevocations.length + lostCreates.length >= limit;
}

async function issueBeside(progress: Progress, news: RotatingInputs, expiresAt: string | undefined): Promise<IssuedApiKey> {
  try {
    return await issueKey(progress.connection, keyRequest(news, expiresAt), keyNaming(news), progress.clock);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (error instanceof AmbiguousCreateError) progress.change(leftBehind(progress.outs, error, progress.now));
    throw progress.unfinished(error.message);
  }
}

/** What a create that failed may have left on the service: the next update looks for it and revokes it. */
export function leftBehind(
  { pendingRevocations = [], lostCreates = [] }: Pick<RotatingOutputs, "pendingRevocations" | "lostCreates">,
  { candidates, marker }: AmbiguousCreateError,
  now: string,
): Pick<RotatingOutputs, "pendingRevocations" | "lostCreates"> {
  if (candidates.length === 0) return { lostCreates: [...lostCreates, marker] };
  return { pendingRevocations: [...pendingRevocations, ...candidates.map((keyId) => ({ keyId, physicalName: marker, end: now }))] };
}

/** A service with one key per account gives it a new secret. Never twice within the grace of an unclear one. */
async function rotateInPlace(progress: Progress, old: Credential, graceMs: number, news: RotatingInputs): Promise<IssuedApiKey> {
  const { connection, nowMs, outs } = progress;
  const { client, capabilities, backend } = connection;
  if (outs.rotateBlockedUntil !== undefined && Date.parse(outs.rotateBlockedUntil) > nowMs) throw progress.unfinished(unclearRotate(old.keyId, outs.rotateBlockedUntil));
  const name = capabilities.nativeRotate?.id === "new" ? keyNaming(news).draw() : old.physicalName;
  try {
    if (!client.rotateKey) throw new ProviderError(`${backend} cannot rotate a key.`);
    return await client.rotateKey(progress.refOf(old), { graceMs, name });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (!isUnclear(error)) throw progress.unfinished(error.message);
    const observed = await progress.tryTo(() => observeKey(connection, progress.refOf(old), nowMs));
    const untouched = "value" in observed && old.secretVersion !== undefined && observed.value.key?.secretVersion === old.secretVersion;
    if (untouched) throw progress.unfinished(error.message);
    const until = formatTime(nowMs + graceMs);
    progress.change({ rotateBlockedUntil: until });
    throw progress.unfinished(unclearRotate(old.keyId, until));
  }
}

function unclearRotate(keyId: string, until: string): string {
  return (
    `the answer to the rotation of key ${keyId} was lost: it may have a new secret that nobody knows, while the recorded one works until ${until} at the latest. ` +
    `Rotating again now would end it at once, so this is refused until then. If that is acceptable, or the service shows that nothing was rotated, run again after ${until}; for an immediate new key change "emergency" once that time has passed.`
  );
}
