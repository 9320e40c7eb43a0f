/** Checks of a schedule; every message shows the arithmetic. Pure. */
import type { ConnectionFacts } from "../../connections/connections";
import { formatDuration, parseDuration } from "../../values/durations";
import { shownOf } from "../../secrets/redact";
import { nearestWord } from "../../scopes";
import { isUnknown } from "../../values/wire";
import { type CheckPoint, type Failures, isGiven } from "../checks/failures";
import { type RetireMode, retireModes, Schedule } from "./schedule";

const shortestRotationMs = 60_000;

/** A schedule whose durations are all known, in milliseconds. */
interface AskedSchedule {
  readonly rotateEvery: number;
  readonly rotateBefore?: number | undefined;
  /** As the program gives it; `overlapMs` includes the default. */
  readonly overlap?: number | undefined;
  readonly overlapMs: number;
  readonly maxOverlap?: number | undefined;
  readonly jitter?: number | undefined;
  readonly expiresIn?: number | undefined;
  readonly retire: unknown;
}

interface ScheduleRule {
  readonly field: "rotateEvery" | "rotateBefore" | "overlap" | "maxOverlap" | "jitter" | "retire";
  /** Why the schedule cannot be kept; undefined where it can. */
  readonly refuses: (asked: AskedSchedule, facts: ConnectionFacts) => string | undefined;
}

const d = formatDuration;

/** In the order of their messages. */
const rules: readonly ScheduleRule[] = [
  {
    field: "rotateEvery",
    refuses: ({ rotateEvery }) =>
      rotateEvery < shortestRotationMs ? `"rotateEvery" is ${d(rotateEvery)}; the shortest is 1m` : undefined,
  },
  {
    field: "retire",
    refuses: ({ retire }, { capabilities, backend }) =>
      retire === "whenUnused" && !capabilities.lastUsed
        ? `"retire: whenUnused" needs to know when a key was last used, and ${backend} does not tell; use afterOverlap`
        : undefined,
  },
  {
    field: "overlap",
    refuses: ({ overlap, rotateEvery }) =>
      overlap !== undefined && overlap >= rotateEvery ? thirdKey("overlap", overlap, rotateEvery) : undefined,
  },
  {
    field: "rotateBefore",
    refuses: ({ rotateBefore, expiresIn }) =>
      expiresIn !== undefined && rotateBefore !== undefined && rotateBefore >= expiresIn
        ? `"rotateBefore" (${d(rotateBefore)}) is not shorter than the key's life, expiresIn (${d(expiresIn)}): every key would be due at its issue; shorten it`
        : undefined,
  },
  {
    field: "rotateEvery",
    refuses: (asked, facts) => (asked.overlap === undefined ? outlivesKey(asked, facts) : undefined),
  },
  {
    field: "overlap",
    refuses: (asked, facts) => (asked.overlap === undefined ? undefined : outlivesKey(asked, facts)),
  },
  {
    field: "maxOverlap",
    refuses: ({ maxOverlap, overlapMs }) =>
      maxOverlap !== undefined && maxOverlap < overlapMs
        ? `"maxOverlap" (${d(maxOverlap)}) is shorter than overlap (${d(overlapMs)}); lengthen it`
        : undefined,
  },
  {
    field: "maxOverlap",
    refuses: ({ retire, maxOverlap, rotateEvery }) =>
      retire === "whenUnused" && maxOverlap !== undefined && maxOverlap >= rotateEvery
        ? thirdKey("maxOverlap", maxOverlap, rotateEvery)
        : undefined,
  },
  {
    field: "jitter",
    refuses: ({ jitter, overlapMs, rotateEvery }) =>
      jitter !== undefined && jitter + overlapMs >= rotateEvery
        ? `jitter (${d(jitter)}) + overlap (${d(overlapMs)}) = ${d(jitter + overlapMs)} is not shorter than rotateEvery (${d(rotateEvery)}): a key could be due while its predecessor still lives; shorten one of them`
        : undefined,
  },
];

function thirdKey(field: string, ms: number, rotateEvery: number): string {
  return `"${field}" (${d(ms)}) is not shorter than rotateEvery (${d(rotateEvery)}): a third key would be made while the first still lives; shorten it`;
}

/** The old key has to live until its overlap ends. */
function outlivesKey(
  { rotateEvery, overlapMs, expiresIn }: AskedSchedule,
  { capabilities, backend }: ConnectionFacts,
): string | undefined {
  const sumMs = rotateEvery + overlapMs;
  const sum = `rotateEvery (${d(rotateEvery)}) + overlap (${d(overlapMs)}) = ${d(sumMs)} is over`;
  if (expiresIn !== undefined && sumMs > expiresIn)
    return `${sum} the key's life, expiresIn (${d(expiresIn)}): the old key would end before its overlap does; lengthen expiresIn or shorten one of the others`;
  const { longestMs } = capabilities.expiry;
  return expiresIn === undefined && longestMs !== undefined && sumMs > longestMs
    ? `${sum} the longest life that ${backend} gives a key (${d(longestMs)}): the old key would end before its overlap does; shorten one of them`
    : undefined;
}

/** Refuses a schedule that cannot be kept. Fields that are left out have their defaults, which are never refused. */
export function checkSchedule({ news, facts, failures }: CheckPoint): void {
  const { retire } = news;
  const { ms, readable } = durationsOf(news, failures);
  if (news.rotateEvery === undefined)
    failures.add("rotateEvery", '"rotateEvery" is missing; say at what age a new key is made, such as 90d');
  if (retire !== undefined && !isUnknown(retire) && !retireModes.includes(retire as RetireMode))
    failures.add(
      "retire",
      `"retire" is ${shownOf(retire)}; write one of ${retireModes.join(", ")}${meantMode(retire)}`,
    );
  const { rotateEvery } = ms;
  if (!readable || rotateEvery === undefined) return;
  const { overlapMs } = new Schedule(news as unknown as ConstructorParameters<typeof Schedule>[0], facts);
  const asked: AskedSchedule = { ...ms, rotateEvery, overlapMs, retire };
  for (const { field, refuses } of rules) {
    const reason = refuses(asked, facts);
    if (reason !== undefined) failures.add(field, reason);
  }
  checkOneKey({ overlapMs, asked: asked.overlap }, { news, facts, failures });
}

function meantMode(retire: unknown): string {
  const near = typeof retire === "string" ? nearestWord(retire, retireModes) : undefined;
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

/** The durations in milliseconds. `readable`: all given ones are known and are durations. */
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

/** Checks what a vendor with one key per account can offer: its own rotation and grace. */
function checkOneKey(
  { overlapMs, asked }: { readonly overlapMs: number; readonly asked: number | undefined },
  { news: { allowOutage }, facts: { capabilities, backend }, failures }: CheckPoint,
): void {
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
