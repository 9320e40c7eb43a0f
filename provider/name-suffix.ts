/** Characters that this package adds to every name that is not exact: `-`, 4 hex of the stack, 6 random hex. */
export const suffixLength = 11;
