/** A key or an account that somebody has disabled on its service: a decision, which only the program's `onDisabled` undoes. Pure. */
import type { ConnectionFacts } from "../connections/connections";

export const onDisabledChoices = ["ignore", "replace", "enable"] as const;
/** What becomes of a key or an account that is disabled on its service. */
export type OnDisabled = (typeof onDisabledChoices)[number];

interface WithChoice {
  readonly onDisabled?: unknown;
}

/** True where it stays as it is, until somebody enables it again on the service. */
export function staysDisabled(status: string | undefined, { onDisabled }: WithChoice): boolean {
  return status === "disabled" && onDisabled !== "replace" && onDisabled !== "enable";
}

/** True where the program has it enabled again, as it is. */
export function isEnabledAgain(status: string | undefined, { onDisabled }: WithChoice): boolean {
  return status === "disabled" && onDisabled === "enable";
}

export function canEnable(what: "key" | "account", { capabilities }: Pick<ConnectionFacts, "capabilities">): boolean {
  return what === "key" ? capabilities.enable : capabilities.serviceAccounts?.enable === true;
}

/**
 * What a run tells of it. `what`: `the key "ci"`. `enables`: the service can enable it. `due`: why it would get a
 * successor. `isOver`: its end has passed, so that enabling it brings nothing back.
 */
export function disabledWords(
  what: string,
  { enables, due, isOver }: { enables: boolean; due?: string | undefined; isOver?: boolean },
): string {
  if (isOver === true)
    return `${what} is disabled on its service, and its end has passed: it is left so, and would not work if somebody enabled it there. To have it replaced, set onDisabled: "replace"`;
  const waits = due === undefined ? "it is left so" : `its rotation waits (${due})`;
  return `${what} is disabled on its service: ${waits}, until somebody enables it there and "pulumi refresh" sees it. ${enables ? 'To have it enabled instead, set onDisabled: "enable"; to have it replaced' : "To have it replaced instead"}, set onDisabled: "replace"`;
}

/** What a preview tells of it, before it happens. `next`: this very update has found it, and no preview has shown it yet. */
export function enabledWords(what: string, which: "this" | "next" = "this"): string {
  return `${what} is disabled on its service: ${which === "this" ? "the" : "the next"} update enables it again in place, because the program says onDisabled: "enable"`;
}
