/** How a new key is asked for and recorded, for ApiKey and RotatingApiKey. */
import type { IssuedApiKey, NewKey } from "../backends/definition";
import type { ConnectionFacts } from "../connections";
import { defined } from "../defined";
import { fingerprintOf } from "../fingerprint";
import { otherAccess, sameAccess } from "../scopes";
import { formatTime } from "../times";
import type { OptionValues } from "../vendors/options";
import { type Fields, sentInputs } from "./fields/field";
import { type End, recordedEnd } from "./expiry";
import type { Terms } from "./given";
import { givenOptions } from "./options";
import { sameValue } from "./same-value";

/** The request for a new key, without its name and its end. */
export function keyRequest(fields: Fields, inputs: object, facts: ConnectionFacts): Omit<NewKey, "name" | keyof End> {
  return sentInputs(fields, inputs, facts);
}

/** What is recorded of a key at its issue, beside the inputs. */
export interface KeyRecord {
  readonly status: string;
  readonly keyId: string;
  /** Absent where the answer to its create was lost, and where nobody gave that of an adopted key. */
  readonly secret?: string;
  readonly accessId?: string;
  readonly hint?: string;
  readonly fingerprint?: string;
  /** As the service told it at the issue: see {@link ApiKey.secretVersion}. */
  readonly secretVersion?: string;
  /** Of a key that was there before: its id. */
  readonly adoptedId?: string;
  readonly physicalName: string;
  readonly createdAt: string;
  /** The end that is judged by: the earlier one of what was asked for and what the service gave. */
  readonly expiresAt?: string;
  /** What was asked for, where the service gave an earlier end. */
  readonly askedExpiresAt?: string;
  /** What the service gave, where that is later than what was asked for. */
  readonly serverExpiresAt?: string;
  /** Where it works, by what the service says, if that is not where it was asked to. */
  readonly serverEnvironment?: string;
  /** The service set the end by itself. */
  readonly expiryImposed?: true;
  /** What the service made of the scopes, where it is not what was asked for. */
  readonly serverScopes?: readonly string[];
  /** What the service made of the options, where it is not what was asked for; "" is none. */
  readonly serverOptions?: OptionValues;
  /** The service told its options at the issue. */
  readonly optionsTold?: true;
  readonly service: string;
}

export function recordIssued(
  issued: IssuedApiKey,
  asked: {
    readonly scopes?: readonly string[];
    readonly options?: OptionValues;
    readonly environment?: string;
    readonly expiresAt: string | undefined;
    readonly callerChosen: boolean;
  },
  connection: ConnectionFacts,
  nowMs: number,
): KeyRecord {
  return defined({
    // A key of a disabled account is made, and opens nothing.
    status: issued.status === "disabled" ? "disabled" : "active",
    keyId: String(issued.id),
    secret: issued.secret,
    accessId: issued.accessId,
    hint: issued.hint,
    fingerprint: asked.callerChosen ? undefined : fingerprintOf(issued.secret),
    secretVersion: issued.secretVersion,
    physicalName: issued.name,
    createdAt: issued.createdAt ?? formatTime(nowMs),
    ...recordedEnd(asked.expiresAt, issued.expiresAt),
    expiryImposed: asked.expiresAt === undefined && issued.expiresAt !== undefined ? (true as const) : undefined,
    serverEnvironment:
      asked.environment !== undefined && issued.environment !== asked.environment ? issued.environment : undefined,
    serverScopes: otherList(issued.scopes, asked.scopes),
    serverOptions: givenOptions(connection.keyOptions, asked.options, issued.options),
    optionsTold: issued.options ? (true as const) : undefined,
    service: connection.origin,
  });
}

/** The record of a key that has moved: a scope that names its account, as `read:users!user=ci` does, goes with it. */
export function withAccount<
  Given extends { readonly serviceAccountId?: string; readonly serverScopes?: readonly string[] },
>(given: Given, movedTo: string | undefined): Given {
  const { serviceAccountId, serverScopes } = given;
  if (movedTo === undefined || serviceAccountId === undefined) return given;
  const end = `=${serviceAccountId}`;
  const follow = (scope: string): string =>
    scope.endsWith(end) ? `${scope.slice(0, -serviceAccountId.length)}${movedTo}` : scope;
  return { ...given, serviceAccountId: movedTo, ...defined({ serverScopes: serverScopes?.map(follow) }) };
}

/** The scopes of a key, as the record has them. */
interface RecordedScopes {
  readonly scopes?: readonly string[];
  readonly agreedScopes?: readonly string[];
  readonly serverScopes?: readonly string[];
}

/**
 * What `read` learns about scopes: the list to record, the agreed one where the service differs, and what the service gave
 * at the issue, unless it gives what was asked for by now.
 */
export function compareScopes(
  onService: readonly string[] | undefined,
  recorded: RecordedScopes,
  { catalogue }: ConnectionFacts,
): RecordedScopes {
  const { serverScopes } = recorded;
  const agreed = recorded.agreedScopes ?? recorded.scopes;
  if (!onService || !agreed) return defined({ scopes: agreed, serverScopes });
  const atIssue = serverScopes ?? agreed;
  if (sameAccess(catalogue, onService, atIssue)) return defined({ scopes: agreed, serverScopes });
  const lacked = (given: readonly string[]) => otherAccess(catalogue, agreed, given).lacks.length > 0;
  if (lacked(atIssue) && otherAccess(catalogue, agreed, onService).more.length === 0 && !lacked(onService))
    return defined({ scopes: agreed, serverScopes: otherList(onService, agreed) });
  // What the service added at the issue is no news; what was asked for, or has come since, is.
  const telling = onService.filter((scope) => agreed.includes(scope) || !atIssue.includes(scope)).sort();
  const scopes = sameAccess(catalogue, telling, agreed) ? [...onService].sort() : telling;
  return defined({ scopes, agreedScopes: agreed, serverScopes });
}

/** What was given, in order; undefined where that is what was asked for, or where one of them is not told. */
export function otherList(
  given: readonly string[] | undefined,
  asked: readonly string[] | undefined,
): readonly string[] | undefined {
  if (!given || !asked) return undefined;
  const [one, other] = [[...given].sort(), [...asked].sort()];
  return sameValue(one, other) ? undefined : one;
}

/** What a record says of the terms of its key. */
export interface RecordedTerms extends RecordedScopes {
  readonly environment?: string;
  readonly serverEnvironment?: string;
  readonly expiresAt?: string;
  readonly askedExpiresAt?: string;
  readonly serverExpiresAt?: string;
  readonly agreedExpiresAt?: string;
  readonly expiryImposed?: boolean;
  readonly createdAt?: string;
}

/** What was asked for and given at the issue of a key, from its record. */
export function termsOnRecord(recorded: RecordedTerms): { asked: Terms; given: Terms; issuedAtMs: number | undefined } {
  const { scopes, agreedScopes = scopes, serverScopes, environment, serverEnvironment, createdAt } = recorded;
  const { expiresAt, askedExpiresAt, serverExpiresAt, agreedExpiresAt = expiresAt, expiryImposed } = recorded;
  const asked = expiryImposed === true ? undefined : (askedExpiresAt ?? agreedExpiresAt);
  const isOther = expiryImposed === true || askedExpiresAt !== undefined;
  return {
    asked: { scopes: agreedScopes, environment, expiresAt: asked },
    given: {
      scopes: serverScopes,
      environment: serverEnvironment,
      expiresAt: serverExpiresAt ?? (isOther ? agreedExpiresAt : undefined),
    },
    issuedAtMs: createdAt === undefined ? undefined : Date.parse(createdAt),
  };
}

/** A description that is not told is no other one. */
export function sameDescription(told: string | undefined, recorded: string | undefined): boolean {
  return told === undefined || told === (recorded ?? "");
}
