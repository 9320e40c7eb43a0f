import { quoted } from "../inert";
import { nameOf } from "../urn";
import { everyKey, type Rule } from "./rule";

/** The value decides. If the program's own link says something else, the reviewer should know. */
export const otherAccount: Rule = {
  id: "SR027",
  title: "account other than the one that the key is linked to",
  level: "block",
  needs: "new-state",
  help: "Pass the account's `accountId` as it is. If the key belongs to another account, write that account's id as plain text.",
  check: (context) =>
    everyKey(context, (_key, { account: { id, urn, linkedTo } }) =>
      linkedTo === undefined || id === undefined
        ? []
        : [
            {
              subject: id,
              message: `belongs to the account ${urn === undefined ? `with the id ${quoted(id)}, which is not part of this stack` : quoted(nameOf(urn))}, although the program computes it from ${quoted(nameOf(linkedTo))}`,
            },
          ],
    ),
};
