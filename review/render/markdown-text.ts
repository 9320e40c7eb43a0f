import { scopeLevel, scopeLevels } from "../../provider/scopes";
import { grantOf } from "../grants";
import { inert, splitMessage } from "../inert";
import { subjectOf } from "../wording";

/** The pieces of a Markdown page. Program text is in code spans; everything else is in our own words. */

/** A message as Markdown: the program's words as code, ours as they are if they contain only our letters. */
export function md(message: string, inTable = false): string {
  return splitMessage(message)
    .map(({ text, quoted }) => (quoted ? code(text, 300, inTable) : ours(text, inTable)))
    .join("");
}

/** Our sentences need only these characters; anything else that a manipulated report contains is shown as code. */
const ourLetters = /^[A-Za-z0-9 .,;:'"()/…·?-]*$/;
const actsOnItsOwn = /:\/\/|www\.|\b[0-9a-f]{7,40}\b|\b[A-Z]{2,}-\d|::/i;

function ours(text: string, inTable: boolean): string {
  return text === "" || (ourLetters.test(text) && !actsOnItsOwn.test(text)) ? text : code(text, 300, inTable);
}

/** Program text as a code span. It has no backticks left; a table also needs its bars escaped. */
export function code(text: string, max = 120, inTable = false): string {
  const safe = inert(text, max);
  if (safe.trim() === "") return "`(empty)`";
  // A backslash before a bar would escape the bar's own escape.
  return `\`${inTable ? safe.replace(/\\(?=\|)/g, "⟨U+005C⟩").replaceAll("|", "\\|") : safe}\``;
}

/** Program text in a table. */
export function cell(text: string, max = 80): string {
  return code(text, max, true);
}

/** The dozen mightiest grants of a list, or all in their order. */
export function grantsCell(list: readonly string[]): string {
  if (list.length === 0) return "none";
  const mightiest = list.length > 12 ? [...list].sort((a, b) => mightOf(b) - mightOf(a)) : list;
  const shown = mightiest.slice(0, 12).map((grant) => cell(grant));
  return `${shown.join(" ")}${list.length > 12 ? ` and ${list.length - 12} more` : ""}`;
}

/** By its own words: a report does not have every catalogue. */
function mightOf(text: string): number {
  const { kind, name } = grantOf(text);
  if (kind !== "scope") return kind === "option" ? 0 : scopeLevels.length;
  return scopeLevels.indexOf(scopeLevel(undefined, name));
}

/** "key" or "rotating key". */
export function kindOf(urn: string): string {
  return splitMessage(subjectOf(urn))[0]?.text.trim() ?? "";
}

/** The name in a URN, which is not harmless yet. */
export function nameIn(urn: string): string {
  return splitMessage(subjectOf(urn))[1]?.text ?? "";
}
