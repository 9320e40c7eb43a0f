/** The inputs that decide how long a key lives, and (`onDisabled`) whether an update enables a disabled key again. */
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
