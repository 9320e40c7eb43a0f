/** A key or an account that somebody has disabled on its service: a decision, which only the program's `onDisabled` undoes. Pure. */

export const onDisabledChoices = ["ignore", "replace"] as const;
/** What becomes of a key or an account that is disabled on its service. */
export type OnDisabled = (typeof onDisabledChoices)[number];

/** True where it stays as it is, until somebody enables it again on the service. */
export function staysDisabled(status: string | undefined, { onDisabled }: { readonly onDisabled?: unknown }): boolean {
  return status === "disabled" && onDisabled !== "replace";
}

/** What a run tells of it. `what`: `the key "ci"`. `due`: why it would get a successor. */
export function disabledWords(what: string, due?: string): string {
  const waits = due === undefined ? "it is left so" : `its rotation waits (${due})`;
  return `${what} is disabled on its service: ${waits}, until somebody enables it there and "pulumi refresh" sees it. To have it replaced instead, set onDisabled: "replace"`;
}
