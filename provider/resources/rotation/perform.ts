/**
 * One function for each step of a rotation that calls the service. None decides anything, or throws unless the update
 * cannot continue.
 */
import type { IssuedApiKey, KeyChanges, KeyRef } from "../../backends/definition";
import type { WritableConnection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { AmbiguousCreateError, isUnclear, ProviderError, wordsOf } from "../../errors";
import { formatTime } from "../../values/times";
import { withUnseenSecret } from "../../secrets/unseen-secret";
import { changeKey } from "../key/change-key";
import { enableKey } from "../key/enable";
import type { ResourceContext } from "../context";
import type { KnownKey } from "../key/absence";
import { lacksOf } from "../key/given";
import { KeyIssue } from "../key/key-inputs";
import type { Naming } from "../identity/marking";
import { whole } from "../key/issue-key";
import { livingByMarkers, observeKey, retireCredential, revokeKey } from "../key/key-on-service";
import { handOver, handOverWords, isOwnKey, ownKeyWords, withOwnSecret } from "../key/own-key";
import { isPlainId } from "../identity/plain-id";
import { serviceAheadMs } from "../key/expiry";
import { type Credential, credentialsOf, currentOf, type KeyRing } from "./key-ring";
import type { Outcomes, ServiceStep, Told } from "./outcome";
import { rotatingFields } from "./fields";
import { endToAsk } from "./server-end";
import type { Progress } from "./seen";
import { leavesOverlap } from "./succession";
import { lessThanBefore, sameSecret, unclearRotate } from "./words";

/** An update under way, with the service that it works on. */
export interface RotationCall extends Progress {
  readonly connection: WritableConnection;
  readonly tools: Pick<ResourceContext, "clock" | "marking" | "nowMs" | "warn" | "heedsServiceClock">;
}

type StepOf<Kind extends ServiceStep["kind"]> = Extract<ServiceStep, { readonly kind: Kind }>;
type Perform<Kind extends ServiceStep["kind"]> = (call: RotationCall, step: StepOf<Kind>) => Promise<Outcomes[Kind]>;

const performers: { readonly [Kind in ServiceStep["kind"]]: Perform<Kind> } = {
  look: ({ connection, ring, aim }, { key }) => tryTo(() => observeKey(connection, knownKey(ring, key), aim.nowMs)),
  probe: ({ connection, ring, aim }, { key: { secretVersion: _any, ...key } }) =>
    tryTo(() => observeKey(connection, knownKey(ring, key), aim.nowMs)),
  search,
  ask: ({ connection, ring }, { key }) => tryTo(() => connection.client.getKey(refOf(ring, key))),
  revoke,
  issue,
  rotate,
  wait: async ({ tools }, { ms }) => {
    await tools.clock.sleep(ms);
    return { value: undefined };
  },
  enable: ({ connection, ring, aim }, { key }) => tryTo(() => enableKey(connection, knownKey(ring, key), aim.nowMs)),
  change: (call, { key, changes }) => change(call, refOf(call.ring, key), changes),
  setEnd: (call, { key }) => {
    const { ring, connection, tools } = call;
    const { granularityMs } = connection.capabilities.expiry;
    return change(call, refOf(ring, key), {
      expiresAt: endToAsk(key, granularityMs, serviceAheadMs(tools, connection)),
    });
  },
};

export function perform<Kind extends ServiceStep["kind"]>(
  call: RotationCall,
  step: StepOf<Kind>,
): Promise<Outcomes[Kind]> {
  const run: Perform<Kind> = performers[step.kind];
  return run(call, step);
}

/** What a service needs to find a key. */
export function refOf(
  { record }: Pick<KeyRing, "record">,
  { keyId, physicalName, secretVersion }: Credential,
): KeyRef & { secretVersion?: string } {
  return defined({ id: keyId, name: physicalName, serviceAccountId: record.serviceAccountId, secretVersion });
}

/**
 * Finds keys of creates whose answers were lost. Revokes a key at once if its id may be its secret, because such an id
 * must not be recorded.
 */
function search({ connection, ring }: RotationCall): Promise<Outcomes["search"]> {
  return tryTo(async () => {
    const { serviceAccountId } = ring.record;
    const found = await livingByMarkers(connection, serviceAccountId, ring.lost);
    for (const { id, name } of found)
      if (!isPlainId(id)) await revokeKey(connection, defined({ id, name, serviceAccountId }));
    return found.filter(({ id }) => isPlainId(id)).map(({ id, name }) => ({ keyId: id, physicalName: name }));
  });
}

/** The key with its secret, which may be the only proof of whether it is gone. */
export function knownKey(ring: Pick<KeyRing, "record" | "previous">, credential: Credential): KnownKey {
  const { record, previous } = ring;
  const isCurrent = credential.keyId === record.keyId;
  const secret = isCurrent ? record.secret : credential.keyId === previous?.keyId ? previous.secret : undefined;
  return defined({ ...refOf(ring, credential), secret, accessId: isCurrent ? record.accessId : undefined });
}

async function revoke(call: RotationCall, { key, why }: StepOf<"revoke">): Promise<Outcomes["revoke"]> {
  const { connection, ring, seen } = call;
  const ref = refOf(ring, key);
  // The last use is worth a request, but not a failure.
  const asks = why === "condemned" && seen.issued?.emergency && connection.capabilities.lastUsed;
  const told = asks ? await tryTo(() => connection.client.getKey(ref)) : undefined;
  const lastUse = told && "value" in told && told.value ? (told.value.lastUsedAt ?? "never") : undefined;
  if (seen.refused.has(key.keyId)) return { problem: "refused before", lastUse };
  const current = currentOf(ring);
  const isReplaced = key.keyId === current?.keyId;
  const outcome = await tryTo(async () => {
    const known = await withOwnSecret(connection, knownKey(ring, key), key);
    await relieve(call, isReplaced ? defined({ ...known, secret: ring.previous?.secret }) : known);
    if (!isReplaced) return retireCredential(connection, known);
    // It has the current key's id: only the secret before the native rotation is left to revoke.
    await connection.client.revokePrevious?.(refOf(ring, current));
    return "gone" as const;
  });
  return { ...outcome, lastUse };
}

async function issue(
  call: RotationCall,
  { issue: { emergency, currentIsDead } }: StepOf<"issue">,
): Promise<Outcomes["issue"]> {
  try {
    const { connection, ring, tools } = call;
    const { wanted, nowMs } = call.aim;
    const own = await ownKeyOf(call);
    const naming = await namingOf(call);
    const key = new KeyIssue({ connection, tools, fields: rotatingFields, inputs: wanted, naming, nowMs });
    const { issued, askedEnd } = await key.run();
    const lacks = lacksOf({
      asked: { ...wanted, expiresAt: askedEnd },
      given: issued,
      facts: connection,
      acceptLess: wanted.acceptLess,
    });
    // A key with less access is better than none; in an emergency it is better than a leaked one.
    const isKept = emergency || currentIsDead || currentOf(ring) === undefined || isOfRing(ring, issued);
    if (lacks !== undefined && !isKept)
      return await takenBack(call, issued, (problem) =>
        lessThanBefore({ id: issued.id, lacks, current: ring.record.keyId, problem }),
      );
    if (own) {
      const taken = await tryTo(() =>
        takeOver(call, { before: own, now: issuedKey(ring, issued), endsNow: emergency }),
      );
      if ("problem" in taken) return await takenBack(call, issued, () => taken.problem);
    }
    return { value: issued, askedEnd, tookOver: own !== undefined };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { problem: error.message, unclear: error instanceof AmbiguousCreateError ? error : undefined };
  }
}

/** True if the id is known: then the service did not make another key. */
function isOfRing(ring: KeyRing, { id }: IssuedApiKey): boolean {
  return credentialsOf(ring).some(({ keyId }) => keyId === id);
}

/** Revokes a new key that got less than requested, or cannot do its work: it does not replace a key that works. */
async function takenBack(
  { connection, ring }: RotationCall,
  issued: IssuedApiKey,
  words: (problem: string | undefined) => string,
): Promise<Outcomes["issue"]> {
  const gone = await tryTo(() => revokeKey(connection, issuedKey(ring, issued)));
  return {
    problem: words("problem" in gone ? gone.problem : undefined),
    left: "problem" in gone ? { keyId: issued.id, physicalName: issued.name } : undefined,
  };
}

function issuedKey({ record }: KeyRing, { id, name, secret, accessId }: IssuedApiKey): KnownKey {
  return defined({ id, name, secret, accessId, serviceAccountId: record.serviceAccountId });
}

/**
 * The current key, if the connection runs on it.
 *
 * @throws ProviderError - it does, and the program does not allow a successor
 */
async function ownKeyOf({ connection, ring, aim }: RotationCall): Promise<KnownKey | undefined> {
  const current = currentOf(ring);
  const known = current && knownKey(ring, current);
  if (!known || !(await isOwnKey(connection, known))) return undefined;
  if (aim.wanted.selfRotate !== true) throw new ProviderError(ownKeyWords(connection, known.id));
  return known;
}

/** If the connection still runs on an older key, lets it use the current one instead. */
async function relieve(call: RotationCall, known: KnownKey): Promise<void> {
  const { connection, ring, aim } = call;
  if (!(await isOwnKey(connection, known))) return;
  if (aim.wanted.selfRotate !== true) throw new ProviderError(ownKeyWords(connection, known.id));
  const current = currentOf(ring);
  const endsNow = call.seen.issued?.emergency === true;
  if (current) await takeOver(call, { before: known, now: knownKey(ring, current), endsNow });
}

/** `endsNow`: the key before ends in this run, before the engine has recorded the new one. */
async function takeOver(
  { connection, tools, aim }: RotationCall,
  { before, now, endsNow }: { readonly before: KnownKey; readonly now: KnownKey; readonly endsNow: boolean },
): Promise<void> {
  await handOver(connection, { before, now, clock: tools.clock });
  tools.warn(handOverWords(connection, { id: now.id, origin: aim.wanted.origin, endsNow }));
}

/** Lets a service with one key per account give it a new secret. */
async function rotate(call: RotationCall, { issue, key, keepPrevious }: StepOf<"rotate">): Promise<Outcomes["rotate"]> {
  const { connection, ring } = call;
  const { schedule, nowMs, wanted } = call.aim;
  const own = await tryTo(() => ownKeyOf(call));
  if ("problem" in own) return own;
  const graceMs = leavesOverlap(issue, schedule) ? schedule.overlapMs : 0;
  const ref = refOf(ring, key);
  const name = connection.capabilities.nativeRotate?.id === "new" ? (await namingOf(call)).draw() : key.physicalName;
  try {
    if (!connection.client.rotateKey) throw new ProviderError(`${connection.backend} cannot rotate a key.`);
    const rotated = whole(
      "rotateKey",
      await connection.client.rotateKey(ref, { graceMs, name, ...(keepPrevious && { keepPrevious }) }),
    );
    if (rotated.secret === ring.record.secret) return { problem: sameSecret(key.keyId) };
    if (own.value) {
      // The old secret may have ended with this answer, so it is too late to try the new one first.
      await tryTo(async () => connection.own?.succeed(own.value ?? {}, rotated));
      call.tools.warn(handOverWords(connection, { id: rotated.id, origin: wanted.origin, endsNow: graceMs === 0 }));
    }
    return { value: rotated };
  } catch (error) {
    if (!isUnclear(error)) return { problem: wordsOf(error) };
    const observed = await withUnseenSecret(() => tryTo(() => observeKey(connection, ref, nowMs)));
    const isUntouched =
      "value" in observed && key.secretVersion !== undefined && observed.value.key?.secretVersion === key.secretVersion;
    if (isUntouched) return { problem: wordsOf(error) };
    const blockedUntil = formatTime(nowMs + graceMs);
    return { problem: unclearRotate(key.keyId, blockedUntil), blockedUntil };
  }
}

function namingOf({ tools, aim, connection }: RotationCall): Promise<Naming> {
  return tools.marking.naming("RotatingApiKey", aim.wanted, connection);
}

/** Changes a key. After a failure it reads the key as it is now. */
async function change(
  { connection, aim }: RotationCall,
  ref: KeyRef & { secretVersion?: string },
  changes: KeyChanges,
): Promise<Outcomes["change"]> {
  const done = await tryTo(() => changeKey(connection, ref, changes));
  if ("value" in done) return done;
  const observed = await tryTo(() => observeKey(connection, ref, aim.nowMs));
  return { ...done, observed: "value" in observed ? observed.value : undefined };
}

/** Runs something whose failure must not stop the rest. */
async function tryTo<Value>(run: () => Promise<Value>): Promise<Told<Value>> {
  try {
    return { value: await run() };
  } catch (error) {
    if (error instanceof ProviderError) return { problem: error.message };
    // This also catches mistakes in a backend, which must not lose an issued key.
    return { problem: wordsOf(error) };
  }
}
