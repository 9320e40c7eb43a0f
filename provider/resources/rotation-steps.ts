/**
 * An update of a rotating key: the plan carried out, step by step, in the order that keeps a valid key
 * at every moment. What fails after a key was made is noted and left for the next update; the record
 * always says what was done.
 */
import type { KeyChanges } from "../backends/definition";
import type { Connection, ConnectionFacts } from "../connections";
import { defined } from "../defined";
import { changeKey } from "./change-key";
import type { ResourceContext } from "./context";
import { sameValue } from "./field-table";
import { type Observation, observeKey } from "./key-on-service";
import { logicalName, renamed } from "./names";
import { isCrowded, mint, whateverItCarries } from "./rotation-mint";
import { type MintPlan, planRotation, type RotatingOutputs, type RotationPlan } from "./rotation-plan";
import { Progress } from "./rotation-progress";
import { isDead, retiredReason, type RotatingInputs, statusReason } from "./rotation-request";
import {
  addStray,
  deferQuestion,
  forgetPrevious,
  retireWhatIsOver,
  revokeNow,
  setEndOnService,
  setPending,
} from "./rotation-retire";
import { type Schedule, scheduleFields } from "./rotation-schedule";

/** How far an update came. */
export interface RotationResult {
  readonly outs: RotatingOutputs;
  /** What could not be done, in sentences. Empty = all is well. */
  readonly problems: readonly string[];
}

/** @throws UnfinishedRotation - a key that had to be made could not be made */
export async function carryOut(
  connection: Connection,
  olds: RotatingOutputs,
  news: RotatingInputs,
  plan: RotationPlan,
  schedule: Schedule,
  nowMs: number,
  tools: Pick<ResourceContext, "clock" | "marking">,
): Promise<RotationResult> {
  const progress = new Progress(connection, olds, nowMs, tools);
  const older = olds.previousKey;
  if (plan.mint?.emergency) setPending(progress, (olds.pendingRevocations ?? []).map(whateverItCarries));
  if (plan.previous === "end" && older?.endsOnService) forgetPrevious(progress, `${retiredReason} (on the service)`);

  const planAnew = () => planRotation(progress.outs, news, connection, schedule, progress.nowMs);
  const look = await lookAtCurrent(progress, plan, planAnew);
  if (look.works) await retireWhatIsOver(progress, plan.previous, older, look.lastUsedAt);
  // A due key that has waited for an overlap waits no longer than that.
  const overlapIsOver = plan.previous === "ask" && look.works && !progress.outs.previousKey;
  const waited = overlapIsOver && progress.problems.length === 0 ? planAnew().mint : undefined;
  const planned = look.mint ?? waited;
  const changed = planned ? undefined : await changeInPlace(progress, news);
  const minting = planned ?? changed?.mint;
  if (minting) {
    const dead = await mint(progress, minting, look.works, news, schedule);
    // Without a current key that worked nothing was retired before: now there is one.
    if (!look.works) await retireWhatIsOver(progress, planAnew().previous, older, undefined);
    await revokeNow(progress, dead, minting.emergency);
    noteCrowd(progress);
  } else if ((plan.previous === "end" || plan.previous === "ask") && !progress.outs.previousKey) {
    progress.change({ rotationReason: retiredReason });
  }
  await setEndOnService(progress);
  recordInputs(progress, news, minting !== undefined || changed?.done === true);
  return { outs: progress.outs, problems: progress.problems };
}

/** True where an update has to talk to the service. */
export function needsService(
  { mint: minting, pending, previous }: RotationPlan,
  olds: RotatingOutputs,
  news: RotatingInputs,
  facts: ConnectionFacts,
): boolean {
  if (minting ?? pending) return true;
  return (
    previous === "ask" ||
    previous === "setEnd" ||
    (previous === "end" && olds.previousKey?.endsOnService !== true) ||
    Object.keys(changesInPlace(olds, news, facts)).length > 0
  );
}

interface Look {
  /** The current key was read and works: older ones may go. */
  readonly works: boolean;
  readonly lastUsedAt?: string | undefined;
  /** The plan's, with what was seen. */
  readonly mint?: MintPlan | undefined;
}

/** Before any retire the current key is read; where it does not work, a new one is made first. */
async function lookAtCurrent(
  progress: Progress,
  { mint: planned, previous, pending }: RotationPlan,
  planAnew: () => RotationPlan,
): Promise<Look> {
  const { connection, nowMs, outs, current } = progress;
  const { maxActiveKeys, nativeRotate } = connection.capabilities;
  const retires = pending || previous === "ask" || (previous === "end" && outs.previousKey !== undefined);
  const crowded = planned !== undefined && maxActiveKeys !== 1 && isCrowded(outs, maxActiveKeys, false);
  // What is called revoked may carry another secret, and what is called disabled may be enabled by now.
  const otherSecret = outs.status === "revoked" && nativeRotate?.id === "same" && maxActiveKeys !== 1;
  const mayLive = otherSecret || outs.status === "disabled";
  if (!current || !(planned?.currentIsDead ? mayLive : retires || crowded)) return { works: false, mint: planned };

  const observed = await progress.tryTo(() => observeKey(connection, progress.refOf(current), nowMs));
  if ("problem" in observed) {
    if (planned?.currentIsDead && otherSecret) addStray(progress, current);
    else if (planned?.currentIsDead) return { works: false, mint: planned };
    else if (previous === "ask" && !pending && !crowded) deferQuestion(progress, observed.problem);
    else progress.problems.push(`the current key could not be read, so nothing was retired: ${observed.problem}`);
    return { works: false, mint: planned };
  }
  const { status, key } = observed.value;
  if (status === "active") {
    progress.change({ status });
    return { works: true, lastUsedAt: key?.lastUsedAt, mint: planned && planAnew().mint };
  }
  return { works: false, mint: repair(progress, observed.value, planned) };
}

/** The current key does not work: whatever was planned, a new one is made. */
function repair(progress: Progress, { status, key }: Observation, planned?: MintPlan): MintPlan {
  const { current, connection } = progress;
  progress.change({ status });
  // Called revoked because it carries another secret: then it lives, and has to be remembered.
  if (current && status === "revoked" && key?.status === "active" && connection.capabilities.maxActiveKeys !== 1)
    addStray(progress, current);
  const broken = statusReason(status) ?? "not active";
  const reason = planned && planned.reason !== broken ? `${planned.reason}; ${broken}` : broken;
  return { reason, emergency: planned?.emergency ?? false, currentIsDead: isDead(status) };
}

/** A third generation lives only with a reason that says so. */
function noteCrowd(progress: Progress): void {
  const { pendingRevocations = [], previousKey, rotationReason } = progress.outs;
  if (pendingRevocations.length === 0 || (!previousKey && pendingRevocations.length === 1)) return;
  progress.change({
    rotationReason: `${rotationReason}; ${pendingRevocations.length === 1 ? "an older key still waits" : `${pendingRevocations.length} older keys still wait`} to be revoked`,
  });
}

/** What the vendor can change on the current key without a new one; a key that does not work any more needs a new one. */
async function changeInPlace(
  progress: Progress,
  news: RotatingInputs,
): Promise<{ readonly done: boolean; readonly mint?: MintPlan }> {
  const { connection, current, nowMs } = progress;
  const changes = changesInPlace(progress.outs, news, connection);
  if (!current || Object.keys(changes).length === 0) return { done: true };
  const ref = progress.refOf(current);
  const changed = await progress.tryTo(() => changeKey(connection, ref, changes));
  if ("value" in changed) {
    if (changes.name !== undefined) progress.change({ physicalName: changes.name });
    return { done: true };
  }
  const observed = await progress.tryTo(() => observeKey(connection, ref, nowMs));
  if ("value" in observed && observed.value.status !== "active")
    return { done: false, mint: repair(progress, observed.value) };
  progress.problems.push(`the key ${current.keyId} could not be changed: ${changed.problem}`);
  return { done: false };
}

function changesInPlace(outs: RotatingOutputs, news: RotatingInputs, { capabilities }: ConnectionFacts): KeyChanges {
  const prefix = news.name ?? logicalName(news.origin);
  const moved =
    capabilities.rename && outs.physicalName !== undefined && (outs.name ?? logicalName(outs.origin)) !== prefix;
  const reworded = capabilities.description === "update" && (outs.description ?? "") !== (news.description ?? "");
  const relabelled = capabilities.marker === "metadata" && !sameValue(outs.labels ?? {}, news.labels ?? {});
  return defined({
    name: moved && outs.physicalName !== undefined ? renamed(prefix, outs.physicalName) : undefined,
    description: reworded ? (news.description ?? "") : undefined,
    labels: relabelled ? (news.labels ?? {}) : undefined,
  });
}

const recordedFields = [...scheduleFields, "fullAccess", "allowOutage", "origin", "target"] as const;
const wordingFields = ["name", "description", "labels"] as const;

/** Inputs that hold from now on, whatever else could not be done. */
function recordInputs(progress: Progress, news: RotatingInputs, worded: boolean): void {
  const fields = [...recordedFields, ...(worded ? wordingFields : [])];
  progress.drop(...fields, ...(news.emergency === undefined ? (["emergency"] as const) : []));
  progress.change({
    ...defined(Object.fromEntries(fields.map((name) => [name, news[name]]))),
    service: progress.connection.origin,
  });
}
