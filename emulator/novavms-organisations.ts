import type { Credentials } from "./credentials";
import { novavmsData, type OrganisationData } from "./sample-data";

/** A person. Only admins and owners manage service accounts and keys. */
export interface NovavmsUser {
  readonly id: string;
  readonly organisation: string;
  readonly role: "owner" | "admin" | "operator";
}

interface Organisation {
  /** Decides the prefix of its keys: `sk_live_` or `sk_test_`. */
  readonly environment: "live" | "test";
  readonly data: OrganisationData;
}

/** Three organisations, so that what belongs to another one, and a test key on production, can be asked for. */
export const NOVAVMS_ORGANISATIONS: Readonly<Record<string, Organisation>> = {
  main: { environment: "live", data: novavmsData("1", "Loading dock") },
  other: { environment: "live", data: novavmsData("2", "Reception") },
  sandbox: { environment: "test", data: novavmsData("3", "Canned footage") },
};

/** The seeded users by token. */
export function novavmsUsers(tokens: Credentials["novavms"]): ReadonlyMap<string, NovavmsUser> {
  const user = (digit: string, organisation: string, role: NovavmsUser["role"]): NovavmsUser => {
    return { id: `${digit}d4c9b3a-7e15-4f02-a6d8-0b9e5c3f7a03`, organisation, role };
  };
  return new Map([
    [tokens.adminToken, user("1", "main", "admin")],
    [tokens.ownerToken, user("2", "main", "owner")],
    [tokens.operatorToken, user("3", "main", "operator")],
    [tokens.otherOrganisationToken, user("4", "other", "admin")],
    [tokens.sandboxToken, user("5", "sandbox", "admin")],
  ]);
}
