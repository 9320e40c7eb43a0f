import type { UserRecord } from "./records";
import type { Store } from "./store";

/** Whose keys are meant: they belong to a user and to the team that they were made in. */
export interface UserInTeam {
  readonly userId: number;
  readonly teamId: number;
}

/** User 1 pays, user 2 does not. */
const SEEDED_USERS: readonly UserRecord[] = [
  { id: 1, plan: "paid", deleted: false },
  { id: 2, plan: "free", deleted: false },
];

/** A user as seeded, or as a test has changed it. */
export function pulseapiUser(store: Store, userId: number): UserRecord | undefined {
  return store.user(userId) ?? SEEDED_USERS.find(({ id }) => id === userId);
}

/** What a key's record names as its parent. */
export function parentOf({ userId, teamId }: UserInTeam): string {
  return `${userId}:${teamId}`;
}

export function parseParent(parent: string): UserInTeam {
  const [userId = 0, teamId = 0] = parent.split(":").map(Number);
  return { userId, teamId };
}
