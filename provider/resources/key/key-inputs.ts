/** How a new key is requested, issued and recorded, for ApiKey and RotatingApiKey. */
import type { IssuedApiKey } from "../../backends/definition";
import type { ConnectionFacts, WritableConnection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { fingerprintOf } from "../../values/fingerprint";
import { otherAccess, sameAccess } from "../../scopes";
import { formatTime } from "../../values/times";
import type { OptionValues } from "../../vendors/options";
import { type Fields, sentInputs } from "../fields/field";
import type { ResourceContext } from "../context";
import type { Naming } from "../identity/marking";
import { agreedEnd, type AskedExpiry, type End, endByService, recordedEnd } from "./expiry";
import { issueKey } from "./issue-key";
import type { Terms } from "./given";
import { givenOptions } from "../fields/given-options";
import { sameValue } from "../fields/field";

/** A key to issue: where, from which inputs, and at what time. */
interface KeyToIssue {
  readonly connection: WritableConnection;
  readonly tools: Pick<ResourceContext, "clock" | "heedsServiceClock" | "nowMs" | "warn">;
  readonly fields: Fields;
  readonly inputs: AskedExpiry;
  readonly naming: Naming;
  readonly nowMs: number;
}

/** The issue of one key, and the end that is sent with it: the run may learn something about the service's clock until then. */
export class KeyIssue {
  readonly #key: KeyToIssue;
  #sent: End = {};

  constructor(key: KeyToIssue) {
    this.#key = key;
  }

  /** `askedEnd`: the end that was asked for, as the issue has shown it. */
  async run(): Promise<{ readonly issued: IssuedApiKey; readonly askedEnd: string | undefined }> {
    const { connection, tools, fields, inputs, naming, nowMs } = this.#key;
    const end = () => (this.#sent = endByService(tools, connection, { asked: inputs, nowMs }));
    const request = { ...sentInputs(fields, inputs, connection), end };
    const issued = await issueKey(connection, request, naming, tools.clock);
    const { granularityMs } = connection.capabilities.expiry;
    return { issued, askedEnd: agreedEnd(this.#sent.expiresAt, inputs, { issued, granularityMs }) };
  }

  /** The end that was sent last. */
  get sentEnd(): string | undefined {
    return this.#sent.expiresAt;
  }
}

/** The fields that an issue adds to a key's record. */
export interface KeyRecord {
  readonly status: string;
  readonly keyId: string;
  /** Left out if the answer to the create was lost, or if nobody gave the secret of an adopted key. */
  readonly secret?: string;
  readonly accessId?: string;
  readonly hint?: string;
  readonly fingerprint?: string;
  /** As the service reported it at the issue: see {@link ApiKey.secretVersion}. */
  readonly secretVersion?: string;
  /** The id of an adopted key. */
  readonly adoptedId?: string;
  readonly physicalName: string;
  readonly createdAt: string;
  /** The end that counts: the earlier one of the requested and the given end. */
  readonly expiresAt?: string;
  /** The requested end, if the service gave an earlier one. */
  readonly askedExpiresAt?: string;
  /** The given end, if it is later than the requested one. */
  readonly serverExpiresAt?: string;
  /** The environment that the service gave, if it is not the requested one. */
  readonly serverEnvironment?: string;
  /** The service set the end by itself. */
  readonly expiryImposed?: true;
  /** The scopes that the service gave, if they differ from the requested ones. */
  readonly serverScopes?: readonly string[];
  /** The options that the service gave, if they differ from the requested ones; "" stands for none. */
  readonly serverOptions?: OptionValues;
  /** The service reported its options at the issue. */
  readonly optionsTold?: true;
  /** At the last read, this key was the connection's own credential. */
  readonly ownCredential?: true;
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
  { facts, nowMs }: { readonly facts: ConnectionFacts; readonly nowMs: number },
): KeyRecord {
  return defined({
    // A disabled account gets keys too, but they do not work.
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
    serverOptions: givenOptions({ declared: facts.keyOptions, asked: asked.options, told: issued.options }),
    optionsTold: issued.options ? (true as const) : undefined,
    service: facts.origin,
  });
}

/**
 * The record of a key that moved to another account. A scope that names the account, such as `read:users!user=ci`,
 * changes with it.
 */
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
 * The scopes after a read: the list to record, the agreed one if the service differs, and what the service gave at the
 * issue, unless it now gives what was requested.
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
  // Scopes that the service added at the issue are known; requested scopes and later ones count.
  const telling = onService.filter((scope) => agreed.includes(scope) || !atIssue.includes(scope)).sort();
  const scopes = sameAccess(catalogue, telling, agreed) ? [...onService].sort() : telling;
  return defined({ scopes, agreedScopes: agreed, serverScopes });
}

/** The given list, sorted; undefined if it is the requested one, or if one of the two is unknown. */
export function otherList(
  given: readonly string[] | undefined,
  asked: readonly string[] | undefined,
): readonly string[] | undefined {
  if (!given || !asked) return undefined;
  const [one, other] = [[...given].sort(), [...asked].sort()];
  return sameValue(one, other) ? undefined : one;
}

/** What a record says about its key's terms. */
export interface RecordedTerms extends RecordedScopes {
  readonly environment?: string;
  readonly serverEnvironment?: string;
  readonly expiresAt?: string;
  readonly askedExpiresAt?: string;
  readonly serverExpiresAt?: string;
  readonly agreedExpiresAt?: string;
  readonly expiryImposed?: boolean;
  readonly createdAt?: string;
  readonly options?: OptionValues;
  readonly agreedOptions?: OptionValues;
  readonly serverOptions?: OptionValues;
}

/** What was requested and given at the issue of a key, from its record. */
export function termsOnRecord(recorded: RecordedTerms): { asked: Terms; given: Terms; issuedAtMs: number | undefined } {
  const { scopes, agreedScopes = scopes, serverScopes, environment, serverEnvironment, createdAt } = recorded;
  const { expiresAt, askedExpiresAt, serverExpiresAt, agreedExpiresAt = expiresAt, expiryImposed } = recorded;
  const asked = expiryImposed === true ? undefined : (askedExpiresAt ?? agreedExpiresAt);
  const { options, agreedOptions = options, serverOptions } = recorded;
  const isOther = expiryImposed === true || askedExpiresAt !== undefined;
  return {
    asked: { scopes: agreedScopes, environment, expiresAt: asked, options: agreedOptions },
    given: {
      scopes: serverScopes,
      environment: serverEnvironment,
      options: serverOptions,
      expiresAt: serverExpiresAt ?? (isOther ? agreedExpiresAt : undefined),
    },
    issuedAtMs: createdAt === undefined ? undefined : Date.parse(createdAt),
  };
}

/** A description that the service does not report counts as the same. */
export function sameDescription(told: string | undefined, recorded: string | undefined): boolean {
  return told === undefined || told === (recorded ?? "");
}
