/** The next key of a rotating key: made, recorded at once, and only then does any older one lose its power. */
import type { IssuedApiKey } from "../backends/definition";
import { defined } from "../defined";
import { formatSpan, minuteMs } from "../durations";
import { AmbiguousCreateError, isUnclear, ProviderError, wordsOf } from "../errors";
import { formatTime } from "../times";
import { resolveExpiry } from "./expiry";
import { keyRequest, recordIssued } from "./key-inputs";
import { issueKey, observeKey, whole } from "./key-on-service";
import { type Credential, type MintPlan, nextDueMs, type PreviousKey, type RotatingOutputs } from "./rotation-plan";
import type { Progress } from "./rotation-progress";
import { earlyEnd, isGone, type RotatingInputs } from "./rotation-request";
import type { Naming } from "./marking";
import { finishPending, forgetPrevious, retire, setPending } from "./rotation-retire";
import { issueTime, overlapEnds, type Schedule } from "./rotation-schedule";

/**
 * Makes a key, records it as the current one, and the one before as the previous.
 *
 * @param currentWorks - the current key was read in this update, and is active
 * @returns the older keys that have to be revoked in this update
 * @throws UnfinishedRotation - there is no new key
 */
export async function mint(
  progress: Progress,
  plan: MintPlan,
  currentWorks: boolean,
  news: RotatingInputs,
  schedule: Schedule,
): Promise<Credential[]> {
  const { emergency, currentIsDead } = plan;
  const { maxActiveKeys, nativeRotate } = progress.connection.capabilities;
  const words = [plan.reason, ...(progress.problems.length > 0 ? ["an older key could not be retired first"] : [])];
  const before = progress.outs;
  const old = progress.current;
  const overlaps = !emergency && schedule.retire !== "immediately" && schedule.overlapMs > 0;
  const inPlace = old !== undefined && maxActiveKeys === 1 && (await isStillThere(progress, old));
  if (!inPlace) words.push(...(await makeRoom(progress, currentIsDead, currentWorks)));
  const expiresAt = resolveExpiry(news, progress.nowMs);
  const issued = inPlace
    ? await rotateInPlace(progress, old, overlaps ? schedule.overlapMs : 0, news)
    : await issueBeside(progress, news, expiresAt);

  const older = progress.outs.previousKey;
  record(progress, issued, { ...news, expiresAt }, words.join("; "), schedule);
  // Whatever had this id is over: by the service's own rotation, or long since, where ids are given again.
  const over = ({ keyId }: Credential) => keyId === issued.id;
  setPending(
    progress,
    (progress.outs.pendingRevocations ?? []).filter((pending) => !over(pending)),
  );
  const oldIsDead = currentIsDead || (old !== undefined && !inPlace && over(old));
  const dead = older && (emergency || !oldIsDead || over(older)) ? takePower(progress, older, emergency) : [];
  if (old && !oldIsDead) {
    // After a rotation whose answer was lost it was another secret, that nobody knows, which this one has followed.
    if (overlaps && inPlace && before.rotateBlockedUntil !== undefined)
      addReason(progress, "no previous key, because the answer to an earlier rotation was lost");
    else if (overlaps)
      becomePrevious(progress, old, before, inPlace ? issued.previousValidUntil : undefined, inPlace, schedule);
    // Where the service's policy lets an old secret live on although nobody asked for that, it is ended.
    else if (!inPlace || emergency || (nativeRotate?.graceChosen === false && nativeRotate.maxGraceMs > 0))
      dead.push(old);
  }
  // Nobody can use a disabled key, and nobody shall be able to again.
  if (old && !inPlace && before.status === "disabled") dead.push(old);
  if (!emergency) return dead;
  dead.push(...(progress.outs.strayKeys ?? []));
  progress.drop("strayKeys");
  return dead.map(whateverItCarries);
}

const ofTheKey = [
  "accessId",
  "hint",
  "fingerprint",
  "secretVersion",
  "expiresAt",
  "expiryImposed",
  "serverScopes",
  "agreedScopes",
  "scopes",
  "keepers",
  "expiresIn",
  "emergency",
] as const;

/** The new key is the current one from here on, whatever fails. */
function record(
  progress: Progress,
  issued: IssuedApiKey,
  news: RotatingInputs & { readonly expiresAt: string | undefined },
  rotationReason: string,
  schedule: Schedule,
): void {
  const { connection, nowMs, current } = progress;
  const { scopes, keepers, expiresIn, emergency } = news;
  const generation = Math.max(news.generation, progress.outs.generation + (current ? 1 : 0));
  progress.drop(...ofTheKey, "rotateBlockedUntil", "retireStatus");
  progress.change({
    ...defined({ scopes, keepers, expiresIn, emergency }),
    ...recordIssued(issued, { ...news, callerChosen: false }, connection, nowMs),
    generation,
    issuedOn: formatTime(issueTime(schedule, nowMs)),
    rotatedAt: progress.now,
    rotationReason,
  });
}

/** The key before the last goes now, early or not. @returns it, where that needs a request */
function takePower(progress: Progress, older: PreviousKey, emergency: boolean): Credential[] {
  const endMs = Date.parse(progress.outs.previousValidUntil ?? "");
  const runs = endMs > progress.nowMs;
  forgetPrevious(progress);
  // Told by the end that was asked for, like the request: a service counts its own grace by its own clock.
  const promisedMs = older.retire === "whenUnused" ? endMs : Date.parse(older.retireAfter);
  if (runs && !emergency) addReason(progress, earlyEnd(promisedMs, progress.nowMs));
  // Some have ended by themselves: on their service, or by its own rotation.
  return (runs || !older.endsOnService) && older.keyId !== progress.outs.keyId ? [older] : [];
}

/** The key that was current until now is the previous one, until its overlap or its own life ends. */
function becomePrevious(
  progress: Progress,
  old: Credential,
  before: RotatingOutputs,
  graceEnd: string | undefined,
  inPlace: boolean,
  schedule: Schedule,
): void {
  const { nowMs } = progress;
  const ends = overlapEnds(schedule, nowMs, nextDueMs(schedule, progress.outs));
  if (!ends) return;
  const ownEndMs = before.expiresAt === undefined ? Infinity : Date.parse(before.expiresAt);
  const previousValidUntil = graceEnd ?? formatTime(Math.min(ends.endMs, ownEndMs));
  const endMs = Date.parse(previousValidUntil);
  const askedMs = Date.parse(progress.now) + schedule.overlapMs;
  const { secret } = before;
  progress.change({
    previousKeyId: old.keyId,
    ...(secret !== undefined && { previousSecret: secret }),
    previousValidUntil,
    previousKey: {
      ...old,
      // A service counts its own grace by its own clock; the request was made before.
      retireAfter: formatTime(inPlace ? ends.retireAfterMs : Math.min(ends.retireAfterMs, endMs)),
      retire: schedule.retire,
      endsOnService: inPlace || ownEndMs <= ends.endMs,
    },
  });
  const stepMs = inPlace ? minuteMs : 0;
  if (endMs + stepMs < askedMs)
    addReason(progress, `previous key ends ${formatSpan(askedMs - endMs)} early, by its own end`);
}

function addReason(progress: Progress, words: string): void {
  progress.change({ rotationReason: `${progress.outs.rotationReason}; ${words}` });
}

/** An emergency is after the key itself, even where somebody has given it another secret. */
export function whateverItCarries<Key extends Credential>({
  secretVersion: _version,
  ...credential
}: Key): Omit<Key, "secretVersion"> {
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
  if ((await retire(progress, previousKey)) === "failed")
    throw progress.unfinished(
      `${progress.connection.backend} allows ${maxActiveKeys ?? 0} keys, so no new one was made.`,
    );
  forgetPrevious(progress);
  return Date.parse(previousValidUntil) > progress.nowMs
    ? [earlyEnd(Date.parse(previousValidUntil), progress.nowMs)]
    : [];
}

/** True where one more key would be too many. */
export function isCrowded(
  { keyId, previousKey, pendingRevocations = [], lostCreates = [] }: RotatingOutputs,
  limit: number | undefined,
  currentIsDead: boolean,
): boolean {
  if (limit === undefined) return false;
  return (
    (keyId === undefined || currentIsDead ? 0 : 1) +
      (previousKey ? 1 : 0) +
      pendingRevocations.length +
      lostCreates.length >=
    limit
  );
}

async function issueBeside(
  progress: Progress,
  news: RotatingInputs,
  expiresAt: string | undefined,
): Promise<IssuedApiKey> {
  try {
    const naming = await namingOf(progress, news);
    return await issueKey(progress.connection, keyRequest(news, expiresAt), naming, progress.tools.clock);
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
  return {
    pendingRevocations: [
      ...pendingRevocations,
      ...candidates.map((keyId) => ({ keyId, physicalName: marker, end: now })),
    ],
  };
}

/** False for a key that is gone for good. What is called revoked may only carry another secret than ours. */
async function isStillThere(progress: Progress, { secretVersion: _any, ...old }: Credential): Promise<boolean> {
  const { status } = progress.outs;
  if (status !== "revoked") return status !== "missing";
  const observed = await progress.tryTo(() => observeKey(progress.connection, progress.refOf(old), progress.nowMs));
  if ("problem" in observed) throw progress.unfinished(observed.problem);
  return !isGone(observed.value.status);
}

/** A service with one key per account gives it a new secret. Never twice within the grace of an unclear one. */
async function rotateInPlace(
  progress: Progress,
  old: Credential,
  graceMs: number,
  news: RotatingInputs,
): Promise<IssuedApiKey> {
  const { connection, nowMs, outs } = progress;
  const { client, capabilities, backend } = connection;
  if (outs.rotateBlockedUntil !== undefined && Date.parse(outs.rotateBlockedUntil) > nowMs)
    throw progress.unfinished(unclearRotate(old.keyId, outs.rotateBlockedUntil));
  const name = capabilities.nativeRotate?.id === "new" ? (await namingOf(progress, news)).draw() : old.physicalName;
  try {
    if (!client.rotateKey) throw new ProviderError(`${backend} cannot rotate a key.`);
    return whole("rotateKey", await client.rotateKey(progress.refOf(old), { graceMs, name }));
  } catch (error) {
    if (!isUnclear(error)) throw progress.unfinished(wordsOf(error));
    const observed = await progress.tryTo(() => observeKey(connection, progress.refOf(old), nowMs));
    const untouched =
      "value" in observed && old.secretVersion !== undefined && observed.value.key?.secretVersion === old.secretVersion;
    if (untouched) throw progress.unfinished(wordsOf(error));
    const until = formatTime(nowMs + graceMs);
    progress.change({ rotateBlockedUntil: until });
    throw progress.unfinished(unclearRotate(old.keyId, until));
  }
}

function namingOf({ tools, connection }: Progress, news: RotatingInputs): Promise<Naming> {
  return tools.marking.naming("RotatingApiKey", news, connection);
}

function unclearRotate(keyId: string, until: string): string {
  return (
    `the answer to the rotation of key ${keyId} was lost: it may have a new secret that nobody knows, while the recorded one works until ${until} at the latest. ` +
    `Rotating again now would end it at once, so this is refused until then. If that is acceptable, or the service shows that nothing was rotated, run again after ${until}; for an immediate new key change "emergency" once that time has passed.`
  );
}
