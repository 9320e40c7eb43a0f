/** Creates an account. It contains no secret, so one with our marker may be adopted. */
import type { ServiceAccount } from "../../backends/definition";
import type { Connection, WritableConnection } from "../../connections/connections";
import { AmbiguousCreateError, isUnclear, ProviderError, wordsOf } from "../../errors";
import { sameAccess } from "../../scopes";
import { defined } from "../../values/defined";
import { secondMs } from "../../values/durations";
import { formatTime } from "../../values/times";
import type { ResourceContext } from "../context";
import { sentInputs } from "../fields/field";
import { type ChangedOption, changedOptions, optionsToSend, withoutChanged } from "../fields/options";
import { givenOptions } from "../fields/given-options";
import { logicalName, namesOn } from "../identity/names";
import type { Naming } from "../identity/marking";
import { isPlainId } from "../identity/plain-id";
import { accountRefused } from "../identity/taken-name";
import { otherList } from "../key/key-inputs";
import { accountFields, type ServiceAccountInputs } from "./fields";
import type { ServiceAccountOutputs } from "./record";

/** An account to create, where, and with what. */
export interface AccountCall {
  readonly connection: WritableConnection;
  readonly inputs: ServiceAccountInputs;
  readonly tools: Pick<ResourceContext, "clock" | "marking" | "nowMs" | "warn">;
}

/** An account that was made now, or that an earlier call has made. */
export interface MadeAccount {
  readonly account: ServiceAccount;
  readonly adopted: boolean;
  /** The name that was asked for. */
  readonly name?: string;
}

/** After an unclear answer an account with this call's own marker is adopted. */
export async function createAccount(call: AccountCall): Promise<MadeAccount> {
  const { connection, inputs, tools } = call;
  const { client } = connection;
  if (!client.createServiceAccount) throw new ProviderError(`${connection.backend} has no service accounts`);
  const naming = await tools.marking.naming("ServiceAccount", inputs, connection);
  const leftover = await naming.takeLeftAccount?.();
  if (leftover) {
    const prefix = inputs.name ?? logicalName(inputs.origin);
    const name = namesOn(connection, "accounts").markedName(leftover.name, prefix);
    tools.warn(`the account ${leftover.id} (${name}) was left by an interrupted run: it is taken over`);
    return { account: leftover, adopted: true };
  }
  const name = naming.draw();
  try {
    const account = await client.createServiceAccount({ ...sentInputs(accountFields, inputs, connection), name });
    naming.noteNewAccount?.(account.id);
    return { account, adopted: false, name };
  } catch (error) {
    if (!isUnclear(error)) throw await accountRefused(error, { connection, naming });
    return { account: await foundByMark(call, { naming, name, cause: error }), adopted: true };
  }
}

/** A create whose answer was unclear. */
interface UnclearCreate {
  readonly naming: Naming;
  readonly name: string;
  readonly cause: unknown;
}

/** The account that the call has made. @throws AmbiguousCreateError - none is found, or it may be somebody else's */
async function foundByMark({ connection, tools }: AccountCall, { naming, name, cause }: UnclearCreate) {
  const { client, capabilities } = connection;
  const unclear = (words: string, ids: readonly string[] = []) =>
    new AmbiguousCreateError(
      `it is unclear whether the service account "${name}" was made: ${wordsOf(cause)} ${words}, delete what is not in use, and run again.`,
      name,
      ids,
      { cause },
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
    await tools.clock.sleep(Math.max(capabilities.activationLagMs, secondMs));
    found = await search(!naming.exact);
  }
  const [account] = found;
  if (account && found.length === 1 && !naming.exact) return account;
  const ids = found.map(({ id }) => id);
  throw unclear(
    ids.length > 0
      ? `Compare ${ids.filter(isPlainId).join(", ") || "the accounts of that name"} on the service`
      : "None of that name is there now; it may still appear: look for it",
    ids,
  );
}

/** The accounts with that name's mark, for services that change names. */
async function accountsOfMark(connection: Connection, name: string): Promise<readonly ServiceAccount[]> {
  const all = (await connection.client.listServiceAccounts?.({})) ?? [];
  const names = namesOn(connection, "accounts");
  return all.filter((account) => names.isNamed(account.name, name));
}

/** Completes an adopted account: if a service makes accounts in several calls, the later ones may be missing. */
export async function finishAccount(
  { connection, inputs: asked }: AccountCall,
  account: ServiceAccount,
): Promise<ServiceAccount | undefined> {
  const { client, capabilities, catalogue } = connection;
  const canUpdate = (field: "role" | "scopes" | "description") => capabilities.serviceAccounts?.[field] === "update";
  const lacksScopes = canUpdate("scopes") && !sameAccess(catalogue, account.scopes ?? [], asked.scopes ?? []);
  const missing = defined({
    role: canUpdate("role") && account.role !== asked.role ? asked.role : undefined,
    scopes: lacksScopes ? asked.scopes : undefined,
    description: canUpdate("description") && account.description !== asked.description ? asked.description : undefined,
    options: optionsToSend(changedInPlace({ connection, inputs: asked }, account)),
  });
  return Object.keys(missing).length > 0 ? client.updateServiceAccount?.(account.id, missing) : undefined;
}

/** The record of the account as it was made, before what is missing was given. */
export function firstRecord({ connection, tools }: AccountCall, account: ServiceAccount) {
  return {
    accountId: String(account.id),
    physicalName: account.name,
    createdAt: account.createdAt ?? formatTime(tools.nowMs()),
    service: connection.origin,
  };
}

/** The record of a finished account, with what differs from the request. `whole`: as it was finished. */
export function finishedRecord(call: AccountCall, { account, adopted }: MadeAccount, whole: ServiceAccount) {
  const { connection, inputs } = call;
  const { role, scopes } = whole;
  const given = givenOptions({
    declared: connection.accountOptions,
    asked: inputs.options,
    told: account.options,
  });
  return defined({
    ...inputs,
    ...firstRecord(call, account),
    serverRole: inputs.role !== undefined && role !== inputs.role ? role : undefined,
    serverScopes: otherList(scopes, inputs.scopes),
    serverOptions: withoutChanged(given, adopted ? changedInPlace(call, account) : []),
    optionsTold: account.options ? (true as const) : undefined,
  }) as ServiceAccountOutputs;
}

/** The options that an adopted account gets in place. */
function changedInPlace(
  { connection, inputs }: Pick<AccountCall, "connection" | "inputs">,
  { options: told = {} }: ServiceAccount,
): ChangedOption[] {
  const options = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null));
  return changedOptions(connection.accountOptions, { olds: { options }, news: inputs }).filter(
    ({ effect }) => effect === "update",
  );
}
