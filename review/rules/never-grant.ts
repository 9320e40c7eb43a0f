import { covers } from "../../provider/scopes";
import { grantText, type Grant } from "../grants";
import { quoted } from "../inert";
import type { Side } from "../units";
import { everyKey, type Rule } from "./rule";

export const neverGrant: Rule = {
  id: "SR004",
  title: "scope on the never-grant list",
  level: "block",
  needs: "new-state",
  help: "The policy file forbids this grant under `neverGrant`. Take it out of the program, or ask the owners of the policy file.",
  check: (context) =>
    everyKey(context, (_key, { access, facts }) =>
      context.limits(facts.environment).neverGrant.flatMap((banned) => {
        const held = access.grants.filter((grant) => grants(access, grant, banned)).map(grantText);
        return held.map((grant) => ({
          subject: grant === banned ? banned : `${banned} through ${grant}`,
          covers: grant,
          message: `grants ${quoted(banned)}, which the policy file forbids${grant === banned ? "" : `, through ${quoted(grant)}`}`,
        }));
      }),
    ),
};

/** True for the entry itself, a scope that its pattern matches, or a scope that implies it. */
function grants({ catalogue }: Side["access"], held: Grant, banned: string): boolean {
  const text = grantText(held);
  if (text === banned || matches(banned, text)) return true;
  return held.kind === "scope" && covers(catalogue, [held.name], banned);
}

function matches(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return false;
  // Piece by piece instead of with a regular expression: no pattern can make it slow.
  const pieces = pattern.split("*");
  const first = pieces.shift() ?? "";
  const last = pieces.pop() ?? "";
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > text.length - last.length) return false;
    at = found + piece.length;
  }
  return true;
}
