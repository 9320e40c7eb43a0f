import { isWildcard } from "../../provider/scopes";
import { isScope } from "../grants";
import { quoted } from "../inert";
import { everyKey, type Rule } from "./rule";

export const wildcardScope: Rule = {
  id: "SR001",
  title: "wildcard scope",
  level: "block",
  needs: "new-state",
  followsFromDelta: true,
  help: "List the scopes that the key really uses. A wildcard also grants whatever the service adds later.",
  check: (context) =>
    everyKey(context, (_key, { access }) =>
      access.grants
        .filter((grant) => isScope(grant) && isWildcard(access.catalogue, grant.name))
        .map(({ name }) => ({ subject: name, message: `grants the wildcard ${quoted(name)}` })),
    ),
};
