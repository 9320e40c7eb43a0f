/**
 * ApiKey: the immutable key. One resource is one key; its Pulumi id is the key's id. A change of its access makes
 * another key before the old one is revoked.
 */
import type { CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult } from "@pulumi/pulumi/dynamic";
import type { KeyRef } from "../../backends/definition";
import type { ConnectionFacts } from "../../connections/connections";
import { defined } from "../../values/defined";
import { AmbiguousCreateError, ProviderError } from "../../errors";
import { formatTime } from "../../values/times";
import { isUnknown } from "../../values/wire";
import type { KnownKey } from "../key/absence";
import { adoptKey, isLeft, isToAdopt, leftWords, tellForeignMark, withoutSpentSecret } from "../identity/adopted";
import { type KeyComparison, planChange, type PlannedChange, planUpdate, updatedRecord } from "./change";
import { apiKeyFields, type ApiKeyInputs, isCallerChosen } from "./fields";
import { type ApiKeyOutputs, canonicalEnd, checkExpiry, checkOutage, checkSecretValue } from "./inputs";
import { changeKey } from "../key/change-key";
import {
  checkAnswer,
  describeForCheck,
  openRecorded,
  openRecordedForRefresh,
  openRecordedForWrite,
  type ResourceContext,
} from "../context";
import { canEnable, disabledWords, enabledWords, staysDisabled } from "../disabled";
import { enableKey, endedWords } from "../key/enable";
import { agreedEnd, compareEnd, type End, endByService, hasPassed, serviceAheadMs } from "../key/expiry";
import { Failures } from "../checks/failures";
import { checkShape } from "../checks/shape";
import { checkedInputs, except, handedBack, namesOf, picked, shapeOf } from "../fields/field";
import { findImported } from "../identity/imported";
import { createInputMemory } from "../checks/input-memory";
import { dealOf, judgeTerms, lessThanAsked, tellOtherTerms } from "../key/given";
import { compareScopes, keyRequest, recordIssued, sameDescription, withAccount } from "../key/key-inputs";
import { issueKey } from "../key/issue-key";
import { livingByMarkers, type Observation, observeKey, revokeKey } from "../key/key-on-service";
import { logicalName } from "../identity/names";
import { recordsOtherStack, stackRecorded, tellOfCopy, tellOtherStack, withStack } from "../identity/copied-stack";
import { compareOptions, optionFields } from "../fields/options";
import { isOwnKey, ownMark, refuseOnRecord, Successors } from "../key/own-key";
import { keptAfterFailure, PartialFailure } from "../lifecycle";
import type { Lifecycle } from "../lifecycle";
import { createReasonMemory, ofKeys, reasonInRecord } from "../replacement-reason";
import { keyRefused } from "../identity/taken-name";
import { assertSameTarget, checkPath, foundTarget } from "../identity/target";
import { readOrKeep } from "../unknown";
import { validateKey } from "../checks/validation";

export type { ApiKeyInputs } from "./fields";
export type { ApiKeyOutputs } from "./inputs";

const inputShape = shapeOf(apiKeyFields);

export function createApiKeyProvider(context: ResourceContext): Lifecycle<ApiKeyInputs, ApiKeyOutputs> {
  const memory = createInputMemory();
  const reasons = createReasonMemory(ofKeys);
  const compared = (at: Pick<KeyComparison, "olds" | "news" | "facts">): KeyComparison => {
    const leftAlone = staysDisabled(at.olds.status, at.news) || memory.ignored(at.news).includes("status");
    return { ...at, nowMs: context.nowMs(), leftAlone };
  };

  /** Warns if the update enables a disabled key again. @returns whether only the record shows it */
  const tellsOfEnabling = ({ replaces, updates }: PlannedChange, news: ApiKeyInputs): boolean => {
    if (replaces.length > 0 || !updates.includes("status")) return false;
    context.warn(enabledWords(`the key "${logicalName(news.origin)}"`));
    return !memory.differ(news);
  };

  /** The key that the program adopts; undefined if it asks for a new one. */
  const adopt = async (inputs: ApiKeyInputs): Promise<CreateResult<ApiKeyOutputs> | undefined> => {
    if (inputs.adopt === undefined) return undefined;
    const connection = context.connections.open(inputs.connection);
    const { origin } = inputs;
    if (!(await isToAdopt(context, connection, { type: "ApiKey", origin, id: inputs.adopt.keyId }))) return undefined;
    const record = await adoptKey(connection, inputs.adopt, inputs, context.nowMs());
    tellForeignMark(record.physicalName, origin, context.warn);
    const { secretValue: _secret, status: _status, ...given } = inputs;
    return { id: record.keyId, outs: { ...given, ...record } };
  };

  const successors = new Successors(context);

  return {
    async check(olds: Partial<ApiKeyInputs>, news: ApiKeyInputs): Promise<CheckResult<ApiKeyInputs>> {
      const failures = new Failures();
      tellOtherStack(context, olds, news);
      const ignored = handedBack(apiKeyFields, { olds, news });
      checkShape(inputShape, except(ignored, news), failures);
      const connection = news.connection ?? "default";
      const facts = describeForCheck(context, connection, failures);
      checkPath(context, olds, { facts, failures });
      const expired = checkExpiry(olds, news, { facts, nowMs: context.nowMs(), failures });
      if (facts) {
        const at = { news: { ...news }, facts, failures };
        checkSecretValue(at);
        checkOutage(at);
      }
      const inputs = facts
        ? checkedInputs(apiKeyFields, { news: { ...withoutSpentSecret(olds, news), connection }, facts, failures })
        : { ...news, connection };
      if (facts) validateKey({ news: inputs, facts, failures });
      const status = ignored.includes("status") ? news.status : expired ? "expired" : "active";
      const wanted = { ...inputs, ...canonicalEnd(news), status } as ApiKeyInputs;
      const replacementReason = reasons.forCheck(olds, wanted, facts);
      if (expired)
        context.warn(
          `the key "${logicalName(news.origin)}" expired at ${news.expiresAt}; it stays so until expiresAt is changed`,
        );
      const answer: ApiKeyInputs = defined({ ...wanted, replacementReason });
      memory.note(olds, answer, { nowMs: context.nowMs(), ignored });
      return checkAnswer(answer, failures);
    },

    async diff(_id: string, olds: ApiKeyOutputs, news: ApiKeyInputs): Promise<DiffResult> {
      const facts = context.connections.describe(isUnknown(news.connection) ? olds.connection : news.connection);
      assertSameTarget(facts, olds);
      const isDisabled = staysDisabled(olds.status, news);
      const at = compared({ olds, news, facts });
      const plan = planChange(at);
      const { replaces, updates, knownFrom } = plan;
      const reason = reasonInRecord(plan, at);
      reasons.note(news, reason);
      if (replaces.length > 0) refuseOnRecord(olds, news, facts);
      if (isDisabled && !replaces.includes("status"))
        context.warn(
          disabledWords(`the key "${logicalName(news.origin)}"`, {
            enables: canEnable("key", facts),
            isOver: hasPassed(olds.expiresAt, at.nowMs),
          }),
        );
      tellOtherTerms(context, dealOf(olds, facts, news));
      const isRenamed = recordsOtherStack(context, olds, news);
      if (replaces.length === 0 && updates.length === 0)
        return isRenamed ? stackRecorded(memory.differ(news)) : { changes: false };
      const deleteBeforeReplace = news.exactName === true || facts.capabilities.maxActiveKeys === 1;
      // Only the record shows this reason, so no listed input does: a warning gives it.
      if (replaces.length > 0 && knownFrom === "outputs" && reason !== undefined)
        context.warn(`the key "${logicalName(news.origin)}" is replaced: ${reason}`);
      // If `changes` is left out, the engine lists the inputs that differ; `changes: true` would hide them.
      const isOnRecordAlone = knownFrom === "outputs" || tellsOfEnabling(plan, news);
      return { ...(isOnRecordAlone ? { changes: true } : {}), replaces, deleteBeforeReplace };
    },

    async create(inputs: ApiKeyInputs): Promise<CreateResult<ApiKeyOutputs>> {
      const adopted = await adopt(inputs);
      if (adopted) return adopted;
      const connection = context.connections.openForWrite(inputs.connection);
      const nowMs = context.nowMs();
      let sent: End = {};
      const end = () => (sent = endByService(context, connection, { asked: inputs, nowMs }));
      const { secretValue, status: _status, ...given } = inputs;
      const naming = await context.marking.naming("ApiKey", inputs, connection);
      try {
        const request = { ...keyRequest(apiKeyFields, inputs, connection), end };
        const issued = await issueKey(connection, request, naming, context.clock);
        const { granularityMs } = connection.capabilities.expiry;
        const expiresAt = agreedEnd(sent.expiresAt, inputs, { issued, granularityMs });
        const asked = { ...inputs, expiresAt, callerChosen: secretValue !== undefined };
        const record = recordIssued(issued, asked, connection, nowMs);
        const outs = { ...given, ...record };
        const refusal = judgeTerms(context, dealOf(outs, connection, inputs));
        if (refusal) throw keptAfterFailure(refusal, record.keyId, outs, inputs);
        successors.note(inputs, knownKey(record.keyId, outs));
        return { id: record.keyId, outs };
      } catch (error) {
        if (error instanceof PartialFailure) throw error;
        if (!(error instanceof AmbiguousCreateError) || inputs.exactName === true)
          throw await keyRefused(connection, inputs.serviceAccountId, naming, error);
        // The record keeps what may exist on the service, so that the next run or a destroy revokes it.
        const [lost] = error.candidates;
        const record = defined({
          status: lost === undefined ? "missing" : "active",
          keyId: lost,
          physicalName: error.marker,
          createdAt: formatTime(nowMs),
          expiresAt: sent.expiresAt,
          service: connection.origin,
          lostCreate: lost === undefined ? (true as const) : undefined,
        });
        throw keptAfterFailure(error, lost ?? `unclear-${error.marker}`, { ...given, ...record }, inputs);
      }
    },

    async read(id: string, props?: ApiKeyOutputs): Promise<ReadResult<ApiKeyOutputs>> {
      if (!props) throw new ProviderError("a key cannot be read by its id alone; take it over with adopt: { keyId }");
      const connection = openRecordedForRefresh(context, props);
      // No key is known, and the next update issues one: a search would change nothing.
      if (props.lostCreate) return { id, props, inputs: inputsOf(props, false) };
      return readOrKeep(
        context,
        { connection: connection.name, what: `the key "${logicalName(props.origin)}"` },
        {
          read: async () => {
            const observed = await observeKey(connection, knownKey(id, props), context.nowMs());
            serviceAheadMs(context, connection);
            const isOwn = await isOwnKey(connection, knownKey(id, props));
            return found(
              id,
              { ...except(["ownCredential"], props), ...ownMark(isOwn) } as ApiKeyOutputs,
              observed,
              connection,
            );
          },
          kept: () => unread(id, props, context.nowMs()),
        },
      );
    },

    async update(id: string, olds: ApiKeyOutputs, news: ApiKeyInputs): Promise<UpdateResult<ApiKeyOutputs>> {
      const connection = openRecorded(context, olds);
      const at = compared({ olds, news, facts: connection });
      const plan = planUpdate(at);
      const { changes, enables } = plan;
      if (enables) {
        const { status } = await enableKey(openRecordedForWrite(context, olds), knownKey(id, olds), at.nowMs);
        // The record asks for the replacement, so that nobody has to refresh first.
        if (status !== "active")
          throw keptAfterFailure(new ProviderError(endedWords(id, status)), id, { ...olds, status }, news);
      }
      const told =
        Object.keys(changes).length > 0
          ? await changeKey(openRecordedForWrite(context, olds), refOf(id, olds), changes)
          : undefined;
      const outs = await withStack(context, olds, updatedRecord(at, { ...plan, told }));
      const refusal = lessThanAsked(dealOf(outs, connection, news));
      if (refusal) throw keptAfterFailure(refusal, id, outs, news);
      return { outs };
    },

    async planned(_id, olds, news) {
      const at = compared({ olds, news, facts: context.connections.describe(olds.connection) });
      return updatedRecord(at, planUpdate(at));
    },

    async imported(request) {
      const found = await findImported(context, request);
      if (!found) return { id: "" };
      const { record, inputs } = found;
      const outs: ApiKeyOutputs = { ...inputs, ...record };
      return { id: record.keyId, props: outs, inputs: inputsOf(outs, false) };
    },

    async delete(id: string, props: ApiKeyOutputs): Promise<void> {
      if (isLeft(props)) return context.warn(leftWords(`the key "${logicalName(props.origin)}"`, id));
      const connection = openRecordedForWrite(context, props);
      await tellOfCopy(context, props);
      if (!props.lostCreate) {
        const known = knownKey(id, props);
        await successors.relieve(connection, known, props.origin);
        return revokeKey(connection, known);
      }
      const { serviceAccountId, physicalName } = props;
      for (const key of await livingByMarkers(connection, serviceAccountId, [physicalName]))
        await revokeKey(connection, refOf(key.id, props));
    },
  };
}

const noEnd = { expiresAt: undefined, askedExpiresAt: undefined, serverExpiresAt: undefined };

/** The record after a look at the service. */
function found(
  id: string,
  recorded: ApiKeyOutputs,
  { status, key, movedTo }: Observation,
  connection: ConnectionFacts,
): ReadResult<ApiKeyOutputs> {
  const props = withAccount(recorded, movedTo);
  const { agreedScopes: _agreed, serverScopes: _given, agreedExpiresAt: _end, ...others } = props;
  const rest = except(optionFields, others);
  const { capabilities } = connection;
  const { expiresAt, agreedExpiresAt = expiresAt, askedExpiresAt, serverExpiresAt } = props;
  const { moved, end } = key
    ? compareEnd(key.expiresAt, props, capabilities.expiry.granularityMs)
    : { moved: false, end: { expiresAt: agreedExpiresAt, askedExpiresAt, serverExpiresAt } };
  const reworded = capabilities.description === "update" ? key?.description : undefined;
  const outs = defined({
    ...rest,
    ...compareScopes(key?.scopes, props, connection),
    ...compareOptions(key?.options, props, connection.keyOptions),
    status,
    accessId: key?.accessId ?? props.accessId,
    description: sameDescription(reworded, props.description) ? props.description : reworded,
    ...noEnd,
    ...end,
  }) as ApiKeyOutputs;
  return { id, props: outs, inputs: { ...inputsOf(outs, moved), ...foundTarget(connection, outs) } };
}

/** The unchanged record, except for an expiry, which needs no answer from the service. */
function unread(id: string, props: ApiKeyOutputs, nowMs: number): ReadResult<ApiKeyOutputs> {
  const isOver = props.status === "active" && hasPassed(props.expiresAt, nowMs);
  const outs: ApiKeyOutputs = isOver ? { ...props, status: "expired" } : props;
  return { id, props: outs, inputs: inputsOf(outs, outs.agreedExpiresAt !== undefined) };
}

/** The user's inputs in the form that `check` gave them, with drift as the service has it. */
function inputsOf(outs: ApiKeyOutputs, endMoved: boolean): ApiKeyOutputs {
  const given: Record<string, unknown> = { ...picked(namesOf(apiKeyFields), outs) };
  const ownEnd = outs.expiresIn === undefined && outs.expiryImposed !== true;
  if (!ownEnd && !endMoved) delete given.expiresAt;
  else if (!endMoved && outs.askedExpiresAt !== undefined) given.expiresAt = outs.askedExpiresAt;
  // `check` must recognize the program's own date even after it has passed.
  if (!endMoved || outs.expiresIn !== undefined || outs.expiryImposed === true) delete given.agreedExpiresAt;
  // A removed end shows as a missing life, because nothing else is left to show it.
  if (endMoved && outs.expiresAt === undefined) delete given.expiresIn;
  if (isCallerChosen(outs)) given.secretValue = outs.secret;
  return given as unknown as ApiKeyOutputs;
}

function refOf(id: string, { serviceAccountId, physicalName, secretVersion }: ApiKeyOutputs): KeyRef {
  return defined({ id, serviceAccountId, name: physicalName, secretVersion });
}

/** The key with its secret, which may be the only proof of whether it is gone. */
function knownKey(id: string, outs: ApiKeyOutputs): KnownKey {
  return defined({ ...refOf(id, outs), secret: outs.secret, accessId: outs.accessId });
}
