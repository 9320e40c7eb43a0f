import { canIssueKeys, isWildcard, scopeLevel } from "../../provider/scopes";
import { grantText, type Grant } from "../grants";
import { quoted } from "../inert";
import type { Access } from "../access";
import { optionOf } from "../option-grants";
import { problemOf, type Rule } from "./rule";

/**
 * Applies to a new holder too, which has no earlier access to compare with. Findings of SR001 and SR003 are not
 * repeated.
 */
export const administrativeAccess: Rule = {
  id: "SR028",
  title: "administrative access",
  level: "warn",
  needs: "both-states",
  help: "Ask whether the holder really has to administer the service. Most jobs need to read, or to write one kind of thing.",
  check: ({ units }) =>
    units.flatMap((unit) =>
      unit.change.gains
        .filter((grant) => isAdministrative(grant, unit.after?.access))
        .map((grant) =>
          problemOf(unit, {
            subject: grantText(grant),
            message: `gains ${quoted(grantText(grant))}, ${isOpaque(grant) ? "an id that does not say what it gives" : "which administers"}`,
          }),
        ),
    ),
};

/** Some services have ids for roles. */
function isOpaque({ kind, name }: Grant): boolean {
  return kind === "role" && /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/i.test(name);
}

function isAdministrative({ kind, name }: Grant, access: Access | undefined): boolean {
  // A role is not a scope of the catalogue, so its own words decide.
  if (kind === "role") return scopeLevel(undefined, name) === "admin" || isOpaque({ kind, name });
  // A value such as `role=admin`: the vendor calls it administrative, whatever the option decides.
  if (kind === "option") return scopeLevel(undefined, optionOf(name).value) === "admin";
  if (kind !== "scope" || scopeLevel(access?.catalogue, name) !== "admin") return false;
  return !isWildcard(access?.catalogue, name) && !canIssueKeys(access?.catalogue, name);
}
