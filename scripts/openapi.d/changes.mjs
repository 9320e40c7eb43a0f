// What is different between two API documents, in the operations that are used.
import { parse } from "yaml";

export function parseDocument(text) {
  return text.trimStart().startsWith("{") ? JSON.parse(text) : parse(text, { maxAliasCount: -1 });
}

/** One line for each difference. @param uses - what the paths begin with that are used */
export function changesIn(before, after, uses) {
  const paths = [before, after].flatMap(({ paths = {} }) => Object.keys(paths));
  return [...new Set(paths)]
    .filter((path) => uses.some((used) => path.startsWith(used)))
    .sort()
    .flatMap((path) => differences(whole(before, before.paths[path]), whole(after, after.paths[path]), path));
}

/** Words for people: a change of them is none of what a request or an answer may be. */
const words = new Set(["description", "summary", "example", "examples", "title", "tags", "externalDocs"]);

/** Without `$ref`s; one that leads back to itself stays. */
function whole(document, value, within = []) {
  if (Array.isArray(value)) return value.map((each) => whole(document, each, within));
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$ref === "string" && value.$ref.startsWith("#/"))
    return within.includes(value.$ref) ? value : whole(document, at(document, value.$ref), [...within, value.$ref]);
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([name, each]) => !(words.has(name) && (typeof each !== "object" || name.startsWith("ex"))) && name !== "tags",
      )
      .map(([name, each]) => [name, whole(document, each, within)]),
  );
}

function at(document, reference) {
  return reference
    .slice(2)
    .split("/")
    .reduce((place, step) => place?.[step.replace(/~1/g, "/").replace(/~0/g, "~")], document);
}

function differences(before, after, place) {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (before === undefined) return [`+ ${place}`];
  if (after === undefined) return [`- ${place}`];
  if (!isObject(before) || !isObject(after)) return [`~ ${place}: ${brief(before)} -> ${brief(after)}`];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .flatMap((name) => differences(before[name], after[name], `${place} ${name}`));
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function brief(value) {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
