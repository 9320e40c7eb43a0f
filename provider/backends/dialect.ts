import { z } from "zod";
import { ConfigError } from "../errors";

/** The paths of a management API that its vendor does not document, as one connection sets them. */
export type Dialect<Paths extends Readonly<Record<string, string>>> = { readonly [Name in keyof Paths]: string };

/** Segments of letters, digits and characters with no special meaning in a URL. None is `.` or `..`. */
const plainPath = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~!$&'()*+,;=:@-]+)+$/;

/** Reads the connection field `dialect: {paths: {...}}`, which overrides individual paths of the proposal. */
export function dialectOption<Paths extends Readonly<Record<string, string>>>(backend: string, proposal: Paths) {
  const names = Object.keys(proposal);
  const form = z.strictObject({
    dialect: z
      .strictObject({
        paths: z.strictObject(Object.fromEntries(names.map((name) => [name, z.string().regex(plainPath).optional()]))),
      })
      .optional(),
  });
  return (fields: Readonly<Record<string, unknown>>): Dialect<Paths> => {
    const result = form.safeParse(fields);
    if (!result.success) {
      const issue = result.error.issues[0];
      const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
      if (issue?.path.length === 0 && unknown !== undefined) throw new ConfigError(`unknown field "${unknown}".`);
      const field = [...(issue?.path ?? []), ...(unknown ? [unknown] : [])].join(".");
      throw new ConfigError(
        `backend "${backend}" cannot read the connection field "${field}": it takes dialect.paths with ${names.join(", ")}, each a path that begins with "/", without empty and dot segments, "?", "#" and "%".`,
      );
    }
    return { ...proposal, ...result.data.dialect?.paths };
  };
}
