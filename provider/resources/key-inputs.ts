/** How a new key is asked for and recorded, for ApiKey and RotatingApiKey. */
import type { IssuedApiKey, NewKey } from "../backends/definition";
import type { ConnectionFacts } from "../connections";
import { defined } from "../defined";
import { fingerprintOf } from "../fingerprint";
import { sameAccess } from "../scopes";
import { formatTime } from "../times";
import type { OptionValues } from "../vendors/options";
import { type Fields, sentInputs } from "./fields/field";
import { sameInstant } from "./expiry";
import { givenOptions } from "./options";

/** The request for a new key, without its name. */
export function keyRequest(
  fields: Fields,
  inputs: object,
  expiresAt: string | undefined,
  facts: ConnectionFacts,
): Omit<NewKey, "name"> {
  return defined({ ...sentInputs(fields, inputs, facts), expiresAt });
}

/** What is recorded of a key at its issue, beside the inputs. */
export interface KeyRecord {
  readonly status: string;
  readonly keyId: string;
  /** Absent where the answer to its create was lost. */
  readonly secret?: string;
  readonly accessId?: string;
  readonly hint?: string;
  readonly fingerprint?: string;
  /** As the service told it at the issue: see {@link ApiKey.secretVersion}. */
  readonly secretVersion?: string;
  readonly physicalName: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
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
    readonly expiresAt: string | undefined;
    readonly callerChosen: boolean;
  },
  connection: ConnectionFacts,
  nowMs: number,
): KeyRecord {
  const { granularityMs } = connection.capabilities.expiry;
  // The user's own spelling of the same instant is kept, so that the record reads as the program does.
  const expiresAt =
    asked.expiresAt !== undefined && sameInstant(asked.expiresAt, issued.expiresAt ?? asked.expiresAt, granularityMs)
      ? asked.expiresAt
      : issued.expiresAt;
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
    expiresAt,
    expiryImposed: asked.expiresAt === undefined && expiresAt !== undefined ? (true as const) : undefined,
    serverScopes:
      issued.scopes && asked.scopes && !sameList(issued.scopes, asked.scopes) ? [...issued.scopes].sort() : undefined,
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

/** What `read` learns about scopes: the list to record, and the agreed one where the service differs. */
export function compareScopes(
  onService: readonly string[] | undefined,
  recorded: {
    readonly scopes?: readonly string[];
    readonly agreedScopes?: readonly string[];
    readonly serverScopes?: readonly string[];
  },
  { catalogue }: ConnectionFacts,
): { readonly scopes?: readonly string[]; readonly agreedScopes?: readonly string[] } {
  const agreed = recorded.agreedScopes ?? recorded.scopes;
  if (!onService || !agreed) return defined({ scopes: agreed });
  const atIssue = recorded.serverScopes ?? agreed;
  if (sameAccess(catalogue, onService, atIssue)) return { scopes: agreed };
  // What the service added at the issue is no news; what was asked for, or has come since, is.
  const telling = onService.filter((scope) => agreed.includes(scope) || !atIssue.includes(scope)).sort();
  return { scopes: sameAccess(catalogue, telling, agreed) ? [...onService].sort() : telling, agreedScopes: agreed };
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && [...a].sort().every((scope, index) => scope === [...b].sort()[index]);
}

/** A description that is not told is no other one. */
export function sameDescription(told: string | undefined, recorded: string | undefined): boolean {
  return told === undefined || told === (recorded ?? "");
}
