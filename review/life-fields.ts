/** The inputs that decide how long a key lives, and (`onDisabled`) whether an update brings a disabled one back. */
export const lifeFields = [
  "expiresAt",
  "expiresIn",
  "rotateEvery",
  "overlap",
  "retire",
  "maxOverlap",
  "rotateBefore",
  "jitter",
  "onDisabled",
] as const;
