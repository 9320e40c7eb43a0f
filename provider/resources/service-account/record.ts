/** What a state knows of a service account, and what was requested and given according to it. */
import type { ReadResult } from "@pulumi/pulumi/dynamic";
import type { ConnectionFacts } from "../../connections/connections";
import type { OptionValues } from "../../vendors/options";
import { namesOf, picked } from "../fields/field";
import { namesOn } from "../identity/names";
import type { Deal } from "../key/given";
import { accountFields, type ServiceAccountInputs } from "./fields";

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

/** The record of an account and the inputs of a run, and by what they are compared. */
export interface AccountComparison {
  readonly olds: ServiceAccountOutputs;
  readonly news: ServiceAccountInputs;
  readonly facts: ConnectionFacts;
}

/** What was requested, and what was given according to the record. */
export function dealOn(
  { accountId, serverRole, serverScopes, serverOptions, ...olds }: ServiceAccountOutputs,
  { news: { origin, acceptLess }, facts }: Pick<AccountComparison, "news" | "facts">,
): Deal {
  const { role, scopes, options, agreedOptions = options } = olds;
  const terms = {
    asked: { role, scopes, options: agreedOptions },
    given: { role: serverRole, scopes: serverScopes, options: serverOptions },
  };
  return { what: "service account", origin, id: accountId, ...terms, facts, acceptLess };
}

/** A name with the stack's mark. A name that somebody chose on the service has none. */
export function markerOf(
  { physicalName: name, origin }: Pick<ServiceAccountOutputs, "physicalName" | "origin">,
  facts: ConnectionFacts,
): string {
  const names = namesOn(facts, "accounts");
  return names.hasMarkerForm(name) ? name : names.physicalName("", origin);
}

/** What `read` answers. */
export function readAs(id: string, props: ServiceAccountOutputs): ReadResult<ServiceAccountOutputs> {
  return { id, props, inputs: picked(namesOf(accountFields), props) as unknown as ServiceAccountOutputs };
}
