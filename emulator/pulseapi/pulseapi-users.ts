/** Whose keys are meant: they belong to a user and to the team that they were made in. */
export interface UserInTeam {
  readonly userId: number;
  readonly teamId: number;
}

/** What a key's record names as its parent. */
export function parentOf({ userId, teamId }: UserInTeam): string {
  return `${userId}:${teamId}`;
}

export function parseParent(parent: string): UserInTeam {
  const [userId = 0, teamId = 0] = parent.split(":").map(Number);
  return { userId, teamId };
}
