/** The SDK passes this instead of options that contain a secret, and `check` refuses it with a message. */
export const withheldOptions = "options withheld: a value of them is secret";
