/** What `pulumi import` finds by an id, and the inputs that a program needs for it. */
import type { ApiKey } from "../../backends/definition";
import type { Connection, ConnectionFacts } from "../../connections/connections";
import { defined } from "../../values/defined";
import { ProviderError } from "../../errors";
import { isWildcard } from "../../scopes";
import { type AdoptedRecord, findKey, recordAdopted, tellForeignMark } from "./adopted";
import type { ResourceContext } from "../context";
import type { KeyInputs } from "../fields/key-fields";
import type { ImportRequest } from "../lifecycle";
import { targetOf } from "./target";

interface ImportedKey {
  readonly connection: Connection;
  readonly record: AdoptedRecord;
  readonly inputs: KeyInputs & { readonly status: string };
}

/** The key and its record, after its secret is proven, if one is given. Undefined if there is no such key. */
export async function findImported(
  context: ResourceContext,
  { id, origin, secret, looksUp }: ImportRequest,
): Promise<ImportedKey | undefined> {
  const { name, rest } = placeOf(id);
  const connection = context.connections.open(name);
  const { keyId, serviceAccountId } = keyAt(connection, rest);
  const key = await findKey(connection, keyId, serviceAccountId);
  if (!key) return undefined;
  const where = { connection: name, serviceAccountId, origin, target: targetOf(connection) };
  const inputs = defined({ ...where, ...inputsAsFound(key, connection), status: "active" });
  const record = await recordAdopted(connection, key, { secret, asked: inputs, nowMs: context.nowMs() });
  if (looksUp !== true) tellForeignMark(key.name, origin, context.warn);
  return { connection, record, inputs };
}

/** If keys belong to an account, the account's id stands before the key's. */
function keyAt({ capabilities, backend, name }: ConnectionFacts, rest: string) {
  if (capabilities.parent !== "serviceAccount") return { keyId: rest, serviceAccountId: undefined };
  const cut = rest.indexOf("/");
  if (cut < 0)
    throw new ProviderError(
      `"${rest}" names no account: keys of ${backend} live under one. Write ${name}/<account>/${rest}`,
    );
  return { keyId: rest.slice(cut + 1), serviceAccountId: rest.slice(0, cut) };
}

/** The inputs with which a program describes the key. */
function inputsAsFound(
  { scopes: found, environment, description }: ApiKey,
  { capabilities, catalogue }: ConnectionFacts,
): Partial<KeyInputs> {
  const onKeys = capabilities.scopes === "immutable" || capabilities.scopes === "mutable";
  const scopes = found && onKeys ? [...found].sort() : undefined;
  // Full access needs an explicit consent, as in every program.
  const isFull = scopes && (scopes.length === 0 || scopes.some((scope) => isWildcard(catalogue, scope)));
  const chosen = capabilities.environments?.find((choice) => choice === environment);
  return defined({
    scopes,
    fullAccess: isFull === true ? true : undefined,
    environment: chosen,
    description: capabilities.description === "none" || description === "" ? undefined : description,
  });
}

/** `connection/rest`. An id without a slash is on the connection `default`. */
export function placeOf(id: string): { readonly name: string; readonly rest: string } {
  const cut = id.indexOf("/");
  return cut < 0 ? { name: "default", rest: id } : { name: id.slice(0, cut), rest: id.slice(cut + 1) };
}
