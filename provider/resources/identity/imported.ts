/** What `pulumi import` and a program's `get` find by an id, and the inputs that a program needs for it. */
import type { ReadResult } from "@pulumi/pulumi/dynamic";
import type { ApiKey } from "../../backends/definition";
import type { Connection, ConnectionFacts } from "../../connections/connections";
import { defined } from "../../values/defined";
import { ProviderError } from "../../errors";
import { isWildcard } from "../../scopes";
import { type AdoptedRecord, findKey, recordAdopted, tellForeignMark } from "./adopted";
import type { ResourceContext } from "../context";
import type { KeyInputs } from "../fields/key-fields";
import type { ImportRequest, Lifecycle } from "../lifecycle";
import type { Origin } from "./names";
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
  const place = keyAt(connection, rest);
  const key = await findKey(connection, place);
  if (!key) return undefined;
  const where = { connection: name, serviceAccountId: place.serviceAccountId, origin, target: targetOf(connection) };
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

/** What a program's `get` says of an object: the resource, and the secret if somebody has it. */
interface Lookup {
  readonly origin: Origin;
  readonly secret?: string;
}

/** Answers a program's `get`, which reads an object by its id alone: nothing of it is in a record yet. */
export function withLookups<Inputs extends object, Outputs extends object>(
  lifecycle: Lifecycle<Inputs, Outputs>,
): Lifecycle<Inputs, Outputs> {
  return {
    ...lifecycle,
    async read(id, props) {
      if (props && !("status" in props) && !("physicalName" in props)) {
        const { origin, secret } = props as unknown as Lookup;
        const found = await lifecycle.imported({
          id,
          origin,
          ...(secret === undefined ? {} : { secret }),
          looksUp: true,
        });
        const onService = idOnService(found);
        if (!onService)
          throw new ProviderError(
            `the service has nothing with the id "${id}" that \`get\` asks for: write <connection>/<id>, and <connection>/<account>/<id> for a key that lives under an account`,
          );
        return { ...found, id: onService };
      }
      if (!lifecycle.read) throw new TypeError("a lifecycle without read");
      return lifecycle.read(id, props);
    },
  };
}

/** The id to report. The identity of a rotating key is known only to the state that owns it. */
function idOnService<Outputs>({ id, props }: ReadResult<Outputs>): string | undefined {
  const { keyId = id } = (props ?? {}) as { readonly keyId?: string };
  return keyId;
}
