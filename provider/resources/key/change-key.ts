/** Changes a key in place, and proves it. */
import type { ApiKey, KeyChanges, KeyRef } from "../../backends/definition";
import type { ConnectionFacts, WritableConnection } from "../../connections/connections";
import { ProviderError } from "../../errors";
import { redact } from "../../secrets/redact";
import { sameInstant } from "./expiry";
import { ignoredOption } from "../fields/given-options";
import { firstOf, ignoredDescription, ignoredName, proveChange } from "../proven-change";

/**
 * The key as the service reports it afterwards.
 *
 * @throws ProviderError - the service acknowledged the change, but the key does not show it.
 */
export async function changeKey(
  connection: WritableConnection,
  ref: KeyRef,
  changes: KeyChanges,
): Promise<ApiKey | undefined> {
  const { client, backend } = connection;
  if (!client.updateKey) throw new ProviderError(`${backend} cannot change a key in place`);
  const change = client.updateKey.bind(client, ref, changes);
  return proveChange({
    what: `key ${ref.id}`,
    make: change,
    look: () => client.getKey({ ...ref, name: changes.name ?? ref.name }),
    ignored: (told) => ignoredChange(told, changes, connection),
  });
}

/** What the key does not show of a change, in words; undefined if it shows everything. No service reports labels. */
export function ignoredChange(
  told: Pick<ApiKey, "name" | "expiresAt" | "description" | "options"> | undefined,
  asked: KeyChanges,
  { capabilities, keyOptions }: Pick<ConnectionFacts, "capabilities" | "keyOptions">,
): string | undefined {
  const { expiresAt: end } = asked;
  return firstOf(
    end !== undefined &&
      !sameInstant(told?.expiresAt, end, capabilities.expiry.granularityMs) &&
      `its end is ${redact(told?.expiresAt ?? "not set")} instead of ${end ?? "not set"}`,
    ignoredName(told?.name, asked.name),
    ignoredDescription(told?.description, asked.description),
    ignoredOption({ declared: keyOptions, asked: asked.options, told: told?.options }),
  );
}
