import type { JsonObject } from "./published-document";
import { asObject, resolved } from "./schemas";

/** Refusals that a document does not declare, or declares in a form that nothing can have: their statuses, and their form. */
export interface UndeclaredAnswers {
  /** A number is added where the document is silent; a range such as `4XX` takes the place of what it says. */
  readonly statuses: readonly (number | string)[];
  /** Such as `#/components/schemas/ErrorResponse`. Left out: the document has no form of an error, and any will do. */
  readonly schema?: string;
}

/** The document, with these refusals added to each operation that says nothing about their status. */
export function withAnswers(document: JsonObject, { statuses, schema }: UndeclaredAnswers): JsonObject {
  const form = schema === undefined ? {} : { $ref: schema };
  const answer = { description: "not declared", content: { "application/json": { schema: form } } };
  const answersOf = (applies: (status: number | string) => boolean) =>
    Object.fromEntries(statuses.filter(applies).map((status) => [String(status), answer]));
  const added = answersOf((status) => typeof status === "number");
  const replaced = answersOf((status) => typeof status === "string");
  const operation = (value: unknown) => {
    const own = resolved(document, value);
    return { ...own, responses: { ...added, ...asObject(own.responses), ...replaced } };
  };
  const paths = Object.entries(asObject(document.paths)).map(([path, item]) => [
    path,
    Object.fromEntries(
      Object.entries(resolved(document, item)).map(([name, value]) => [
        name,
        Object.keys(asObject(value)).includes("responses") ? operation(value) : value,
      ]),
    ),
  ]);
  return { ...document, paths: Object.fromEntries(paths) };
}
