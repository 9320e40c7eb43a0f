/** ServiceAccount: the owner of keys. It contains no secret, so an account with our marker may be adopted. */
import type { CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult } from "@pulumi/pulumi/dynamic";
import type { ServiceAccount, ServiceAccountChanges } from "../../backends/definition";
import type { Connection, ConnectionFacts, WritableConnection } from "../../connections/connections";
import { secondMs } from "../../values/durations";
import { defined } from "../../values/defined";
import { AmbiguousCreateError, isUnclear, ProviderError, wordsOf } from "../../errors";
import { sameAccess } from "../../scopes";
import { formatTime } from "../../values/times";
import type { OptionValues } from "../../vendors/options";
import { isUnknown, unknownValue } from "../../values/wire";
import { findAccount, isAssumedGone } from "../key/absence";
import { accountFields, type ServiceAccountInputs } from "./fields";
import { adoptAccount, isLeft, isToAdopt, leftWords, observedAccount, tellForeignMark } from "../identity/adopted";
import { changeAccount, changesInPlace } from "./change-account";
import {
  checkAnswer,
  describeForCheck,
  openRecorded,
  openRecordedForRefresh,
  openRecordedForWrite,
  type ResourceContext,
} from "../context";
import { checkedInputs, effectsOf, except, handedBack, namesOf, picked, sentInputs, shapeOf } from "../fields/field";
import { type CheckPoint, Failures } from "../checks/failures";
import { checkShape } from "../checks/shape";
import { canEnable, disabledWords, enabledWords, staysDisabled } from "../disabled";
import { accountGoneWords, enableAccount } from "../key/enable";
import { placeOf } from "../identity/imported";
import { createInputMemory } from "../checks/input-memory";
import { isPlainId } from "../identity/plain-id";
import { type Deal, judgeTerms, lessThanAsked, tellOtherTerms } from "../key/given";
import { otherList, sameDescription } from "../key/key-inputs";
import { logicalName, namesOn } from "../identity/names";
import { recordsOtherStack, stackRecorded, tellOfCopy, tellOtherStack, withStack } from "../identity/copied-stack";
import {
  type ChangedOption,
  changedOptions,
  compareOptions,
  givenOptions,
  optionFields,
  optionsToSend,
  withoutChanged,
} from "../fields/options";
import { isOwnAccount, ownAccountWords, ownMark, refuseOwnAccount } from "../key/own-key";
import { keptAfterFailure } from "../lifecycle";
import type { Lifecycle } from "../lifecycle";
import { createReasonMemory, ofAccounts, reasonFor } from "../replacement-reason";
import { accountRefused } from "../identity/taken-name";
import { assertSameTarget, checkPath, foundTarget, targetOf } from "../identity/target";
import { readOrKeep } from "../unknown";
import { validateAccount } from "../checks/validation";

export type ServiceAccountOutputs = ServiceAccountInputs & {
  /** The id of an adopted account. */
  readonly adoptedId?: string;
  readonly accountId: string;
  readonly physicalName: string;
  readonly createdAt: string;
  readonly service: string;
  readonly serverOptions?: OptionValues;
  readonly agreedOptions?: OptionValues;
  readonly optionsTold?: true;
  /** At the last read, the connection's own credential belonged to this account. */
  readonly ownCredential?: true;
  /** What the service gave, if it differs from the request. */
  readonly serverRole?: string;
  readonly serverScopes?: readonly string[];
};

export type { ServiceAccountInputs } from "./fields";

const inputShape = shapeOf(accountFields);

export function createServiceAccountProvider(
  context: ResourceContext,
): Lifecycle<ServiceAccountInputs, ServiceAccountOutputs> {
  const memory = createInputMemory();
  const reasons = createReasonMemory(ofAccounts);
  /** The account that the program adopts; undefined if it asks for a new one. */
  const adopt = async (inputs: ServiceAccountInputs): Promise<CreateResult<ServiceAccountOutputs> | undefined> => {
    if (inputs.adopt === undefined) return undefined;
    const connection = context.connections.open(inputs.connection);
    const { origin, adopt: asked } = inputs;
    if (!(await isToAdopt(context, connection, { type: "ServiceAccount", origin, id: asked.accountId })))
      return undefined;
    const account = await adoptAccount(connection, asked, inputs);
    const outs = recordOfAdopted(account, inputs, connection);
    return { id: outs.accountId, outs: { ...outs, ...ownMark(await isOwnAccount(connection, outs.accountId)) } };
  };

  const recordOfAdopted = (
    account: ServiceAccount,
    inputs: ServiceAccountInputs,
    { origin: service, accountOptions }: ConnectionFacts,
  ): ServiceAccountOutputs => {
    tellForeignMark(account.name, inputs.origin, context.warn);
    const accountId = String(account.id);
    const createdAt = account.createdAt ?? formatTime(context.nowMs());
    const { name: physicalName, status } = account;
    return defined({
      ...inputs,
      ...{ status, accountId, adoptedId: accountId, physicalName, createdAt, service },
      serverOptions: givenOptions(accountOptions, inputs.options, account.options),
      optionsTold: account.options ? (true as const) : undefined,
    });
  };

  return {
    async check(
      olds: Partial<ServiceAccountInputs>,
      news: ServiceAccountInputs,
    ): Promise<CheckResult<ServiceAccountInputs>> {
      const failures = new Failures();
      tellOtherStack(context, olds, news);
      const ignored = handedBack(accountFields, { olds, news });
      checkShape(inputShape, except(ignored, news), failures);
      const connection = news.connection ?? "default";
      const facts = describeForCheck(context, connection, failures);
      checkPath(context, olds, { facts, failures });
      const inputs: ServiceAccountInputs = {
        ...news,
        connection,
        status: ignored.includes("status") ? news.status : "active",
      };
      const wanted = (facts ? checkForBackend({ news: inputs, facts, failures }) : inputs) as ServiceAccountInputs;
      const checked: ServiceAccountInputs = defined({
        ...wanted,
        replacementReason: reasons.forCheck(olds, wanted, facts),
      });
      memory.note(olds, checked, { nowMs: context.nowMs(), ignored });
      return checkAnswer(checked, failures);
    },

    async diff(_id: string, olds: ServiceAccountOutputs, news: ServiceAccountInputs): Promise<DiffResult> {
      const facts = context.connections.describe(isUnknown(news.connection) ? olds.connection : news.connection);
      assertSameTarget(facts, olds);
      const { replaces, updates } = effectsOf(accountFields, { olds, news, facts });
      reasons.note(news, reasonFor({ replaces }, ofAccounts, { olds, news, facts }));
      if (replaces.length > 0 && olds.ownCredential) throw new ProviderError(ownAccountWords(facts, olds.accountId));
      if (staysDisabled(olds.status, news))
        context.warn(
          disabledWords(`the service account "${logicalName(news.origin)}"`, { enables: canEnable("account", facts) }),
        );
      const isEnabled = replaces.length === 0 && updates.includes("status");
      if (isEnabled) context.warn(enabledWords(`the service account "${logicalName(news.origin)}"`));
      tellOtherTerms(context, dealOn(olds, news, facts));
      const isRenamed = recordsOtherStack(context, olds, news);
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
      const taken = await adopt(inputs);
      if (taken) return taken;
      const connection = context.connections.openForWrite(inputs.connection);
      const { account, adopted, name } = await createAccount(connection, inputs, context);
      const record = {
        accountId: String(account.id),
        physicalName: account.name,
        createdAt: account.createdAt ?? formatTime(context.nowMs()),
        service: connection.origin,
      };
      let whole = account;
      try {
        if (adopted) whole = (await finishAccount(connection, account, inputs)) ?? account;
      } catch (error) {
        // The account exists: record it as it is. The next run makes the remaining changes.
        const { role, scopes } = account;
        throw keptAfterFailure(error, record.accountId, defined({ ...inputs, role, scopes, ...record }), inputs);
      }
      const given = givenOptions(connection.accountOptions, inputs.options, account.options);
      const changed = adopted ? changedInPlace(connection, account, inputs) : [];
      const outs = defined({
        ...inputs,
        ...record,
        ...givenOther(inputs, whole),
        serverOptions: withoutChanged(given, changed),
        optionsTold: account.options ? (true as const) : undefined,
      }) as ServiceAccountOutputs;
      const keepsWords = connection.capabilities.serviceAccounts?.description === "update";
      const refusal = judgeTerms(context, {
        ...dealOn(outs, inputs, connection),
        asked: { ...inputs, name },
        given: {
          name: whole.name,
          description: keepsWords ? whole.description : undefined,
          role: outs.serverRole,
          scopes: outs.serverScopes,
          options: outs.serverOptions,
        },
      });
      if (refusal) throw keptAfterFailure(refusal, record.accountId, outs, inputs);
      return { id: record.accountId, outs };
    },

    async read(id: string, props?: ServiceAccountOutputs): Promise<ReadResult<ServiceAccountOutputs>> {
      if (!props)
        throw new ProviderError(
          "a service account cannot be read by its id alone; take it over with adopt: { accountId }",
        );
      const connection = openRecordedForRefresh(context, props);
      return readOrKeep(
        context,
        { connection: connection.name, what: `the service account "${logicalName(props.origin)}"` },
        {
          read: async () => {
            const seen = withFound(props, await observeAccount(connection, id, props), connection);
            const found = { ...seen, ...ownMark(await isOwnAccount(connection, id)) };
            const { inputs, ...rest } = readAs(id, found);
            return { ...rest, inputs: { ...inputs, ...foundTarget(connection, found) } as ServiceAccountOutputs };
          },
          kept: () => readAs(id, props),
        },
      );
    },

    async update(
      id: string,
      olds: ServiceAccountOutputs,
      news: ServiceAccountInputs,
    ): Promise<UpdateResult<ServiceAccountOutputs>> {
      const connection = openRecorded(context, olds);
      const { changes, enables, outs: updated } = updatedAccount(olds, news, connection);
      const isThere =
        !enables || (await enableAccount(openRecordedForWrite(context, olds), id, markerOf(olds, connection)));
      if (!isThere)
        throw keptAfterFailure(new ProviderError(accountGoneWords(id)), id, { ...olds, status: "missing" }, news);
      if (Object.keys(changes).length > 0) await changeAccount(openRecordedForWrite(context, olds), id, changes);
      const outs = await withStack(context, olds, updated);
      const refusal = lessThanAsked(dealOn(outs, news, connection));
      if (refusal) throw keptAfterFailure(refusal, id, outs, news);
      return { outs };
    },

    planned: async (_id, olds, news) => updatedAccount(olds, news, context.connections.describe(olds.connection)).outs,

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
      return readAs(String(account.id), recordOfAdopted(account, inputs, connection));
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

/**
 * Creates the account. After an unclear answer, adopts an account with this call's own marker, because an account contains
 * no secret.
 */
async function createAccount(
  connection: WritableConnection,
  inputs: ServiceAccountInputs,
  { clock, marking, warn }: ResourceContext,
): Promise<{ readonly account: ServiceAccount; readonly adopted: boolean; readonly name?: string }> {
  const { client, capabilities } = connection;
  if (!client.createServiceAccount) throw new ProviderError(`${connection.backend} has no service accounts`);
  const naming = await marking.naming("ServiceAccount", inputs, connection);
  const leftover = await naming.takeLeftAccount?.();
  if (leftover) {
    const prefix = inputs.name ?? logicalName(inputs.origin);
    const name = namesOn(connection, "accounts").markedName(leftover.name, prefix);
    warn(`the account ${leftover.id} (${name}) was left by an interrupted run: it is taken over`);
    return { account: leftover, adopted: true };
  }
  const name = naming.draw();
  try {
    const account = await client.createServiceAccount({ ...sentInputs(accountFields, inputs, connection), name });
    naming.noteNewAccount?.(account.id);
    return { account, adopted: false, name };
  } catch (error) {
    if (!isUnclear(error)) throw await accountRefused(connection, naming, error);
    const unclear = (words: string, ids: readonly string[] = []) =>
      new AmbiguousCreateError(
        `it is unclear whether the service account "${name}" was made: ${wordsOf(error)} ${words}, delete what is not in use, and run again.`,
        name,
        ids,
        { cause: error },
      );
    const search = async (everywhere: boolean) => {
      try {
        const exact = (await client.listServiceAccounts?.({ name })) ?? [];
        return exact.length > 0 || !everywhere ? exact : await accountsOfMark(connection, name);
      } catch (refusal) {
        throw unclear(
          `The service could not be searched for it (${wordsOf(refusal).replace(/\.$/, "")}): look for that name`,
        );
      }
    };
    let found = await search(false);
    if (found.length === 0) {
      await clock.sleep(Math.max(capabilities.activationLagMs, secondMs));
      found = await search(!naming.exact);
    }
    const [account] = found;
    if (account && found.length === 1 && !naming.exact) return { account, adopted: true };
    const ids = found.map(({ id }) => id);
    throw unclear(
      ids.length > 0
        ? `Compare ${ids.filter(isPlainId).join(", ") || "the accounts of that name"} on the service`
        : "None of that name is there now; it may still appear: look for it",
      ids,
    );
  }
}

/** The accounts with that name's mark, for services that change names. */
async function accountsOfMark(connection: Connection, name: string): Promise<readonly ServiceAccount[]> {
  const all = (await connection.client.listServiceAccounts?.({})) ?? [];
  const names = namesOn(connection, "accounts");
  return all.filter((account) => names.isNamed(account.name, name));
}

/** Completes an adopted account: if a service makes accounts in several calls, the later ones may be missing. */
async function finishAccount(
  connection: WritableConnection,
  account: ServiceAccount,
  asked: ServiceAccountInputs,
): Promise<ServiceAccount | undefined> {
  const { client, capabilities, catalogue } = connection;
  const lacksRole = capabilities.serviceAccounts?.role === "update" && account.role !== asked.role;
  const lacksScopes =
    capabilities.serviceAccounts?.scopes === "update" &&
    !sameAccess(catalogue, account.scopes ?? [], asked.scopes ?? []);
  const lacksWords =
    capabilities.serviceAccounts?.description === "update" && account.description !== asked.description;
  const missing = defined({
    role: lacksRole ? asked.role : undefined,
    scopes: lacksScopes ? asked.scopes : undefined,
    description: lacksWords ? asked.description : undefined,
    options: optionsToSend(changedInPlace(connection, account, asked)),
  });
  return Object.keys(missing).length > 0 ? client.updateServiceAccount?.(account.id, missing) : undefined;
}

/** What the service gave otherwise than requested, for the record. */
function givenOther(
  asked: ServiceAccountInputs,
  { role, scopes }: ServiceAccount,
): Pick<ServiceAccountOutputs, "serverRole" | "serverScopes"> {
  const serverRole = asked.role !== undefined && role !== asked.role ? role : undefined;
  return defined({ serverRole, serverScopes: otherList(scopes, asked.scopes) });
}

/** What was requested, and what was given according to the record. */
function dealOn(
  { accountId, serverRole, serverScopes, serverOptions, ...olds }: ServiceAccountOutputs,
  { origin, acceptLess }: ServiceAccountInputs,
  facts: ConnectionFacts,
): Deal {
  const { role, scopes, options, agreedOptions = options } = olds;
  const terms = {
    asked: { role, scopes, options: agreedOptions },
    given: { role: serverRole, scopes: serverScopes, options: serverOptions },
  };
  return { what: "service account", origin, id: accountId, ...terms, facts, acceptLess };
}

/** What the service did not give at the creation, and the program still asks for. */
function missingOf(
  olds: ServiceAccountOutputs,
  news: ServiceAccountInputs,
  facts: ConnectionFacts,
): ServiceAccountChanges {
  if (!lessThanAsked(dealOn(olds, news, facts))) return {};
  const { role, scopes } = facts.capabilities.serviceAccounts ?? {};
  return defined({
    role: olds.serverRole !== undefined && role === "update" ? news.role : undefined,
    scopes: olds.serverScopes !== undefined && scopes === "update" ? news.scopes : undefined,
  });
}

/** The options that an adopted account gets in place. */
function changedInPlace(
  { accountOptions }: ConnectionFacts,
  { options: told = {} }: ServiceAccount,
  asked: ServiceAccountInputs,
): ChangedOption[] {
  const options = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null));
  return changedOptions(accountOptions, { options }, asked).filter(({ effect }) => effect === "update");
}

/** The account; undefined if it is provably gone. */
async function observeAccount(
  connection: Connection,
  id: string,
  props: ServiceAccountOutputs,
): Promise<ServiceAccount | undefined> {
  if (isAssumedGone(connection, id)) return undefined;
  return (
    (await connection.client.getServiceAccount?.(id)) ??
    (await findAccount(connection, id, markerOf(props, connection)))
  );
}

/** An update in place: the changes to send, and the record after it. */
function updatedAccount(olds: ServiceAccountOutputs, news: ServiceAccountInputs, facts: ConnectionFacts) {
  const { updates } = effectsOf(accountFields, { olds, news, facts });
  const named = news.exactName === true ? olds : { ...olds, physicalName: markerOf(olds, facts) };
  const changes = { ...missingOf(olds, news, facts), ...changesInPlace(named, news, { updates, facts }) };
  const { name = olds.physicalName } = changes;
  const physicalName = isUnknown(news.name) && changes.name !== undefined ? unknownValue : name;
  const { accountId, adoptedId, createdAt, optionsTold, ownCredential, serverRole, serverScopes } = olds;
  const enables = updates.includes("status");
  const status = enables ? "active" : olds.status;
  const changed = changedOptions(facts.accountOptions, olds, news);
  const outs = defined({
    ...news,
    ...{ ownCredential, optionsTold, status, accountId, adoptedId, createdAt, physicalName, service: facts.origin },
    serverOptions: withoutChanged(olds.serverOptions, changed),
    serverRole: changes.role === undefined ? serverRole : undefined,
    serverScopes: changes.scopes === undefined ? serverScopes : undefined,
  }) as ServiceAccountOutputs;
  return { changes, enables, outs };
}

/** A name with the stack's mark. A name that somebody chose on the service has none. */
function markerOf(
  { physicalName: name, origin }: Pick<ServiceAccountOutputs, "physicalName" | "origin">,
  facts: ConnectionFacts,
): string {
  const names = namesOn(facts, "accounts");
  return names.hasMarkerForm(name) ? name : names.physicalName("", origin);
}

/** The record after a read. A name that somebody chose on the service is shown and kept. */
function withFound(
  props: ServiceAccountOutputs,
  account: ServiceAccount | undefined,
  { catalogue, capabilities, accountOptions }: ConnectionFacts,
): ServiceAccountOutputs {
  if (!account) return { ...props, status: "missing" };
  const { name, role, scopes, status } = account;
  const description = capabilities.serviceAccounts?.description === "update" ? account.description : undefined;
  const { serverRole = props.role, serverScopes = props.scopes } = props;
  const keptScopes = serverScopes === undefined || scopes === undefined || sameAccess(catalogue, scopes, serverScopes);
  const keptRole = serverRole === undefined || role === serverRole;
  const { serverRole: _role, serverScopes: _scopes, ownCredential: _own, ...rest } = props;
  return defined({
    ...except(optionFields, rest),
    ...compareOptions(account.options, props, accountOptions),
    status,
    physicalName: name,
    role: keptRole ? props.role : role,
    // A difference from the request is drift as soon as it changes, and ends when the service gives what was
    // requested.
    serverRole: keptRole ? props.serverRole : undefined,
    serverScopes: keptScopes ? props.serverScopes : undefined,
    description: sameDescription(description, props.description) ? props.description : description,
    scopes: keptScopes ? props.scopes : [...scopes].sort(),
  }) as ServiceAccountOutputs;
}

function readAs(id: string, props: ServiceAccountOutputs): ReadResult<ServiceAccountOutputs> {
  return { id, props, inputs: picked(namesOf(accountFields), props) as unknown as ServiceAccountOutputs };
}
