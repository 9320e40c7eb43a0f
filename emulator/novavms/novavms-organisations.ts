import type { Tokens } from "../emulated-service";
import { novavmsData, type OrganisationData } from "./novavms-data";

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

/** Three organisations, so that tests can request another one's objects, and use a test key on production. */
export const NOVAVMS_ORGANISATIONS: Readonly<Record<string, Organisation>> = {
  main: { environment: "live", data: novavmsData("1", "Loading dock") },
  other: { environment: "live", data: novavmsData("2", "Reception") },
  sandbox: { environment: "test", data: novavmsData("3", "Canned footage") },
};

/** The credentials that exist before any key is issued. */
export interface NovavmsTokens extends Tokens {
  /** A user of the main production organisation with role admin. */
  readonly adminToken: string;
  /** The owner: may do everything that an admin may. */
  readonly ownerToken: string;
  /** A user with role operator: reads, and gets 403 on every write. */
  readonly operatorToken: string;
  /** The admin of another production organisation: gets 404 for objects of the main one. */
  readonly otherOrganisationToken: string;
  /** The admin of a sandbox organisation, whose accounts issue `sk_test_` keys. */
  readonly sandboxToken: string;
}

/** The seeded users by token. */
export function novavmsUsers(tokens: NovavmsTokens): ReadonlyMap<string, NovavmsUser> {
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
