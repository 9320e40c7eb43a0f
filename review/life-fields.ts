/**
 * The inputs that decide how long a key lives, whether an update enables a disabled key again (`onDisabled`), and whether a
 * key stays in use although it got less than the program asks for (`acceptLess`),
 * whether the key that the connection itself runs on may be ended (`selfRotate`), and when a key that was there before ends (`revokeOnDestroy`, `firstRotation`).
 */
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
  "acceptLess",
  "selfRotate",
  "revokeOnDestroy",
  "firstRotation",
] as const;
