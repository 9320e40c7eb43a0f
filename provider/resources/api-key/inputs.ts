/** The record of an ApiKey, and the checks that only an ApiKey has. */
import type { KeyRef } from "../../backends/definition";
import type { ConnectionFacts } from "../../connections/connections";
import { defined } from "../../values/defined";
import { formatDuration, formatSpan } from "../../values/durations";
import { formatTime, hasPassed, parseTime } from "../../values/times";
import type { OptionValues } from "../../vendors/options";
import { isUnknown } from "../../values/wire";
import { sameInstant } from "../key/expiry";
import { checkExpirySupport, checkLife, checkTime } from "../checks/expiry";
import { type CheckPoint, isGiven } from "../checks/failures";
import type { CheckedInputs } from "../every-resource";
import type { ApiKeyInputs } from "./fields";
import type { KeyRecord } from "../key/key-inputs";
import type { KnownKey } from "../key/absence";

/** The record of a key: its inputs, and what its issue brought. */
export interface ApiKeyOutputs extends Omit<ApiKeyInputs, "secretValue" | "status">, KeyRecord {
  readonly agreedScopes?: readonly string[];
  /** The program's own options, if a refresh found others. */
  readonly agreedOptions?: OptionValues;
  /** The answer to the create was lost and no key was found: one of this physical name may still appear. */
  readonly lostCreate?: true;
}

/** A key's id on the service, and its record. */
export interface RecordedKey {
  readonly id: string;
  readonly outs: ApiKeyOutputs;
}

/** What the service needs to find the key. */
export function refOf({ id, outs: { serviceAccountId, physicalName, secretVersion } }: RecordedKey): KeyRef {
  return defined({ id, serviceAccountId, name: physicalName, secretVersion });
}

/** The key with its secret, which may be the only proof of whether it is gone. */
export function knownKey({ id, outs }: RecordedKey): KnownKey {
  return defined({ ...refOf({ id, outs }), secret: outs.secret, accessId: outs.accessId });
}

/** The one form in which an end is sent, stored and compared: RFC 3339 in UTC. */
export function canonicalEnd({ expiresAt }: ApiKeyInputs): { readonly expiresAt?: string } {
  const endMs = expiresAt === undefined || isUnknown(expiresAt) ? undefined : parseTime(expiresAt);
  return typeof endMs === "number" ? { expiresAt: formatTime(endMs) } : {};
}

/** What an end is judged by; without facts if the connection is unknown. */
interface EndRules {
  readonly facts: ConnectionFacts | undefined;
  readonly nowMs: number;
}

/** True if the key's own date has passed and is not new: the key stays expired, with a warning. */
export function checkExpiry(
  { olds, news, failures }: CheckedInputs<ApiKeyInputs>,
  { facts, nowMs }: EndRules,
): boolean {
  const endMs = checkTime("expiresAt", news.expiresAt, failures);
  checkLife(news.expiresIn, failures);
  // A read shows a moved end in addition to the life, and `ignoreChanges` may return both.
  const fromRead = olds.expiresIn !== undefined && olds.expiresAt !== undefined && olds.expiresAt === news.expiresAt;
  if (news.expiresAt !== undefined && news.expiresIn !== undefined && !fromRead)
    failures.add(
      "expiresIn",
      '"expiresAt" and "expiresIn" are both given; give one: a date, or a life that counts from the issue',
    );
  if (facts) checkExpirySupport({ news: { ...news }, facts, failures });
  if (endMs === undefined) return false;
  const { expiresAt: onService, agreedExpiresAt } = olds;
  const isKnown = [onService, agreedExpiresAt].some((end) => end !== undefined && sameInstant(end, news.expiresAt, 0));
  const lifeMs = endMs - nowMs;
  if (lifeMs > 0) {
    // The service may have rounded the date down, and would do so for a new key too.
    if (isKnown)
      return olds.status === "expired" && facts !== undefined && lifeMs < facts.capabilities.expiry.granularityMs;
    if (facts) checkLongestLife(lifeMs, { facts, failures });
    return false;
  }
  // If somebody has postponed the end on the service, the key still works: that is drift.
  if (isKnown) return hasPassed(onService, nowMs);
  failures.add("expiresAt", `"expiresAt" is in the past (${formatTime(endMs)}); give a later time`);
  return false;
}

/** A new date in the future. */
function checkLongestLife(lifeMs: number, { facts, failures }: Pick<CheckPoint, "facts" | "failures">): void {
  const { longestMs } = facts.capabilities.expiry;
  if (longestMs !== undefined && lifeMs > longestMs)
    failures.add(
      "expiresAt",
      `"expiresAt" is ${formatSpan(lifeMs)} from now, which is over the longest life that ${facts.backend} gives a key (${formatDuration(longestMs)}); give an earlier date`,
    );
}

/** Rotating keys have an overlap, which checkSchedule checks. */
export function checkOutage({ news: { allowOutage }, facts: { capabilities, backend }, failures }: CheckPoint): void {
  if (capabilities.maxActiveKeys !== 1 || isGiven(allowOutage)) return;
  failures.add(
    "allowOutage",
    `${backend} keeps one key per account, so replacing it leaves a gap between the old key's end and the new one's arrival at its users; set allowOutage: true if that is acceptable`,
  );
}

export function checkSecretValue({ news, facts: { capabilities, backend }, failures }: CheckPoint): void {
  const value = news.secretValue;
  if (value === undefined || isUnknown(value)) return;
  if (news.adopt !== undefined)
    failures.add(
      "secretValue",
      '"secretValue" is the secret of a new key; give that of the adopted one as adopt.secret',
    );
  if (!capabilities.secret.callerChosen)
    failures.add("secretValue", `${backend} draws its secrets itself; leave "secretValue" out`);
  if (value === "") failures.add("secretValue", '"secretValue" is an empty text; give the secret, or leave it out');
  const limit = capabilities.secret.significantBytes;
  if (typeof value === "string" && limit !== undefined && Buffer.byteLength(value) > limit) {
    failures.add(
      "secretValue",
      `"secretValue" is ${Buffer.byteLength(value)} bytes long, but ${backend} only looks at the first ${limit}; shorten it`,
    );
  }
}
