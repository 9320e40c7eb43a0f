/** Checks of names and descriptions. */
import type { Support } from "../../backends/definition";
import { lengthOf, lettersOf, type NameRules, nameRules, prefixOn } from "../../vendors/name-rules";
import { isUnknown } from "../../values/wire";
import { logicalName, Names, suffixLength } from "../identity/names";
import type { CheckPoint } from "./failures";

type Kind = "keys" | "accounts";

/** A name prefix that leaves room for the suffix and fits the vendor's form. */
export function checkName(kind: Kind) {
  return (given: unknown, { news, facts: { capabilities, backend }, failures }: CheckPoint): unknown => {
    const name = given ?? logicalName(String(news.origin));
    if (typeof name !== "string" || isUnknown(name)) return given;
    const rules = nameRules(capabilities, kind);
    const exact = news.exactName === true;
    if (name === "") failures.add("name", '"name" is an empty text; leave it out to use the resource\'s own name');
    for (const problem of exact ? exactProblems(name, rules) : prefixProblems(name, rules))
      failures.add("name", `"name" ${problem.replaceAll("{backend}", backend)}`);
    return given;
  };
}

function prefixProblems(name: string, rules: NameRules): string[] {
  const { length, unit, pattern } = rules;
  const size = lengthOf(prefixOn(name, rules), rules);
  const room = length - suffixLength;
  const problems =
    size > room
      ? [
          `has ${size} ${unit}, but {backend} takes ${room} (its limit of ${length} less the ${suffixLength} of the suffix); shorten it`,
        ]
      : [];
  const refused = pattern && new Names(rules).examples(name).find((example) => !pattern.test(example));
  if (pattern && refused !== undefined)
    problems.push(
      `does not have the form that {backend} takes (${pattern.source}): the full name would be one like ${JSON.stringify(refused)}; change it`,
    );
  return problems;
}

/** An exact name must be one that the service keeps unchanged. */
function exactProblems(name: string, rules: NameRules): string[] {
  const { length, unit, pattern } = rules;
  const size = lengthOf(name, rules);
  const problems = size > length ? [`has ${size} ${unit}, but {backend} takes ${length}; shorten it`] : [];
  if (pattern && !pattern.test(name))
    problems.push(`does not have the form that {backend} takes (${pattern.source}); change it`);
  if (lettersOf(name, rules) !== name)
    problems.push(
      `is no name that {backend} keeps as it is: it would become ${JSON.stringify(lettersOf(name, rules))}; write that`,
    );
  return problems;
}

/** A description, if the vendor keeps and limits it. */
export function checkDescription(
  description: unknown,
  { support, kind }: { readonly support: Support; readonly kind: Kind },
  { facts: { capabilities, backend }, failures }: CheckPoint,
): unknown {
  const limit = nameRules(capabilities, kind).descriptionLength;
  if (typeof description !== "string" || isUnknown(description)) return description;
  if (support === "none" || limit === undefined || description.length <= limit) return description;
  failures.add(
    "description",
    `"description" has ${description.length} characters, but ${backend} takes ${limit}; shorten it`,
  );
  return description;
}
