/** Lists the keys and accounts of one connection's service. It only reads, so a read-only credential is enough. */
import type { ApiKey } from "../provider/backends/definition";
import type { Connections } from "../provider/connections/connections";
import type { Listing } from "./classify";

/**
 * @param tell - receives the progress
 * @throws ProviderError - the service refuses, or cannot be reached
 */
export async function listService(
  connections: Connections,
  name: string,
  tell: (words: string) => void = () => undefined,
): Promise<Listing> {
  const connection = connections.open(name);
  const { client, capabilities, origin } = connection;
  tell(`connection "${name}": accounts and keys`);
  const accounts = (await client.listServiceAccounts?.({})) ?? [];
  const keys: { key: ApiKey; accountId?: string }[] = [];
  if (capabilities.parent === "credential") {
    for (const key of (await client.listKeys({})) ?? []) keys.push({ key });
  } else {
    // In sequence: a list of lists must not use up the service's limit.
    for (const [index, { id }] of accounts.entries()) {
      tell(`connection "${name}": keys of ${index + 1} of ${accounts.length} accounts`);
      for (const key of (await client.listKeys({ serviceAccountId: id })) ?? []) keys.push({ key, accountId: id });
    }
  }
  return { connection: name, service: origin, accounts, keys };
}
