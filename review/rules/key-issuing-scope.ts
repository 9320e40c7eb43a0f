import { canIssueKeys } from "../../provider/scopes";
import { isScope } from "../grants";
import { quoted } from "../inert";
import { everyKey, type Rule } from "./rule";

export const keyIssuingScope: Rule = {
  id: "SR003",
  title: "scope that can mint keys",
  level: "block",
  needs: "new-state",
  followsFromDelta: true,
  help: "Whoever holds such a key can make further ones that no review sees. Keep it to the credential of the provider itself.",
  check: (context) =>
    everyKey(context, (_key, { access }) =>
      access.grants
        .filter((grant) => isScope(grant) && canIssueKeys(access.catalogue, grant.name))
        .map(({ name }) => ({ subject: name, message: `can make further keys through ${quoted(name)}` })),
    ),
};
