/** Changes an account in place, proves the change, and records it. */
import type { ServiceAccount, ServiceAccountChanges } from "../../backends/definition";
import type { ConnectionFacts, WritableConnection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { ProviderError } from "../../errors";
import { sameAccess } from "../../scopes";
import { isUnknown, unknownValue } from "../../values/wire";
import { effectsOf } from "../fields/field";
import { changedOptions, optionsToSend, withoutChanged } from "../fields/options";
import { ignoredOption } from "../fields/given-options";
import { namesOn } from "../identity/names";
import { lessThanAsked } from "../key/given";
import { firstOf, ignoredDescription, ignoredName, proveChange, quoted } from "../proven-change";
import { accountFields } from "./fields";
import { type AccountComparison, dealOn, markerOf, type ServiceAccountOutputs } from "./record";

/** An update in place: the changes to send, and the record after it. */
export function updatedAccount(at: AccountComparison) {
  const { olds, news, facts } = at;
  const { updates } = effectsOf(accountFields, at);
  const named = news.exactName === true ? olds : { ...olds, physicalName: markerOf(olds, facts) };
  const changes = { ...missingOf(at), ...changesInPlace({ ...at, olds: named }, updates) };
  const { name = olds.physicalName } = changes;
  const physicalName = isUnknown(news.name) && changes.name !== undefined ? unknownValue : name;
  const { accountId, adoptedId, createdAt, optionsTold, ownCredential, serverRole, serverScopes } = olds;
  const enables = updates.includes("status");
  const status = enables ? "active" : olds.status;
  const changed = changedOptions(facts.accountOptions, at);
  const outs = defined({
    ...news,
    ...{ ownCredential, optionsTold, status, accountId, adoptedId, createdAt, physicalName, service: facts.origin },
    serverOptions: withoutChanged(olds.serverOptions, changed),
    serverRole: changes.role === undefined ? serverRole : undefined,
    serverScopes: changes.scopes === undefined ? serverScopes : undefined,
  }) as ServiceAccountOutputs;
  return { changes, enables, outs };
}

/** What the service did not give at the creation, and the program still asks for. */
function missingOf(at: AccountComparison): ServiceAccountChanges {
  const { olds, news, facts } = at;
  if (!lessThanAsked(dealOn(olds, at))) return {};
  const { role, scopes } = facts.capabilities.serviceAccounts ?? {};
  return defined({
    role: olds.serverRole !== undefined && role === "update" ? news.role : undefined,
    scopes: olds.serverScopes !== undefined && scopes === "update" ? news.scopes : undefined,
  });
}

/** The changes to send, without those that only the record contains. */
function changesInPlace({ olds, news, facts }: AccountComparison, updates: readonly string[]): ServiceAccountChanges {
  const { capabilities, accountOptions } = facts;
  const { physicalName } = olds;
  const onService = (field: "name" | "description" | "role" | "scopes") =>
    updates.includes(field) && capabilities.serviceAccounts?.[field] === "update";
  const name = namesOn(facts, "accounts").newPhysicalName(news, physicalName);
  return defined({
    name: onService("name") && name !== physicalName ? name : undefined,
    description: onService("description") ? (news.description ?? "") : undefined,
    role: onService("role") ? (news.role ?? "") : undefined,
    scopes: onService("scopes") ? (news.scopes ?? []) : undefined,
    options: updates.includes("options") ? optionsToSend(changedOptions(accountOptions, { olds, news })) : undefined,
    labels: updates.includes("labels") && capabilities.marker === "metadata" ? (news.labels ?? {}) : undefined,
  });
}

/** @throws ProviderError - the service acknowledged the change, but the account does not show it. */
export async function changeAccount(
  { client, backend, ...facts }: WritableConnection,
  id: string,
  changes: ServiceAccountChanges,
): Promise<void> {
  if (!client.updateServiceAccount) throw new ProviderError(`${backend} cannot change a service account in place`);
  await proveChange({
    what: `account ${id}`,
    make: client.updateServiceAccount.bind(client, id, changes),
    look: async () => client.getServiceAccount?.(id),
    ignored: (told) => ignoredChange(told, changes, facts),
  });
}

/** What the account does not show of a change, in words; undefined if it shows everything. No service reports labels. */
export function ignoredChange(
  told: ServiceAccount | undefined,
  asked: ServiceAccountChanges,
  { catalogue, accountOptions }: Pick<ConnectionFacts, "catalogue" | "accountOptions">,
): string | undefined {
  const { role, scopes } = asked;
  return firstOf(
    ignoredName(told?.name, asked.name),
    ignoredDescription(told?.description, asked.description),
    ignoredOption({ declared: accountOptions, asked: asked.options, told: told?.options }),
    role !== undefined &&
      (told?.role ?? "") !== role &&
      `its role is ${quoted(told?.role ?? "")} instead of ${quoted(role)}`,
    scopes !== undefined &&
      told?.scopes !== undefined &&
      !sameAccess(catalogue, told.scopes, scopes) &&
      `its scopes are ${quoted(told.scopes.join(", "))} instead of ${quoted(scopes.join(", "))}`,
  );
}
