import { randomAlphanumeric, randomHex } from "./secrets";

/**
 * The credentials that exist before any key is issued. They are announced, so they cannot be kept as
 * hashes; they are in no key list, no control answer and no log, and `reset` keeps them.
 */
export interface Credentials {
  readonly pulsely: {
    /** An `admin:*` key: the one that manages keys. */
    readonly adminToken: string;
    /** A `read:checks` key of somebody who is no API-manager: 403 on every key route. */
    readonly nonManagerToken: string;
  };
  readonly novavms: {
    /** A user of the main production organisation with role admin. */
    readonly adminToken: string;
    /** Its owner: may do what an admin may. */
    readonly ownerToken: string;
    /** A user with role operator: reads, and gets 403 on every write. */
    readonly operatorToken: string;
    /** The admin of another production organisation: gets 404 for objects of the main one. */
    readonly otherOrganisationToken: string;
    /** The admin of a sandbox organisation, whose accounts issue `sk_test_` keys. */
    readonly sandboxToken: string;
  };
  readonly pulseapi: {
    /** User 1 in team 1, on a paid plan. */
    readonly adminToken: string;
    /** The same user in team 2: sees none of team 1's keys. */
    readonly otherTeamToken: string;
    /** User 2, on the Free plan: 402 everywhere. */
    readonly freePlanToken: string;
  };
}

export function mintCredentials(): Credentials {
  const pulselyKey = () => `ply_live_${randomHex(40)}`;
  const novavmsUser = () => `nvu_${randomAlphanumeric(40)}`;
  return {
    pulsely: { adminToken: pulselyKey(), nonManagerToken: pulselyKey() },
    novavms: {
      adminToken: novavmsUser(),
      ownerToken: novavmsUser(),
      operatorToken: novavmsUser(),
      otherOrganisationToken: novavmsUser(),
      sandboxToken: novavmsUser(),
    },
    pulseapi: {
      adminToken: `1|${randomAlphanumeric(40)}`,
      otherTeamToken: `2|${randomAlphanumeric(40)}`,
      freePlanToken: `3|${randomAlphanumeric(40)}`,
    },
  };
}
