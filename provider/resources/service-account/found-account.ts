/** What a read makes of the record of an account. */
import type { ServiceAccount } from "../../backends/definition";
import type { Connection, ConnectionFacts } from "../../connections/connections";
import { defined } from "../../values/defined";
import { sameAccess } from "../../scopes";
import { except } from "../fields/field";
import { compareOptions } from "../fields/given-options";
import { optionFields } from "../fields/given-options";
import { findAccount, isAssumedGone } from "../key/absence";
import { sameDescription } from "../key/key-inputs";
import { markerOf, type ServiceAccountOutputs } from "./record";

/** The account; undefined if it is provably gone. */
export async function observeAccount(
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

/** The record after a read. A name that somebody chose on the service is shown and kept. */
export function withFound(
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
    ...compareOptions({ declared: accountOptions, told: account.options }, props),
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
