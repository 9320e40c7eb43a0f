/** The exit codes of the commands. The numbers are a promise: CI scripts branch on them. */
export const exitCodes = {
  fine: 0,
  internal: 1,
  usage: 2,
  finding: 5,
  accessChanged: 7,
  /** A key rotates, expires, or waits for something. */
  somethingDue: 7,
  notReviewable: 10,
  /** The question has no answer, because its subject could not be read. */
  cannotBeTold: 10,
  outdated: 11,
} as const;

/** Most serious first. If several apply, the first one is the result. */
const precedence: readonly number[] = [
  exitCodes.usage,
  exitCodes.internal,
  exitCodes.notReviewable,
  exitCodes.outdated,
  exitCodes.finding,
  exitCodes.accessChanged,
];

/** The rank of a code, most serious first, for sorting. */
export function gravity(code: number): number {
  const at = precedence.indexOf(code);
  return at < 0 ? precedence.length : at;
}

/** The most serious code; 0 if there is none. A code that is not ours counts as an internal failure. */
export function gravestExit(codes: readonly number[]): number {
  const known = codes.map((code) => (code === 0 || precedence.includes(code) ? code : exitCodes.internal));
  return precedence.find((code) => known.includes(code)) ?? exitCodes.fine;
}
