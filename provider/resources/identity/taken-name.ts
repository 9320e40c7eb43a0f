/**
 * The error for an `exactName` that is taken. Such a name proves nothing: its key may be somebody else's, or come from
 * a run that was cut short. So nothing is adopted and nothing revoked; the message says what to compare.
 */
import type { ApiKey, ServiceAccount } from "../../backends/definition";
import type { Connection } from "../../connections/connections";
import { ConflictError, ProviderError, wordsOf } from "../../errors";
import { formatTime } from "../../values/times";
import type { Naming } from "./marking";
import { livingByMarkers } from "../key/key-on-service";
import { isPlainId } from "./plain-id";

const wayOut = (verb: string) =>
  `A run that was cut short may have made it, and an exact name does not prove that, so it was left alone. If nobody uses it, ${verb} it on the service and run again; else choose another name, or leave exactName out.`;

/** A create that the service refused. */
interface RefusedCreate {
  readonly connection: Connection;
  readonly naming: Naming;
}

/** The refusal of a create; for a taken exact name, with the keys that have it. */
export async function keyRefused(
  refusal: unknown,
  { connection, naming, serviceAccountId }: RefusedCreate & { readonly serviceAccountId: string | undefined },
): Promise<unknown> {
  if (!naming.exact || !(refusal instanceof ConflictError)) return refusal;
  const keys = await lookedFor(() => livingByMarkers(connection, serviceAccountId, [naming.draw()]));
  return taken(refusal, keys.map(keyWords), "revoke");
}

/** The refusal; for a taken exact name, with the accounts that have it and the number of their keys. */
export async function accountRefused(
  refusal: unknown,
  { connection: { client }, naming }: RefusedCreate,
): Promise<unknown> {
  if (!naming.exact || !(refusal instanceof ConflictError)) return refusal;
  const name = naming.draw();
  const accounts = await lookedFor(async () => (await client.listServiceAccounts?.({ name })) ?? []);
  const words = accounts.map(async (account) => {
    const keys = await lookedFor(async () => (await client.listKeys({ serviceAccountId: account.id })) ?? []);
    return accountWords(account, keys.filter(({ status }) => status === "active").length);
  });
  return taken(refusal, await Promise.all(words), "delete");
}

/** If the service shows nothing with that name, the error keeps the service's own words. */
function taken(refusal: ConflictError, found: readonly string[], verb: string): ProviderError {
  if (found.length === 0) return refusal;
  return new ProviderError(`${wordsOf(refusal)} The name belongs to ${found.join(" and ")}. ${wayOut(verb)}`, {
    cause: refusal,
  });
}

/** Looks for additional facts. If that fails, the error goes without them. */
async function lookedFor<Thing>(look: () => Promise<readonly Thing[]>): Promise<readonly Thing[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return [];
  }
}

function keyWords({ id, createdAt, lastUsedAt }: ApiKey): string {
  const usedAt = timeOf(lastUsedAt);
  return `the key ${plain(id)} (${made(createdAt)}${usedAt === undefined ? "" : `, last used at ${usedAt}`})`;
}

function accountWords({ id, createdAt, role }: ServiceAccount, keys: number): string {
  const held = keys === 0 ? "no keys" : keys === 1 ? "1 key" : `${keys} keys`;
  return `the account ${plain(id)} (${made(createdAt)}${role === undefined ? "" : `, role "${plain(role)}"`}, ${held})`;
}

function made(createdAt: string | undefined): string {
  const madeAt = timeOf(createdAt);
  return madeAt === undefined ? "the service does not tell when it was made" : `made at ${madeAt}`;
}

/** A service's text is shown only if it has the expected form. */
function plain(text: string): string {
  return isPlainId(text) ? text : "…";
}

function timeOf(text: string | undefined): string | undefined {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? undefined : formatTime(ms);
}
