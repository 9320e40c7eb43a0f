import { canonicalJson } from "../canonical";
import { exactText } from "../exact-text";
import { grantText } from "../grants";
import { quoted } from "../inert";
import { sha256 } from "../sha256";
import { isKey } from "../units";
import { nameOf } from "../urn";
import { problemOf, type Rule } from "./rule";

/** Disabling is somebody's decision, often in an incident; whoever undoes it has to know why it was made. */
export const disabledAccess: Rule = {
  id: "SR031",
  title: "disabled access comes back",
  level: "block",
  needs: "both-states",
  followsFromDelta: true,
  help: "Ask whoever disabled it on the service. If it may come back, a waiver says who decided that; otherwise leave `onDisabled` and what the key may do as they are.",
  check: ({ units }) => {
    const revived = units.filter(({ revives }) => revives);
    const accounts = new Set(revived.filter((unit) => !isKey(unit)).map(({ urn }) => urn));
    return revived.map((unit) => {
      const account = unit.before?.account.urn;
      const isWithIt = account !== undefined && accounts.has(account);
      const code = sha256(
        canonicalJson((unit.after?.access.grants ?? []).map((grant) => exactText(grantText(grant))).sort()),
      );
      const how = isWithIt
        ? `opened nothing while its account ${quoted(nameOf(account))} was disabled, and gets its access back with it`
        : `was disabled on its service${account === undefined ? "" : ", itself or with its account"}, and this update gives its access back`;
      return problemOf(unit, { code, message: `${how} (${quoted(`code: ${code}`)})` });
    });
  },
};
