/** Keys and accounts that somebody has disabled on their service. Only the program's `onDisabled` undoes that. Pure. */
import type { ConnectionFacts } from "../connections/connections";
import type { CheckPoint } from "./checks/failures";

export const onDisabledChoices = ["ignore", "replace", "enable"] as const;
/** What to do with a key or an account that is disabled on its service. */
export type OnDisabled = (typeof onDisabledChoices)[number];

interface WithChoice {
  readonly onDisabled?: unknown;
}

/** True if it stays disabled until somebody enables it on the service. */
export function staysDisabled(status: string | undefined, { onDisabled }: WithChoice): boolean {
  return status === "disabled" && onDisabled !== "replace" && onDisabled !== "enable";
}

/** True if the program asks to enable it in place. */
export function isEnabledAgain(status: string | undefined, { onDisabled }: WithChoice): boolean {
  return status === "disabled" && onDisabled === "enable";
}

export function canEnable(what: "key" | "account", { capabilities }: Pick<ConnectionFacts, "capabilities">): boolean {
  return what === "key" ? capabilities.enable : capabilities.serviceAccounts?.enable === true;
}

/**
 * The warning of every run. `what`: `the key "ci"`. `enables`: the service can enable it. `due`: why it would get a
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

/** The warning before it is enabled. `next`: this update has only just found it, so no preview has shown it yet. */
export function enabledWords(what: string, which: "this" | "next" = "this"): string {
  return `${what} is disabled on its service: ${which === "this" ? "the" : "the next"} update enables it again in place, because the program says onDisabled: "enable"`;
}

/** Refuses `onDisabled: "enable"` if the service cannot enable the object. */
export function checkOnDisabled(what: "key" | "account"): (value: unknown, at: CheckPoint) => unknown {
  return (value, { facts, failures }) => {
    if (value === "enable" && !canEnable(what, facts)) failures.add("onDisabled", refusal(what, facts));
    return value;
  };
}

function refusal(what: "key" | "account", facts: ConnectionFacts): string {
  const cannot = `${facts.backend} cannot enable a disabled ${what === "key" ? "key" : "service account"} again`;
  if (what === "key" && canEnable("account", facts))
    return `${cannot}, only its account: set onDisabled: "enable" on the ServiceAccount, and leave it out here`;
  return `${cannot}; write "ignore" (it is left so until somebody enables it on the service) or "replace"`;
}
