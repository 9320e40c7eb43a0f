/** What ApiKey and RotatingApiKey share: the common inputs, and how a new key is asked for and recorded. */
import type { IssuedApiKey, NewKey } from "../backends/definition";
import type { Connection, ConnectionFacts } from "../connections";
import { defined } from "../defined";
import { fingerprintOf } from "../fingerprint";
import { sameAccess } from "../scopes";
import { formatTime } from "../times";
import {
  checkDescription,
  checkEnvironment,
  checkKeyScopes,
  checkName,
  checkParent,
  type Failures,
  fieldSchemas,
} from "./input-checks";
import { sameInstant } from "./expiry";
import { logicalName, type Origin } from "./names";
import { type Target, targetOf } from "./target";

/** Inputs of every key, after `check`. */
export interface KeyInputs {
  readonly connection: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly description?: string;
  readonly serviceAccountId?: string;
  readonly scopes?: readonly string[];
  readonly environment?: "live" | "test";
  readonly keepers?: Readonly<Record<string, string>>;
  readonly expiresIn?: string;
  readonly fullAccess?: boolean;
  readonly allowOutage?: boolean;
  readonly origin: Origin;
  readonly target?: Target;
}

export const keyInputShape = {
  connection: fieldSchemas.judgedApart,
  labels: fieldSchemas.labels,
  name: fieldSchemas.freeText,
  description: fieldSchemas.freeText,
  serviceAccountId: fieldSchemas.text,
  scopes: fieldSchemas.scopes,
  environment: fieldSchemas.text,
  keepers: fieldSchemas.textMap,
  expiresIn: fieldSchemas.judgedApart,
  fullAccess: fieldSchemas.flag,
  allowOutage: fieldSchemas.flag,
  origin: fieldSchemas.origin,
} as const;

/** The checks that hold for every key, and the inputs in their canonical form. */
export function checkKeyInputs(
  news: Readonly<Record<string, unknown>>,
  facts: ConnectionFacts,
  failures: Failures,
): Record<string, unknown> {
  const exact = news.exactName === true;
  checkName(news.name ?? logicalName(String(news.origin)), exact, facts, failures);
  checkDescription(news.description, facts.capabilities.description, facts, failures);
  checkParent(news.serviceAccountId, facts, failures);
  const scopes = checkKeyScopes(news.scopes, news.fullAccess, facts, failures);
  return defined({
    ...news,
    scopes: scopes ?? news.scopes,
    environment: checkEnvironment(news.environment, facts, failures),
    target: targetOf(facts),
  });
}

/** The request for a new key, without its name. */
export function keyRequest(
  inputs: KeyInputs & { readonly secretValue?: string },
  expiresAt: string | undefined,
): Omit<NewKey, "name"> {
  const { serviceAccountId, scopes, environment, description, labels, secretValue } = inputs;
  return defined({ serviceAccountId, scopes, environment, description, labels, secretValue, expiresAt });
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
  readonly service: string;
}

export function recordIssued(
  issued: IssuedApiKey,
  asked: {
    readonly scopes?: readonly string[];
    readonly expiresAt: string | undefined;
    readonly callerChosen: boolean;
  },
  connection: Connection,
  nowMs: number,
): KeyRecord {
  const { granularityMs } = connection.capabilities.expiry;
  // The user's own spelling of the same instant is kept, so that the record reads as the program does.
  const expiresAt =
    asked.expiresAt !== undefined && sameInstant(asked.expiresAt, issued.expiresAt ?? asked.expiresAt, granularityMs)
      ? asked.expiresAt
      : issued.expiresAt;
  return defined({
    status: "active",
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
    service: connection.origin,
  });
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
