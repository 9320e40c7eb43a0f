/** What a name and a description may be on a service. */
import type { Support } from "../../backends/definition";
import { isUnknown } from "../../wire";
import { exampleNames, logicalName, suffixLength } from "../names";
import type { CheckPoint } from "./failures";

/** A name prefix that leaves room for the suffix and fits the vendor's form. */
export function checkName(given: unknown, { news, facts: { capabilities, backend }, failures }: CheckPoint): unknown {
  const name = given ?? logicalName(String(news.origin));
  if (typeof name !== "string" || isUnknown(name)) return given;
  const exact = news.exactName === true;
  const room = capabilities.limits.nameLength - (exact ? 0 : suffixLength);
  if (name === "") failures.add("name", '"name" is an empty text; leave it out to use the resource\'s own name');
  if (name.length > room)
    failures.add(
      "name",
      `"name" has ${name.length} characters, but ${backend} takes ${room}${exact ? "" : ` (its limit of ${capabilities.limits.nameLength} less the ${suffixLength} of the suffix)`}; shorten it`,
    );
  const { namePattern, nameLength } = capabilities.limits;
  const form = namePattern === undefined ? undefined : new RegExp(namePattern);
  const refused = form && (exact ? [name] : exampleNames(name, nameLength)).find((example) => !form.test(example));
  if (refused !== undefined) {
    const full = exact ? "" : `: the full name would be one like ${JSON.stringify(refused)}`;
    failures.add("name", `"name" does not have the form that ${backend} takes (${namePattern})${full}; change it`);
  }
  return given;
}

/** A description where the vendor keeps one and limits it. */
export function checkDescription(
  description: unknown,
  support: Support,
  { facts: { capabilities, backend }, failures }: CheckPoint,
): unknown {
  const limit = capabilities.limits.descriptionLength;
  if (typeof description !== "string" || isUnknown(description)) return description;
  if (support === "none" || limit === undefined || description.length <= limit) return description;
  failures.add(
    "description",
    `"description" has ${description.length} characters, but ${backend} takes ${limit}; shorten it`,
  );
  return description;
}
