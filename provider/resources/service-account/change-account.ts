/** Changes an account in place, and proves the change. */
import type { ServiceAccount, ServiceAccountChanges } from "../../backends/definition";
import type { ConnectionFacts, WritableConnection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { ProviderError } from "../../errors";
import { sameAccess } from "../../scopes";
import type { ServiceAccountInputs } from "./fields";
import { namesOn } from "../identity/names";
import { changedOptions, ignoredOption, optionsToSend } from "../fields/options";
import { firstOf, ignoredDescription, ignoredName, proveChange, quoted } from "../proven-change";

type Recorded = ServiceAccountInputs & { readonly physicalName: string };

/** The changes to send; what only the record contains is not among them. */
export function changesInPlace(
  olds: Recorded,
  news: ServiceAccountInputs,
  { updates, facts }: { readonly updates: readonly string[]; readonly facts: ConnectionFacts },
): ServiceAccountChanges {
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
    options: updates.includes("options") ? optionsToSend(changedOptions(accountOptions, olds, news)) : undefined,
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
    ignoredOption(told?.options, asked.options, accountOptions),
    role !== undefined &&
      (told?.role ?? "") !== role &&
      `its role is ${quoted(told?.role ?? "")} instead of ${quoted(role)}`,
    scopes !== undefined &&
      told?.scopes !== undefined &&
      !sameAccess(catalogue, told.scopes, scopes) &&
      `its scopes are ${quoted(told.scopes.join(", "))} instead of ${quoted(scopes.join(", "))}`,
  );
}
