/** The record of a key after an update in place. Pure. */
import type { ApiKey } from "../../backends/definition";
import type { ConnectionFacts } from "../../connections/connections";
import { defined } from "../../values/defined";
import { isUnknown, unknownValue } from "../../values/wire";
import type { changesInPlace, planChange } from "./change";
import type { ApiKeyInputs } from "./fields";
import type { ApiKeyOutputs } from "./inputs";
import { recordedEnd, resolveExpiry, sameLife } from "../key/expiry";
import { picked } from "../fields/field";
import { changedOptions, withoutChanged } from "../fields/options";

/** What is changed, and what the service answered. */
interface MadeUpdate {
  readonly expiry: ReturnType<typeof planChange>["expiry"];
  readonly changes: ReturnType<typeof changesInPlace>;
  /** True if the update enables a disabled key. */
  readonly enables: boolean;
  readonly facts: ConnectionFacts;
  readonly nowMs: number;
  /** Left out in a preview, which assumes that the service does what is requested. */
  readonly told?: ApiKey | undefined;
}

export function updatedRecord(olds: ApiKeyOutputs, news: ApiKeyInputs, update: MadeUpdate): ApiKeyOutputs {
  const { changes, facts } = update;
  const { secretValue: _secret, status: _status, ...given } = news;
  const serverOptions = withoutChanged(olds.serverOptions, changedOptions(facts.keyOptions, olds, news));
  const name = isUnknown(news.name) && changes.name !== undefined ? unknownValue : changes.name;
  const physicalName = name ?? olds.physicalName;
  const end = endAfter(olds, news, update);
  const status = update.enables ? "active" : olds.status;
  const record = { ...picked(ofTheKey, olds), status, ...end, serverOptions, physicalName, service: facts.origin };
  return defined({ ...given, ...record }) as ApiKeyOutputs;
}

/** The fields that never change for one key. */
const ofTheKey = [
  "keyId",
  "adoptedId",
  "accessId",
  "hint",
  "fingerprint",
  "secretVersion",
  "createdAt",
  "serverScopes",
  "serverEnvironment",
  "expiryImposed",
  "optionsTold",
  "ownCredential",
  "secret",
] as const satisfies readonly (keyof ApiKeyOutputs)[];

function endAfter(
  olds: ApiKeyOutputs,
  news: ApiKeyInputs,
  { expiry, told, nowMs }: MadeUpdate,
): ReturnType<typeof recordedEnd> {
  if (isUnknown(news.expiresAt) || isUnknown(news.expiresIn)) return { expiresAt: unknownValue };
  return expiry.kind === "update"
    ? recordedEnd(expiry.expiresAt ?? undefined, told?.expiresAt)
    : recordedEnd(askedEnd(olds, news, nowMs), olds.serverExpiresAt ?? olds.expiresAt);
}

/** The end that the program asks for of a key that stays: its date, or its life from the issue. */
function askedEnd(olds: ApiKeyOutputs, news: ApiKeyInputs, nowMs: number): string | undefined {
  if (news.expiresAt !== undefined) return news.expiresAt;
  if (sameLife(news.expiresIn, olds.expiresIn)) return olds.askedExpiresAt ?? olds.expiresAt;
  return resolveExpiry(news, olds.createdAt === undefined ? nowMs : Date.parse(olds.createdAt));
}
