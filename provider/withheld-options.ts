/** What the SDK passes in place of options that hold a secret: `check` refuses it, in words. */
export const withheldOptions = "options withheld: a value of them is secret";
