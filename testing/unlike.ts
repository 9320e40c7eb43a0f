import type { BackendHarness } from "./harness";

/** An unused id of the same form. Digits and letters are rotated, so that numbers stay numbers. */
export function unlike(id: string): string {
  return id
    .replace(/[0-9]/g, (digit) => String(9 - Number(digit)))
    .replace(/[a-f]/g, (letter) => ({ a: "f", b: "e", c: "d", d: "c", e: "b", f: "a" })[letter] ?? letter);
}

/** A credential of the same form that the service refuses. */
export function wrongTokenOf({ token, wrongToken }: BackendHarness): string {
  return wrongToken ?? (unlike(token) === token ? `${token}x` : unlike(token));
}
