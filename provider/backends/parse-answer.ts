import type { z } from "zod";
import { ResponseShapeError } from "../errors";
import { kindOf } from "../secrets/redact";
import { valueAt } from "../values/value-at";

/**
 * Parses a vendor's answer in its documented form. Throws a {@link ResponseShapeError} that names the wrong field and
 * never quotes a value.
 */
export function parseAnswer<Schema extends z.ZodType>(
  method: string,
  path: string,
  schema: Schema,
  body: unknown,
): z.infer<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const at = result.error.issues[0]?.path ?? [];
  const field = at.length > 0 ? `the field "${at.join(".")}" is` : "the body is";
  throw new ResponseShapeError(
    `${method} ${path} was answered in an unexpected form: ${field} ${kindOf(valueAt(body, at))}. Check the connection's url and the service's version.`,
  );
}
