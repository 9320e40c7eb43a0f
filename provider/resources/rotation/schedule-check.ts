/** What a schedule cannot ask for, told with the arithmetic. Pure. */
import type { ConnectionFacts } from "../../connections";
import { formatDuration, parseDuration } from "../../durations";
import { isUnknown } from "../../wire";
import { type Failures, isGiven } from "../input-checks";
import { type RetireMode, retireModes, type ScheduleInputs, scheduleOf } from "./schedule";

const shortestRotationMs = 60_000;

/** Refuses what cannot be kept, with the arithmetic. Fields left out take their defaults, which never refuse themselves. */
export function checkSchedule(
  news: Readonly<Record<string, unknown>>,
  facts: ConnectionFacts,
  logicalName: string,
  failures: Failures,
): void {
  const { capabilities, backend } = facts;
  const { ms, readable } = durationsOf(news, failures);
  if (news.rotateEvery === undefined)
    failures.add("rotateEvery", '"rotateEvery" is missing; say at what age a new key is made, such as 90d');
  const retire = news.retire;
  if (retire !== undefined && !isUnknown(retire) && !retireModes.includes(retire as RetireMode))
    failures.add("retire", `"retire" is not one of ${retireModes.join(", ")}`);
  const { rotateEvery, rotateBefore, overlap, maxOverlap, jitter, expiresIn: lifetime } = ms;
  if (!readable || rotateEvery === undefined) return;
  const d = formatDuration;
  if (rotateEvery < shortestRotationMs)
    failures.add("rotateEvery", `"rotateEvery" is ${d(rotateEvery)}; the shortest is 1m`);
  if (retire === "whenUnused" && !capabilities.lastUsed)
    failures.add(
      "retire",
      `"retire: whenUnused" needs to know when a key was last used, and ${backend} does not tell; use afterOverlap`,
    );
  if (overlap !== undefined && overlap >= rotateEvery)
    failures.add(
      "overlap",
      `"overlap" (${d(overlap)}) is not shorter than rotateEvery (${d(rotateEvery)}): a third key would be made while the first still lives; shorten it`,
    );
  if (lifetime !== undefined && rotateBefore !== undefined && rotateBefore >= lifetime) {
    failures.add(
      "rotateBefore",
      `"rotateBefore" (${d(rotateBefore)}) is not shorter than the key's life, expiresIn (${d(lifetime)}): every key would be due at its issue; shorten it`,
    );
  }
  const schedule = scheduleOf(news as unknown as ScheduleInputs, facts, logicalName);
  const overlapMs = schedule.overlapMs;
  if (lifetime !== undefined && rotateEvery + overlapMs > lifetime) {
    failures.add(
      overlap === undefined ? "rotateEvery" : "overlap",
      `rotateEvery (${d(rotateEvery)}) + overlap (${d(overlapMs)}) = ${d(rotateEvery + overlapMs)} is over the key's life, expiresIn (${d(lifetime)}): the old key would end before its overlap does; lengthen expiresIn or shorten one of the others`,
    );
  }
  if (maxOverlap !== undefined && maxOverlap < overlapMs)
    failures.add(
      "maxOverlap",
      `"maxOverlap" (${d(maxOverlap)}) is shorter than overlap (${d(overlapMs)}); lengthen it`,
    );
  if (retire === "whenUnused" && maxOverlap !== undefined && maxOverlap >= rotateEvery) {
    failures.add(
      "maxOverlap",
      `"maxOverlap" (${d(maxOverlap)}) is not shorter than rotateEvery (${d(rotateEvery)}): a third key would be made while the first still lives; shorten it`,
    );
  }
  if (jitter !== undefined && jitter + overlapMs >= rotateEvery) {
    failures.add(
      "jitter",
      `jitter (${d(jitter)}) + overlap (${d(overlapMs)}) = ${d(jitter + overlapMs)} is not shorter than rotateEvery (${d(rotateEvery)}): a key could be due while its predecessor still lives; shorten one of them`,
    );
  }
  checkOneKey({ overlapMs, asked: overlap, allowOutage: news.allowOutage }, facts, failures);
}

/** The durations in milliseconds; `readable`: all that are given are known, and are durations. */
function durationsOf(news: Readonly<Record<string, unknown>>, failures: Failures) {
  const ms: Record<string, number | undefined> = {};
  let readable = true;
  for (const field of ["rotateEvery", "rotateBefore", "overlap", "maxOverlap", "jitter", "expiresIn"]) {
    const value = news[field];
    if (value === undefined) continue;
    if (isUnknown(value)) {
      readable = false;
      continue;
    }
    const parsed = parseDuration(value);
    if (typeof parsed === "number") ms[field] = parsed;
    else {
      failures.add(field, `"${field}" ${parsed.problem}`);
      readable = false;
    }
  }
  return { ms, readable };
}

/** What a vendor with one key per account can offer: its own rotation, with the grace that it gives. */
function checkOneKey(
  wanted: { readonly overlapMs: number; readonly asked: number | undefined; readonly allowOutage: unknown },
  { capabilities, backend }: ConnectionFacts,
  failures: Failures,
): void {
  const { overlapMs, asked, allowOutage } = wanted;
  if (capabilities.maxActiveKeys !== 1) return;
  const native = capabilities.nativeRotate;
  if (!native) {
    failures.add(
      "rotateEvery",
      `${backend} keeps one key per account and cannot rotate it: an old and a new key never live together; use ApiKey with allowOutage: true`,
    );
    return;
  }
  const grace = formatDuration(native.maxGraceMs);
  if (overlapMs > native.maxGraceMs)
    failures.add(
      "overlap",
      `"overlap" (${formatDuration(overlapMs)}) is longer than the grace that ${backend} gives an old secret, rotationGrace (${grace}); shorten it, or raise the grace on the service`,
    );
  else if (asked !== undefined && !native.graceChosen && asked !== native.maxGraceMs && asked !== 0) {
    failures.add(
      "overlap",
      `"overlap" (${formatDuration(asked)}) cannot be chosen: ${backend} gives an old secret ${grace}; leave "overlap" out`,
    );
  }
  if (overlapMs === 0 && !isGiven(allowOutage)) {
    failures.add(
      "allowOutage",
      `${backend} keeps one key per account, and its old secret dies when the new one is made: between the two there is an outage; set allowOutage: true if that is acceptable, or let the service give a grace (rotationGrace)`,
    );
  }
}
