import { quotedList } from "../inert";
import { nameOf } from "../urn";
import { everyKey, type Rule } from "./rule";

export const sharedKey: Rule = {
  id: "SR010",
  title: "more than one consumer of a key",
  level: "warn",
  needs: "new-state",
  help: "Give each consumer a key of its own: then one can be revoked or narrowed without the other, and the audit log tells them apart.",
  check: (context) =>
    everyKey(context, (_key, { consumers }) =>
      consumers.length > 1
        ? [{ message: `is used by ${consumers.length} resources: ${quotedList(consumers.map(nameOf), 5)}` }]
        : [],
    ),
};
