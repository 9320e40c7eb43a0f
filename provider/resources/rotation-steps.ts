/**
 * An update of a rotating key: the plan carried out, step by step, in the order that keeps a valid key
 * at every moment. What fails after a key was made is noted and left for the next update; the record
 * always says what was done.
 */
import type { IssuedApiKey, KeyRef } from "../backends/definition";
import type { Connection } from "../connections";
import { defined } from "../defined";
import { AmbiguousCreateError, isUnclear, ProviderError } from "../errors";
import { formatTime } from "../times";
import { asSecret, plainSecret } from "../wire";
import type { ResourceContext } from "./context";
import { resolveExpiry } from "./expiry";
import { keyNaming, keyRequest, recordIssued } from "./key-inputs";
import { issueKey, observeKey, retireCredential } from "./key-on-service";
import type { Credential, MintPlan, PendingRevocation, RotatingOutputs, RotationPlan } from "./rotation-plan";
import { judgeUse } from "./rotation-plan";
import { dayOf, earlyEnd, retiredReason, type RotatingInputs, statusReason } from "./rotation-request";
import { issueTime, overlapEnds, type Schedule } from "./rotation-schedule";

/** How far an update came. */
export interface RotationResult {
  readonly outs: RotatingOutputs;
  /** What could not be done, in sentences. Empty = all is well. */
  readonly problems: readonly string[];
}

export async function carryOut(
  connection: Connection,
  olds: RotatingOutputs,
  news: RotatingInputs,
  plan: RotationPlan,
  schedule: Schedule,
  context: ResourceContext,
): Promise<RotationResult> {
  const nowMs = context.nowMs();
  const { client, capabilities } = connection;
  const problems: string[] = [];
  let outs: RotatingOutputs = { ...olds };
  let mint = plan.mint;

  const refOf = ({ keyId, physicalName, secretVersion }: Credential): KeyRef & { secretVersion?: string } =>
    defined({ id: keyId, name: physicalName, serviceAccountId: outs.serviceAccountId, secretVersion });

  const attempt = async (what: string, run: () => Promise<void>): Promise<boolean> => {
    try {
      await run();
      return true;
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      problems.push(`${what}: ${error.message}`);
      return false;
    }
  };

  const retire = (credential: Credential) => attempt(`the key ${credential.keyId} could not be revoked, the next update tries again`, () => retireCredential(connection, refOf(credential)));

  const setPending = (pending: readonly PendingRevocation[]) => {
    const { pendingRevocations: _before, ...rest } = outs;
    outs = pending.length > 0 ? { ...rest, pendingRevocations: pending } : rest;
  };

  const awaitRevocation = (credential: Credential) => {
    const { keyId, physicalName, fingerprint, secretVersion } = credential;
    setPending([...(outs.pendingRevocations ?? []), defined({ keyId, physicalName, fingerprint, secretVersion, end: formatTime(nowMs) })]);
  };

  const revokePending = async () => {
    const left: PendingRevocation[] = [];
    for (const credential of outs.pendingRevocations ?? []) if (!(await retire(credential))) left.push(credential);
    setPending(left);
  };

  const forgetPrevious = (retireStatus?: string) => {
    const { previousKeyId: _id, previousSecret: _secret, previousValidUntil: _until, previousKey: _key, retireAskedOn: _asked, retireStatus: _status, ...rest } = outs;
    outs = { ...rest, ...(retireStatus === undefined ? {} : { retireStatus }) };
  };

  /** The previous key goes, because its time is over or nobody uses it. */
  const endPrevious = async (status: string, onService: boolean) => {
    const previous = outs.previousKey;
    if (!previous) return;
    if (!onService && !(await retire(previous))) return;
    forgetPrevious(status);
    if (!mint) outs = { ...outs, rotationReason: retiredReason };
  };

  const askPrevious = async (currentLastUsedAt: string | undefined) => {
    const previous = outs.previousKey;
    if (!previous) return;
    const known = await attempt(`the use of the key ${previous.keyId} is unknown, so it stays`, async () => {
      const key = await client.getKey(refOf(previous));
      const verdict = judgeUse({ currentLastUsedAt, previousLastUsedAt: key?.lastUsedAt }, connection, nowMs);
      outs = { ...outs, retireAskedOn: dayOf(nowMs), retireStatus: verdict.status };
      if (!key || verdict.retire) await endPrevious(verdict.status, !key);
    });
    // An outage of the question alone is no failure of the update: it is asked again tomorrow.
    if (!known) outs = { ...outs, retireStatus: problems.pop() ?? "unknown" };
  };

  /** Writes the previous key's end on the service, so that nobody has to come back for it. */
  const setEndOnService = async () => {
    const { previousKey: previous, previousValidUntil } = outs;
    if (!previous || previousValidUntil === undefined || !capabilities.delayedRevoke) return;
    const done = await attempt(`the end of the key ${previous.keyId} could not be set on the service, the next update tries again`, async () => {
      await client.updateKey?.(refOf(previous), { expiresAt: previousValidUntil });
    });
    if (done) outs = { ...outs, previousKey: { ...previous, endsOnService: true } };
  };

  const retireWhatIsOver = async (currentLastUsedAt: string | undefined) => {
    await revokePending();
    if (plan.previous === "end") await endPrevious(retiredReason, outs.previousKey?.endsOnService ?? false);
    if (plan.previous === "ask") await askPrevious(currentLastUsedAt);
  };

  const needsLook = plan.pending || plan.previous === "ask" || (plan.previous === "end" && outs.previousKey?.endsOnService !== true);
  let currentWorks = false;
  let lastUsedAt: string | undefined;
  if (needsLook && outs.keyId !== undefined && outs.physicalName !== undefined && !plan.mint?.currentIsDead) {
    const current = { keyId: outs.keyId, physicalName: outs.physicalName, ...defined({ secretVersion: outs.secretVersion }) };
    await attempt("the current key could not be read, so nothing was retired", async () => {
      const observed = await observeKey(connection, refOf(current), nowMs);
      currentWorks = observed.status === "active";
      lastUsedAt = observed.key?.lastUsedAt;
      if (currentWorks) return;
      outs = { ...outs, status: observed.status };
      mint = { reason: statusReason(observed.status)?.text ?? "not active", emergency: false, currentIsDead: true };
    });
  }
  if (currentWorks) await retireWhatIsOver(lastUsedAt);
  else if (plan.previous === "end" && outs.previousKey?.endsOnService === true) await endPrevious(`${retiredReason} (on the service)`, true);

  if (mint) {
    const failed = problems.length > 0 ? "; an older key could not be retired first" : "";
    outs = await mintKey(mint, failed);
    // Nothing was retired while the current key did not work: now there is one that does.
    if (mint.currentIsDead && !currentWorks) await retireWhatIsOver(undefined);
  }
  if (plan.previous === "setEnd" && outs.previousKey?.endsOnService === false) await setEndOnService();
  return { outs, problems };

  async function mintKey({ reason, emergency, currentIsDead }: MintPlan, suffix: string): Promise<RotatingOutputs> {
    const before = outs;
    const old: (Credential & { readonly secret: string | undefined; readonly expiresAt: string | undefined }) | undefined =
      before.keyId !== undefined && before.physicalName !== undefined
        ? {
            keyId: before.keyId,
            physicalName: before.physicalName,
            ...defined({ fingerprint: before.fingerprint, secretVersion: before.secretVersion }),
            secret: plainSecret(before.secret),
            expiresAt: before.expiresAt,
          }
        : undefined;
    const ends = emergency ? undefined : overlapEnds(schedule, nowMs);
    const native = capabilities.maxActiveKeys === 1;
    let words = reason + suffix;
    if (!native) await makeRoom();
    const expiresAt = resolveExpiry(news, nowMs);
    const issued = native && old ? await rotateInPlace(old, emergency ? 0 : schedule.overlapMs) : await issueSecond(expiresAt);
    const record = recordIssued(issued, { ...news, expiresAt, callerChosen: false }, connection, nowMs);

    // Older than the key that is replaced now: a third generation would live.
    const older = outs.previousKey;
    const olderRuns = older && Date.parse(before.previousValidUntil ?? "") > nowMs;
    if (older && olderRuns && !currentIsDead && !emergency && Date.parse(older.retireAfter) > nowMs) words += `; ${earlyEnd(Date.parse(older.retireAfter), nowMs)}`;

    const { keyId: _k, accessId: _a, hint: _h, fingerprint: _f, secretVersion: _v, expiresAt: _e, expiryImposed: _i, serverScopes: _s, agreedScopes: _g, rotateBlockedUntil: _b, ...kept } = outs;
    const { scopes: _scopes, keepers: _keepers, expiresIn: _life, emergency: _text, description: _description, ...rest } = kept;
    const { scopes, keepers, expiresIn, emergency: text, description } = news;
    outs = {
      ...rest,
      ...record,
      ...defined({ scopes, keepers, expiresIn, emergency: text, description }),
      generation: Math.max(news.generation, before.generation + (old ? 1 : 0)),
      issuedOn: formatTime(issueTime(schedule, nowMs)),
      rotatedAt: formatTime(nowMs),
      rotationReason: words,
    };

    const dead: Credential[] = [];
    if (older && (!currentIsDead || emergency)) {
      forgetPrevious();
      // A key that the service has already ended needs no request.
      if (olderRuns || !older.endsOnService) dead.push(older);
    }
    if (old && !currentIsDead && !ends && !native) dead.push(old);
    if (old && currentIsDead && before.status === "disabled") dead.push(old);
    if (old && !currentIsDead && ends) {
      const endMs = Math.min(ends.endMs, old.expiresAt === undefined ? Infinity : Date.parse(old.expiresAt));
      const validUntil = native ? (issued.previousValidUntil ?? formatTime(endMs)) : formatTime(endMs);
      const endsByItself = native || (old.expiresAt !== undefined && Date.parse(old.expiresAt) <= ends.endMs);
      const { secret, expiresAt: _end, ...credential } = old;
      outs = {
        ...outs,
        previousKeyId: old.keyId,
        ...(secret === undefined ? {} : { previousSecret: asSecret(secret) }),
        previousValidUntil: validUntil,
        previousKey: { ...credential, retireAfter: formatTime(Math.min(ends.retireAfterMs, Date.parse(validUntil))), retire: schedule.retire, endsOnService: endsByItself },
      };
      if (!endsByItself) await setEndOnService();
    }
    await revokeNow(dead, emergency);
    if (emergency) await revokePending();
    return outs;
  }

  /** Revokes keys that lose their power in this very update; an emergency says when each was last used. */
  async function revokeNow(dead: readonly Credential[], emergency: boolean): Promise<void> {
    const outcomes: string[] = [];
    for (const credential of dead) {
      let lastUse = "unknown";
      if (emergency && capabilities.lastUsed) {
        // The report is worth a request, and not a failure.
        const key = await client.getKey(refOf(credential)).catch(() => undefined);
        if (key) lastUse = key.lastUsedAt ?? "never";
      }
      if (await retire(credential)) outcomes.push(`${credential.keyId} revoked at ${formatTime(nowMs)}, last used ${lastUse}`);
      else awaitRevocation(credential);
    }
    if (emergency && outcomes.length > 0) outs = { ...outs, retireStatus: `emergency: ${outcomes.join("; ")}; search the audit log from the last safe time on` };
  }

  /** Where the vendor's limit would be exceeded the oldest previous key goes first; never the current one. */
  async function makeRoom(): Promise<void> {
    const limit = capabilities.maxActiveKeys;
    if (limit === undefined) return;
    const living = () => (outs.keyId === undefined ? 0 : 1) + (outs.previousKey ? 1 : 0) + (outs.pendingRevocations?.length ?? 0);
    if (living() < limit) return;
    await revokePending();
    const previous = outs.previousKey;
    if (living() >= limit && previous) {
      await retireCredential(connection, refOf(previous));
      const promisedMs = Date.parse(previous.retireAfter);
      forgetPrevious(promisedMs > nowMs ? `${earlyEnd(promisedMs, nowMs)}: ${connection.backend} allows ${limit} keys` : retiredReason);
    }
  }

  async function issueSecond(expiresAt: string | undefined): Promise<IssuedApiKey> {
    try {
      return await issueKey(connection, keyRequest(news, expiresAt), keyNaming(news), context.clock);
    } catch (error) {
      // A key was made and could not be revoked: it is recorded, so that the next update revokes it.
      if (error instanceof AmbiguousCreateError) for (const keyId of error.candidates) awaitRevocation({ keyId, physicalName: error.marker });
      throw new UnfinishedRotation(error, outs);
    }
  }

  /** A vendor with one key per account gives it a new secret. Never twice within the grace of an unclear one. */
  async function rotateInPlace(old: Credential, graceMs: number): Promise<IssuedApiKey> {
    const blocked = outs.rotateBlockedUntil;
    if (blocked !== undefined && Date.parse(blocked) > nowMs) throw new UnfinishedRotation(new ProviderError(unclearRotate(old.keyId, blocked)), outs);
    try {
      if (!client.rotateKey) throw new ProviderError(`${connection.backend} cannot rotate a key`);
      const issued = await client.rotateKey(refOf(old), { graceMs, name: keyNaming(news).draw() });
      // Where the service's policy gives a grace that nobody asked for, what is left of it is cut.
      if (graceMs === 0 && capabilities.nativeRotate?.graceChosen === false && client.revokePrevious) await client.revokePrevious(refOf({ ...old, physicalName: issued.name }));
      return issued;
    } catch (error) {
      if (!isUnclear(error)) throw new UnfinishedRotation(error, outs);
      const observed = await observeKey(connection, refOf(old), nowMs).catch(() => undefined);
      if (observed?.key && old.secretVersion !== undefined && observed.key.secretVersion === old.secretVersion) throw new UnfinishedRotation(error, outs);
      const until = formatTime(nowMs + graceMs);
      outs = { ...outs, rotateBlockedUntil: until };
      throw new UnfinishedRotation(new ProviderError(unclearRotate(old.keyId, until)), outs);
    }
  }
}

/** The new key could not be made; what was done before stands in `outs`. */
export class UnfinishedRotation extends ProviderError {
  constructor(
    cause: unknown,
    readonly outs: RotatingOutputs,
  ) {
    super(cause instanceof ProviderError ? cause.message : "an unexpected error", { cause });
  }
}

function unclearRotate(keyId: string, until: string): string {
  return (
    `the answer to the rotation of key ${keyId} was lost: it may have a new secret that nobody knows, while the recorded one works until ${until} at the latest. ` +
    `Rotating again now would end it at once, so this is refused until then. If that is acceptable, or the service shows that nothing was rotated, run again after ${until}; for an immediate new key change "emergency" once that time has passed.`
  );
}
