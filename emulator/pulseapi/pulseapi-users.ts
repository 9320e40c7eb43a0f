/** The owner of keys: they belong to a user and to the team in which they were made. */
export interface UserInTeam {
  readonly userId: number;
  readonly teamId: number;
}

/** The parent in a key's record. */
export function parentOf({ userId, teamId }: UserInTeam): string {
  return `${userId}:${teamId}`;
}

export function parseParent(parent: string): UserInTeam {
  const [userId = 0, teamId = 0] = parent.split(":").map(Number);
  return { userId, teamId };
}
