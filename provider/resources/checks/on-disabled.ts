import type { ConnectionFacts } from "../../connections/connections";
import { canEnable } from "../disabled";
import type { CheckPoint } from "./failures";

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
