/** Accounts that existed before: a state takes them as they are, and nothing changes on the service. */
import type { ServiceAccount } from "../../backends/definition";
import type { Connection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { ProviderError } from "../../errors";
import { sameAccess } from "../../scopes";
import { formatTime } from "../../values/times";
import type { ResourceContext } from "../context";
import { givenOptions } from "../fields/given-options";
import { isToAdopt, otherOptionWords, tellForeignMark } from "../identity/adopted";
import { isOwnAccount, ownMark } from "../key/own-key";
import type { ServiceAccountInputs } from "./fields";
import type { ServiceAccountOutputs } from "./record";

/** The record of the account that the program adopts; undefined if it asks for a new one. */
export async function adoptedAccount(
  context: ResourceContext,
  inputs: ServiceAccountInputs,
): Promise<ServiceAccountOutputs | undefined> {
  const { adopt, origin } = inputs;
  if (adopt === undefined) return undefined;
  const connection = context.connections.open(inputs.connection);
  if (!(await isToAdopt(context, connection, { type: "ServiceAccount", origin, id: adopt.accountId })))
    return undefined;
  const account = await accountAsTold(connection, { ...inputs, accountId: adopt.accountId });
  const outs = recordOfAdopted(context, { account, inputs, connection });
  return { ...outs, ...ownMark(await isOwnAccount(connection, outs.accountId)) };
}

export function recordOfAdopted(
  context: ResourceContext,
  {
    account,
    inputs,
    connection,
  }: { readonly account: ServiceAccount; readonly inputs: ServiceAccountInputs; readonly connection: Connection },
): ServiceAccountOutputs {
  tellForeignMark(account.name, inputs.origin, context.warn);
  const accountId = String(account.id);
  const createdAt = account.createdAt ?? formatTime(context.nowMs());
  const { name: physicalName, status } = account;
  return defined({
    ...inputs,
    ...{ status, accountId, adoptedId: accountId, physicalName, createdAt, service: connection.origin },
    serverOptions: givenOptions({
      declared: connection.accountOptions,
      asked: inputs.options,
      told: account.options,
    }),
    optionsTold: account.options ? (true as const) : undefined,
  });
}

export async function observedAccount({ client }: Connection, accountId: string): Promise<ServiceAccount | undefined> {
  return (
    (await client.getServiceAccount?.(accountId)) ??
    (await client.listServiceAccounts?.({}))?.find(({ id }) => id === accountId)
  );
}

/** The account, if it is as the program says. */
async function accountAsTold(
  connection: Connection,
  asked: Pick<ServiceAccountInputs, "role" | "scopes" | "options"> & { readonly accountId: string },
): Promise<ServiceAccount> {
  const { accountId } = asked;
  const { catalogue, name, capabilities, accountOptions } = connection;
  const { role: roles = "none" } = capabilities.serviceAccounts ?? {};
  const account = await observedAccount(connection, accountId);
  if (!account)
    throw new ProviderError(
      `there is no account ${accountId} on the connection "${name}", so there is nothing to take over; check adopt.accountId`,
    );
  const { role, scopes } = account;
  const differs = [
    // The program must name the role, because a review reads only the program.
    ...((asked.role ?? "") !== (role ?? "") && (asked.role !== undefined || roles !== "none")
      ? [`its role is ${role ?? "none"}`]
      : []),
    ...(asked.scopes && scopes && !sameAccess(catalogue, asked.scopes, scopes)
      ? [`its scopes are [${[...scopes].sort().join(", ")}]`]
      : []),
    ...otherOptionWords({ declared: accountOptions, asked: asked.options, told: account.options }),
  ];
  if (differs.length > 0)
    throw new ProviderError(
      `the account ${accountId} is not as the program says: ${differs.join("; ")}. Write into the program what the account has, because taking an account over changes nothing; change it in a later update`,
    );
  return account;
}
