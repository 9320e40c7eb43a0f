/** Changes a key in place. Some services acknowledge a change and ignore the field: an acknowledgement is no proof. */
import type { ApiKey, KeyChanges, KeyRef } from "../backends/definition";
import type { WritableConnection } from "../connections";
import { ProviderError } from "../errors";
import { redact } from "../redact";
import { sameInstant } from "./expiry";

/**
 * Returns only where the service tells that the key has the new name and end; looks at the key once
 * more where the answer to the change does not tell so.
 *
 * @throws ProviderError - the service acknowledged the change, and the key is not as it was asked to be.
 */
export async function changeKey(connection: WritableConnection, ref: KeyRef, changes: KeyChanges): Promise<void> {
  const { client, capabilities, backend } = connection;
  const { granularityMs } = capabilities.expiry;
  if (!client.updateKey) throw new ProviderError(`${backend} cannot change a key in place`);
  if (!ignoredChange(await client.updateKey(ref, changes), changes, granularityMs)) return;
  const found = await client.getKey({ ...ref, name: changes.name ?? ref.name });
  const ignored = found ? ignoredChange(found, changes, granularityMs) : "the key is gone";
  if (ignored !== undefined)
    throw new ProviderError(
      `the service acknowledged a change of key ${ref.id}, but ${ignored}; run again, and if it stays so, this service or its backend cannot make that change`,
    );
}

/** What of a change the key does not show, in words; undefined where it shows all of it. */
export function ignoredChange(
  told: Pick<ApiKey, "name" | "expiresAt"> | undefined,
  asked: KeyChanges,
  granularityMs: number,
): string | undefined {
  if (asked.expiresAt !== undefined && !sameInstant(told?.expiresAt, asked.expiresAt, granularityMs))
    return `its end is ${redact(told?.expiresAt ?? "not set")} instead of ${asked.expiresAt ?? "not set"}`;
  if (asked.name !== undefined && told?.name !== asked.name)
    return `its name is ${told?.name === undefined ? "not told" : `"${redact(told.name)}"`} instead of "${asked.name}"`;
  return undefined;
}
