/**
 * ApiKey: the immutable key. One resource is one key; its Pulumi id is the key's id. Whatever gives a
 * key other powers makes another key, before the old one is revoked.
 */
import type {
  CheckResult,
  CreateResult,
  DiffResult,
  ReadResult,
  ResourceProvider,
  UpdateResult,
} from "@pulumi/pulumi/dynamic";
import type { KeyChanges, KeyRef } from "../backends/definition";
import type { ConnectionFacts } from "../connections";
import { defined } from "../defined";
import { AmbiguousCreateError, ProviderError } from "../errors";
import { sameAccess } from "../scopes";
import { formatTime, parseTime } from "../times";
import { asSecret, isUnknown, plainSecret } from "../wire";
import { checkAnswer, describeForCheck, openRecorded, type ResourceContext } from "./context";
import { compareExpiry, type ExpiryChange, resolveExpiry, sameInstant } from "./expiry";
import { decideFields, type FieldTable, sameValue } from "./field-table";
import { checkExpirySupport, checkLife, checkShape, checkTime, Failures, fieldSchemas } from "./input-checks";
import {
  checkKeyInputs,
  compareScopes,
  type KeyInputs,
  keyInputShape,
  keyNaming,
  type KeyRecord,
  keyRequest,
  recordIssued,
} from "./key-inputs";
import { issueKey, observeKey, revokeKey } from "./key-on-service";
import { logicalName, newPhysicalName, sameName } from "./names";
import { keptAfterFailure } from "./partial-failure";
import { assertSameTarget } from "./target";

/** Inputs after `check`. */
export interface ApiKeyInputs extends KeyInputs {
  readonly exactName?: boolean;
  readonly expiresAt?: string;
  readonly secretValue?: string;
  /** Added by `check`: what the key should be. */
  readonly status: string;
}

/** The record of a key: its inputs, and what its issue brought. */
export interface ApiKeyOutputs extends Omit<ApiKeyInputs, "secretValue" | "status">, KeyRecord {
  readonly agreedScopes?: readonly string[];
  readonly agreedExpiresAt?: string;
  readonly expiresAt?: string;
}

const inputShape = {
  ...keyInputShape,
  exactName: fieldSchemas.flag,
  expiresAt: fieldSchemas.judgedApart,
  secretValue: fieldSchemas.text,
} as const;

const fields: FieldTable<ApiKeyInputs> = {
  connection: "replace",
  serviceAccountId: "replace",
  scopes: "replace",
  environment: "replace",
  keepers: "replace",
  secretValue: "replace",
  exactName: "replace",
  status: "replace",
  name: ({ capabilities }) => (capabilities.rename ? "update" : "replace"),
  // Where the vendor keeps no description, it stands in the record alone.
  description: ({ capabilities }) => (capabilities.description === "replace" ? "replace" : "update"),
  labels: "update",
  // The end of a key is compared as time, not as text: see expiry.ts.
  expiresAt: "keep",
  expiresIn: "keep",
  fullAccess: "keep",
  allowOutage: "keep",
  origin: "keep",
  target: "keep",
};

export function createApiKeyProvider(context: ResourceContext): ResourceProvider<ApiKeyInputs, ApiKeyOutputs> {
  return {
    async check(olds: Partial<ApiKeyInputs>, news: ApiKeyInputs): Promise<CheckResult<ApiKeyInputs>> {
      const failures = new Failures();
      checkShape(inputShape, { ...news }, failures);
      const connection = news.connection ?? "default";
      const facts = describeForCheck(context, connection, failures);
      const expired = checkExpiry(olds, news, facts, context.nowMs(), failures);
      if (facts) checkSecretValue(news, facts, failures);
      if (facts) checkOutage(news, facts, failures);
      const inputs = facts ? checkKeyInputs({ ...news, connection }, facts, failures) : { ...news, connection };
      if (expired)
        context.warn(
          `the key "${logicalName(news.origin)}" expired at ${news.expiresAt}; it stays so until expiresAt is changed`,
        );
      return checkAnswer(
        { ...inputs, ...canonicalEnd(news), status: expired ? "expired" : "active" } as ApiKeyInputs,
        failures,
      );
    },

    async diff(_id: string, olds: ApiKeyOutputs, news: ApiKeyInputs): Promise<DiffResult> {
      const facts = context.connections.describe(isUnknown(news.connection) ? olds.connection : news.connection);
      assertSameTarget(facts, olds);
      const { replaces, updates, knownFrom } = planChange(olds, news, facts, context.nowMs());
      if (replaces.length === 0 && updates.length === 0) return { changes: false };
      const deleteBeforeReplace = news.exactName === true || facts.capabilities.maxActiveKeys === 1;
      // Left to itself the engine lists the inputs that differ; `changes: true` would hide them.
      return { ...(knownFrom === "outputs" ? { changes: true } : {}), replaces, deleteBeforeReplace };
    },

    async create(inputs: ApiKeyInputs): Promise<CreateResult<ApiKeyOutputs>> {
      const connection = context.connections.open(inputs.connection);
      connection.assertWritable();
      const nowMs = context.nowMs();
      const expiresAt = resolveExpiry(inputs, nowMs);
      const { secretValue, status: _status, ...given } = inputs;
      try {
        const issued = await issueKey(connection, keyRequest(inputs, expiresAt), keyNaming(inputs), context.clock);
        const record = recordIssued(
          issued,
          { ...inputs, expiresAt, callerChosen: secretValue !== undefined },
          connection,
          nowMs,
        );
        return { id: record.keyId, outs: { ...given, ...record } };
      } catch (error) {
        const lost =
          error instanceof AmbiguousCreateError && inputs.exactName !== true ? error.candidates[0] : undefined;
        if (lost === undefined || !(error instanceof AmbiguousCreateError)) throw error;
        // A key without a secret is on the service: it is recorded, so that the next run revokes it.
        const record: KeyRecord = {
          status: "active",
          keyId: lost,
          physicalName: error.marker,
          createdAt: formatTime(nowMs),
          service: connection.origin,
        };
        throw keptAfterFailure(error, lost, { ...given, ...record }, inputs);
      }
    },

    async read(id: string, props?: ApiKeyOutputs): Promise<ReadResult<ApiKeyOutputs>> {
      if (!props) throw new ProviderError("a key cannot be read by its id alone; see the README on existing keys");
      const connection = openRecorded(context, props);
      const { status, key } = await observeKey(connection, refOf(id, props), context.nowMs());
      const { agreedScopes: _scopes, agreedExpiresAt, ...rest } = props;
      const agreedEnd = agreedExpiresAt ?? props.expiresAt;
      const endMoved =
        key !== undefined && !sameInstant(key.expiresAt, agreedEnd, connection.capabilities.expiry.granularityMs);
      const outs = defined({
        ...rest,
        ...compareScopes(key?.scopes, props, connection),
        status,
        expiresAt: endMoved ? key.expiresAt : agreedEnd,
        agreedExpiresAt: endMoved ? agreedEnd : undefined,
        secret: secretOf(props),
      }) as ApiKeyOutputs;
      return { id, props: outs, inputs: inputsOf(outs, endMoved) };
    },

    async update(id: string, olds: ApiKeyOutputs, news: ApiKeyInputs): Promise<UpdateResult<ApiKeyOutputs>> {
      const connection = openRecorded(context, olds);
      const { updates, expiry } = planChange(olds, news, connection, context.nowMs());
      const { capabilities } = connection;
      const physicalName = updates.includes("name") ? newPhysicalName(news, olds.physicalName) : olds.physicalName;
      const changes: KeyChanges = defined({
        name: physicalName === olds.physicalName ? undefined : physicalName,
        description:
          updates.includes("description") && capabilities.description === "update"
            ? (news.description ?? "")
            : undefined,
        labels: updates.includes("labels") && capabilities.marker === "metadata" ? (news.labels ?? {}) : undefined,
        expiresAt: expiry.kind === "update" ? expiry.expiresAt : undefined,
      });
      if (Object.keys(changes).length > 0) {
        connection.assertWritable();
        if (!connection.client.updateKey) throw new ProviderError(`${connection.backend} cannot change a key in place`);
        await connection.client.updateKey(refOf(id, olds), changes);
      }
      const { secretValue: _secret, status: _status, ...given } = news;
      const { keyId, accessId, hint, fingerprint, secretVersion, createdAt, serverScopes, expiryImposed, status } =
        olds;
      const expiresAt = expiry.kind === "update" ? (expiry.expiresAt ?? undefined) : (news.expiresAt ?? olds.expiresAt);
      const record = {
        keyId,
        accessId,
        hint,
        fingerprint,
        secretVersion,
        createdAt,
        serverScopes,
        expiryImposed,
        status,
        expiresAt,
        physicalName,
        secret: secretOf(olds),
      };
      return { outs: defined({ ...given, ...record, service: connection.origin }) };
    },

    async delete(id: string, props: ApiKeyOutputs): Promise<void> {
      const connection = openRecorded(context, props);
      connection.assertWritable();
      await revokeKey(connection, refOf(id, props));
    },
  };
}

interface PlannedChange {
  readonly replaces: string[];
  readonly updates: string[];
  readonly expiry: ExpiryChange;
  /** Where the difference shows: the engine sees inputs only. */
  readonly knownFrom: "inputs" | "outputs";
}

/** What differs between the record and the inputs, and what it takes to bring them together. */
export function planChange(
  olds: ApiKeyOutputs,
  news: ApiKeyInputs,
  facts: ConnectionFacts,
  nowMs: number,
): PlannedChange {
  const changed = (Object.keys(fields) as (keyof ApiKeyInputs)[]).filter((name) => differs(name, olds, news, facts));
  const { replaces, updates } = decideFields(fields, changed, facts);
  const unknownEnd = isUnknown(news.expiresAt) || isUnknown(news.expiresIn);
  // A key that stays expired by the user's own date has nothing to compare any more.
  const expiry: ExpiryChange =
    news.status === "expired" || unknownEnd
      ? { kind: "none" }
      : compareExpiry(news, askedOf(olds), facts.capabilities, nowMs);
  if (unknownEnd)
    (facts.capabilities.expiry.update ? updates : replaces).push(isUnknown(news.expiresAt) ? "expiresAt" : "expiresIn");
  const knownFrom =
    replaces.length === 0 && updates.length === 0 && expiry.kind === "replace" && expiry.known === "outputs"
      ? "outputs"
      : "inputs";
  if (expiry.kind === "replace") replaces.push(expiry.field);
  if (expiry.kind === "update") updates.push(expiry.field);
  // The answer to its create was lost: nobody knows the secret, so the key is of no use.
  if (plainSecret(olds.secret) === undefined)
    return {
      replaces: [...replaces, "secret"],
      updates,
      expiry,
      knownFrom: replaces.length === 0 ? "outputs" : knownFrom,
    };
  return { replaces, updates, expiry, knownFrom };
}

function differs(
  name: keyof ApiKeyInputs,
  olds: ApiKeyOutputs,
  news: ApiKeyInputs,
  { catalogue }: ConnectionFacts,
): boolean {
  if (isUnknown(news[name])) return true;
  if (name === "scopes" && olds.scopes && news.scopes) return !sameAccess(catalogue, olds.scopes, news.scopes);
  if (name === "status") return news.status === "active" && olds.status !== "active";
  if (name === "secretValue") return news.secretValue !== (isCallerChosen(olds) ? plainSecret(olds.secret) : undefined);
  if (name === "name") return !sameName(olds, news);
  if (name === "exactName") return (news.exactName ?? false) !== (olds.exactName ?? false);
  return !sameValue(olds[name], news[name]);
}

/** What of the recorded end was asked for, and what the service set by itself. */
function askedOf(olds: ApiKeyOutputs) {
  const { createdAt, expiresAt, expiresIn, expiryImposed, agreedExpiresAt } = olds;
  return { createdAt, expiresAt, expiresIn, expiryImposed, agreedExpiresAt };
}

/** The inputs as the user gave them, in what `check` made of them; drift shows in them as the service has it. */
function inputsOf(outs: ApiKeyOutputs, endMoved: boolean): ApiKeyOutputs {
  const names = Object.keys(fields) as (keyof ApiKeyOutputs)[];
  const given = Object.fromEntries(names.filter((name) => outs[name] !== undefined).map((name) => [name, outs[name]]));
  const ownEnd = outs.expiresIn === undefined && outs.expiryImposed !== true;
  if (!ownEnd && !endMoved) delete given.expiresAt;
  // An end that was taken away shows as a missing life: nothing else of it is left to show.
  if (endMoved && outs.expiresAt === undefined) delete given.expiresIn;
  if (isCallerChosen(outs)) given.secretValue = outs.secret;
  return given as unknown as ApiKeyOutputs;
}

/** The secret in the engine's form, or nothing where it was never known. */
function secretOf({ secret }: ApiKeyOutputs): unknown {
  const plain = plainSecret(secret);
  return plain === undefined ? undefined : asSecret(plain);
}

/** A drawn secret has a fingerprint; a chosen one has none, because short choices could be guessed from it. */
function isCallerChosen({ secret, fingerprint }: ApiKeyOutputs): boolean {
  return plainSecret(secret) !== undefined && fingerprint === undefined;
}

function refOf(
  id: string,
  { serviceAccountId, physicalName, secretVersion }: ApiKeyOutputs,
): KeyRef & { secretVersion?: string } {
  return defined({ id, serviceAccountId, name: physicalName, secretVersion });
}

/** The one form in which an end is sent, stored and compared: RFC 3339 in UTC. */
function canonicalEnd({ expiresAt }: ApiKeyInputs): { readonly expiresAt?: string } {
  const endMs = expiresAt === undefined || isUnknown(expiresAt) ? undefined : parseTime(expiresAt);
  return typeof endMs === "number" ? { expiresAt: formatTime(endMs) } : {};
}

/** True where the key's own date has passed and is not new: the key stays expired, with a warning. */
function checkExpiry(
  olds: Partial<ApiKeyInputs>,
  news: ApiKeyInputs,
  facts: ConnectionFacts | undefined,
  nowMs: number,
  failures: Failures,
): boolean {
  const endMs = checkTime("expiresAt", news.expiresAt, failures);
  checkLife(news.expiresIn, failures);
  if (news.expiresAt !== undefined && news.expiresIn !== undefined)
    failures.add(
      "expiresIn",
      '"expiresAt" and "expiresIn" are both given; give one: a date, or a life that counts from the issue',
    );
  if (facts) checkExpirySupport(news, facts, failures);
  if (endMs === undefined || endMs > nowMs) return false;
  if (olds.expiresAt !== undefined && sameInstant(String(olds.expiresAt), news.expiresAt, 0)) return true;
  failures.add("expiresAt", `"expiresAt" is in the past (${formatTime(endMs)}); give a later time`);
  return false;
}

/** Keys that rotate have an overlap to speak of: see checkSchedule. */
function checkOutage(
  { allowOutage }: ApiKeyInputs,
  { capabilities, backend }: ConnectionFacts,
  failures: Failures,
): void {
  if (capabilities.maxActiveKeys !== 1 || allowOutage === true) return;
  failures.add(
    "allowOutage",
    `${backend} keeps one key per account, so replacing it leaves a gap between the old key's end and the new one's arrival at its users; set allowOutage: true if that is acceptable`,
  );
}

function checkSecretValue(news: ApiKeyInputs, { capabilities, backend }: ConnectionFacts, failures: Failures): void {
  const value: unknown = news.secretValue;
  if (value === undefined || isUnknown(value)) return;
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
