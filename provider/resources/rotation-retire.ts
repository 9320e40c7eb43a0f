/** How the older keys of a rotating key go. What cannot be done is noted, and left for the next update. */
import { changeKey } from "./change-key";
import { livingByMarkers, observeKey, retireCredential } from "./key-on-service";
import {
  type Credential,
  judgeUse,
  type PendingRevocation,
  type PreviousKey,
  type PreviousPlan,
} from "./rotation-plan";
import type { Progress } from "./rotation-progress";
import { dayOf, isGone, retiredReason, statusReason } from "./rotation-request";

/** Everything whose time is over: revocations that wait, and the previous key, if it is still `older`. */
export async function retireWhatIsOver(
  progress: Progress,
  plan: PreviousPlan,
  older: PreviousKey | undefined,
  currentLastUsedAt: string | undefined,
): Promise<void> {
  await finishPending(progress);
  if (!older || progress.outs.previousKey !== older) return;
  if (plan === "end") await endPrevious(progress, older);
  if (plan === "ask") await askPrevious(progress, older, currentLastUsedAt);
}

/** Revocations that wait come first of all, whatever the update is asked for. */
export async function finishPending(progress: Progress): Promise<void> {
  await findLost(progress);
  const left: PendingRevocation[] = [];
  for (const credential of progress.outs.pendingRevocations ?? [])
    if ((await retire(progress, credential)) === "failed") left.push(credential);
  setPending(progress, left);
}

/** Keys whose create was never answered: what is there by now is of no use to anybody. */
async function findLost(progress: Progress): Promise<void> {
  const { connection, outs } = progress;
  const { lostCreates = [], serviceAccountId } = outs;
  if (lostCreates.length === 0) return;
  await progress.attempt(
    `keys that may have been made could not be looked for (${lostCreates.join(", ")}), the next update tries again`,
    async () => {
      const found = await livingByMarkers(connection, serviceAccountId, lostCreates);
      progress.drop("lostCreates");
      for (const { id, name } of found) awaitRevocation(progress, { keyId: id, physicalName: name });
    },
  );
}

/** Revokes one credential. Where its key carries somebody else's secret by now, that one is left alone and remembered. */
export async function retire(progress: Progress, credential: Credential): Promise<"gone" | "leftAlone" | "failed"> {
  const { connection, current, refused } = progress;
  if (refused.has(credential.keyId)) return "failed";
  const done = await progress.attempt(
    `the key ${credential.keyId} could not be revoked, the next update tries again`,
    async () => {
      if (credential.keyId !== current?.keyId) return retireCredential(connection, progress.refOf(credential));
      // Under the current key's own id there is but an older secret, which the service's own rotation has left there.
      await connection.client.revokePrevious?.(progress.refOf(current));
      return "gone" as const;
    },
  );
  if (!done) refused.add(credential.keyId);
  if (done?.value === "leftAlone") addStray(progress, credential);
  return done?.value ?? "failed";
}

async function endPrevious(progress: Progress, previous: PreviousKey): Promise<void> {
  const outcome = await retire(progress, previous);
  if (outcome !== "failed") forgetPrevious(progress, outcome === "leftAlone" ? strayWords(previous) : retiredReason);
}

/** Asks once a day whether the previous key is still in use. An outage of the question alone is no failure. */
async function askPrevious(
  progress: Progress,
  previous: PreviousKey,
  currentLastUsedAt: string | undefined,
): Promise<void> {
  const { connection, nowMs } = progress;
  const told = await progress.tryTo(() => connection.client.getKey(progress.refOf(previous)));
  if ("problem" in told) return deferQuestion(progress, told.problem);
  const verdict = told.value
    ? judgeUse({ currentLastUsedAt, previousLastUsedAt: told.value.lastUsedAt }, connection, nowMs)
    : { retire: true, status: "gone from the service" };
  progress.change({ retireAskedOn: dayOf(nowMs), retireStatus: verdict.status });
  if (!verdict.retire) return;
  const outcome = await retire(progress, previous);
  forgetPrevious(progress, outcome === "leftAlone" ? strayWords(previous) : verdict.status);
  if (outcome === "failed") awaitRevocation(progress, previous);
}

/** Whether the previous key is in use cannot be told today. */
export function deferQuestion(progress: Progress, problem: string): void {
  progress.change({ retireAskedOn: dayOf(progress.nowMs), retireStatus: `its use is unknown; deferred (${problem})` });
}

export function forgetPrevious(progress: Progress, retireStatus?: string): void {
  progress.drop(
    "previousKeyId",
    "previousSecret",
    "previousValidUntil",
    "previousKey",
    "retireAskedOn",
    "retireStatus",
  );
  if (retireStatus !== undefined) progress.change({ retireStatus });
}

/** Writes the previous key's end on the service, so that nobody has to come back for it. */
export async function setEndOnService(progress: Progress): Promise<void> {
  const { connection, nowMs } = progress;
  const { previousKey: previous, previousValidUntil } = progress.outs;
  if (!previous || previousValidUntil === undefined || previous.endsOnService || !connection.capabilities.delayedRevoke)
    return;
  const ref = progress.refOf(previous);
  const done = await progress.tryTo(() => changeKey(connection, ref, { expiresAt: previousValidUntil }));
  if ("value" in done) return progress.change({ previousKey: { ...previous, endsOnService: true } });
  // Somebody may have revoked it: then it has no end to set, and nobody should be told that it is valid.
  const observed = await progress.tryTo(() => observeKey(connection, ref, nowMs));
  if ("value" in observed && isGone(observed.value.status))
    return forgetPrevious(progress, `previous key ${statusReason(observed.value.status) ?? "gone"}`);
  progress.problems.push(
    `the end of the key ${previous.keyId} could not be set on the service, the next update tries again: ${done.problem}`,
  );
}

/** Revokes keys that lose their power in this very update. An emergency tells when each was last used. */
export async function revokeNow(progress: Progress, dead: readonly Credential[], emergency: boolean): Promise<void> {
  const { activationLagMs } = progress.connection.capabilities;
  // The new key has to work before the old ones stop.
  if (dead.length > 0 && activationLagMs > 0) await progress.tools.clock.sleep(activationLagMs);
  const words: string[] = [];
  for (const credential of dead) {
    const lastUse = emergency ? await lastUseOf(progress, credential) : undefined;
    const outcome = await retire(progress, credential);
    if (outcome === "failed") awaitRevocation(progress, credential);
    words.push(
      `${credential.keyId} ${outcome === "failed" ? "could not be revoked yet" : `revoked at ${progress.now}`}, last used ${lastUse ?? "unknown"}`,
    );
  }
  if (!emergency) return;
  progress.change({
    retireStatus: `emergency: ${words.length > 0 ? `${words.join("; ")}; search the service's audit log for their use up to then` : "no older key was left to revoke"}`,
  });
}

/** The report is worth a request, and not a failure. */
async function lastUseOf(progress: Progress, credential: Credential): Promise<string | undefined> {
  const { client, capabilities } = progress.connection;
  if (!capabilities.lastUsed) return undefined;
  const told = await progress.tryTo(() => client.getKey(progress.refOf(credential)));
  return "value" in told && told.value ? (told.value.lastUsedAt ?? "never") : undefined;
}

/** The key waits for its revocation. */
export function awaitRevocation(
  progress: Progress,
  { keyId, physicalName, fingerprint, secretVersion }: Credential,
): void {
  const waits: PendingRevocation = {
    keyId,
    physicalName,
    ...(fingerprint !== undefined && { fingerprint }),
    ...(secretVersion !== undefined && { secretVersion }),
    end: progress.now,
  };
  setPending(progress, [...(progress.outs.pendingRevocations ?? []), waits]);
}

export function setPending(progress: Progress, pending: readonly PendingRevocation[]): void {
  if (pending.length > 0) progress.change({ pendingRevocations: pending });
  else progress.drop("pendingRevocations");
}

/** Remembers a key of ours whose secret is somebody else's: only an emergency, or the end of the resource, revokes it. */
export function addStray(progress: Progress, { keyId, physicalName }: Credential): void {
  const others = (progress.outs.strayKeys ?? []).filter((stray) => stray.keyId !== keyId);
  progress.change({ strayKeys: [...others, { keyId, physicalName }] });
}

function strayWords({ keyId }: Credential): string {
  return `the key ${keyId} was given another secret outside; it is left alone until an emergency, or until this resource is deleted`;
}
