/**
 * ApiKey: the immutable key. One resource is one key; its Pulumi id is the key's id. A change of its access makes
 * another key before the old one is revoked.
 */
import type { CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult } from "@pulumi/pulumi/dynamic";
import { AmbiguousCreateError, ProviderError } from "../../errors";
import { defined } from "../../values/defined";
import { formatTime, hasPassed } from "../../values/times";
import { Failures } from "../checks/failures";
import { createInputMemory } from "../checks/input-memory";
import type { ResourceContext } from "../context";
import { canEnable, disabledWords, enabledWords, staysDisabled } from "../disabled";
import { beginCheck, checkAnswer, checkedKey, factsToCompare, readOrKeep } from "../every-resource";
import { except } from "../fields/field";
import { adoptedKey, isLeft, leftWords } from "../identity/adopted";
import { recordsOtherStack, stackRecorded, tellOfCopy, withStack } from "../identity/copied-stack";
import { findImported } from "../identity/imported";
import { logicalName } from "../identity/names";
import { keyRefused } from "../identity/taken-name";
import { openRecorded, openRecordedForWrite } from "../identity/target";
import { changeKey } from "../key/change-key";
import { enableKey, endedWords } from "../key/enable";
import { serviceAheadMs } from "../key/expiry";
import { dealOf, judgeTerms, lessThanAsked, tellOtherTerms } from "../key/given";
import { KeyIssue, recordIssued } from "../key/key-inputs";
import { livingByMarkers, observeKey, revokeKey } from "../key/key-on-service";
import { isOwnKey, ownMark, refuseOnRecord, Successors } from "../key/own-key";
import { keptAfterFailure, type Lifecycle, PartialFailure } from "../lifecycle";
import { createReasonMemory, ofKeys, reasonInRecord } from "../replacement-reason";
import { type KeyComparison, planChange, type PlannedChange, planUpdate, updatedRecord } from "./change";
import { apiKeyFields, type ApiKeyInputs } from "./fields";
import { found, inputsOf, unread } from "./found-key";
import {
  type ApiKeyOutputs,
  canonicalEnd,
  checkExpiry,
  checkOutage,
  checkSecretValue,
  knownKey,
  refOf,
} from "./inputs";

export type { ApiKeyInputs } from "./fields";
export type { ApiKeyOutputs } from "./inputs";

export function createApiKeyProvider(context: ResourceContext): Lifecycle<ApiKeyInputs, ApiKeyOutputs> {
  const memory = createInputMemory();
  const reasons = createReasonMemory(ofKeys);
  const successors = new Successors(context);

  const compared = (at: Pick<KeyComparison, "olds" | "news" | "facts">): KeyComparison => {
    const leftAlone = staysDisabled(at.olds.status, at.news) || memory.ignored(at.news).includes("status");
    return { ...at, nowMs: context.nowMs(), leftAlone };
  };

  /** Warns if the update enables a disabled key again. @returns whether only the record shows it */
  const tellsOfEnabling = ({ replaces, updates }: PlannedChange, news: ApiKeyInputs): boolean => {
    if (replaces.length > 0 || !updates.includes("status")) return false;
    context.warn(enabledWords(nameOf(news)));
    return !memory.differ(news);
  };

  return {
    async check(olds: Partial<ApiKeyInputs>, news: ApiKeyInputs): Promise<CheckResult<ApiKeyInputs>> {
      const failures = new Failures();
      const begun = beginCheck(context, apiKeyFields, { olds, news, failures });
      const { ignored, facts } = begun;
      const isExpired = checkExpiry({ olds, news, failures }, { facts, nowMs: context.nowMs() });
      if (facts) {
        const at = { news: { ...news }, facts, failures };
        checkSecretValue(at);
        checkOutage(at);
      }
      const inputs = checkedKey(apiKeyFields, { olds, news, failures }, begun);
      const status = ignored.includes("status") ? news.status : isExpired ? "expired" : "active";
      const wanted = { ...inputs, ...canonicalEnd(news), status } as ApiKeyInputs;
      const replacementReason = reasons.forCheck({ olds, news: wanted, facts });
      if (isExpired)
        context.warn(
          `the key "${logicalName(news.origin)}" expired at ${news.expiresAt}; it stays so until expiresAt is changed`,
        );
      const answer: ApiKeyInputs = defined({ ...wanted, replacementReason });
      memory.note(olds, answer, { nowMs: context.nowMs(), ignored });
      return checkAnswer(answer, failures);
    },

    async diff(_id: string, olds: ApiKeyOutputs, news: ApiKeyInputs): Promise<DiffResult> {
      const facts = factsToCompare(context, { olds, news });
      const at = compared({ olds, news, facts });
      const plan = planChange(at);
      const { replaces, updates, knownFrom } = plan;
      const reason = reasonInRecord(plan, at);
      reasons.note(news, reason);
      if (replaces.length > 0) refuseOnRecord(at);
      if (staysDisabled(olds.status, news) && !replaces.includes("status")) {
        const isOver = hasPassed(olds.expiresAt, at.nowMs);
        context.warn(disabledWords(nameOf(news), { enables: canEnable("key", facts), isOver }));
      }
      tellOtherTerms(context, dealOf(olds, at));
      const isRenamed = recordsOtherStack(context, at);
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
      const { secretValue, status: _status, ...given } = inputs;
      const adopted = await adoptedKey(context, "ApiKey", inputs);
      if (adopted) return { id: adopted.record.keyId, outs: { ...given, ...adopted.record } };
      const connection = context.connections.openForWrite(inputs.connection);
      const nowMs = context.nowMs();
      const naming = await context.marking.naming("ApiKey", inputs, connection);
      const issue = new KeyIssue({ connection, tools: context, fields: apiKeyFields, inputs, naming, nowMs });
      try {
        const { issued, askedEnd } = await issue.run();
        const asked = { ...inputs, expiresAt: askedEnd, callerChosen: secretValue !== undefined };
        const outs = { ...given, ...recordIssued(issued, asked, { facts: connection, nowMs }) };
        const id = outs.keyId;
        const refusal = judgeTerms(context, dealOf(outs, { news: inputs, facts: connection }));
        if (refusal) throw keptAfterFailure(refusal, { id, outs, inputs });
        successors.note(inputs, knownKey({ id, outs }));
        return { id, outs };
      } catch (error) {
        if (error instanceof PartialFailure) throw error;
        if (!(error instanceof AmbiguousCreateError) || inputs.exactName === true)
          throw await keyRefused(error, { connection, naming, serviceAccountId: inputs.serviceAccountId });
        // The record keeps what may exist on the service, so that the next run or a destroy revokes it.
        const [lost] = error.candidates;
        const record = defined({
          status: lost === undefined ? "missing" : "active",
          keyId: lost,
          physicalName: error.marker,
          createdAt: formatTime(nowMs),
          expiresAt: issue.sentEnd,
          service: connection.origin,
          lostCreate: lost === undefined ? (true as const) : undefined,
        });
        throw keptAfterFailure(error, { id: lost ?? `unclear-${error.marker}`, outs: { ...given, ...record }, inputs });
      }
    },

    async read(id: string, props?: ApiKeyOutputs): Promise<ReadResult<ApiKeyOutputs>> {
      if (!props) throw new ProviderError("a key cannot be read by its id alone; take it over with adopt: { keyId }");
      const known = knownKey({ id, outs: props });
      return readOrKeep(context, props, {
        what: nameOf(props),
        read: async (connection) => {
          // No key is known, and the next update issues one: a search would change nothing.
          if (props.lostCreate) return { id, props, inputs: inputsOf(props, false) };
          const observed = await observeKey(connection, known, context.nowMs());
          serviceAheadMs(context, connection);
          const own = ownMark(await isOwnKey(connection, known));
          const outs = { ...except(["ownCredential"], props), ...own } as ApiKeyOutputs;
          return found({ id, outs }, observed, connection);
        },
        kept: () => unread({ id, outs: props }, context.nowMs()),
      });
    },

    async update(id: string, olds: ApiKeyOutputs, news: ApiKeyInputs): Promise<UpdateResult<ApiKeyOutputs>> {
      const facts = openRecorded(context, olds);
      const at = compared({ olds, news, facts });
      const plan = planUpdate(at);
      const { changes, enables } = plan;
      const known = knownKey({ id, outs: olds });
      if (enables) {
        const { status } = await enableKey(openRecordedForWrite(context, olds), known, at.nowMs);
        // The record asks for the replacement, so that no refresh is needed first.
        if (status !== "active")
          throw keptAfterFailure(new ProviderError(endedWords(id, status)), {
            id,
            outs: { ...olds, status },
            inputs: news,
          });
      }
      const told =
        Object.keys(changes).length > 0
          ? await changeKey(openRecordedForWrite(context, olds), refOf({ id, outs: olds }), changes)
          : undefined;
      const outs = await withStack(context, { olds, outs: updatedRecord(at, { ...plan, told }) });
      const refusal = lessThanAsked(dealOf(outs, at));
      if (refusal) throw keptAfterFailure(refusal, { id, outs, inputs: news });
      return { outs };
    },

    async planned(_id, olds, news) {
      const at = compared({ olds, news, facts: context.connections.describe(olds.connection) });
      return updatedRecord(at, planUpdate(at));
    },

    async imported(request) {
      const there = await findImported(context, request);
      if (!there) return { id: "" };
      const outs: ApiKeyOutputs = { ...there.inputs, ...there.record };
      return { id: outs.keyId, props: outs, inputs: inputsOf(outs, false) };
    },

    async delete(id: string, props: ApiKeyOutputs): Promise<void> {
      if (isLeft(props)) return context.warn(leftWords(nameOf(props), id));
      const connection = openRecordedForWrite(context, props);
      await tellOfCopy(context, props);
      if (!props.lostCreate) {
        const known = knownKey({ id, outs: props });
        await successors.relieve(connection, known, props.origin);
        return revokeKey(connection, known);
      }
      const { serviceAccountId, physicalName } = props;
      for (const key of await livingByMarkers(connection, serviceAccountId, [physicalName]))
        await revokeKey(connection, refOf({ id: key.id, outs: props }));
    },
  };
}

/** In messages: `the key "ci"`. */
function nameOf({ origin }: Pick<ApiKeyInputs, "origin">): string {
  return `the key "${logicalName(origin)}"`;
}
