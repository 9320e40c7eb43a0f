/** ServiceAccount: the owner of keys. It contains no secret, so an account with our marker may be adopted. */
import type { CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult } from "@pulumi/pulumi/dynamic";
import { ProviderError } from "../../errors";
import { defined } from "../../values/defined";
import { type CheckPoint, Failures } from "../checks/failures";
import { createInputMemory } from "../checks/input-memory";
import { validateAccount } from "../checks/validation";
import type { ResourceContext } from "../context";
import { canEnable, disabledWords, enabledWords, staysDisabled } from "../disabled";
import { beginCheck, checkAnswer, factsToCompare, readOrKeep } from "../every-resource";
import { checkedInputs, effectsOf } from "../fields/field";
import { isLeft, leftWords } from "../identity/adopted";
import { recordsOtherStack, stackRecorded, tellOfCopy, withStack } from "../identity/copied-stack";
import { placeOf } from "../identity/imported";
import { logicalName } from "../identity/names";
import { foundTarget, openRecorded, openRecordedForWrite, targetOf } from "../identity/target";
import { findAccount, isAssumedGone } from "../key/absence";
import { accountGoneWords, enableAccount } from "../key/enable";
import { judgeTerms, lessThanAsked, tellOtherTerms } from "../key/given";
import { isOwnAccount, ownAccountWords, ownMark, refuseOwnAccount } from "../key/own-key";
import { keptAfterFailure, type Lifecycle } from "../lifecycle";
import { createReasonMemory, ofAccounts, reasonFor } from "../replacement-reason";
import { adoptedAccount, observedAccount, recordOfAdopted } from "./adopted-account";
import { changeAccount, updatedAccount } from "./change-account";
import { createAccount, finishAccount, finishedRecord, firstRecord } from "./create-account";
import { accountFields, type ServiceAccountInputs } from "./fields";
import { observeAccount, withFound } from "./found-account";
import { dealOn, markerOf, readAs, type ServiceAccountOutputs } from "./record";

export type { ServiceAccountInputs } from "./fields";
export type { ServiceAccountOutputs } from "./record";

export function createServiceAccountProvider(
  context: ResourceContext,
): Lifecycle<ServiceAccountInputs, ServiceAccountOutputs> {
  const memory = createInputMemory();
  const reasons = createReasonMemory(ofAccounts);

  return {
    async check(
      olds: Partial<ServiceAccountInputs>,
      news: ServiceAccountInputs,
    ): Promise<CheckResult<ServiceAccountInputs>> {
      const failures = new Failures();
      const { ignored, connection, facts } = beginCheck(context, accountFields, { olds, news, failures });
      const status = ignored.includes("status") ? news.status : "active";
      const inputs: ServiceAccountInputs = { ...news, connection, status };
      const wanted = (facts ? checkForBackend({ news: inputs, facts, failures }) : inputs) as ServiceAccountInputs;
      const replacementReason = reasons.forCheck({ olds, news: wanted, facts });
      const answer: ServiceAccountInputs = defined({ ...wanted, replacementReason });
      memory.note(olds, answer, { nowMs: context.nowMs(), ignored });
      return checkAnswer(answer, failures);
    },

    async diff(_id: string, olds: ServiceAccountOutputs, news: ServiceAccountInputs): Promise<DiffResult> {
      const facts = factsToCompare(context, { olds, news });
      const at = { olds, news, facts };
      const { replaces, updates } = effectsOf(accountFields, at);
      reasons.note(news, reasonFor({ replaces }, ofAccounts, at));
      if (replaces.length > 0 && olds.ownCredential) throw new ProviderError(ownAccountWords(facts, olds.accountId));
      if (staysDisabled(olds.status, news))
        context.warn(disabledWords(nameOf(news), { enables: canEnable("account", facts) }));
      const isEnabled = replaces.length === 0 && updates.includes("status");
      if (isEnabled) context.warn(enabledWords(nameOf(news)));
      tellOtherTerms(context, dealOn(olds, at));
      const isRenamed = recordsOtherStack(context, at);
      if (replaces.length === 0 && updates.length === 0)
        return isRenamed ? stackRecorded(memory.differ(news)) : { changes: false };
      const isOnRecordAlone = isEnabled && !memory.differ(news);
      return {
        ...(isOnRecordAlone ? { changes: true } : {}),
        replaces,
        deleteBeforeReplace: news.exactName === true,
      };
    },

    async create(inputs: ServiceAccountInputs): Promise<CreateResult<ServiceAccountOutputs>> {
      const taken = await adoptedAccount(context, inputs);
      if (taken) return { id: taken.accountId, outs: taken };
      const connection = context.connections.openForWrite(inputs.connection);
      const call = { connection, inputs, tools: context };
      const made = await createAccount(call);
      const { account, name } = made;
      const id = String(account.id);
      let whole = account;
      try {
        if (made.adopted) whole = (await finishAccount(call, account)) ?? account;
      } catch (error) {
        // The account exists: record it as it is. The next run makes the remaining changes.
        const { role, scopes } = account;
        const outs = defined({ ...inputs, role, scopes, ...firstRecord(call, account) });
        throw keptAfterFailure(error, { id, outs, inputs });
      }
      const outs = finishedRecord(call, made, whole);
      const keepsWords = connection.capabilities.serviceAccounts?.description === "update";
      const refusal = judgeTerms(context, {
        ...dealOn(outs, { news: inputs, facts: connection }),
        asked: { ...inputs, name },
        given: {
          name: whole.name,
          description: keepsWords ? whole.description : undefined,
          role: outs.serverRole,
          scopes: outs.serverScopes,
          options: outs.serverOptions,
        },
      });
      if (refusal) throw keptAfterFailure(refusal, { id, outs, inputs });
      return { id, outs };
    },

    async read(id: string, props?: ServiceAccountOutputs): Promise<ReadResult<ServiceAccountOutputs>> {
      if (!props)
        throw new ProviderError(
          "a service account cannot be read by its id alone; take it over with adopt: { accountId }",
        );
      return readOrKeep(context, props, {
        what: nameOf(props),
        read: async (connection) => {
          const seen = withFound(props, await observeAccount(connection, id, props), connection);
          const outs = { ...seen, ...ownMark(await isOwnAccount(connection, id)) };
          const { inputs, ...rest } = readAs(id, outs);
          return { ...rest, inputs: { ...inputs, ...foundTarget(connection, outs) } as ServiceAccountOutputs };
        },
        kept: () => readAs(id, props),
      });
    },

    async update(
      id: string,
      olds: ServiceAccountOutputs,
      news: ServiceAccountInputs,
    ): Promise<UpdateResult<ServiceAccountOutputs>> {
      const facts = openRecorded(context, olds);
      const at = { olds, news, facts };
      const { changes, enables, outs: updated } = updatedAccount(at);
      if (enables && !(await enableAccount(openRecordedForWrite(context, olds), id, markerOf(olds, facts))))
        throw keptAfterFailure(new ProviderError(accountGoneWords(id)), {
          id,
          outs: { ...olds, status: "missing" },
          inputs: news,
        });
      if (Object.keys(changes).length > 0) await changeAccount(openRecordedForWrite(context, olds), id, changes);
      const outs = await withStack(context, { olds, outs: updated });
      const refusal = lessThanAsked(dealOn(outs, at));
      if (refusal) throw keptAfterFailure(refusal, { id, outs, inputs: news });
      return { outs };
    },

    planned: async (_id, olds, news) =>
      updatedAccount({ olds, news, facts: context.connections.describe(olds.connection) }).outs,

    async imported({ id, origin }) {
      const { name, rest: accountId } = placeOf(id);
      const connection = context.connections.open(name);
      const account = await observedAccount(connection, accountId);
      if (!account) return { id: "" };
      const { role, scopes } = account;
      const { role: roles = "none", scopes: ceiling = "none" } = connection.capabilities.serviceAccounts ?? {};
      const inputs: ServiceAccountInputs = defined({
        connection: name,
        role: roles === "none" ? undefined : role,
        // Left out without a ceiling, as in a program.
        scopes: ceiling === "none" || !scopes?.length ? undefined : [...scopes].sort(),
        origin,
        target: targetOf(connection),
        status: "active",
      });
      return readAs(String(account.id), recordOfAdopted(context, { account, inputs, connection }));
    },

    async delete(id: string, props: ServiceAccountOutputs): Promise<void> {
      if (isLeft(props)) return context.warn(leftWords(`the account "${logicalName(props.origin)}"`, id));
      const connection = openRecordedForWrite(context, props);
      await tellOfCopy(context, props);
      await refuseOwnAccount(connection, id);
      if (isAssumedGone(connection, id)) return;
      const outcome = await connection.client.deleteServiceAccount?.(id);
      if (outcome === "absent" && (await findAccount(connection, id, markerOf(props, connection)))) {
        throw new ProviderError(
          `the service says that account ${id} does not exist, but lists it; check that the admin credential belongs to its organisation`,
        );
      }
    },
  };
}

/** In messages: `the service account "ci"`. */
function nameOf({ origin }: Pick<ServiceAccountInputs, "origin">): string {
  return `the service account "${logicalName(origin)}"`;
}

function checkForBackend(at: CheckPoint): Readonly<Record<string, unknown>> {
  const { news, facts, failures } = at;
  const { serviceAccounts } = facts.capabilities;
  if (!serviceAccounts) {
    failures.add(
      "connection",
      `${facts.backend} has no service accounts: its keys belong to the owner of the connection's admin credential. Remove this ServiceAccount, leave serviceAccountId out of the keys, and use one connection per owner`,
    );
    return news;
  }
  const checked = checkedInputs(accountFields, at);
  validateAccount({ ...at, news: checked });
  return checked;
}
