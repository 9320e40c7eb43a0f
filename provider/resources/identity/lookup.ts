import type { ReadResult } from "@pulumi/pulumi/dynamic";
import { ProviderError } from "../../errors";
import type { Lifecycle } from "../lifecycle";
import type { Origin } from "./names";

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
