/**
 * Length of the shorter suffix of a name: `-`, 4 hex of the stack, 6 random hex. A name with room for them gets 20
 * characters.
 */
export const suffixLength = 11;
