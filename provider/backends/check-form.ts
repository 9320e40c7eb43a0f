/** Checks the form of a backend author's data, and reports mistakes by field. */
import type { z } from "zod";
import { ConfigError } from "../errors";
import { nearestWord } from "../scopes";
import { valueAt } from "../values/value-at";

/** The value, if it has the schema's form; otherwise a {@link ConfigError} names the wrong field. */
export function checkForm<Schema extends z.ZodType>(
  name: string,
  part: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const { data, error } = schema.safeParse(value);
  const issue = error?.issues[0];
  if (issue)
    throw new ConfigError(
      `Backend "${name}": "${[part, ...issue.path].join(".")}" ${wordsFor(issue, schema, valueAt(value, issue.path))}`,
    );
  return data as z.output<Schema>;
}

/** What is wrong with a field, and what it accepts. */
function wordsFor(issue: z.core.$ZodIssue, schema: z.ZodType, value: unknown): string {
  if (issue.code === "unrecognized_keys") {
    const near = nearestWord(issue.keys[0] ?? "", namesAt(schema, issue.path));
    return `is wrong: ${issue.message}.${near === undefined ? "" : ` Did you mean "${near}"?`}`;
  }
  if (value !== undefined) return `is wrong: ${issue.message}.`;
  return issue.code === "invalid_value"
    ? `is missing; it is one of ${issue.values.map((word) => JSON.stringify(word)).join(", ")}.`
    : "is missing; no answer to it can be assumed.";
}

/** The field names that the schema allows at that path. */
function namesAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let place: unknown = schema;
  const within = () => {
    while (typeof (place as z.ZodOptional).unwrap === "function") place = (place as z.ZodOptional).unwrap();
    return (place as Partial<z.ZodObject>).shape ?? {};
  };
  for (const step of path) place = within()[String(step)] ?? (place as Partial<z.ZodRecord>).valueType ?? {};
  return Object.keys(within());
}
