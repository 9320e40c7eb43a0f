import type { ExtraScope } from "../../provider/scopes";
import { sameTarget } from "../access";
import { canonicalJson } from "../canonical";
import { exactText } from "../exact-text";
import { quoted, quotedList } from "../inert";
import type { Target } from "../resource-facts";
import { sha256 } from "../sha256";
import { problemOf, type Rule } from "./rule";

/**
 * The author of a pull request writes `extraScopes`: what they say of a scope is a claim that no vendor has published.
 */
export const scopeByClaim: Rule = {
  id: "SR029",
  title: "a scope whose meaning only the connection tells",
  level: "warn",
  needs: "both-states",
  followsFromDelta: true,
  help: "Compare what `extraScopes` of the connection says with the service's own documentation. Where it is true, approve it: what stays as it is, is not told again.",
  check: ({ units }) => {
    const before = units.flatMap((unit) => unit.before?.facts.target ?? []);
    return units.flatMap((unit) => {
      const target = unit.after?.facts.target;
      return Object.entries(target?.extraScopes ?? {})
        .filter(([name, claim]) => !before.some((known) => sameTarget(known, target) && says(known, name, claim)))
        .map(([name, claim]) => {
          const code = codeOf(name, claim);
          return problemOf(unit, {
            subject: name,
            code,
            message: `${quoted(name)} is not a published scope of ${quoted(target?.backend ?? "")}; the connection says that it ${wordsOf(claim)} (${quoted(`code: ${code}`)})`,
          });
        });
    });
  },
};

function says({ extraScopes = {} }: Target, name: string, claim: ExtraScope): boolean {
  return Object.hasOwn(extraScopes, name) && canonicalJson(extraScopes[name]) === canonicalJson(claim);
}

/** The same from the preview and from a report's delta. */
function codeOf(name: string, { level, implies }: ExtraScope): string {
  return sha256(canonicalJson([name, level ?? null, [...(implies ?? [])].sort()].map(exact)));
}

function exact(part: string | null | readonly string[]): unknown {
  return part === null ? null : typeof part === "string" ? exactText(part) : part.map(exactText);
}

function wordsOf({ level, implies = [] }: ExtraScope): string {
  const parts = [
    ...(level === undefined ? [] : [`can ${level === "admin" ? "administer" : level}`]),
    ...(implies.length === 0 ? [] : [`implies ${quotedList([...implies].sort(), 5)}`]),
  ];
  return parts.length === 0 ? "exists" : parts.join(" and ");
}
