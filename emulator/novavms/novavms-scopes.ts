import { InvalidField, type Fields } from "../http/fields";

const SCOPE = /^[a-z][a-z0-9_-]*(:[a-z0-9][a-z0-9_-]*)*:([a-z0-9][a-z0-9_-]*|\*)$/;

/** The catalogue is open: any `noun:verb` is a scope. */
export function readScopes(fields: Fields): string[] {
  const scopes = fields.textList("scopes");
  if (scopes.length === 0) throw new InvalidField("scopes", "must name at least one scope");
  const malformed = scopes.find((scope) => !SCOPE.test(scope));
  if (malformed === undefined) return scopes;
  throw new InvalidField("scopes", `must be like noun:verb; ${JSON.stringify(malformed)} is not`);
}
