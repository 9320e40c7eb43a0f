import { isWildcard } from "../../provider/scopes";
import { isScope } from "../access";
import { quoted } from "../inert";
import { everyKey, type Rule } from "./rule";

export const wildcardScope: Rule = {
  id: "SR001",
  title: "wildcard scope",
  level: "block",
  needs: "new-state",
  help: "List the scopes that the key really uses. A wildcard also grants whatever the service adds later.",
  check: (context) =>
    everyKey(context, (_key, { access }) =>
      access.grants
        .filter((grant) => isScope(grant) && isWildcard(access.catalogue, grant))
        .map((scope) => ({ subject: scope, message: `grants the wildcard ${quoted(scope)}` })),
    ),
};
