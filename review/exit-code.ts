/** What the commands answer to the shell. The numbers are a promise: CI scripts branch on them. */
export const exitCodes = {
  fine: 0,
  internal: 1,
  usage: 2,
  finding: 5,
  accessChanged: 7,
  /** A key rotates, ends, or waits for something. */
  somethingDue: 7,
  notReviewable: 10,
  /** The question has no answer: what it is about could not be read. */
  cannotBeTold: 10,
  outdated: 11,
} as const;

/** Gravest first: where several hold, the first one is the answer. */
const precedence: readonly number[] = [
  exitCodes.usage,
  exitCodes.internal,
  exitCodes.notReviewable,
  exitCodes.outdated,
  exitCodes.finding,
  exitCodes.accessChanged,
];

/** Where a code stands among all, gravest first: for sorting. */
export function gravity(code: number): number {
  const at = precedence.indexOf(code);
  return at < 0 ? precedence.length : at;
}

/** The one that wins; 0 where there is none. A code that is not ours counts as an internal failure. */
export function gravestExit(codes: readonly number[]): number {
  const known = codes.map((code) => (code === 0 || precedence.includes(code) ? code : exitCodes.internal));
  return precedence.find((code) => known.includes(code)) ?? exitCodes.fine;
}
