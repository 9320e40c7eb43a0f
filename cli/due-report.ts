/** What `apikeys due` finds in a state: which keys are due, when and why. Pure. */
import { z } from "zod";
import { defined } from "../provider/values/defined";
import { dayMs, formatSpan } from "../provider/values/durations";
import { nameOf } from "../review/urn";
import { usageFailure } from "./command";

/** The due events and times of one key of a stack. */
export interface DueKey {
  readonly name: string;
  readonly urn: string;
  readonly type: "ApiKey" | "RotatingApiKey";
  readonly connection: string;
  /** Status of the current key in its record: `active`, `expired`, `revoked`, `disabled`, `missing`. */
  readonly status?: string;
  /** When the current key was issued; RFC 3339 UTC. */
  readonly issuedAt?: string;
  /** The time since then in whole days, hours, minutes or seconds. */
  readonly age?: string;
  /** When the next key is made, but not before the previous one has ended. Only for a RotatingApiKey. */
  readonly nextRotationAt?: string;
  /** When the current key expires. */
  readonly expiresAt?: string;
  /** When the previous key stops working. */
  readonly previousValidUntil?: string;
  /** Events that are overdue, or that come within the given time; the most urgent first. */
  readonly due: readonly DueEvent[];
  /** The same in one text; missing if nothing is due. */
  readonly reason?: string;
  /** Why it is unknown what is due. */
  readonly problem?: string;
}

export interface DueEvent {
  /** `unusable`: the current key does not work, because it has expired or for another reason. */
  readonly what: "unusable" | "end" | "rotation" | "previous key" | "revocation" | "search";
  /** RFC 3339 UTC; missing if the record has no time for it. */
  readonly at?: string;
  readonly words: string;
}

const time = z.string().refine((value) => !Number.isNaN(Date.parse(value)));
const outputs = z.object({
  connection: z.string().optional(),
  status: z.string().optional(),
  keyId: z.string().optional(),
  createdAt: time.optional(),
  rotatedAt: time.optional(),
  nextRotationAt: time.optional(),
  expiresAt: time.optional(),
  /** The expiry that the program asked for, if someone has changed it on the service. */
  agreedExpiresAt: time.optional(),
  expiresIn: z.string().optional(),
  previousValidUntil: time.optional(),
  /** UTC date of the last check whether the previous key is in use. */
  retireAskedOn: time.optional(),
  previousKey: z.object({ retireAfter: time, retire: z.string(), endsOnService: z.boolean() }).optional(),
  pendingRevocations: z.array(z.unknown()).optional(),
  lostCreates: z.array(z.unknown()).optional(),
});
type KeyRecord = z.infer<typeof outputs>;

const deployment = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          urn: z.string(),
          type: z.string(),
          delete: z.boolean().optional(),
          external: z.boolean().optional(),
          outputs: z.unknown().optional(),
        }),
      )
      .optional(),
  }),
});

const keyType = /^(?:pulumi-nodejs:dynamic\/apikeys|apikeys:index):(ApiKey|RotatingApiKey)$/;

/** The two times that a report needs. */
interface Clock {
  readonly nowMs: number;
  /** Everything before this time is due. */
  readonly horizonMs: number;
}

/**
 * Reads `pulumi stack export`: every key of the stack, the most urgent first.
 *
 * @throws CommandFailure that says what is wrong if the text is something else
 */
export function dueReport(exported: unknown, nowMs: number, withinMs: number): DueKey[] {
  const state = deployment.safeParse(exported);
  if (!state.success)
    throw usageFailure("this is not the output of `pulumi stack export`: it has no deployment with resources");
  const clock = { nowMs, horizonMs: nowMs + withinMs };
  return (state.data.deployment.resources ?? [])
    .flatMap(({ urn, type, delete: replaced, external, outputs: recorded }) => {
      // A key that a program only reads (`get`) belongs to another state, which reports it.
      const kind = external === true ? undefined : (keyType.exec(type)?.[1] as DueKey["type"] | undefined);
      return kind === undefined ? [] : [describe({ urn, type: kind, replaced: replaced === true }, recorded, clock)];
    })
    .sort((a, b) => urgencyOf(a) - urgencyOf(b) || firstMs(a) - firstMs(b) || (a.urn < b.urn ? -1 : 1));
}

/** Unreadable keys first, then those that do not work, then what is due, then the rest by their next event. */
function urgencyOf({ problem, due }: DueKey): number {
  if (problem !== undefined) return 0;
  if (due.some(({ what }) => what === "unusable")) return 1;
  return due.length > 0 ? 2 : 3;
}

function firstMs({ due, nextRotationAt, expiresAt, previousValidUntil }: DueKey): number {
  const times = due.length > 0 ? due.map(({ at }) => at ?? "") : [nextRotationAt, expiresAt, previousValidUntil];
  // An event without a time is due now.
  return Math.min(Number.MAX_SAFE_INTEGER, ...times.flatMap((at) => (at === undefined ? [] : [Date.parse(at) || 0])));
}

function describe(
  resource: { readonly urn: string; readonly type: DueKey["type"]; readonly replaced: boolean },
  recorded: unknown,
  clock: Clock,
): DueKey {
  const { urn, type, replaced } = resource;
  const key = { name: nameOf(urn), urn, type };
  const parsed = outputs.safeParse(recorded ?? {});
  if (!parsed.success) {
    const [field] = parsed.error.issues[0]?.path ?? [];
    const place = field === undefined ? "its record" : `"${String(field)}" of its record`;
    return { ...key, connection: "?", due: [], problem: `${place} cannot be read; run pulumi refresh` };
  }
  const record = parsed.data;
  const { connection = "default", status, expiresAt, previousValidUntil } = record;
  // The next update revokes what a replacement left in the state, however long it would live.
  const due = replaced ? [leftover] : eventsOf(type, record, clock);
  return {
    ...key,
    connection,
    ...defined({
      status,
      ...issueOf(record, clock),
      nextRotationAt: type === "RotatingApiKey" && !replaced ? rotationTime(record, clock.nowMs) : undefined,
      expiresAt,
      previousValidUntil,
    }),
    due,
    ...defined({
      reason: due.length === 0 ? undefined : due.map(({ words }) => words).join("; "),
      problem: replaced ? undefined : missingIn(type, record),
    }),
  };
}

function issueOf({ rotatedAt, createdAt }: KeyRecord, { nowMs }: Clock): Pick<DueKey, "issuedAt" | "age"> {
  const issuedAt = rotatedAt ?? createdAt;
  return issuedAt === undefined ? {} : { issuedAt, age: formatSpan(nowMs - Date.parse(issuedAt)) };
}

const leftover: DueEvent = { what: "revocation", words: "replaced, but not yet revoked: the next update revokes it" };

/** The field that a record lacks. Without it, the report cannot say that nothing is due. */
function missingIn(type: DueKey["type"], record: KeyRecord): string | undefined {
  if (type === "RotatingApiKey")
    return record.keyId !== undefined && record.nextRotationAt === undefined
      ? "its record has no next rotation; run pulumi up"
      : undefined;
  const ends = record.expiresAt ?? record.agreedExpiresAt;
  return record.expiresIn !== undefined && ends === undefined
    ? "it has a limited life, but its record has no end; run pulumi refresh"
    : undefined;
}

function eventsOf(type: DueKey["type"], record: KeyRecord, clock: Clock): DueEvent[] {
  return [
    ...unusable(type, record),
    ...ownEnd(type, record, clock),
    ...(type === "RotatingApiKey" ? [...rotation(record, clock), ...previousKey(record, clock)] : []),
    ...waiting(record),
  ];
}

function unusable(type: DueKey["type"], { status, keyId, expiresAt }: KeyRecord): DueEvent[] {
  if (type === "RotatingApiKey" && keyId === undefined && status !== undefined && status !== "active")
    return [{ what: "unusable", words: "it has no key yet: the next update issues one" }];
  if (status === undefined || status === "active" || (status === "expired" && expiresAt !== undefined)) return [];
  return [{ what: "unusable", words: status }];
}

/** The expiry of the current key, from any of its fields. */
function ownEnd(type: DueKey["type"], record: KeyRecord, clock: Clock): DueEvent[] {
  const { expiresAt, expiresIn } = record;
  const nextRotationAt = rotationTime(record, clock.nowMs);
  if (expiresAt === undefined) return [];
  const endMs = Date.parse(expiresAt);
  if (endMs <= clock.nowMs) {
    const remedy =
      type === "RotatingApiKey"
        ? ""
        : expiresIn === undefined
          ? '; it stays so until "expiresAt" is changed'
          : "; the next update replaces it";
    return [{ what: "unusable", at: expiresAt, words: `expired ${formatSpan(clock.nowMs - endMs)} ago${remedy}` }];
  }
  // A key that rotates in time is replaced before it expires.
  const rotationMs = nextRotationAt === undefined ? Infinity : Date.parse(nextRotationAt);
  const makesWay = type === "RotatingApiKey" && rotationMs > clock.nowMs && rotationMs <= endMs;
  return endMs > clock.horizonMs || makesWay
    ? []
    : [{ what: "end", at: expiresAt, words: `ends in ${formatSpan(endMs - clock.nowMs)}` }];
}

/** While the previous key is still valid, the schedule does not rotate a key that works. */
function rotationTime(record: KeyRecord, nowMs: number): string | undefined {
  const { nextRotationAt, previousKey: previous, previousValidUntil, status, expiresAt } = record;
  if (nextRotationAt === undefined || !previous || previousValidUntil === undefined) return nextRotationAt;
  const works = (status ?? "active") === "active" && (expiresAt === undefined || Date.parse(expiresAt) > nowMs);
  return works && Date.parse(previousValidUntil) > Date.parse(nextRotationAt) ? previousValidUntil : nextRotationAt;
}

function rotation(record: KeyRecord, clock: Clock): DueEvent[] {
  const nextRotationAt = rotationTime(record, clock.nowMs);
  if (nextRotationAt === undefined) return [];
  const dueMs = Date.parse(nextRotationAt);
  if (dueMs > clock.horizonMs) return [];
  const words =
    dueMs <= clock.nowMs
      ? `rotation due since ${nextRotationAt.slice(0, 10)}`
      : `rotates in ${formatSpan(dueMs - clock.nowMs)}`;
  return [{ what: "rotation", at: nextRotationAt, words }];
}

function previousKey(record: KeyRecord, clock: Clock): DueEvent[] {
  const { previousKey: previous, previousValidUntil, retireAskedOn } = record;
  if (!previous) return [];
  const retireMs = Date.parse(previous.retireAfter);
  const endMs = Date.parse(previousValidUntil ?? previous.retireAfter);
  // The update checks once a day whether the key is in use.
  const askMs = retireAskedOn === undefined ? retireMs : Date.parse(retireAskedOn) + dayMs;
  if (Math.min(endMs, askMs) > clock.horizonMs) return [];
  if (retireMs > clock.horizonMs) return [];
  const event = (at: string, words: string): DueEvent[] => [
    { what: "previous key", at, words: `previous key ${words}` },
  ];
  if (retireMs > clock.nowMs) return event(previous.retireAfter, `ends in ${formatSpan(retireMs - clock.nowMs)}`);
  if (endMs > clock.nowMs)
    return event(
      previous.retireAfter,
      `is revoked once it is unused, in ${formatSpan(endMs - clock.nowMs)} at the latest`,
    );
  const past = `${formatSpan(clock.nowMs - endMs)} ago`;
  return event(
    previousValidUntil ?? previous.retireAfter,
    previous.endsOnService ? `ended ${past}` : `should have ended ${past}: the next update revokes it`,
  );
}

function waiting({ pendingRevocations = [], lostCreates = [] }: KeyRecord): DueEvent[] {
  const events: DueEvent[] = [];
  const revoked = pendingRevocations.length;
  if (revoked > 0)
    events.push({
      what: "revocation",
      words: revoked === 1 ? "1 older key awaits revocation" : `${revoked} older keys await revocation`,
    });
  const lost = lostCreates.length;
  if (lost > 0)
    events.push({
      what: "search",
      words: `${lost === 1 ? "1 key that no record knows may exist" : `${lost} keys that no record knows may exist`}: the next update looks for ${lost === 1 ? "it" : "them"}`,
    });
  return events;
}
