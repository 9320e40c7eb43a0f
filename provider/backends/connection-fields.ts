import { z } from "zod";
import { ConfigError } from "../errors";
import { kindOf } from "../secrets/redact";

/** A field of a connection: its schema, and what it accepts, in words. */
export interface ConnectionField<Value = unknown> {
  readonly schema: z.ZodType<Value>;
  readonly takes: string;
}

type Values<Fields extends Readonly<Record<string, ConnectionField>>> = {
  readonly [Name in keyof Fields]: z.infer<Fields[Name]["schema"]>;
};

/**
 * Reads a backend's own connection fields. A wrong, missing or unknown field throws a {@link ConfigError} that says
 * what the field accepts.
 */
export function connectionFields<Fields extends Readonly<Record<string, ConnectionField>>>(
  backend: string,
  own: Fields,
) {
  return (fields: Readonly<Record<string, unknown>>): Values<Fields> => {
    const unknown = Object.keys(fields).find((name) => !Object.hasOwn(own, name));
    if (unknown !== undefined)
      throw new ConfigError(
        `backend "${backend}" knows no connection field "${unknown}"; its own are ${Object.keys(own).join(", ")}.`,
      );
    const read = Object.entries(own).map(([name, { schema, takes }]) => {
      const result = schema.safeParse(fields[name]);
      if (!result.success)
        throw new ConfigError(
          `backend "${backend}": the connection field "${name}" is ${fields[name] === undefined ? "missing" : kindOf(fields[name])}; it takes ${takes}.`,
        );
      return [name, result.data] as const;
    });
    return Object.fromEntries(read) as Values<Fields>;
  };
}
