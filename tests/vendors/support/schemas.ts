/** Reading an OpenAPI document: which operation a request is, and what its schemas declare. */
import type { JsonObject } from "./published-document";

export interface Operation {
  /** As the document writes it: `/v3/api_keys/{api_key_id}`. */
  readonly path: string;
  readonly content: JsonObject;
  /** Names of the query parameters. */
  readonly query: ReadonlySet<string>;
}

export function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** Follows `$ref`s of the same document. */
export function resolved(document: JsonObject, value: unknown): JsonObject {
  let at = asObject(value);
  for (let hops = 0; typeof at.$ref === "string" && hops < 50; hops += 1) {
    const steps = at.$ref.slice(2).split("/");
    at = steps.reduce((place, step) => asObject(place[step.replace(/~1/g, "/").replace(/~0/g, "~")]), document);
  }
  return at;
}

/** The operation that a request is, the one with the fewest placeholders first. */
export function operationOf(document: JsonObject, method: string, path: string): Operation | undefined {
  const fits = Object.keys(asObject(document.paths))
    .filter((template) => patternOf(template).test(path))
    .sort((a, b) => placeholders(a) - placeholders(b));
  for (const template of fits) {
    const item = resolved(document, asObject(document.paths)[template]);
    if (!(method.toLowerCase() in item)) continue;
    const content = resolved(document, item[method.toLowerCase()]);
    const parameters = [item.parameters, content.parameters].flatMap((list) =>
      Array.isArray(list) ? list.map((each) => resolved(document, each)) : [],
    );
    const query = new Set(parameters.filter((each) => each.in === "query").map(({ name }) => String(name)));
    return { path: template, content, query };
  }
  return undefined;
}

function patternOf(template: string): RegExp {
  const literal = template.split(/\{[^}]*\}/).map((part) => part.replace(/[.*+?^$()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join("[^/]+")}$`);
}

function placeholders(template: string): number {
  return template.split("{").length;
}

/** The schema of a JSON body: of the request, or of the answer with that status. */
export function bodySchema(document: JsonObject, operation: Operation, status?: number): JsonObject | undefined {
  const responses = asObject(operation.content.responses);
  const holder =
    status === undefined
      ? operation.content.requestBody
      : (responses[String(status)] ?? responses[`${String(status)[0] ?? ""}XX`] ?? responses.default);
  const content = asObject(resolved(document, holder).content);
  const [media] = Object.entries(content).flatMap(([type, each]) => (type.includes("json") ? [asObject(each)] : []));
  return media && asObject(media.schema);
}

/**
 * The places of a value that its schemas do not declare, such as `/data/nam`: a slip in the name of an optional property,
 * which validation alone lets pass. A schema without properties, and one that takes any, declares everything.
 */
export function undeclared(document: JsonObject, schemas: readonly unknown[], value: unknown, at = ""): string[] {
  if (Array.isArray(value)) {
    const items = schemas.flatMap((schema) => alternatives(document, schema)).flatMap(({ items: each }) => each ?? []);
    return items.length === 0
      ? []
      : value.flatMap((each, index) => undeclared(document, items, each, `${at}/${index}`));
  }
  if (typeof value !== "object" || value === null) return [];
  const parts = schemas.flatMap((schema) => alternatives(document, schema));
  if (parts.some(takesAnything)) return [];
  const declared = new Map<string, unknown[]>();
  for (const part of parts)
    for (const [name, schema] of Object.entries(asObject(part.properties)))
      declared.set(name, [...(declared.get(name) ?? []), schema]);
  if (declared.size === 0) return [];
  return Object.entries(value).flatMap(([name, each]) => {
    const inner = declared.get(name);
    return inner ? undeclared(document, inner, each, `${at}/${name}`) : [`${at}/${name}`];
  });
}

/** An object of which nothing more is said, or that says so. */
function takesAnything({ additionalProperties, type, properties, ...others }: JsonObject): boolean {
  const isPutTogether = ["allOf", "oneOf", "anyOf"].some((name) => name in others);
  return Boolean(additionalProperties) || (type === "object" && properties === undefined && !isPutTogether);
}

/** The schema itself and every part that it is put together from. */
function alternatives(document: JsonObject, schema: unknown): JsonObject[] {
  const own = resolved(document, schema);
  const parts = [own.allOf, own.oneOf, own.anyOf].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  return [own, ...parts.flatMap((part) => alternatives(document, part))];
}
