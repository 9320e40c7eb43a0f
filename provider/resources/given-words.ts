import type { ConnectionFacts } from "../connections";
import { redact } from "../redact";
import type { ResourceContext } from "./context";
import { otherThanAsked, type Terms } from "./given";
import { logicalName, type Origin } from "./names";

/** Warns of what a service gave to a key instead of what was asked for: at the issue, and at every run from then on. */
export function tellOtherTerms(
  { warn }: Pick<ResourceContext, "warn">,
  asked: Terms & { readonly origin: Origin },
  { given, facts }: { readonly given: Terms; readonly facts: ConnectionFacts },
): void {
  const { catalogue, capabilities } = facts;
  const rules = { catalogue, granularityMs: capabilities.expiry.granularityMs };
  for (const words of otherThanAsked(asked, given, rules))
    warn(`the key "${logicalName(asked.origin)}" ${redact(words)}`);
}
