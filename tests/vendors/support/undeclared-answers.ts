import type { JsonObject } from "./published-document";
import { asObject, resolved } from "./schemas";

/** Refusals that a document does not declare: their statuses, and the form that the document gives to others of its errors. */
export interface UndeclaredAnswers {
  readonly statuses: readonly number[];
  /** Such as `#/components/schemas/ErrorResponse`. Left out: the document has no form of an error, and any will do. */
  readonly schema?: string;
}

/** The document, with these refusals added to each operation that says nothing about their status. */
export function withAnswers(document: JsonObject, { statuses, schema }: UndeclaredAnswers): JsonObject {
  const form = schema === undefined ? {} : { $ref: schema };
  const answer = { description: "not declared", content: { "application/json": { schema: form } } };
  const added = Object.fromEntries(statuses.map((status) => [String(status), answer]));
  const operation = (value: unknown) => {
    const own = resolved(document, value);
    return { ...own, responses: { ...added, ...asObject(own.responses) } };
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
